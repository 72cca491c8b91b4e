import { judgeDelegation } from '../../../domain/unlock/delegation-policy.ts';
import { err, ok } from '../../../domain/result.ts';
import type { DecideDelegation } from '../../../protocol/http/field.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { Trust } from '../../keys/trust.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';
import type { Db } from '../../store/database.ts';
import { verdictColumns } from './ask.ts';
import { readWish } from './facts.ts';
import { lockTerminalsOf } from './revoke.ts';
import { type DelegationRow, findDelegation, numberOf, refusalOf } from './rows.ts';
import { signDelegation } from './sign.ts';

/** What deciding needs beside the core. */
export interface DecideContext {
  readonly core: Core;
  readonly trust: Trust;
  readonly factors: FactorService;
}

/**
 * An approver's answer. Nobody who would use or confirm a delegation may approve it, and approving needs a second
 * factor given at this moment. The policy is asked again: what was right in the morning may be wrong by now.
 */
export async function decideDelegation(
  context: DecideContext,
  actor: Actor,
  id: string,
  body: DecideDelegation,
): Promise<Answer<DelegationRow>> {
  const { core, factors, trust } = context;
  const found = await findDelegation(core.db, id);
  if (found === undefined) return err('not-found');
  const isParty = found.technician_id === actor.id || found.seconds.some((second) => second.person.id === actor.id);
  if (isParty) return err('same-person');
  if (found.state !== 'waiting') return err('already-decided');
  if (body.decision === 'approve') {
    if (body.factor === undefined) return err('factor-needed');
    const factor = await factors.verify(actor, id, body.factor);
    if (!factor.ok) return factor;
  }
  const signer = await trust.approverSigner(actor.id);
  const outcome = await core.db
    .transaction()
    .execute((db) =>
      body.decision === 'approve'
        ? approve(context, db, signer, actor, found, body)
        : refuse(core, db, actor, found, body),
    );
  if (!outcome.ok) return outcome;
  const ids = [id, ...outcome.value];
  core.bus.publish(...ids.map((each) => ({ name: 'delegation' as const, id: each })), { name: 'audit', id });
  const row = await findDelegation(core.db, id);
  return row === undefined ? err('not-found') : ok(row);
}

async function refuse(
  core: Core,
  db: Db,
  actor: Actor,
  found: DelegationRow,
  body: DecideDelegation,
): Promise<Answer<string[]>> {
  const nowMs = core.clock();
  const changed = await db
    .updateTable('delegations')
    .set({
      state: 'refused',
      refusal: JSON.stringify(refusalOf('refused-by-approver')),
      ...decisionColumns(actor, body, nowMs),
    })
    .where('id', '=', found.id)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) return err('already-decided');
  await audit(db, actor, found, body, { outcome: 'refused' }, nowMs);
  return ok([]);
}

function decisionColumns(actor: Actor, body: DecideDelegation, nowMs: number) {
  return { decided_by: actor.id, decided_at: new Date(nowMs), decision_reason: body.reason };
}

/** @returns ids of the technician's delegations that the new one replaces. */
async function approve(
  context: DecideContext,
  db: Db,
  signer: Signer,
  actor: Actor,
  found: DelegationRow,
  body: DecideDelegation,
): Promise<Answer<string[]>> {
  const { core } = context;
  const nowMs = core.clock();
  await holdKeys(db, found);
  await lockTerminalsOf(db, [found.id]);
  const waiting = await db
    .selectFrom('delegations')
    .select('id')
    .where('id', '=', found.id)
    .where('state', '=', 'waiting')
    .forUpdate()
    .executeTakeFirst();
  if (waiting === undefined) return err('already-decided');
  const terminals = found.terminals.map(({ ticketId, secondKeyIds }) => ({ ticketId, secondKeyIds }));
  const wanted = { delegationId: found.id, technicianId: found.technician_id, fieldKeyId: found.field_key_id };
  const wish = await readWish(db, { ...wanted, hours: found.hours, terminals }, nowMs);
  if (!wish.ok) return wish;
  const verdict = judgeDelegation(core.delegationPolicy, wish.value.facts);
  const columns = { ...verdictColumns(verdict), ...decisionColumns(actor, body, nowMs) };
  if (verdict.refusal !== undefined) {
    await db
      .updateTable('delegations')
      .set({ state: 'refused', ...columns })
      .where('id', '=', found.id)
      .execute();
    await audit(db, actor, found, body, { outcome: 'refused', refusal: verdict.refusal }, nowMs);
    return ok([]);
  }
  await db.updateTable('delegations').set(columns).where('id', '=', found.id).execute();
  const signed = await signDelegation(context, db, { found, wish: wish.value, verdict, signer, nowMs });
  await audit(db, actor, found, body, { outcome: 'approved', sha256: signed.hash.toString('hex') }, nowMs);
  return ok(signed.replaced);
}

/** A key that is being revoked at this moment either stops this approval, or finds the delegation and revokes it. */
async function holdKeys(db: Db, found: DelegationRow): Promise<void> {
  const ids = [found.field_key_id, ...found.seconds.map((second) => second.keyId)];
  await db.selectFrom('field_keys').select('id').where('id', 'in', ids).orderBy('id').forShare().execute();
}

function audit(
  db: Db,
  actor: Actor,
  found: DelegationRow,
  body: DecideDelegation,
  facts: Readonly<Record<string, unknown>> & { readonly outcome: 'approved' | 'refused' },
  nowMs: number,
): Promise<void> {
  return writeAudit(db, nowMs, {
    act: `delegation.${facts.outcome}`,
    actorId: actor.id,
    subject: `delegation:${found.id}`,
    facts: {
      ...facts,
      number: numberOf(found.sequence),
      reason: body.reason,
      factor: body.factor?.kind ?? 'none',
    },
  });
}
