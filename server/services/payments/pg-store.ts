import type { Pool } from 'pg';
import { shortDay } from '../../../domain/payments/numbers.ts';
import { windowStartOf } from '../../../domain/payments/limits.ts';
import { deadlock, sqlState, uniqueViolation } from '../../store/database.ts';
import { applyStatement, unhurried } from './apply-sql.ts';
import { canBeAskedAgain, eventId, newOrderValues, orderValues, partsOf, paymentAlarmRow } from './pg-apply.ts';
import { newOrder } from './new-order.ts';
import type { NewOrder, OrderRef } from './service.ts';
import { snapshotSelect } from './snapshot-sql.ts';
import type { ControlState, Made, PaymentStore, StoredOrder, TerminalFacts } from './store.ts';

/** The code that `limit_holds` raises. */
const limitReached = 'TK001';

/** Orders in PostgreSQL: one statement, one round trip and one commit for each change. */
export function createPgStore(pool: Pool): PaymentStore {
  const one = async (name: string, where: string, ...values: unknown[]): Promise<StoredOrder | undefined> => {
    const text = `${snapshotSelect} ${where}`;
    const { rows } = await pool.query<{ stored: StoredOrder }>({ name: `payment-${name}`, text, values });
    return rows[0]?.stored;
  };
  const load = ({ merchantId, orderId }: OrderRef) =>
    one('load', 'where o.merchant_id = $1 and o.id = $2', merchantId, orderId);
  const byPart = (table: string, column: string): string =>
    `join ${table} p on p.merchant_id = o.merchant_id and p.order_id = o.id where p.${column} = $1`;
  return {
    load,
    findAttempt: (attemptNo) => one('attempt', byPart('payment_attempts', 'attempt_no'), attemptNo),
    findRefund: (refundNo) => one('refund', byPart('payment_refunds', 'refund_no'), refundNo),
    lastOf: (terminalId) =>
      one(
        'last',
        `where o.terminal_id = $1 and o.source <> 'fee' order by o.created_at desc, o.id desc limit 1`,
        terminalId,
      ),
    createOrder: (order, more) => createOrder(pool, load, order, more),
    facts: (merchantId, terminalId, nowMs, isNumbered = false) =>
      readFacts(pool, merchantId, terminalId, nowMs, isNumbered),
    createWith: async (order, outcome, nowMs) => {
      const parts = partsOf(order, outcome, nowMs);
      const values = [...newOrderValues(outcome), ...parts.map(([, json]) => json)];
      const statement = applyStatement(
        'create',
        parts.map(([part]) => part),
      );
      try {
        const { rows } = await pool.query<{ written: number }>({ ...statement, values });
        return rows[0]?.written === 1 ? 'written' : 'refused';
      } catch (error) {
        meaningOf(error);
        return 'refused';
      }
    },
    apply: async (before, outcome, nowMs, beside = {}) => {
      const parts = partsOf(before, outcome, nowMs, beside);
      const statement = applyStatement(
        'change',
        parts.map(([part]) => part),
        beside.notice === undefined && beside.audit === undefined && canBeAskedAgain(before, outcome),
      );
      const values = [...orderValues(before, outcome), ...parts.map(([, json]) => json)];
      try {
        const { rows } = await pool.query<{ written: number }>({ ...statement, values });
        return rows[0]?.written === 1 ? 'written' : 'stale';
      } catch (error) {
        return meaningOf(error);
      }
    },
    claim: async (nowMs, leaseMs, limit) => {
      // What others are at right now is found too, and must not hide the rest.
      const values = [new Date(nowMs), new Date(nowMs + leaseMs), limit, limit * 10];
      const { rows } = await pool.query<OrderRef>({ name: 'payment-claim', text: claimText, values });
      return rows;
    },
    strange: async (notice, facts, nowMs) => {
      const alarm = paymentAlarmRow({ kind: 'payment-differs', facts }, `account:${notice.accountId}`, nowMs);
      const values = [notice.accountId, notice.id, new Date(nowMs), JSON.stringify([alarm])];
      await pool.query({ name: 'payment-strange', text: strangeText, values });
    },
  };
}

function meaningOf(error: unknown): 'stale' | 'full' | 'seen' | 'id-used' {
  const state = sqlState(error);
  if (state === limitReached) return 'full';
  if (state === deadlock) return 'stale';
  if (state !== uniqueViolation) throw error;
  const constraint = (error as { constraint?: string }).constraint ?? '';
  if (constraint === 'payment_notices_pkey') return 'seen';
  if (constraint === 'payment_attempts_id_key' || constraint === 'payment_refunds_id_key') return 'id-used';
  throw error;
}

const claimText = `
with found as (
  (select merchant_id, order_id from payment_attempts where next_look_at <= $1 order by next_look_at limit $4)
  union (select merchant_id, order_id from payment_refunds where next_look_at <= $1 order by next_look_at limit $4)
  union (select merchant_id, id from payment_orders where in_hand and expires_at <= $1 order by expires_at limit $4)
  union (select merchant_id, id from payment_orders where source = 'fee' and state in ('open', 'part-paid')
    and expires_at <= $1 order by expires_at limit $4)),
due as (
  select o.merchant_id, o.id from found f join payment_orders o on o.merchant_id = f.merchant_id and o.id = f.order_id
  where o.next_look_at <= $1 order by o.next_look_at limit $3 for update of o skip locked)
update payment_orders o set next_look_at = $2 from due where o.merchant_id = due.merchant_id and o.id = due.id
returning o.merchant_id as "merchantId", o.id as "orderId", ${unhurried}`;

const strangeText = `
with noted as (
  insert into payment_notices (account_id, id, at) values ($1, $2, $3) on conflict do nothing returning 1)
insert into alarms (id, kind, severity, subject, facts, raised_at)
select x.* from noted, json_to_recordset($4::json) as x (id uuid, kind text, severity text, subject text, facts jsonb,
  raised_at timestamptz)`;

const createText = `
with place as (
  select t.id, m.id as merchant_id, t.label, m.name, coalesce(ms.state, 'active') as merchant_state, coalesce(ts.state, 'active') as terminal_state
  from terminals t join merchants m on m.id = $1 left join merchant_settings ms on ms.merchant_id = m.id
    left join terminal_settings ts on ts.terminal_id = t.id
  where t.id = $3 and (t.merchant_id = $1 or $8 = 'fee')),
made as (
  insert into payment_orders (merchant_id, id, terminal_id, order_no, amount_fen, state, note, body_hash, source,
    external_ref, api_key_id, created_at, updated_at, expires_at, next_look_at, in_hand)
  select p.merchant_id, $2, p.id, $4 || '-' || lpad(s.n, greatest(6, length(s.n)), '0'), $5, 'open', $6, $7, $8, $9, $10,
    $11, $11, $12, $12, $8 <> 'fee'
  from place p, lateral (select nextval('order_numbers')::text as n where p.id is not null) s
  where p.merchant_state = 'active' and p.terminal_state = 'active'
  on conflict (merchant_id, id) do nothing returning merchant_id, id, order_no),
told as (
  insert into payment_events (merchant_id, order_id, id, at, kind, by, facts)
  select merchant_id, id, $13, $11, 'order-made', $14, $15::jsonb from made)
select p.merchant_state, p.terminal_state, (select order_no from made) as "orderNo",
  p.label as "terminalLabel", p.name as "merchantName", set_config('synchronous_commit', $16, true) from place p`;

interface PlaceRow {
  /** Null when no order was made. */
  readonly orderNo: string | null;
  readonly terminalLabel: string;
  readonly merchantName: string;
  readonly merchant_state: ControlState;
  readonly terminal_state: ControlState;
}

async function createOrder(
  pool: Pool,
  load: PaymentStore['load'],
  order: NewOrder,
  more: Parameters<PaymentStore['createOrder']>[1],
): Promise<Made> {
  const now = new Date(more.nowMs);
  const values = [
    ...[order.merchantId, order.id, order.terminalId, shortDay(more.nowMs)],
    ...[order.amountFen, order.note, Buffer.from(more.bodyHash, 'hex'), order.source, order.externalRef ?? null],
    ...[order.apiKeyId ?? null, now, new Date(more.expiresAtMs), eventId(more.nowMs, 0, 0), more.by ?? null],
    JSON.stringify({ amountFen: order.amountFen }),
    more.isFirstStep ? 'off' : 'on',
  ];
  const ref = { merchantId: order.merchantId, orderId: order.id };
  let place: PlaceRow | undefined;
  try {
    place = (await pool.query<PlaceRow>({ name: 'payment-create', text: createText, values })).rows[0];
  } catch (error) {
    return inTheWay(pool, load, order, error);
  }
  if (place !== undefined && place.orderNo !== null)
    return { kind: 'made', order: newOrder(order, more, { ...place, orderNo: place.orderNo }) };
  const there = await load(ref);
  if (there !== undefined) return { kind: 'there', order: there };
  if (place === undefined) return { kind: 'not-found' };
  return { kind: 'paused', what: place.merchant_state === 'active' ? 'terminal' : 'merchant' };
}

/** What a unique index was about. The same id may have come twice at once, so that is looked at first. */
async function inTheWay(pool: Pool, load: PaymentStore['load'], order: NewOrder, error: unknown): Promise<Made> {
  if (sqlState(error) !== uniqueViolation) throw error;
  const there = await load({ merchantId: order.merchantId, orderId: order.id });
  if (there !== undefined) return { kind: 'there', order: there };
  const constraint = (error as { constraint?: string }).constraint ?? '';
  if (constraint === 'payment_orders_external') return { kind: 'ref-used' };
  const text = 'select id from payment_orders where terminal_id = $1 and in_hand';
  const { rows } = await pool.query<{ id: string }>(text, [order.terminalId]);
  const [busy] = rows;
  if (busy === undefined) throw error;
  return { kind: 'busy', orderId: busy.id };
}

const stateFacts = `
select coalesce((select state from merchant_settings where merchant_id = $1), 'active') as "merchantState",
  coalesce((select state from terminal_settings where terminal_id = $2), 'active') as "terminalState",
  (select coalesce(json_agg(json_build_object('id', id, 'channel', channel, 'state', state, 'priority', priority,
      'feePpm', fee_ppm, 'platformMerchantId', platform_merchant_id)), '[]')
   from channel_accounts where merchant_id = $1) as accounts,
  (select coalesce(json_agg(json_build_object('id', id, 'channel', channel, 'terminalId', terminal_id,
      'window', window_kind, 'maxFen', max_fen, 'maxCount', max_count)), '[]')
   from limit_rules where merchant_id = $1 and is_active and (terminal_id is null or terminal_id = $2)) as rules,
  (select json_build_object('terminalLabel', t.label, 'merchantName', m.name)
   from terminals t join merchants m on m.id = t.merchant_id where t.id = $2 and t.merchant_id = $1) as place`;

const factsText = `${stateFacts},
  (select coalesce(json_agg(json_build_object('ruleId', b.rule_id, 'windowStart', b.window_start,
      'usedFen', b.reserved_fen + b.committed_fen, 'usedCount', b.reserved_count + b.committed_count)), '[]')
   from limit_buckets b join limit_rules r on r.id = b.rule_id
   where r.merchant_id = $1 and r.is_active and (r.terminal_id is null or r.terminal_id = $2)
     and b.window_start in ($3::date, $4::date)) as uses`;

// What of limits is used is left out here: the write counts it anyway, and says so when there is no room.
const numberedText = `${stateFacts}, '[]'::json as uses,
  (select $3 || '-' || lpad(n, greatest(6, length(n)), '0') from (select nextval('order_numbers')::text as n) s) as "orderNo"`;

async function readFacts(
  pool: Pool,
  merchantId: string,
  terminalId: string,
  nowMs: number,
  isNumbered: boolean,
): Promise<TerminalFacts> {
  const windows = [windowStartOf('day', nowMs), windowStartOf('month', nowMs)];
  const query = isNumbered
    ? { name: 'payment-facts-numbered', text: numberedText, values: [merchantId, terminalId, shortDay(nowMs)] }
    : { name: 'payment-facts', text: factsText, values: [merchantId, terminalId, ...windows] };
  const { rows } = await pool.query<TerminalFacts>(query);
  const [facts] = rows;
  if (facts === undefined) throw new Error('a select without from gave no row');
  return facts;
}
