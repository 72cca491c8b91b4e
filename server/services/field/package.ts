import { err, ok } from '../../../domain/result.ts';
import type { DelegationPackage } from '../../../protocol/http/field.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { Trust } from '../../keys/trust.ts';
import { base64url } from '../unlocks/view.ts';
import { type DelegationRow, findDelegation, numberOf, viewDelegation } from './rows.ts';

/** Everything that work without a network needs, for the delegation's technician. Fetching it again does no harm. */
export async function delegationPackage(
  { core, trust }: { readonly core: Core; readonly trust: Trust },
  actor: Actor,
  id: string,
): Promise<Answer<DelegationPackage>> {
  const found = await findDelegation(core.db, id);
  if (found === undefined || found.technician_id !== actor.id) return err('not-found');
  if (found.state !== 'active' || found.bytes === null) return err('not-in-state');
  if (found.not_after !== null && found.not_after.getTime() < core.clock()) return err('expired');
  if (found.fetched_at === null) await markFetched(core, actor, found);
  const keyset = trust.keyset();
  const orders = await core.db
    .selectFrom('orders')
    .select(['terminal_id', 'step', 'order_sequence', 'bytes'])
    .where('delegation_sequence', '=', found.sequence)
    .where('state', '=', 'kit')
    .orderBy('order_sequence')
    .execute();
  return ok({
    delegation: viewDelegation((await findDelegation(core.db, id)) ?? found),
    bytes: base64url(found.bytes),
    rootPublicKey: base64url(core.keys().rootPublicKey),
    keyset: { bytes: base64url(keyset.bytes), sequence: keyset.sequence },
    terminals: found.terminals.map(({ terminal, identityKey }) => ({
      terminalId: terminal.id,
      deviceId: Buffer.from(terminal.deviceId, 'hex').toString('base64url'),
      identityPublicKey: Buffer.from(identityKey, 'hex').toString('base64url'),
      orders: orders
        .filter((order) => order.terminal_id === terminal.id)
        .map((order) => ({ step: order.step, orderSequence: order.order_sequence, bytes: base64url(order.bytes) })),
      probation: { hours: found.probation_hours, limitFen: found.probation_limit_fen },
    })),
  });
}

async function markFetched(core: Core, actor: Actor, found: DelegationRow): Promise<void> {
  const nowMs = core.clock();
  await core.db.transaction().execute(async (db) => {
    const changed = await db
      .updateTable('delegations')
      .set({ fetched_at: new Date(nowMs) })
      .where('id', '=', found.id)
      .where('fetched_at', 'is', null)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    await writeAudit(db, nowMs, {
      act: 'delegation.fetched',
      actorId: actor.id,
      subject: `delegation:${found.id}`,
      facts: { number: numberOf(found.sequence) },
    });
  });
  core.bus.publish({ name: 'delegation', id: found.id }, { name: 'audit', id: found.id });
}
