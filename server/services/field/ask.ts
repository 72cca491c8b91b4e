import { createHash } from 'node:crypto';
import { judgeDelegation, type DelegationVerdict } from '../../../domain/unlock/delegation-policy.ts';
import { err, ok } from '../../../domain/result.ts';
import type { AskDelegation } from '../../../protocol/http/field.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';
import { lockTerminal } from '../terminal-writes.ts';
import { type ReadWish, readTerminalsWanted, readWish } from './facts.ts';
import { type DelegationRow, findDelegation, refusalOf } from './rows.ts';

/**
 * Takes a technician's wish for a delegation; policy refuses it or lets an approver be asked. The same id with the same
 * body gives the same delegation. A waiting one of the same technician for one of the terminals gives way.
 */
export async function askDelegation(core: Core, actor: Actor, body: AskDelegation): Promise<Answer<DelegationRow>> {
  const doubled = doubledKey(body);
  if (doubled !== undefined) return err('bad-request', doubled);
  const nowMs = core.clock();
  const bodyHash = createHash('sha256')
    .update(JSON.stringify([body.fieldKeyId, body.terminals, body.hours, body.note, body.renews ?? null]))
    .digest();
  const outcome = await core.db.transaction().execute((db) => keepWish(core, db, actor, body, bodyHash, nowMs));
  if (!outcome.ok) return outcome;
  if (outcome.value !== undefined) {
    const events = [body.id, ...outcome.value].map((id) => ({ name: 'delegation' as const, id }));
    core.bus.publish(...events, { name: 'audit', id: body.id });
  }
  const row = await findDelegation(core.db, body.id);
  return row === undefined ? err('not-found') : ok(row);
}

function doubledKey(body: AskDelegation): string | undefined {
  const at = body.terminals.findIndex(({ secondKeyIds }) => new Set(secondKeyIds).size < secondKeyIds.length);
  return at < 0 ? undefined : `terminals.${String(at)}.secondKeyIds`;
}

/** @returns ids of delegations that gave way, or nothing when this one is known already. */
async function keepWish(
  core: Core,
  db: Db,
  actor: Actor,
  body: AskDelegation,
  bodyHash: Buffer,
  nowMs: number,
): Promise<Answer<string[] | undefined>> {
  await lockTickets(
    db,
    body.terminals.map((terminal) => terminal.ticketId),
    actor.id,
    nowMs,
  );
  const known = await db
    .selectFrom('delegations')
    .select(['technician_id', 'body_hash'])
    .where('id', '=', body.id)
    .executeTakeFirst();
  if (known !== undefined) {
    const isSame = known.technician_id === actor.id && known.body_hash.equals(bodyHash);
    return isSame ? ok(undefined) : err('exists-with-different-body', 'id');
  }
  if (body.renews !== undefined && !(await isOwn(db, actor, body.renews))) return err('not-found', 'renews');
  const wish = await readWish(db, { ...body, delegationId: body.id, technicianId: actor.id }, nowMs);
  if (!wish.ok) return wish;
  const verdict = judgeDelegation(core.delegationPolicy, wish.value.facts);
  const gone = verdict.refusal === undefined ? await giveWay(db, actor, wish.value, nowMs) : [];
  await insertWish(db, actor, { body, bodyHash, wish: wish.value, verdict, nowMs });
  return ok(gone);
}

/** Holds the terminals of these tickets, in one fixed order; unknown tickets are found out afterwards. */
async function lockTickets(db: Db, ticketIds: readonly string[], technicianId: string, nowMs: number): Promise<void> {
  const rows = await readTerminalsWanted(db, ticketIds, technicianId, nowMs);
  const ids = [...new Set(rows.map((row) => row.terminal_id))].sort();
  for (const id of ids) await lockTerminal(db, id);
}

async function isOwn(db: Db, actor: Actor, id: string): Promise<boolean> {
  const row = await db.selectFrom('delegations').select('technician_id').where('id', '=', id).executeTakeFirst();
  return row?.technician_id === actor.id;
}

async function giveWay(db: Db, actor: Actor, wish: ReadWish, nowMs: number): Promise<string[]> {
  const rows = await db
    .updateTable('delegations as d')
    .set({ state: 'ended', ended_at: new Date(nowMs) })
    .where('d.technician_id', '=', actor.id)
    .where('d.state', '=', 'waiting')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('delegation_terminals as x')
          .select('x.terminal_id')
          .whereRef('x.delegation_id', '=', 'd.id')
          .where(
            'x.terminal_id',
            'in',
            wish.terminals.map((terminal) => terminal.terminal_id),
          ),
      ),
    )
    .returning('d.id')
    .execute();
  return rows.map((row) => row.id);
}

interface NewWish {
  readonly body: AskDelegation;
  readonly bodyHash: Buffer;
  readonly wish: ReadWish;
  readonly verdict: DelegationVerdict;
  readonly nowMs: number;
}

const undecided = {
  ...{ not_before: null, not_after: null, revocation_epoch: null, decided_by: null, decided_at: null },
  ...{ decision_reason: null, revoked_by: null, revoked_at: null, revoked_reason: null },
  ...{ ended_at: null, fetched_at: null },
};

async function insertWish(db: Db, actor: Actor, { body, bodyHash, wish, verdict, nowMs }: NewWish): Promise<void> {
  const { refusal } = verdict;
  const made = await db
    .insertInto('delegations')
    .values({
      ...{ technician_id: actor.id, id: body.id, field_key_id: body.fieldKeyId, body_hash: bodyHash },
      state: refusal === undefined ? 'waiting' : 'refused',
      ...{ hours: body.hours, note: body.note, renews: body.renews ?? null, asked_at: new Date(nowMs) },
      ...verdictColumns(verdict),
      ...undecided,
    })
    .returning('sequence')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('delegation_terminals')
    .values(
      wish.terminals.map((terminal, place) => ({
        ...{ terminal_id: terminal.terminal_id, delegation_id: body.id, ticket_id: terminal.ticket_id, place },
      })),
    )
    .execute();
  await db
    .insertInto('delegation_seconds')
    .values(
      wish.terminals.flatMap((terminal) =>
        terminal.secondKeyIds.map((keyId) => ({
          ...{ delegation_id: body.id, terminal_id: terminal.terminal_id, key_id: keyId },
        })),
      ),
    )
    .execute();
  await writeAudit(db, nowMs, {
    act: 'delegation.asked',
    actorId: actor.id,
    subject: `delegation:${body.id}`,
    facts: {
      number: `D-${String(made.sequence)}`,
      terminals: wish.terminals.map((terminal) => terminal.terminal_id),
      hours: body.hours,
      policyVersion: verdict.policyVersion,
      ...(refusal === undefined ? {} : { refusal }),
    },
  });
}

/** What the policy said, as the table takes it. */
export function verdictColumns(verdict: DelegationVerdict) {
  return {
    checks: JSON.stringify(verdict.checks),
    policy_version: verdict.policyVersion,
    refusal: verdict.refusal === undefined ? null : JSON.stringify(refusalOf(verdict.refusal)),
    reasons_ok: verdict.reasonsOk,
    uses_max: verdict.usesMax,
    uses_per_terminal_max: verdict.usesPerTerminalMax,
    probation_hours: verdict.probationHours,
    probation_limit_fen: verdict.probationLimitFen,
  };
}
