import { sql } from 'kysely';
import { mayDecide } from '../../../domain/unlock/approval.ts';
import { err, ok } from '../../../domain/result.ts';
import { refusalReasons } from '../../../domain/unlock/refusals.ts';
import type { DecideUnlockBody } from '../../../protocol/http/unlocks.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { Trust } from '../../keys/trust.ts';
import type { Db } from '../../store/database.ts';
import type { StoredDecision } from '../../store/schema.ts';
import { lockTerminal } from '../terminal-writes.ts';
import { makeGrant } from './grant.ts';
import { type CaseRow, findCase } from './rows.ts';

/** What approving needs beside the core. */
export interface ApproveContext {
  readonly core: Core;
  readonly trust: Trust;
  readonly factors: FactorService;
}

/** An approver's answer. To approve, a second factor given at this moment is checked first. */
export async function decideCase(
  context: ApproveContext,
  actor: Actor,
  id: string,
  body: DecideUnlockBody,
): Promise<Answer<CaseRow>> {
  const { core } = context;
  const found = await findCase(core.pool, id);
  if (found === undefined) return err('not-found');
  const facts = {
    caseState: found.state,
    technicianId: found.technician_id,
    approverId: actor.id,
    approverRole: actor.role,
    decision: body.decision,
  };
  const allowed = mayDecide({ ...facts, factorFresh: body.factor !== undefined });
  if (!allowed.ok) return allowed;
  if (body.decision === 'approve') {
    if (body.factor === undefined) return err('factor-needed');
    const factor = await context.factors.verify(actor, id, body.factor);
    if (!factor.ok) return factor;
  }
  const outcome =
    body.decision === 'approve' ? await approve(context, actor, found, body) : await refuse(core, actor, found, body);
  if (!outcome.ok) return outcome;
  core.bus.publish({ name: 'unlock', id }, { name: 'terminal', id: found.terminal_id }, { name: 'audit', id });
  const row = await findCase(core.pool, id);
  return row === undefined ? err('not-found') : ok(row);
}

function personDecision(found: CaseRow, actor: Actor, body: DecideUnlockBody, nowMs: number): StoredDecision {
  const outcomes = { approve: 'grant', refuse: 'refuse', depot: 'depot' } as const;
  const refusals = { approve: undefined, refuse: 'refused-by-approver', depot: 'depot-by-approver' } as const;
  const code = refusals[body.decision];
  const { rule, policyVersion, checks } = found.decision;
  return {
    by: 'person',
    outcome: outcomes[body.decision],
    rule,
    policyVersion,
    checks,
    approverId: actor.id,
    reason: body.reason,
    ...(code === undefined ? {} : { refusal: { code, next: refusalReasons[code] } }),
    at: new Date(nowMs).toISOString(),
  };
}

async function approve(
  context: ApproveContext,
  actor: Actor,
  found: CaseRow,
  body: DecideUnlockBody,
): Promise<Answer<void>> {
  const { core, trust } = context;
  const signer = await trust.approverSigner(actor.id);
  const nowMs = core.clock();
  return core.db
    .transaction()
    .execute(async (db) => {
      await lockTerminal(db, found.terminal_id);
      const isMine = await moveCase(
        db,
        found,
        ['waiting'],
        'granted',
        personDecision(found, actor, body, nowMs),
        nowMs,
      );
      if (!isMine) return err('already-decided');
      const terminal = await db
        .updateTable('terminals')
        .set({ grant_sequence: sql<number>`grant_sequence + 1`, version: sql<number>`version + 1` })
        .where('id', '=', found.terminal_id)
        .returning(['grant_sequence', 'revocation_floor', 'stolen'])
        .executeTakeFirstOrThrow();
      if (terminal.stolen) throw new StolenMeanwhile();
      const grantHash = await keepGrant(db, context, signer, found, terminal, nowMs);
      await auditDecision(db, actor, found, body, nowMs, {
        grantSha256: grantHash.toString('hex'),
        keysetSequence: trust.keyset().sequence,
      });
      return ok(undefined);
    })
    .catch((error: unknown) => {
      if (error instanceof StolenMeanwhile) return err('not-in-state', 'stolen');
      throw error;
    });
}

/** Rolls an approval back whose terminal was reported stolen in the meantime. */
class StolenMeanwhile extends Error {}

async function keepGrant(
  db: Db,
  context: ApproveContext,
  approver: Signer,
  found: CaseRow,
  terminal: { readonly grant_sequence: number; readonly revocation_floor: number },
  nowMs: number,
): Promise<Buffer> {
  const ring = context.core.keys();
  const grant = makeGrant(
    {
      deviceId: new Uint8Array(found.device_id),
      lockEpoch: found.lock_epoch,
      nonce: new Uint8Array(found.nonce),
      reasons: found.reasons,
      actions: found.actions,
      ticketId: found.ticket_id,
      grantSequence: terminal.grant_sequence,
      keysetFloor: context.trust.keyset().sequence,
      revocationFloor: terminal.revocation_floor,
      isDeferred: found.deferred,
      responseSecret: new Uint8Array(ring.vault.open(found.response_secret, `response:${found.id}`)),
      nowMs,
    },
    ring.issuer,
    approver,
  );
  await db
    .insertInto('grants')
    .values({
      terminal_id: found.terminal_id,
      case_id: found.id,
      lock_epoch: found.lock_epoch,
      nonce: found.nonce,
      grant_sequence: terminal.grant_sequence,
      grant_hash: grant.hash,
      size_bytes: grant.sizeBytes,
      sealed: grant.sealed,
      state: 'PENDING',
      not_after: grant.notAfter,
      made_at: new Date(nowMs),
    })
    .execute();
  return grant.hash;
}

async function refuse(core: Core, actor: Actor, found: CaseRow, body: DecideUnlockBody): Promise<Answer<void>> {
  const nowMs = core.clock();
  return core.db.transaction().execute(async (db) => {
    const decision = personDecision(found, actor, body, nowMs);
    const isMine = await moveCase(db, found, ['waiting', 'needs-inspection'], 'refused', decision, nowMs);
    if (!isMine) return err('already-decided');
    await auditDecision(db, actor, found, body, nowMs);
    return ok(undefined);
  });
}

async function moveCase(
  db: Db,
  found: CaseRow,
  from: string[],
  to: string,
  decision: StoredDecision,
  nowMs: number,
): Promise<boolean> {
  const changed = await db
    .updateTable('unlock_cases')
    .set({ state: to, decision: JSON.stringify(decision), updated_at: new Date(nowMs) })
    .where('terminal_id', '=', found.terminal_id)
    .where('id', '=', found.id)
    .where('state', 'in', from)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

function auditDecision(
  db: Db,
  actor: Actor,
  found: CaseRow,
  body: DecideUnlockBody,
  nowMs: number,
  evidence: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  return writeAudit(db, nowMs, {
    act: `unlock.${body.decision}`,
    actorId: actor.id,
    subject: `terminal:${found.terminal_id}`,
    facts: { caseId: found.id, reason: body.reason, factor: body.factor?.kind ?? 'none', ...evidence },
  });
}

/** Notes that an approver is looking at the case; only the first one is kept. */
export async function openCase(core: Core, actor: Actor, id: string): Promise<Answer<CaseRow>> {
  const found = await findCase(core.pool, id);
  if (found === undefined) return err('not-found');
  if (found.opened_at === null && ['waiting', 'needs-inspection'].includes(found.state)) {
    await core.db
      .updateTable('unlock_cases')
      .set({ opened_at: new Date(core.clock()), opened_by: actor.id })
      .where('terminal_id', '=', found.terminal_id)
      .where('id', '=', id)
      .where('opened_at', 'is', null)
      .execute();
    core.bus.publish({ name: 'unlock', id });
  }
  const row = await findCase(core.pool, id);
  return row === undefined ? err('not-found') : ok(row);
}
