/** A part of the statement that writes a change; parts that a change does not need are left out. */
export type ApplyPart =
  'attempts' | 'refunds' | 'events' | 'postings' | 'entries' | 'reserve' | 'moves' | 'alarms' | 'notice' | 'audit';

// Everything hangs on `ord`: when the order's version has moved, it is empty and nothing at all is written.
const order = `ord as (
  update payment_orders set state = $3, channel = $4, parts = $5, attempts = $6, paid_fen = $7, refunded_fen = $8,
    receipt_no = $9, tail = $10, cancel_wanted = $11, in_hand = $12, next_look_at = $13, expires_at = $14, paid_at = $15,
    updated_at = $16, amount_fen = $18, version = version + 1
  where merchant_id = $1 and id = $2 and version = $17
  returning merchant_id, id, terminal_id, order_no)`;

const newOrderColumns = [
  ...[
    'merchant_id',
    'id',
    'terminal_id',
    'order_no',
    'amount_fen',
    'state',
    'channel',
    'parts',
    'attempts',
    'paid_fen',
  ],
  ...[
    'refunded_fen',
    'receipt_no',
    'tail',
    'note',
    'body_hash',
    'source',
    'external_ref',
    'api_key_id',
    'cancel_wanted',
  ],
  ...['in_hand', 'next_look_at', 'created_at', 'updated_at', 'expires_at', 'paid_at', 'version'],
];

// Whatever is in the way (the id, a busy terminal, an external reference), the order is not made and nothing else is.
const fresh = `ord as (
  insert into payment_orders (${newOrderColumns.join(', ')})
  values (${newOrderColumns.map((_, index) => `$${String(index + 1)}`).join(', ')})
  on conflict do nothing returning merchant_id, id, terminal_id, order_no)`;

/** What a statement does with the order itself, and how many parameters that takes. */
const heads = { change: { text: order, parameters: 18 }, create: { text: fresh, parameters: newOrderColumns.length } };

const parts: Readonly<Record<ApplyPart, (parameter: string) => string>> = {
  attempts: (p) => `put_attempts as (
  insert into payment_attempts as a (merchant_id, order_id, id, account_id, channel, kind, terminal_id, number, attempt_no,
    amount_fen, state, wanted, body_hash, memo, qr, link, transaction_id, payer, fee_fen, reason, platform_code, tries,
    next_look_at, created_at, expires_at, updated_at, paid_at, refunded_fen)
  select ord.merchant_id, ord.id, x.id, x.account_id, x.channel, x.kind, ord.terminal_id, x.number, x.attempt_no,
    x.amount_fen, x.state, x.wanted, decode(x.body_hash, 'hex'), x.memo, x.qr, x.link, x.transaction_id, x.payer,
    x.fee_fen, x.reason, x.platform_code, x.tries, x.next_look_at, x.created_at, x.expires_at, x.updated_at, x.paid_at,
    x.refunded_fen
  from ord, json_to_recordset(${p}::json) as x (id uuid, account_id uuid, channel text, kind text, number integer,
    attempt_no text, amount_fen bigint, state text, wanted text, body_hash text, memo jsonb, qr text, link text,
    transaction_id text, payer text, fee_fen bigint, reason text, platform_code text, tries integer,
    next_look_at timestamptz, created_at timestamptz, expires_at timestamptz, updated_at timestamptz,
    paid_at timestamptz, refunded_fen bigint)
  on conflict (merchant_id, order_id, id) do update set amount_fen = excluded.amount_fen, state = excluded.state, wanted = excluded.wanted,
    memo = excluded.memo, qr = excluded.qr, link = excluded.link, transaction_id = excluded.transaction_id,
    payer = excluded.payer, fee_fen = excluded.fee_fen, reason = excluded.reason,
    platform_code = excluded.platform_code, tries = excluded.tries, next_look_at = excluded.next_look_at,
    updated_at = excluded.updated_at, paid_at = excluded.paid_at, refunded_fen = excluded.refunded_fen)`,
  refunds: (p) => `put_refunds as (
  insert into payment_refunds as f (merchant_id, order_id, id, attempt_id, terminal_id, channel, refund_no, number, order_no,
    amount_fen, state, cause, reason, asked_by, body_hash, memo, transaction_id, platform_refund_id, platform_code, tries,
    next_look_at, created_at, updated_at, done_at)
  select ord.merchant_id, ord.id, x.id, x.attempt_id, ord.terminal_id, x.channel, x.refund_no, x.number, ord.order_no,
    x.amount_fen, x.state, x.cause, x.reason, x.asked_by, decode(x.body_hash, 'hex'), x.memo, x.transaction_id,
    x.platform_refund_id, x.platform_code, x.tries, x.next_look_at, x.created_at, x.updated_at, x.done_at
  from ord, json_to_recordset(${p}::json) as x (id uuid, attempt_id uuid, channel text, refund_no text, number integer,
    amount_fen bigint, state text, cause text, reason text, asked_by text, body_hash text, memo jsonb,
    transaction_id text, platform_refund_id text, platform_code text, tries integer, next_look_at timestamptz,
    created_at timestamptz, updated_at timestamptz, done_at timestamptz)
  on conflict (merchant_id, order_id, id) do update set state = excluded.state, memo = excluded.memo,
    platform_refund_id = excluded.platform_refund_id, platform_code = excluded.platform_code, tries = excluded.tries,
    next_look_at = excluded.next_look_at, updated_at = excluded.updated_at, done_at = excluded.done_at)`,
  events: (p) => `put_events as (
  insert into payment_events (merchant_id, order_id, id, attempt_id, refund_id, at, kind, by, facts, raw, raw_sha256)
  select ord.merchant_id, ord.id, x.id, x.attempt_id, x.refund_id, x.at, x.kind, x.by, x.facts, x.raw,
    decode(x.raw_sha256, 'hex')
  from ord, json_to_recordset(${p}::json) as x (id uuid, attempt_id uuid, refund_id uuid, at timestamptz, kind text,
    by text, facts jsonb, raw text, raw_sha256 text))`,
  postings: (p) => `put_postings as (
  insert into ledger_postings (merchant_id, id, at, kind, order_id, attempt_id, refund_id)
  select ord.merchant_id, x.id, x.at, x.kind, ord.id, x.attempt_id, x.refund_id
  from ord, json_to_recordset(${p}::json) as x (id uuid, at timestamptz, kind text, attempt_id uuid, refund_id uuid))`,
  entries: (p) => `put_entries as (
  insert into ledger_entries (merchant_id, posting_id, line, account, amount_fen, at)
  select ord.merchant_id, x.posting_id, x.line, x.account, x.amount_fen, x.at
  from ord, json_to_recordset(${p}::json) as x (posting_id uuid, line smallint, account text, amount_fen bigint,
    at timestamptz))`,
  // Sorted, so that two attempts which hold the same rules never wait for each other in a circle.
  reserve: (p) => `wanted as (
  select x.* from ord, json_to_recordset(${p}::json) as x (attempt_id uuid, rule_id uuid, window_start date,
    amount_fen bigint)),
filled as (
  insert into limit_buckets as b (rule_id, window_start, reserved_fen, reserved_count)
  select w.rule_id, w.window_start, w.amount_fen, 1 from wanted w
  where (select r.max_fen is null or w.amount_fen <= r.max_fen from limit_rules r where r.id = w.rule_id)
  order by w.rule_id, w.window_start
  on conflict (rule_id, window_start) do update
    set reserved_fen = b.reserved_fen + excluded.reserved_fen, reserved_count = b.reserved_count + 1
    where (select (r.max_fen is null or b.reserved_fen + b.committed_fen + excluded.reserved_fen <= r.max_fen)
        and (r.max_count is null or b.reserved_count + b.committed_count + 1 <= r.max_count)
      from limit_rules r where r.id = b.rule_id)
  returning 1),
reserved as (
  insert into limit_reservations (attempt_id, rule_id, window_start, amount_fen, state)
  select attempt_id, rule_id, window_start, amount_fen, 'reserved' from wanted),
room as (select limit_holds((select count(*) from filled) = (select count(*) from wanted)) as ok from ord)`,
  // All of one attempt, which is said as a value, so that no plan can think of reading the whole table.
  moves: (p) => `moved as (
  update limit_reservations v set state = x.state
  from ord, json_to_recordset(${p}::json) as x (attempt_id uuid, rule_id uuid, window_start date, state text)
  where v.attempt_id = (${p}::json -> 0 ->> 'attempt_id')::uuid and v.attempt_id = x.attempt_id and v.rule_id = x.rule_id and v.window_start = x.window_start
    and v.state = 'reserved'
  returning v.rule_id, v.window_start, v.amount_fen, v.state),
locked as (
  select b.rule_id, b.window_start from limit_buckets b join moved using (rule_id, window_start)
  order by b.rule_id, b.window_start for update of b),
settled as (
  update limit_buckets b set reserved_fen = b.reserved_fen - m.amount_fen, reserved_count = b.reserved_count - 1,
    committed_fen = b.committed_fen + case when m.state = 'committed' then m.amount_fen else 0 end,
    committed_count = b.committed_count + case when m.state = 'committed' then 1 else 0 end
  from moved m join locked l using (rule_id, window_start)
  where b.rule_id = m.rule_id and b.window_start = m.window_start)`,
  alarms: (p) => `put_alarms as (
  insert into alarms (id, kind, severity, subject, facts, raised_at)
  select x.* from ord, json_to_recordset(${p}::json) as x (id uuid, kind text, severity text, subject text, facts jsonb,
    raised_at timestamptz))`,
  notice: (p) => `put_notice as (
  insert into payment_notices (account_id, id, at)
  select x.account_id, x.id, x.at from ord, json_to_record(${p}::json) as x (account_id uuid, id text, at timestamptz))`,
  audit: (p) => `put_audit as (
  insert into audit (id, at, act, actor_id, subject, facts)
  select x.id, x.at, x.act, x.actor_id, x.subject, x.facts
  from ord, json_to_record(${p}::json) as x (id uuid, at timestamptz, act text, actor_id text, subject text, facts jsonb))`,
};

const partNames = Object.keys(parts);
const texts = new Map<string, { readonly name: string; readonly text: string }>();

/** Lets a statement's commit not wait for the disk. For what a power cut may take away again without harm. */
export const unhurried = `set_config('synchronous_commit', 'off', true)`;

/**
 * The statement that writes an order with these parts, prepared once for each combination. `canWait`: a power cut may
 * take it away again.
 */
export function applyStatement(
  head: keyof typeof heads,
  present: readonly ApplyPart[],
  canWait = false,
): { readonly name: string; readonly text: string } {
  const key = `${head} ${canWait ? 'unhurried ' : ''}${present.join('+')}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const written = present.map((part, index) => parts[part](`$${String(heads[head].parameters + 1 + index)}`));
  const room = present.includes('reserve') ? ', (select bool_and(ok) from room) as room' : '';
  const text = `with ${[heads[head].text, ...written].join(',\n')}\nselect (select count(*) from ord) as written${room}${canWait ? `, ${unhurried}` : ''}`;
  // PostgreSQL cuts names of statements after 63 bytes.
  const made = {
    name: `payment-${head}-${canWait ? 'u' : ''}${present.map((part) => partNames.indexOf(part)).join('.')}`,
    text,
  };
  texts.set(key, made);
  return made;
}
