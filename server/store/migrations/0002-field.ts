/** Registry, tickets, unlock cases, grants, commissioning, alarms and audit. Keys begin with the owner where there is one. */
export const fieldMigration = {
  name: '0002-field',
  sql: `
create table merchants (
  id uuid primary key, name text not null, contact text not null, address text not null,
  created_at timestamptz not null);
create table terminals (
  id uuid primary key,
  merchant_id uuid not null references merchants (id),
  label text not null, serial text not null unique, model text not null, place text not null, seal text not null,
  device_id bytea not null unique check (length(device_id) = 8),
  identity_public_key bytea not null check (length(identity_public_key) = 32),
  stolen boolean not null default false,
  state_wanted text not null default 'NORMAL',
  state_confirmed text, confirmed_at timestamptz,
  reasons integer not null default 0, firmware bigint not null default 0,
  last_epoch bigint not null default 0, last_boot bigint not null default 0,
  log_heads bytea[] not null default '{}',
  keyset_sequence bigint not null default 0,
  grant_sequence bigint not null default 0, order_sequence bigint not null default 0,
  unlocks_lifetime integer not null default 0,
  keys_state text not null default 'unknown', key_check text, probation_until timestamptz,
  version bigint not null default 0,
  registered_at timestamptz not null);
create index terminals_merchant on terminals (merchant_id);
create sequence ticket_numbers;
create table tickets (
  id uuid primary key, number text not null unique,
  terminal_id uuid not null references terminals (id),
  state text not null check (state in ('open', 'assigned', 'closed')),
  note text not null, body_hash bytea not null,
  opened_by text references "user" ("id"), opened_at timestamptz not null,
  assignee_id text references "user" ("id"),
  closed_at timestamptz, outcome text);
create index tickets_terminal on tickets (terminal_id, opened_at desc);
create index tickets_assignee on tickets (assignee_id, opened_at desc);

create table unlock_cases (
  terminal_id uuid not null references terminals (id),
  id uuid not null unique,
  ticket_id uuid not null references tickets (id),
  technician_id text not null, -- from the session; no foreign key, as all of a person's cases would lock one row
  state text not null,
  body_hash bytea not null,
  lock_epoch bigint not null, nonce bytea not null, reasons integer not null, tamper boolean not null,
  firmware bigint not null, boot_count bigint not null, flags integer not null, signed boolean not null,
  log_head bytea not null, log_continues boolean not null, epoch_continues boolean not null,
  size_bytes integer not null, screen_number text not null,
  response_secret bytea not null,
  decision jsonb not null,
  probation_hours integer not null, probation_limit_fen bigint not null, actions integer not null,
  inspection jsonb, abort bytea,
  opened_at timestamptz, opened_by text references "user" ("id"),
  commission_key bytea, device_epoch bigint, receipt bytea,
  unlocked_at timestamptz, probation_until timestamptz, releasable boolean not null default false,
  asked_at timestamptz not null, updated_at timestamptz not null,
  primary key (terminal_id, id));
create index unlock_cases_recent on unlock_cases (terminal_id, asked_at desc);
create index unlock_cases_technician on unlock_cases (technician_id, asked_at desc);
create index unlock_cases_ticket on unlock_cases (ticket_id);
create index unlock_cases_waiting on unlock_cases (state, asked_at)
  where state not in ('refused', 'withdrawn', 'expired', 'void', 'done');
create table grants (
  terminal_id uuid not null, case_id uuid not null,
  lock_epoch bigint not null, nonce bytea not null,
  grant_sequence bigint not null, grant_hash bytea not null, size_bytes integer not null, sealed bytea not null,
  state text not null check (state in ('PENDING', 'POSTED', 'VOID', 'EXPIRED')),
  not_after timestamptz not null, made_at timestamptz not null, settled_at timestamptz,
  late boolean not null default false, alarmed boolean not null default false,
  primary key (terminal_id, case_id),
  unique (terminal_id, grant_sequence),
  foreign key (terminal_id, case_id) references unlock_cases (terminal_id, id));
create unique index grants_one_pending on grants (terminal_id, lock_epoch, nonce) where state = 'PENDING';
create index grants_open on grants (not_after) where state = 'PENDING';
create index grants_unanswered on grants (made_at) where state = 'EXPIRED' and not alarmed;
create table photos (
  case_id uuid not null, id uuid not null,
  uploader_id text not null references "user" ("id"),
  kind text not null, content_type text not null, sha256 bytea not null, bytes bytea not null,
  at timestamptz not null,
  primary key (case_id, id));
create table orders (
  terminal_id uuid not null, order_sequence bigint not null, case_id uuid not null,
  step text not null, bytes bytea not null, expected bytea,
  state text not null check (state in ('sent', 'done', 'failed')),
  detail jsonb, report bytea,
  not_after timestamptz not null, sent_at timestamptz not null, reported_at timestamptz,
  primary key (terminal_id, order_sequence),
  foreign key (terminal_id, case_id) references unlock_cases (terminal_id, id));
create index orders_case on orders (case_id, order_sequence);
create table terminal_keys (
  terminal_id uuid not null, order_sequence bigint not null, slot text not null,
  sealed_key bytea not null, kcv bytea not null, loaded_at timestamptz,
  primary key (terminal_id, order_sequence, slot));

create table approver_keys (
  person_id text primary key references "user" ("id"),
  public_key bytea not null unique, sealed_secret bytea not null, created_at timestamptz not null);
create table keysets (
  sequence bigint primary key, bytes bytea not null, content_hash bytea not null, created_at timestamptz not null);

create table alarms (
  id uuid primary key, kind text not null, severity text not null, subject text not null, facts jsonb not null,
  raised_at timestamptz not null, closed_at timestamptz, closed_by text references "user" ("id"));
create index alarms_recent on alarms (raised_at desc);

create table audit (
  id uuid primary key, at timestamptz not null, act text not null, actor_id text, subject text not null,
  facts jsonb not null, arrived bigint generated always as identity, seq bigint unique, hash bytea);
create index audit_waiting on audit (arrived) where seq is null;
create index audit_subject on audit (subject, at desc);
create function audit_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.seq is null and old.hash is null and new.seq is not null and new.hash is not null
     and (new.id, new.at, new.act, new.subject, new.facts, new.arrived)
       = (old.id, old.at, old.act, old.subject, old.facts, old.arrived)
     and new.actor_id is not distinct from old.actor_id then
    return new;
  end if;
  raise exception 'audit records are never changed or removed' using errcode = '42501';
end $$;
create trigger audit_append_only before update or delete on audit for each row execute function audit_guard();
create trigger audit_no_truncate before truncate on audit for each statement execute function audit_guard();
`,
};
