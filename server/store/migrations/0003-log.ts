/**
 * The audit becomes a transparency log: each record gets its leaf hash and the number of the record before about the
 * same subject; complete subtrees of levels 4, 8, 12, … are kept, so that a proof reads a few dozen rows.
 */
export const logMigration = {
  name: '0003-log',
  sql: `
alter table audit add column leaf bytea check (length(leaf) = 32), add column prev bigint;
drop index audit_subject;
create index audit_subject on audit (subject, seq);
create index audit_unlogged on audit (seq) where seq is not null and leaf is null;
create or replace function audit_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.leaf is null and old.prev is null and new.leaf is not null and new.prev is not null
     and new.seq is not null and new.hash is not null
     and ((old.seq is null and old.hash is null) or (new.seq = old.seq and new.hash = old.hash))
     and (new.id, new.at, new.act, new.subject, new.facts, new.arrived)
       = (old.id, old.at, old.act, old.subject, old.facts, old.arrived)
     and new.actor_id is not distinct from old.actor_id then
    return new;
  end if;
  raise exception 'audit records are never changed or removed' using errcode = '42501';
end $$;

create table log_nodes (
  level smallint not null check (level > 0 and level % 4 = 0), index bigint not null,
  hash bytea not null check (length(hash) = 32), primary key (level, index));
create table log_checkpoints (
  size bigint primary key, root bytea not null check (length(root) = 32), note text not null, at timestamptz not null);
create table log_witnesses (
  name text primary key, label text not null, vkey text not null, added_at timestamptz not null);
create table log_cosignatures (
  size bigint not null references log_checkpoints (size), witness text not null references log_witnesses (name),
  line text not null, at timestamptz not null, primary key (size, witness));
create function log_guard() returns trigger language plpgsql as $$
begin
  raise exception 'the log only grows' using errcode = '42501';
end $$;
create trigger log_nodes_append_only before update or delete on log_nodes for each row execute function log_guard();
create trigger log_nodes_no_truncate before truncate on log_nodes for each statement execute function log_guard();
create trigger log_checkpoints_append_only before update or delete on log_checkpoints
  for each row execute function log_guard();
create trigger log_checkpoints_no_truncate before truncate on log_checkpoints
  for each statement execute function log_guard();

alter table unlock_cases add column request bytea;

-- From now on a registration names the terminal's key; those from before get a record that does.
insert into audit (id, at, act, subject, facts)
select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
  date_trunc('milliseconds', now()), 'terminal.key-noted', 'terminal:' || id,
  jsonb_build_object('deviceId', encode(device_id, 'hex'), 'identityPublicKey', encode(identity_public_key, 'hex'))
from terminals order by registered_at;
`,
};
