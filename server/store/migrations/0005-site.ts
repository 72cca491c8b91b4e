/** Work on site: field keys, delegations with their uses, orders made ahead, floors. Keys begin with the owner where there is one. */
export const siteMigration = {
  name: '0005-site',
  sql: `
create table field_keys (
  person_id text not null references "user" ("id"), id uuid not null unique,
  public_key bytea not null unique check (length(public_key) = 32),
  label text not null, protection text not null, engine text not null,
  state text not null check (state in ('active', 'revoked')),
  enrolled_at timestamptz not null, last_used_at timestamptz,
  revoked_at timestamptz, revoked_by text references "user" ("id"), revoked_reason text,
  primary key (person_id, id));

create sequence delegation_numbers;
create table revocation_counter (
  only_row boolean primary key default true check (only_row), epoch bigint not null);
insert into revocation_counter (epoch) values (0);
create table delegations (
  technician_id text not null references "user" ("id"), id uuid not null unique,
  sequence bigint not null unique default nextval('delegation_numbers'),
  state text not null check (state in ('waiting', 'active', 'refused', 'revoked', 'ended')),
  field_key_id uuid not null references field_keys (id),
  body_hash bytea not null, hours integer not null, note text not null, renews uuid,
  asked_at timestamptz not null,
  checks jsonb not null, policy_version integer not null, refusal jsonb,
  reasons_ok integer not null, uses_max integer not null, uses_per_terminal_max integer not null,
  probation_hours integer not null, probation_limit_fen bigint not null,
  not_before timestamptz, not_after timestamptz, revocation_epoch bigint, bytes bytea, hash bytea unique,
  decided_by text references "user" ("id"), decided_at timestamptz, decision_reason text,
  revoked_by text references "user" ("id"), revoked_at timestamptz, revoked_reason text,
  ended_at timestamptz, fetched_at timestamptz, missing_alarmed boolean not null default false,
  primary key (technician_id, id));
create index delegations_recent on delegations (asked_at desc);
create index delegations_open on delegations (state, not_after) where state in ('waiting', 'active');
create table delegation_terminals (
  terminal_id uuid not null references terminals (id),
  delegation_id uuid not null references delegations (id),
  ticket_id uuid not null references tickets (id), place smallint not null,
  primary key (terminal_id, delegation_id));
create index delegation_terminals_of on delegation_terminals (delegation_id);
create table delegation_seconds (
  delegation_id uuid not null, terminal_id uuid not null,
  key_id uuid not null references field_keys (id),
  primary key (delegation_id, terminal_id, key_id),
  foreign key (terminal_id, delegation_id) references delegation_terminals (terminal_id, delegation_id));
create index delegation_seconds_key on delegation_seconds (key_id);

alter table unlock_cases add column deferred boolean not null default false, add column alias_id uuid unique;
alter table grants alter column grant_sequence drop not null;
create table delegation_uses (
  terminal_id uuid not null, receipt_hash bytea not null,
  delegation_id uuid not null references delegations (id),
  use_index integer not null, case_id uuid not null,
  request_hash bytea not null, bundle_hash bytea not null, lock_epoch bigint not null,
  second_id text not null references "user" ("id"),
  used_at timestamptz not null, time_proven boolean not null,
  technician_at timestamptz, terminal_at timestamptz,
  primary key (terminal_id, receipt_hash), unique (terminal_id, case_id),
  foreign key (terminal_id, case_id) references unlock_cases (terminal_id, id));
create index delegation_uses_of on delegation_uses (delegation_id, use_index);
create index delegation_uses_recent on delegation_uses (used_at);

alter table terminals
  add column package_public_key bytea check (length(package_public_key) = 32),
  add column revocation_floor bigint not null default 0;
alter table orders
  alter column case_id drop not null, add column delegation_sequence bigint, drop constraint orders_state_check,
  add constraint orders_state_check check (state in ('kit', 'sent', 'done', 'failed', 'void'));
create index orders_kit on orders (terminal_id, delegation_sequence) where delegation_sequence is not null;
create index alarms_subject on alarms (subject);
`,
};
