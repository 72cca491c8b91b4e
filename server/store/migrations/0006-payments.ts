/**
 * Payments: accounts with platforms, orders, attempts, events, refunds, limits, ledger, terminal apps, API keys, webhooks.
 * Keys begin with the merchant, so that the tables can be spread over machines. What counts money is append-only
 * (`no_change`) and balances by constraint, not only by code.
 */
export const paymentsMigration = {
  name: '0006-payments',
  sql: `
create table channel_accounts (
  merchant_id uuid not null references merchants (id), id uuid not null unique,
  channel text not null, platform_merchant_id text not null, label text not null default '',
  config jsonb not null default '{}',
  fee_ppm integer not null default 0 check (fee_ppm between 0 and 1000000),
  priority integer not null default 100,
  state text not null default 'active' check (state in ('active', 'paused')),
  created_at timestamptz not null, version bigint not null default 1,
  primary key (merchant_id, id), unique (merchant_id, channel));
create table channel_keys (
  account_id uuid not null references channel_accounts (id), id uuid not null,
  purpose text not null, key_id text not null, sealed bytea not null, is_secret boolean not null,
  not_before timestamptz, not_after timestamptz,
  state text not null default 'active' check (state in ('active', 'retired')),
  added_at timestamptz not null, added_by text,
  facts jsonb not null default '{}', -- what may be shown of it: kind, subject, issuer, fingerprint
  alarmed_days integer, -- the shortest time before its end for which an alarm was raised
  primary key (account_id, id));
create unique index channel_keys_once on channel_keys (account_id, purpose, key_id);
create table channel_memory (
  account_id uuid not null references channel_accounts (id), key text not null,
  value bytea not null, version bigint not null, primary key (account_id, key));
create table channel_counters (
  account_id uuid not null references channel_accounts (id), name text not null, value bigint not null,
  primary key (account_id, name));

create sequence order_numbers;
create table payment_orders (
  merchant_id uuid not null, id uuid not null,
  terminal_id uuid not null, order_no text not null,
  amount_fen bigint not null check (amount_fen > 0), currency text not null default 'CNY',
  state text not null check (state in ('open', 'part-paid', 'paid', 'cancelled', 'part-refunded', 'refunded', 'review')),
  channel text, -- of the newest attempt
  parts integer not null default 0, -- attempts that were paid
  attempts integer not null default 0,
  paid_fen bigint not null default 0, refunded_fen bigint not null default 0,
  receipt_no text, tail text,
  note text not null default '', body_hash bytea not null,
  source text not null default 'terminal' check (source in ('terminal', 'api')),
  external_ref text, api_key_id uuid,
  cancel_wanted boolean not null default false,
  in_hand boolean not null default true, -- its terminal serves nobody else meanwhile
  next_look_at timestamptz, -- the earliest of its attempts, its refunds and its own end; later while somebody is at it
  created_at timestamptz not null, updated_at timestamptz not null, expires_at timestamptz not null,
  paid_at timestamptz, version bigint not null default 1,
  primary key (merchant_id, id),
  check (refunded_fen between 0 and paid_fen))
  with (fillfactor = 80); -- room for the changes on the way, none of which touches an index
create unique index payment_orders_no on payment_orders (merchant_id, order_no);
create index payment_orders_recent on payment_orders (merchant_id, created_at desc, id desc);
-- The merchant's history: what it is searched by, newest first, and the states that are rare enough to be worth a list.
create index payment_orders_digits on payment_orders (merchant_id, right(order_no, 4), created_at desc, id desc) include (order_no);
create index payment_orders_amount on payment_orders (merchant_id, amount_fen, created_at desc, id desc);
create index payment_orders_tail on payment_orders (merchant_id, tail, created_at desc, id desc) where tail is not null;
create index payment_orders_cancelled on payment_orders (merchant_id, created_at desc, id desc) where state = 'cancelled';
create index payment_orders_refunded on payment_orders (merchant_id, created_at desc, id desc)
  where state in ('part-refunded', 'refunded');
create index payment_orders_review on payment_orders (merchant_id, created_at desc, id desc) where state = 'review';
create unique index payment_orders_receipt on payment_orders (merchant_id, receipt_no) where receipt_no is not null;
create unique index payment_orders_external on payment_orders (merchant_id, external_ref) where external_ref is not null;
-- One payment in progress per terminal.
create unique index payment_orders_terminal on payment_orders (terminal_id) where in_hand;
create index payment_orders_open on payment_orders (merchant_id, created_at desc, id desc)
  where state in ('open', 'part-paid');
create index payment_orders_ending on payment_orders (expires_at) where in_hand;
create index payment_orders_of_terminal on payment_orders (terminal_id, created_at desc, id desc);

create table payment_attempts (
  merchant_id uuid not null, order_id uuid not null, id uuid not null unique,
  account_id uuid not null, channel text not null, kind text not null check (kind in ('qr', 'scan', 'card', 'link')),
  terminal_id uuid not null, number integer not null, attempt_no text not null unique,
  amount_fen bigint not null check (amount_fen > 0),
  state text not null check (state in
    ('created', 'submitted', 'pending', 'unknown', 'paid', 'closed', 'failed', 'paid-late', 'review')),
  -- 'close': the sweeper must end it at the platform; 'reverse': undo it whatever became of it
  wanted text check (wanted in ('close', 'reverse')),
  body_hash bytea not null, memo jsonb not null default '{}',
  qr text, link text, transaction_id text, payer text, fee_fen bigint, reason text, platform_code text,
  tries integer not null default 0, next_look_at timestamptz,
  created_at timestamptz not null, expires_at timestamptz not null, updated_at timestamptz not null,
  paid_at timestamptz, refunded_fen bigint not null default 0,
  primary key (merchant_id, order_id, id),
  foreign key (merchant_id, order_id) references payment_orders (merchant_id, id),
  check (refunded_fen between 0 and amount_fen));
create unique index payment_attempts_live on payment_attempts (merchant_id, order_id)
  where state in ('created', 'submitted', 'pending', 'unknown');
create index payment_attempts_paid on payment_attempts (merchant_id, paid_at) include (amount_fen, channel, terminal_id)
  where state = 'paid';
create index payment_attempts_transaction on payment_attempts (merchant_id, transaction_id) where transaction_id is not null;
create index payment_attempts_due on payment_attempts (next_look_at) where next_look_at is not null;
create table payment_events (
  merchant_id uuid not null, order_id uuid not null, id uuid not null,
  attempt_id uuid, refund_id uuid,
  at timestamptz not null, kind text not null, by text, facts jsonb not null default '{}',
  raw text, raw_sha256 bytea,
  primary key (merchant_id, order_id, id));
create table payment_notices ( -- each notification of a platform once
  account_id uuid not null, id text not null, at timestamptz not null, primary key (account_id, id));

create table payment_refunds (
  merchant_id uuid not null, order_id uuid not null, id uuid not null unique,
  attempt_id uuid not null, terminal_id uuid not null, channel text not null, refund_no text not null unique,
  number integer not null default 0, -- its place among the order's refunds
  order_no text not null, amount_fen bigint not null check (amount_fen > 0),
  state text not null check (state in ('created', 'submitted', 'processing', 'unknown', 'done', 'failed')),
  cause text not null check (cause in ('merchant', 'late', 'part', 'api', 'reconciliation')),
  reason text not null default '', asked_by text, body_hash bytea not null, memo jsonb not null default '{}',
  platform_refund_id text, platform_code text,
  tries integer not null default 0, next_look_at timestamptz,
  created_at timestamptz not null, updated_at timestamptz not null, done_at timestamptz,
  primary key (merchant_id, order_id, id));
create index payment_refunds_due on payment_refunds (next_look_at) where next_look_at is not null;
create index payment_refunds_recent on payment_refunds (merchant_id, created_at desc, id desc);
create index payment_refunds_digits on payment_refunds (merchant_id, right(order_no, 4), created_at desc, id desc);
create index payment_refunds_amount on payment_refunds (merchant_id, amount_fen, created_at desc, id desc);

create table limit_rules (
  merchant_id uuid not null references merchants (id), id uuid not null unique,
  channel text not null, terminal_id uuid,
  window_kind text not null check (window_kind in ('transaction', 'day', 'month')),
  max_fen bigint check (max_fen > 0), max_count integer check (max_count > 0),
  is_active boolean not null default true, created_at timestamptz not null,
  primary key (merchant_id, id), check (max_fen is not null or max_count is not null));
create table limit_buckets (
  rule_id uuid not null references limit_rules (id), window_start date not null,
  reserved_fen bigint not null default 0 check (reserved_fen >= 0),
  committed_fen bigint not null default 0 check (committed_fen >= 0),
  reserved_count integer not null default 0 check (reserved_count >= 0),
  committed_count integer not null default 0 check (committed_count >= 0),
  primary key (rule_id, window_start));
create table limit_reservations (
  attempt_id uuid not null, rule_id uuid not null, window_start date not null, amount_fen bigint not null,
  state text not null check (state in ('reserved', 'committed', 'released')),
  primary key (attempt_id, rule_id, window_start));
-- Undoes the whole statement in which a limit has no room; 'TK001' is its code.
create function limit_holds(ok boolean) returns boolean language plpgsql as $$
begin
  if not ok then raise exception 'a limit is reached' using errcode = 'TK001'; end if;
  return true;
end $$;

create table ledger_postings (
  merchant_id uuid not null, id uuid not null unique, at timestamptz not null,
  kind text not null check (kind in ('payment', 'refund', 'late', 'reversal', 'settlement', 'difference')),
  order_id uuid, attempt_id uuid, refund_id uuid, reverses uuid, note text not null default '',
  primary key (merchant_id, id));
create unique index ledger_postings_attempt on ledger_postings (attempt_id, kind) where kind in ('payment', 'late');
create unique index ledger_postings_refund on ledger_postings (refund_id) where kind = 'refund';
create index ledger_postings_order on ledger_postings (merchant_id, order_id);
-- Signed: a debit is above zero, a credit below. Accounts: 'clearing:CHANNEL', 'payable', 'fees:CHANNEL', 'surplus:CHANNEL', 'differences:CHANNEL'.
create table ledger_entries (
  merchant_id uuid not null, posting_id uuid not null, line smallint not null,
  account text not null, amount_fen bigint not null check (amount_fen <> 0), at timestamptz not null,
  primary key (merchant_id, posting_id, line),
  foreign key (merchant_id, posting_id) references ledger_postings (merchant_id, id));
create index ledger_entries_account on ledger_entries (merchant_id, account, at) include (amount_fen);
-- Sums of all entries before an instant, made from the entries, so that a balance need not add up years. Never the truth itself.
create table ledger_snapshots (
  merchant_id uuid not null, until timestamptz not null, account text not null, amount_fen bigint not null,
  primary key (merchant_id, until, account));
-- All lines of a posting are written by one statement, and balance when it ends.
create function ledger_balances() returns trigger language plpgsql as $$
declare uneven uuid;
begin
  select a.posting_id into uneven from (select distinct merchant_id, posting_id from added) a,
    lateral (select sum(e.amount_fen) as fen from ledger_entries e
      where e.merchant_id = a.merchant_id and e.posting_id = a.posting_id) s
    where s.fen <> 0 limit 1;
  if uneven is not null then
    raise exception 'ledger posting % does not balance', uneven using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger ledger_balances after insert on ledger_entries referencing new table as added
  for each statement execute function ledger_balances();
create function no_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'check_violation';
end $$;
create trigger no_change before update or delete or truncate on ledger_postings for each statement execute function no_change();
create trigger no_change before update or delete or truncate on ledger_entries for each statement execute function no_change();
create trigger no_change before update or delete or truncate on payment_events for each statement execute function no_change();

create table receipts (
  merchant_id uuid not null, order_id uuid not null, id uuid not null unique,
  attempt_id uuid, refund_id uuid, receipt_no text not null, document jsonb not null, at timestamptz not null,
  primary key (merchant_id, order_id, id), unique (merchant_id, receipt_no));
create unique index receipts_attempt on receipts (attempt_id) where attempt_id is not null;
create unique index receipts_refund on receipts (refund_id) where refund_id is not null;
create table receipt_prints (
  receipt_id uuid not null references receipts (id), id uuid not null, copy text not null check (copy in ('merchant', 'customer')),
  duplicate boolean not null, printer text not null, at timestamptz not null, by text, primary key (receipt_id, id));

create table merchant_settings (
  merchant_id uuid primary key references merchants (id),
  receipt_title text not null default '', receipt_footer text not null default '',
  refund_factor_above_fen bigint not null default 20000 check (refund_factor_above_fen >= 0),
  state text not null default 'active' check (state in ('active', 'paused', 'stopped')),
  state_reason text not null default '', by text, changed_at timestamptz, version bigint not null default 1);
create table terminal_settings (
  terminal_id uuid primary key references terminals (id),
  state text not null default 'active' check (state in ('active', 'paused', 'stopped')),
  state_reason text not null default '', by text, changed_at timestamptz);
create table terminal_apps (
  terminal_id uuid not null references terminals (id), id uuid not null unique,
  public_key bytea not null, statement bytea not null, signature bytea not null,
  state text not null default 'active' check (state in ('active', 'replaced', 'revoked')),
  paired_at timestamptz not null, last_seen_at timestamptz, screen jsonb,
  last_nonce bytea, -- of the newest sign-in; only later ones are taken
  primary key (terminal_id, id));
create unique index terminal_apps_active on terminal_apps (terminal_id) where state = 'active';
create table activation_codes (
  terminal_id uuid not null references terminals (id), code_hash bytea not null unique,
  made_by text, made_at timestamptz not null, expires_at timestamptz not null, used_at timestamptz, tries integer not null default 0,
  primary key (terminal_id, code_hash));

create table api_keys (
  merchant_id uuid not null references merchants (id), id uuid not null unique, label text not null,
  secret_hash bytea not null unique, scopes text[] not null, terminal_ids uuid[],
  made_by text, made_at timestamptz not null, last_used_at timestamptz, revoked_at timestamptz, revoked_by text,
  primary key (merchant_id, id));
create table webhooks (
  merchant_id uuid not null references merchants (id), id uuid not null unique, url text not null,
  sealed_secret bytea not null, events text[] not null, state text not null default 'active' check (state in ('active', 'paused')),
  made_by text, made_at timestamptz not null, primary key (merchant_id, id));
create table webhook_deliveries (
  merchant_id uuid not null, id uuid not null, webhook_id uuid not null references webhooks (id),
  event text not null, body text not null, state text not null check (state in ('waiting', 'done', 'given-up')),
  tries integer not null default 0, next_try_at timestamptz, last_status integer, last_error text,
  made_at timestamptz not null, done_at timestamptz, primary key (merchant_id, id));
create index webhook_deliveries_due on webhook_deliveries (next_try_at) where state = 'waiting';
`,
} as const;
