/**
 * Quotes, payments of fees and their receipts. An order of a quote has the quote's id. What an order brings about for the
 * household waits in `fee_work`, written by trigger together with the order's own change, and is done once: a receipt's
 * unique keys see to that.
 */
export const feeQuotesMigration = {
  name: '0009-fee-quotes',
  sql: `
alter table payment_orders drop constraint payment_orders_source_check;
alter table payment_orders add constraint payment_orders_source_check check (source in ('terminal', 'api', 'fee'));
-- Such an order never keeps its terminal, so the index of those in hand does not find its end.
create index payment_orders_fee_ending on payment_orders (expires_at) where source = 'fee' and state in ('open', 'part-paid');

create table fee_quotes (
  merchant_id uuid not null, id uuid not null unique, account_id uuid not null, service text not null,
  terminal_id uuid not null, terminal_merchant_id uuid not null, -- whose shop it stands in
  body_hash bytea not null, total_fen bigint not null check (total_fen > 0),
  bills jsonb not null default '[]', top_up_fen bigint check (top_up_fen > 0), -- what was summed: bill, version, principal, late fee
  kid text not null, document bytea not null, signature bytea not null, inputs_hash text not null,
  computed_at timestamptz not null, valid_until timestamptz not null,
  replaces uuid, replaced_by uuid, changed jsonb not null default '[]',
  given_up_at timestamptz,
  primary key (merchant_id, id),
  foreign key (merchant_id, account_id) references fee_accounts (merchant_id, id));
create index fee_quotes_age on fee_quotes (computed_at);
create unique index fee_quotes_replaces on fee_quotes (merchant_id, replaces) where replaces is not null;

-- One payment of a bill at a time, over all terminals and phones. Goes with the order's end, or with its receipt.
create table fee_claims (
  merchant_id uuid not null, bill_id uuid not null, bill_version integer not null, quote_id uuid not null,
  terminal_id uuid not null, claimed_at timestamptz not null,
  primary key (merchant_id, bill_id));
create index fee_claims_quote on fee_claims (merchant_id, quote_id);
create table fee_payments ( -- a phone's payments of a quote; the token asks for the result
  merchant_id uuid not null, quote_id uuid not null, id uuid not null, token_hash bytea not null unique,
  begun_at timestamptz not null, primary key (merchant_id, id),
  foreign key (merchant_id, quote_id) references fee_quotes (merchant_id, id));
create index fee_payments_age on fee_payments (begun_at);
create index fee_payments_quote on fee_payments (merchant_id, quote_id);

create table fee_receipts (
  merchant_id uuid not null, receipt_no text not null, account_id uuid not null, quote_id uuid not null,
  terminal_id uuid not null, kind text not null check (kind in ('payment', 'reversal')), of_receipt_no text, refund_id uuid,
  total_fen bigint not null check (total_fen > 0), title jsonb not null,
  kid text not null, document bytea not null, signature bytea not null, at timestamptz not null,
  primary key (merchant_id, receipt_no),
  foreign key (merchant_id, quote_id) references fee_quotes (merchant_id, id),
  check ((kind = 'reversal') = (refund_id is not null)), check ((kind = 'reversal') = (of_receipt_no is not null)));
create unique index fee_receipts_once on fee_receipts (merchant_id, quote_id) where kind = 'payment';
create unique index fee_receipts_refund on fee_receipts (merchant_id, refund_id) where refund_id is not null;
create index fee_receipts_of on fee_receipts (merchant_id, account_id, at desc);
create trigger no_change before update or delete or truncate on fee_receipts for each statement execute function no_change();
create table fee_receipt_prints (
  merchant_id uuid not null, receipt_no text not null, id uuid not null, terminal_id uuid not null, at timestamptz not null,
  primary key (merchant_id, receipt_no, id),
  foreign key (merchant_id, receipt_no) references fee_receipts (merchant_id, receipt_no));

-- An allocation can be given back in parts: once for each refund.
alter table fee_allocations add column refund_id uuid;
alter table fee_balance_entries add column refund_id uuid;
drop index fee_allocations_reversal;
drop index fee_balance_reversal;
create unique index fee_allocations_reversal on fee_allocations (merchant_id, reverses, refund_id) nulls not distinct
  where reverses is not null;
create unique index fee_balance_reversal on fee_balance_entries (merchant_id, reverses, refund_id) nulls not distinct
  where reverses is not null;

create table fee_work (
  merchant_id uuid not null, order_id uuid not null, refund_id uuid not null default '00000000-0000-0000-0000-000000000000',
  noted_at timestamptz not null, tries integer not null default 0, next_try_at timestamptz not null,
  primary key (merchant_id, order_id, refund_id));
create index fee_work_due on fee_work (next_try_at);
create function fee_order_ended() returns trigger language plpgsql as $$
begin
  if new.state = 'paid' then
    insert into fee_work (merchant_id, order_id, noted_at, next_try_at)
      values (new.merchant_id, new.id, new.updated_at, new.updated_at) on conflict do nothing;
  elsif new.state = 'cancelled' then
    delete from fee_claims c where c.merchant_id = new.merchant_id and c.quote_id = new.id;
  end if;
  return null;
end $$;
create trigger fee_order_ended after update on payment_orders for each row
  when (new.source = 'fee' and new.state is distinct from old.state) execute function fee_order_ended();
-- Money that came late or twice was never put towards a bill, so nothing is taken back for it.
create function fee_refund_done() returns trigger language plpgsql as $$
begin
  insert into fee_work (merchant_id, order_id, refund_id, noted_at, next_try_at)
    select o.merchant_id, o.id, new.id, new.updated_at, new.updated_at from payment_orders o
    where o.merchant_id = new.merchant_id and o.id = new.order_id and o.source = 'fee' on conflict do nothing;
  return null;
end $$;
create trigger fee_refund_done after update on payment_refunds for each row
  when (new.state = 'done' and old.state <> 'done' and new.cause not in ('late', 'part', 'surplus'))
  execute function fee_refund_done();

create table fee_lookup_counts ( -- tries that found nothing
  scope text not null, window_start timestamptz not null, count integer not null, primary key (scope, window_start));
create table fee_lookup_locks ( -- by the number's keyed hash, whether there is such a household or not
  merchant_id uuid not null, service text not null, number_hash bytea not null,
  wrong integer not null, locked_until timestamptz, last_at timestamptz not null,
  primary key (merchant_id, service, number_hash));
create index fee_lookup_locks_last on fee_lookup_locks (last_at);
`,
} as const;
