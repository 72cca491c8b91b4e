/** Answers to calls that carried an idempotency key, so that the same call again gets the same answer. */
export const idempotencyMigration = {
  name: '0004-idempotency',
  sql: `
create table idempotency (
  actor_id text not null, key uuid not null,
  fingerprint bytea not null check (length(fingerprint) = 32),
  begun_at timestamptz not null,
  status smallint, content_type text, answer bytea, -- the answer, sealed; null while the call is at work
  primary key (actor_id, key));
create index idempotency_age on idempotency (begun_at);
`,
};
