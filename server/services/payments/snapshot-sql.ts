// The columns of an order, its attempts and its refunds, under the names of domain/payments/records.ts, so that a row is
// a record and nothing is copied by hand. Times become Unix milliseconds.

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

const orderColumns = `o.merchant_id as "merchantId", o.id, o.terminal_id as "terminalId", o.order_no as "orderNo",
  o.amount_fen as "amountFen", o.state, o.channel, o.parts, o.attempts, o.paid_fen as "paidFen",
  o.refunded_fen as "refundedFen", o.receipt_no as "receiptNo", o.tail, o.note,
  encode(o.body_hash, 'hex') as "bodyHash", o.source, o.external_ref as "externalRef", o.api_key_id as "apiKeyId",
  o.cancel_wanted as "cancelWanted", o.in_hand as "isInHand", ${ms('o.next_look_at')} as "nextLookAtMs",
  ${ms('o.created_at')} as "createdAtMs", ${ms('o.updated_at')} as "updatedAtMs", ${ms('o.expires_at')} as "expiresAtMs",
  ${ms('o.paid_at')} as "paidAtMs", o.version`;

const holds = `case when a.state in ('created', 'submitted', 'pending', 'unknown', 'review') then
  (select coalesce(json_agg(json_build_object('ruleId', v.rule_id, 'windowStart', v.window_start,
      'windowKind', r.window_kind) order by v.rule_id, v.window_start), '[]')
   from limit_reservations v join limit_rules r on r.id = v.rule_id
   where v.attempt_id = a.id and v.state = 'reserved') else '[]'::json end`;

const attemptColumns = `a.id, a.account_id as "accountId", a.channel, a.kind, a.number, a.attempt_no as "attemptNo",
  a.amount_fen as "amountFen", a.state, a.wanted, encode(a.body_hash, 'hex') as "bodyHash", a.memo, a.qr, a.link,
  a.transaction_id as "transactionId", a.payer, a.fee_fen as "feeFen", a.reason, a.platform_code as "platformCode",
  a.tries, ${ms('a.next_look_at')} as "nextLookAtMs", ${ms('a.created_at')} as "createdAtMs",
  ${ms('a.expires_at')} as "expiresAtMs", ${ms('a.updated_at')} as "updatedAtMs", ${ms('a.paid_at')} as "paidAtMs",
  a.refunded_fen as "refundedFen", ${holds} as holds`;

const refundColumns = `f.id, f.attempt_id as "attemptId", f.channel, f.refund_no as "refundNo", f.number,
  f.amount_fen as "amountFen", f.state, f.cause, f.reason, f.asked_by as "askedBy",
  encode(f.body_hash, 'hex') as "bodyHash", f.memo, f.transaction_id as "transactionId", f.platform_refund_id as "platformRefundId",
  f.platform_code as "platformCode", f.tries, ${ms('f.next_look_at')} as "nextLookAtMs",
  ${ms('f.created_at')} as "createdAtMs", ${ms('f.updated_at')} as "updatedAtMs", ${ms('f.done_at')} as "doneAtMs"`;

/** An order with all that hangs on it as one JSON value `stored`; the caller adds which. */
export const snapshotSelect = `
select json_build_object(
  'order', (select row_to_json(x) from (select ${orderColumns}) x),
  'attempts', (select coalesce(json_agg(row_to_json(x) order by x.number), '[]') from (
     select ${attemptColumns} from payment_attempts a where a.merchant_id = o.merchant_id and a.order_id = o.id) x),
  'refunds', (select coalesce(json_agg(row_to_json(x) order by x.number, x."refundNo"), '[]') from (
     select ${refundColumns} from payment_refunds f where f.merchant_id = o.merchant_id and f.order_id = o.id) x),
  'place', json_build_object('terminalLabel', t.label, 'merchantName', m.name)) as stored
from payment_orders o join terminals t on t.id = o.terminal_id join merchants m on m.id = o.merchant_id`;
