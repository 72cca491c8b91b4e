/**
 * Fees: who bills what, price lists with versions, households, meters, readings, bills, balances and what was put
 * towards which bill. Every key begins with the payee, which is a merchant. What a household owes follows from rows that
 * are only ever added: a bill's sum, a reading, a balance entry and an allocation never change. A bill's `paid_fen`,
 * `state` and `version` follow from its allocations by trigger, so that no path of the code can settle one twice.
 */
export const feesMigration = {
  name: '0008-fees',
  sql: `
create table fee_payees (
  merchant_id uuid primary key references merchants (id),
  is_active boolean not null default true,
  -- above this the two digits of phone and terminal are compared before anything is paid
  digits_above_fen bigint not null default 50000 check (digits_above_fen >= 0),
  allocation text not null default 'oldest-first' check (allocation in ('oldest-first', 'late-fee-first')),
  receipt_title text not null default '', receipt_footer text not null default '',
  version bigint not null default 1, changed_at timestamptz not null);
create table fee_services (
  merchant_id uuid not null references fee_payees (merchant_id),
  service text not null check (service in
    ('property', 'housing', 'water', 'electricity', 'gas', 'parking', 'mobile', 'fixed-phone')),
  is_active boolean not null default true,
  number_min smallint not null check (number_min between 4 and 20), number_max smallint not null check (number_max between 4 and 20),
  number_name jsonb not null, secret_digits smallint not null check (secret_digits between 4 and 8), secret_name jsonb not null,
  due_days smallint not null check (due_days between 0 and 365), -- from the end of the period to the day it is due
  top_up_min_fen bigint check (top_up_min_fen > 0), top_up_max_fen bigint, top_up_usual bigint[] not null default '{}',
  tariff_id uuid, -- of households that name none of their own
  version bigint not null default 1, changed_at timestamptz not null,
  primary key (merchant_id, service), check (number_min <= number_max),
  check ((top_up_min_fen is null) = (top_up_max_fen is null)), check (top_up_max_fen >= top_up_min_fen));
-- Which terminals may ask for a payee's households; they may stand in other merchants' shops.
create table fee_payee_terminals (
  merchant_id uuid not null references fee_payees (merchant_id), terminal_id uuid not null references terminals (id),
  added_at timestamptz not null, added_by text, primary key (merchant_id, terminal_id));
create index fee_payee_terminals_of on fee_payee_terminals (terminal_id);

create table fee_tariffs (
  merchant_id uuid not null references fee_payees (merchant_id), id uuid not null unique,
  service text not null, name jsonb not null,
  details jsonb not null, -- unit, currency, time zone, how versions split, sources: what all versions share
  created_at timestamptz not null, created_by text, version bigint not null default 1, primary key (merchant_id, id));
create table fee_tariff_versions (
  merchant_id uuid not null, tariff_id uuid not null, id uuid not null unique, number integer not null check (number > 0),
  state text not null default 'draft' check (state in ('draft', 'active', 'retired')),
  effective_from date not null, effective_to date, -- the last day, inclusive; open when null
  body jsonb not null, examples jsonb not null default '[]',
  note text not null default '', created_at timestamptz not null, created_by text,
  activated_at timestamptz, activated_by text, checked jsonb, -- what its examples gave when it was activated
  retired_at timestamptz, retired_by text, version bigint not null default 1,
  primary key (merchant_id, tariff_id, id), unique (merchant_id, tariff_id, number),
  foreign key (merchant_id, tariff_id) references fee_tariffs (merchant_id, id),
  check (effective_to >= effective_from), check ((state = 'draft') = (activated_at is null)));
create unique index fee_tariff_versions_from on fee_tariff_versions (merchant_id, tariff_id, effective_from) where state = 'active';
-- What was once in force stays as it was: bills name it.
create function fee_version_frozen() returns trigger language plpgsql as $$
begin
  if old.state <> 'draft' and (new.body, new.examples, new.effective_from, new.number, new.activated_at)
      is distinct from (old.body, old.examples, old.effective_from, old.number, old.activated_at) then
    raise exception 'tariff version % is in force or was', old.id using errcode = 'check_violation';
  end if;
  if old.state = 'retired' and new.state <> 'retired' or old.state = 'active' and new.state = 'draft' then
    raise exception 'tariff version % cannot go back', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger fee_version_frozen before update on fee_tariff_versions for each row execute function fee_version_frozen();

-- The household number is kept as a keyed hash to find it by, sealed for the office, and by its last digits. No names.
create table fee_accounts (
  merchant_id uuid not null, id uuid not null unique, service text not null,
  number_hash bytea not null check (length(number_hash) = 32), number_sealed bytea not null,
  tail text not null check (tail ~ '^[0-9]{2,4}$'), secret_hash bytea, -- slow and keyed; null: it cannot be asked for at a terminal
  label text not null check (length(label) between 1 and 60), label_masked text not null,
  tariff_id uuid, area_m2 numeric check (area_m2 > 0), inner_area_m2 numeric check (inner_area_m2 > 0),
  customer_class text not null default 'resident', payer_object text not null default 'home'
    check (payer_object in ('home', 'parking-space', 'shop', 'line')),
  amounts jsonb not null default '{}', -- named numbers that a tariff's formula asks for
  moved_in date, moved_out date, state text not null default 'open' check (state in ('open', 'closed')),
  body_hash bytea not null, created_at timestamptz not null, created_by text, closed_at timestamptz,
  version bigint not null default 1,
  primary key (merchant_id, id),
  foreign key (merchant_id, service) references fee_services (merchant_id, service),
  foreign key (merchant_id, tariff_id) references fee_tariffs (merchant_id, id),
  check (moved_out >= moved_in), check ((state = 'closed') = (closed_at is not null)));
-- A closed household's number is free for those who move in; they cannot see what was before them.
create unique index fee_accounts_number on fee_accounts (merchant_id, service, number_hash) where state = 'open';
create index fee_accounts_tail on fee_accounts (merchant_id, tail);
create index fee_accounts_label on fee_accounts (merchant_id, service, label, id);
create table fee_persons ( -- how many people live there from a day on; the newest entry of a day counts
  merchant_id uuid not null, account_id uuid not null, id uuid not null, from_on date not null,
  count smallint not null check (count between 0 and 50), entered_at timestamptz not null, entered_by text,
  primary key (merchant_id, account_id, id),
  foreign key (merchant_id, account_id) references fee_accounts (merchant_id, id));
create trigger no_change before update or delete or truncate on fee_persons for each statement execute function no_change();

create table fee_meters (
  merchant_id uuid not null, id uuid not null unique, account_id uuid not null,
  kind text not null, serial text not null default '', max_dial numeric check (max_dial > 0),
  multiplier numeric not null default 1 check (multiplier > 0), replaces uuid,
  from_on date not null, to_on date, version bigint not null default 1,
  primary key (merchant_id, id),
  foreign key (merchant_id, account_id) references fee_accounts (merchant_id, id),
  foreign key (merchant_id, replaces) references fee_meters (merchant_id, id),
  unique (merchant_id, replaces), check (to_on >= from_on), check (replaces <> id));
create index fee_meters_of on fee_meters (merchant_id, account_id, from_on);
create table fee_readings (
  merchant_id uuid not null, id uuid not null unique, meter_id uuid not null, account_id uuid not null,
  register text not null default '', read_on date not null, value numeric not null check (value >= 0 and scale(value) <= 6),
  quality text not null check (quality in ('actual', 'estimate', 'self', 'final', 'first')),
  supersedes uuid, reason text not null default '',
  source text not null check (source in ('office', 'import', 'merchant')), import_id uuid,
  entered_at timestamptz not null, entered_by text,
  primary key (merchant_id, id),
  foreign key (merchant_id, meter_id) references fee_meters (merchant_id, id),
  foreign key (merchant_id, supersedes) references fee_readings (merchant_id, id),
  unique (merchant_id, supersedes), check (supersedes is null or length(reason) >= 3));
create unique index fee_readings_day on fee_readings (merchant_id, meter_id, register, read_on) where supersedes is null;
create index fee_readings_of on fee_readings (merchant_id, account_id, read_on);
create trigger no_change before update or delete or truncate on fee_readings for each statement execute function no_change();

create table fee_runs (
  merchant_id uuid not null, id uuid not null unique, service text not null,
  period_from date not null, period_to date not null, due_on date not null,
  state text not null default 'running' check (state in ('running', 'done', 'cancelled')),
  total integer not null, made integer not null default 0, kept integer not null default 0, refused integer not null default 0,
  behind uuid, -- the last household that was looked at; the run goes on behind it after a crash
  cancel_wanted boolean not null default false, working_until timestamptz, -- somebody is at it
  started_at timestamptz not null, started_by text, finished_at timestamptz,
  primary key (merchant_id, id),
  foreign key (merchant_id, service) references fee_services (merchant_id, service),
  check (period_to >= period_from), check ((state = 'running') = (finished_at is null)));
create unique index fee_runs_one on fee_runs (merchant_id, service) where state = 'running';
create table fee_run_refusals (
  merchant_id uuid not null, run_id uuid not null, account_id uuid not null, reason text not null,
  detail text not null default '', at timestamptz not null, primary key (merchant_id, run_id, account_id),
  foreign key (merchant_id, run_id) references fee_runs (merchant_id, id));

create table fee_bills (
  merchant_id uuid not null, id uuid not null unique, account_id uuid not null, service text not null,
  kind text not null check (kind in ('bill', 'correction')), corrects uuid, reason text not null default '',
  period_from date not null, period_to date not null, -- both inclusive
  due_on date not null, tariff_id uuid not null, run_id uuid,
  rated jsonb not null, snapshot jsonb not null, -- what was rated, and of what: household, readings, earlier state
  principal_fen bigint not null, -- of a correction below zero: what was credited
  paid_fen bigint not null default 0, late_paid_fen bigint not null default 0 check (late_paid_fen >= 0),
  left_fen bigint generated always as (greatest(principal_fen, 0) - paid_fen) stored,
  state text not null check (state in ('open', 'paid', 'void')), is_corrected boolean not null default false,
  void_reason text, version integer not null default 1,
  made_at timestamptz not null, made_by text, changed_at timestamptz not null, paid_at timestamptz,
  primary key (merchant_id, id),
  foreign key (merchant_id, account_id) references fee_accounts (merchant_id, id),
  foreign key (merchant_id, corrects) references fee_bills (merchant_id, id),
  check (period_to >= period_from), check (principal_fen >= 0 or kind = 'correction'),
  check (paid_fen between 0 and greatest(principal_fen, 0)),
  check ((kind = 'correction') = (corrects is not null)),
  check (state <> 'void' or (paid_fen = 0 and length(void_reason) >= 3)),
  check (state = 'void' or (state = 'paid') = (greatest(principal_fen, 0) = paid_fen)));
create unique index fee_bills_period on fee_bills (merchant_id, account_id, period_from) where kind = 'bill' and state <> 'void';
create index fee_bills_of on fee_bills (merchant_id, account_id, period_to desc, id);
create index fee_bills_open on fee_bills (merchant_id, account_id, due_on) where state = 'open';
create index fee_bills_period_of on fee_bills (merchant_id, service, period_from);
-- Two bills of a household never cover the same day. Whoever inserts one holds the household's row.
create function fee_bill_new() returns trigger language plpgsql as $$
begin
  perform 1 from fee_accounts where merchant_id = new.merchant_id and id = new.account_id for no key update;
  if new.kind = 'bill' and exists (select 1 from fee_bills b where b.merchant_id = new.merchant_id
      and b.account_id = new.account_id and b.kind = 'bill' and b.state <> 'void'
      and b.period_from <= new.period_to and b.period_to >= new.period_from) then
    raise exception 'these days are billed' using errcode = 'unique_violation', constraint = 'fee_bills_period';
  end if;
  return new;
end $$;
create trigger fee_bill_new before insert on fee_bills for each row execute function fee_bill_new();
create function fee_bill_kept() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or (new.account_id, new.service, new.kind, new.corrects, new.period_from, new.period_to, new.tariff_id,
      new.rated, new.snapshot, new.principal_fen, new.made_at) is distinct from (old.account_id, old.service, old.kind,
      old.corrects, old.period_from, old.period_to, old.tariff_id, old.rated, old.snapshot, old.principal_fen, old.made_at) then
    raise exception 'bill % cannot be changed, only corrected', old.id using errcode = 'check_violation';
  end if;
  if old.state = 'void' and new.state <> 'void' then
    raise exception 'bill % is void', old.id using errcode = 'check_violation';
  end if;
  -- Whatever changes what is owed or until when makes a new version: quotes and payments name the one they saw.
  if (new.paid_fen, new.late_paid_fen, new.state, new.due_on, new.is_corrected) is distinct from
      (old.paid_fen, old.late_paid_fen, old.state, old.due_on, old.is_corrected) then
    new.version := old.version + 1;
  end if;
  return new;
end $$;
create trigger fee_bill_kept before update or delete on fee_bills for each row execute function fee_bill_kept();

-- Money that a household has with its payee. Signed; the sum never falls below zero.
create table fee_balance_entries (
  merchant_id uuid not null, account_id uuid not null, number integer not null, id uuid not null unique,
  kind text not null check (kind in ('top-up', 'credit', 'use', 'reversal', 'adjustment')),
  amount_fen bigint not null check (amount_fen <> 0), after_fen bigint not null check (after_fen >= 0),
  order_id uuid, quote_id uuid, bill_id uuid, reverses uuid, note text not null default '',
  at timestamptz not null, by text,
  primary key (merchant_id, account_id, number),
  foreign key (merchant_id, account_id) references fee_accounts (merchant_id, id),
  check (kind not in ('top-up', 'credit') or amount_fen > 0), check (kind <> 'use' or amount_fen < 0));
create unique index fee_balance_top_up on fee_balance_entries (merchant_id, order_id) where kind = 'top-up';
create unique index fee_balance_reversal on fee_balance_entries (merchant_id, reverses) where reverses is not null;
create unique index fee_balance_credit on fee_balance_entries (merchant_id, bill_id) where kind = 'credit';
create function fee_balance_follows() returns trigger language plpgsql as $$
declare before bigint; last integer;
begin
  perform 1 from fee_accounts where merchant_id = new.merchant_id and id = new.account_id for no key update;
  select e.after_fen, e.number into before, last from fee_balance_entries e
    where e.merchant_id = new.merchant_id and e.account_id = new.account_id order by e.number desc limit 1;
  new.number := coalesce(last, 0) + 1;
  new.after_fen := coalesce(before, 0) + new.amount_fen;
  return new;
end $$;
create trigger fee_balance_follows before insert on fee_balance_entries for each row execute function fee_balance_follows();
create trigger no_change before update or delete or truncate on fee_balance_entries for each statement execute function no_change();

-- What was put towards which bill: above zero when it was paid, below when that was given back.
-- 'bill_version' is the one that the payer saw; an allocation to any other is refused with TK002.
create table fee_allocations (
  merchant_id uuid not null, id uuid not null unique, account_id uuid not null, bill_id uuid not null, bill_version integer not null,
  principal_fen bigint not null, late_fen bigint not null default 0,
  source text not null check (source in ('payment', 'balance', 'credit', 'office', 'reversal')),
  order_id uuid, quote_id uuid, balance_entry_id uuid, reverses uuid, note text not null default '', at timestamptz not null, by text,
  primary key (merchant_id, id), unique (merchant_id, bill_id, bill_version),
  foreign key (merchant_id, bill_id) references fee_bills (merchant_id, id),
  check (principal_fen <> 0 or late_fen <> 0), check ((source = 'reversal') = (reverses is not null)),
  check (case when source = 'reversal' then principal_fen <= 0 and late_fen <= 0 else principal_fen >= 0 and late_fen >= 0 end));
create unique index fee_allocations_order on fee_allocations (merchant_id, order_id, bill_id) where source = 'payment';
create unique index fee_allocations_reversal on fee_allocations (merchant_id, reverses) where reverses is not null;
create index fee_allocations_of on fee_allocations (merchant_id, account_id, at);
create index fee_allocations_bill on fee_allocations (merchant_id, bill_id, at);
create function fee_allocate() returns trigger language plpgsql as $$
begin
  update fee_bills b set paid_fen = b.paid_fen + new.principal_fen, late_paid_fen = b.late_paid_fen + new.late_fen,
      state = case when b.paid_fen + new.principal_fen = greatest(b.principal_fen, 0) then 'paid' else 'open' end,
      paid_at = case when b.paid_fen + new.principal_fen = greatest(b.principal_fen, 0) then new.at end,
      changed_at = new.at
    where b.merchant_id = new.merchant_id and b.id = new.bill_id and b.account_id = new.account_id
      and b.version = new.bill_version and b.state <> 'void';
  if not found then raise exception 'bill % is not as it was', new.bill_id using errcode = 'TK002'; end if;
  return null;
end $$;
create trigger fee_allocate after insert on fee_allocations for each row execute function fee_allocate();
create trigger no_change before update or delete or truncate on fee_allocations for each statement execute function no_change();

-- A file that was brought in: its hash and what became of its rows, never the rows.
create table fee_imports (
  merchant_id uuid not null references fee_payees (merchant_id), id uuid not null unique,
  kind text not null check (kind in ('accounts', 'readings')), service text not null, sha256 bytea not null, rows_hash bytea not null,
  rows integer not null, done integer not null, result jsonb not null,
  at timestamptz not null, by text, primary key (merchant_id, id));
`,
} as const;
