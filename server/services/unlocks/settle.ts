import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { type CaseState, mayMove } from '../../../domain/unlock/cases.ts';
import { err, ok } from '../../../domain/result.ts';
import { decodeReceipt, encodeAbort } from '../../../protocol/unlock/v1/codec.ts';
import { isSignedByDevice } from '../../../protocol/unlock/v1/ed25519.ts';
import type { UnlockReceipt } from '../../../protocol/unlock/v1/messages.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { sha256Hex } from '../../audit/sha256.ts';
import { verifyByNode } from '../../keys/node-keys.ts';
import type { Db } from '../../store/database.ts';
import { raiseAlarm } from '../alarms.ts';
import { closeTicketAsDone, keepDeviceWord, lockTerminal } from '../terminal-writes.ts';
import { ticketBytes } from './grant.ts';
import { type CaseRow, findCase } from './rows.ts';

/** Gives a request up. An outstanding grant becomes VOID and the device is told by a signed abort. */
export async function withdrawCase(core: Core, actor: Actor, id: string): Promise<Answer<CaseRow>> {
  const found = await findCase(core.pool, id);
  if (found === undefined || found.technician_id !== actor.id) return err('not-found');
  if (found.state === 'withdrawn') return ok(found);
  if (!mayMove(found.state as CaseState, 'withdrawn')) return err('not-in-state');
  const nowMs = core.clock();
  const now = new Date(nowMs);
  const hadGrant = found.grant_state === 'PENDING';
  const isDone = await core.db.transaction().execute(async (db) => {
    await lockTerminal(db, found.terminal_id);
    const changed = await db
      .updateTable('unlock_cases')
      .set({ state: 'withdrawn', updated_at: now, abort: hadGrant ? makeAbort(core, found) : null })
      .where('terminal_id', '=', found.terminal_id)
      .where('id', '=', id)
      .where('state', '=', found.state)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return false;
    await db
      .updateTable('grants')
      .set({ state: 'VOID', settled_at: now })
      .where('terminal_id', '=', found.terminal_id)
      .where('case_id', '=', id)
      .where('state', '=', 'PENDING')
      .execute();
    await writeAudit(db, nowMs, {
      act: 'unlock.withdrawn',
      actorId: actor.id,
      subject: `terminal:${found.terminal_id}`,
      facts: { caseId: id, hadGrant },
    });
    return true;
  });
  if (!isDone) return err('not-in-state');
  core.bus.publish({ name: 'unlock', id }, { name: 'audit', id });
  return reread(core, id);
}

function makeAbort(core: Core, found: CaseRow): Uint8Array {
  const message = {
    deviceId: new Uint8Array(found.device_id),
    lockEpoch: found.lock_epoch,
    nonce: new Uint8Array(found.nonce),
    ticket: ticketBytes(found.ticket_id),
  };
  return encodeAbort(message, core.keys().issuer);
}

async function reread(core: Core, id: string): Promise<Answer<CaseRow>> {
  const row = await findCase(core.pool, id);
  return row === undefined ? err('not-found') : ok(row);
}

/**
 * Takes a device's receipt. It posts the grant that it names, also when that grant was EXPIRED or VOID meanwhile (the
 * device has used it, whatever the ledger hoped), then with an alarm. The same receipt again changes nothing.
 */
export async function takeReceipt(core: Core, actor: Actor, id: string, bytes: Uint8Array): Promise<Answer<CaseRow>> {
  const found = await findCase(core.pool, id);
  if (found === undefined || !mayCourier(found, actor)) return err('not-found');
  const decoded = decodeReceipt(bytes);
  if (!decoded.ok) return err('bad-request', 'receipt');
  const receipt = decoded.value.message;
  if (!found.device_id.equals(receipt.deviceId)) return err('wrong-terminal', 'receipt');
  const { identity_public_key: identityKey } = await core.db
    .selectFrom('terminals')
    .select('identity_public_key')
    .where('id', '=', found.terminal_id)
    .executeTakeFirstOrThrow();
  if (!isSignedByDevice('receipt', decoded.value, new Uint8Array(identityKey), verifyByNode))
    return err('bad-signature', 'receipt');
  const settled =
    receipt.result === 'aborted'
      ? await noteAbort(core, actor, found, receipt)
      : await postReceipt(core, actor, found, receipt, bytes);
  return settled.ok ? reread(core, settled.value) : settled;
}

/** Whether this person may carry messages for the case: its technician, or who has the ticket now. */
export function mayCourier(row: CaseRow, actor: Actor): boolean {
  return row.technician_id === actor.id || row.ticket_assignee === actor.id;
}

async function noteAbort(core: Core, actor: Actor, found: CaseRow, receipt: UnlockReceipt): Promise<Answer<string>> {
  const hash = found.abort === null ? undefined : createHash('sha256').update(found.abort).digest();
  if (hash?.equals(receipt.grantHash) !== true) return err('receipt-unknown', 'receipt');
  const nowMs = core.clock();
  await core.db.transaction().execute(async (db) => {
    await keepDeviceWord(db, found.terminal_id, receipt, new Date(nowMs));
    await writeAudit(db, nowMs, {
      act: 'unlock.aborted',
      actorId: actor.id,
      subject: `terminal:${found.terminal_id}`,
      facts: { caseId: found.id },
    });
  });
  core.bus.publish({ name: 'unlock', id: found.id }, { name: 'audit', id: found.id });
  return ok(found.id);
}

interface Posting {
  readonly caseId: string;
  readonly isNew: boolean;
  readonly alarmId?: string;
}

async function postReceipt(
  core: Core,
  actor: Actor,
  found: CaseRow,
  receipt: UnlockReceipt,
  bytes: Uint8Array,
): Promise<Answer<string>> {
  const nowMs = core.clock();
  const posting = await core.db
    .transaction()
    .execute((db) => postInTransaction(db, actor, found, receipt, bytes, nowMs));
  if (posting === undefined) return err('receipt-unknown', 'receipt');
  if (posting.isNew) {
    core.bus.publish(
      { name: 'unlock', id: posting.caseId },
      { name: 'terminal', id: found.terminal_id },
      { name: 'audit', id: posting.caseId },
      ...(posting.alarmId === undefined ? [] : [{ name: 'alarm' as const, id: posting.alarmId }]),
    );
  }
  return ok(posting.caseId);
}

async function postInTransaction(
  db: Db,
  actor: Actor,
  found: CaseRow,
  receipt: UnlockReceipt,
  bytes: Uint8Array,
  nowMs: number,
): Promise<Posting | undefined> {
  const now = new Date(nowMs);
  await lockTerminal(db, found.terminal_id);
  const grant = await db
    .selectFrom('grants')
    .select(['case_id', 'state'])
    .where('terminal_id', '=', found.terminal_id)
    .where('grant_hash', '=', Buffer.from(receipt.grantHash))
    .forUpdate()
    .executeTakeFirst();
  if (grant === undefined) return undefined;
  if (grant.state === 'POSTED') return { caseId: grant.case_id, isNew: false };
  const isLate = grant.state !== 'PENDING';
  await db
    .updateTable('grants')
    .set({ state: 'POSTED', settled_at: now, late: isLate })
    .where('terminal_id', '=', found.terminal_id)
    .where('case_id', '=', grant.case_id)
    .execute();
  await moveUnlocked(db, {
    terminalId: found.terminal_id,
    caseId: grant.case_id,
    receipt,
    bytes,
    unlockedAt: now,
    now,
  });
  const subject = `terminal:${found.terminal_id}`;
  const facts = {
    caseId: grant.case_id,
    result: receipt.result,
    state: receipt.state,
    lockEpoch: receipt.lockEpoch,
    grantedActions: receipt.grantedActions,
    late: isLate,
    receiptSha256: sha256Hex(bytes),
  };
  await writeAudit(db, nowMs, { act: 'unlock.receipt', actorId: actor.id, subject, facts });
  if (!isLate) return { caseId: grant.case_id, isNew: true };
  const alarmId = await raiseAlarm(db, nowMs, {
    kind: 'late-receipt',
    severity: 'stop',
    subject,
    facts: { caseId: grant.case_id, was: grant.state },
  });
  return { caseId: grant.case_id, isNew: true, alarmId };
}

/** A receipt of an unlock, and where it belongs. */
export interface UnlockedBy {
  readonly terminalId: string;
  readonly caseId: string;
  readonly receipt: UnlockReceipt;
  readonly bytes: Uint8Array;
  readonly unlockedAt: Date;
  readonly now: Date;
  /** The device has gone through another lock since: the case is history. */
  readonly isBehind?: boolean;
}

/** Moves the case and the terminal to where a receipt says that the device is. */
export async function moveUnlocked(db: Db, unlocked: UnlockedBy): Promise<void> {
  const { terminalId, caseId, receipt, bytes, now, isBehind = false } = unlocked;
  const isDone = receipt.state === 'NORMAL';
  const moved = await db
    .updateTable('unlock_cases')
    .set({
      state: isDone ? 'done' : isBehind ? 'void' : 'unlocked',
      receipt: bytes,
      commission_key: receipt.commissionKey ?? null,
      device_epoch: receipt.lockEpoch,
      unlocked_at: unlocked.unlockedAt,
      updated_at: now,
    })
    .where('terminal_id', '=', terminalId)
    .where('id', '=', caseId)
    .returning(['ticket_id', 'inspection'])
    .executeTakeFirstOrThrow();
  await keepDeviceWord(db, terminalId, receipt, unlocked.unlockedAt);
  const isNewSeal = moved.inspection !== null && !isBehind;
  await db
    .updateTable('terminals')
    .set({
      unlocks_lifetime: sql<number>`unlocks_lifetime + 1`,
      version: sql<number>`version + 1`,
      ...(isNewSeal ? { seal: moved.inspection?.sealNew } : {}),
    })
    .where('id', '=', terminalId)
    .execute();
  if (isDone && !isBehind) await closeTicketAsDone(db, moved.ticket_id, now);
}
