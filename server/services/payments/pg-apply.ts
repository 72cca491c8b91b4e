import { createHash } from 'node:crypto';
import type {
  AlarmRecord,
  AttemptRecord,
  EventRecord,
  Outcome,
  RefundRecord,
  Snapshot,
} from '../../../domain/payments/records.ts';
import { type AuditEntry, auditRow } from '../../audit/records.ts';
import { uuidv7 } from '../../store/uuid.ts';
import type { ApplyPart } from './apply-sql.ts';
import type { Beside } from './store.ts';

/** Kept of what went over the wire in one event; the hash is of all of it. */
const rawMaxChars = 16_384;
/** PostgreSQL's texts hold no NUL. */
const nul = new RegExp(String.fromCharCode(0), 'g');

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function attemptRow(attempt: AttemptRecord) {
  return {
    ...{ id: attempt.id, account_id: attempt.accountId, channel: attempt.channel, kind: attempt.kind },
    ...{ number: attempt.number, attempt_no: attempt.attemptNo, amount_fen: attempt.amountFen, state: attempt.state },
    ...{ wanted: attempt.wanted, body_hash: attempt.bodyHash, memo: attempt.memo, qr: attempt.qr, link: attempt.link },
    ...{ transaction_id: attempt.transactionId, payer: attempt.payer, fee_fen: attempt.feeFen, reason: attempt.reason },
    ...{ platform_code: attempt.platformCode, tries: attempt.tries, next_look_at: instant(attempt.nextLookAtMs) },
    ...{ created_at: instant(attempt.createdAtMs), expires_at: instant(attempt.expiresAtMs) },
    ...{ updated_at: instant(attempt.updatedAtMs), paid_at: instant(attempt.paidAtMs) },
    refunded_fen: attempt.refundedFen,
  };
}

function refundRow(refund: RefundRecord) {
  return {
    ...{
      id: refund.id,
      attempt_id: refund.attemptId,
      channel: refund.channel,
      refund_no: refund.refundNo,
      number: refund.number,
    },
    ...{ amount_fen: refund.amountFen, state: refund.state, cause: refund.cause, reason: refund.reason },
    ...{
      asked_by: refund.askedBy,
      body_hash: refund.bodyHash,
      memo: refund.memo,
      transaction_id: refund.transactionId,
    },
    ...{ platform_refund_id: refund.platformRefundId, platform_code: refund.platformCode, tries: refund.tries },
    ...{ next_look_at: instant(refund.nextLookAtMs), created_at: instant(refund.createdAtMs) },
    ...{ updated_at: instant(refund.updatedAtMs), done_at: instant(refund.doneAtMs) },
  };
}

/** An event's id: UUID version 7 whose 12 bits after the time keep the order within one millisecond. */
export function eventId(nowMs: number, version: number, index: number): string {
  const place = ((version & 0xff) << 4) | Math.min(index, 0xf);
  const id = uuidv7(nowMs);
  return `${id.slice(0, 15)}${place.toString(16).padStart(3, '0')}${id.slice(18)}`;
}

/** A row of `payment_events`; the body is cut, its hash is of the whole. */
function eventRow(event: EventRecord, nowMs: number, version: number, index: number) {
  const { raw } = event;
  const text = raw?.toWellFormed().replace(nul, '');
  return {
    ...{ id: eventId(nowMs, version, index), at: instant(nowMs), kind: event.kind, facts: event.facts ?? {} },
    ...{ attempt_id: event.attemptId ?? null, refund_id: event.refundId ?? null, by: event.by ?? null },
    raw: text?.slice(0, rawMaxChars) ?? null,
    raw_sha256: raw === undefined ? null : createHash('sha256').update(raw).digest('hex'),
  };
}

/** A row of `alarms` about an order. */
export function paymentAlarmRow(alarm: AlarmRecord, subject: string, nowMs: number) {
  const { kind, facts } = alarm;
  return { id: uuidv7(nowMs), kind, severity: 'stop', subject, facts, raised_at: instant(nowMs) };
}

function postingRows(outcome: Outcome, nowMs: number) {
  const at = instant(nowMs);
  const made = outcome.postings.map((posting) => ({ id: uuidv7(nowMs), posting }));
  const postings = made.map(({ id, posting }) => ({
    ...{ id, at, kind: posting.kind, attempt_id: posting.attemptId, refund_id: posting.refundId ?? null },
  }));
  const entries = made.flatMap(({ id, posting }) =>
    posting.lines.map(({ account, amountFen }, index) => ({
      ...{ posting_id: id, line: index + 1, account, amount_fen: amountFen, at },
    })),
  );
  return { postings, entries };
}

function limitRows(outcome: Outcome) {
  const row = ({ attemptId, amountFen, hold }: Outcome['limits'][number]) => ({
    ...{ attempt_id: attemptId, rule_id: hold.ruleId, window_start: hold.windowStart, amount_fen: amountFen },
  });
  const reserve = outcome.limits.filter(({ act }) => act === 'reserve').map(row);
  const moves = outcome.limits
    .filter(({ act }) => act !== 'reserve')
    .map((move) => ({ ...row(move), state: move.act === 'commit' ? 'committed' : 'released' }));
  return { reserve, moves };
}

/** The parameters of the order itself, in the order of `apply-sql.ts`. */
export function orderValues(before: Snapshot, { next: { order } }: Outcome): unknown[] {
  return [
    ...[order.merchantId, order.id, order.state, order.channel, order.parts, order.attempts, order.paidFen],
    ...[
      order.refundedFen,
      order.receiptNo,
      order.tail,
      order.cancelWanted,
      order.isInHand,
      instant(order.nextLookAtMs),
    ],
    ...[instant(order.expiresAtMs), instant(order.paidAtMs), instant(order.updatedAtMs), before.order.version],
    order.amountFen,
  ];
}

/** The parameters of an order that is made together with its first attempt. */
export function newOrderValues({ next: { order } }: Outcome): unknown[] {
  return [
    ...[order.merchantId, order.id, order.terminalId, order.orderNo, order.amountFen, order.state, order.channel],
    ...[order.parts, order.attempts, order.paidFen, order.refundedFen, order.receiptNo, order.tail, order.note],
    ...[Buffer.from(order.bodyHash, 'hex'), order.source, order.externalRef, order.apiKeyId, order.cancelWanted],
    ...[
      order.isInHand,
      instant(order.nextLookAtMs),
      instant(order.createdAtMs),
      instant(order.updatedAtMs),
      instant(order.expiresAtMs),
    ],
    ...[instant(order.paidAtMs), order.version],
  ];
}

/**
 * True when a change only says what the platform can be asked again: that it waits for the payer, or gave no answer. The
 * intent to call it was on disk before; losing this is what a crash between the call and the write would lose.
 */
export function canBeAskedAgain(before: Snapshot, { next, postings, limits, alarms }: Outcome): boolean {
  const isPlain =
    postings.length + limits.length + alarms.length === 0 &&
    next.refunds.every((refund) => before.refunds.includes(refund));
  return (
    isPlain &&
    next.order.cancelWanted === before.order.cancelWanted &&
    next.attempts.every((attempt) => {
      const was = before.attempts.find(({ id }) => id === attempt.id);
      const isOpen = attempt.state === 'pending' || attempt.state === 'unknown';
      return was === attempt || (was?.wanted === attempt.wanted && isOpen);
    })
  );
}

function auditOf(entry: AuditEntry, nowMs: number) {
  return { ...auditRow(entry, nowMs), facts: entry.facts };
}

/** What of a change is there to be written, each as its JSON parameter. */
export function partsOf(
  before: Snapshot,
  outcome: Outcome,
  nowMs: number,
  { notice, audit }: Beside = {},
): readonly (readonly [ApplyPart, string])[] {
  const { attempts, refunds, order } = outcome.next;
  const isNew = <T>(list: readonly T[], item: T): boolean => !list.includes(item);
  const rows: readonly (readonly [ApplyPart, readonly unknown[]])[] = [
    ['attempts', attempts.filter((attempt) => isNew(before.attempts, attempt)).map(attemptRow)],
    ['refunds', refunds.filter((refund) => isNew(before.refunds, refund)).map(refundRow)],
    ['events', outcome.events.map((event, index) => eventRow(event, nowMs, order.version, index))],
    ...(Object.entries(postingRows(outcome, nowMs)) as [ApplyPart, unknown[]][]),
    ...(Object.entries(limitRows(outcome)) as [ApplyPart, unknown[]][]),
    ['alarms', outcome.alarms.map((alarm) => paymentAlarmRow(alarm, `order:${order.id}`, nowMs))],
  ];
  const present = rows
    .filter(([, list]) => list.length > 0)
    .map(([part, list]) => [part, JSON.stringify(list)] as const);
  const noticed = notice && { account_id: notice.accountId, id: notice.id, at: instant(nowMs) };
  return [
    ...present,
    ...(noticed === undefined ? [] : [['notice', JSON.stringify(noticed)] as const]),
    ...(audit === undefined ? [] : [['audit', JSON.stringify(auditOf(audit, nowMs))] as const]),
  ];
}
