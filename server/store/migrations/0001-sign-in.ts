/** The sign-in library's own tables, in its own spelling; `role`, `locale`, `state` and `merchantId` are ours. */
export const signInMigration = {
  name: '0001-sign-in',
  sql: `
create table "user" (
  "id" text not null primary key, "name" text not null, "email" text not null unique,
  "emailVerified" boolean not null, "image" text,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz default current_timestamp not null,
  "twoFactorEnabled" boolean,
  "role" text not null check ("role" in ('technician', 'merchant', 'operator', 'approver')),
  "locale" text not null, "state" text not null check ("state" in ('invited', 'active', 'disabled')),
  "merchantId" text);
create table "session" (
  "id" text not null primary key, "expiresAt" timestamptz not null, "token" text not null unique,
  "createdAt" timestamptz default current_timestamp not null, "updatedAt" timestamptz not null,
  "ipAddress" text, "userAgent" text,
  "userId" text not null references "user" ("id") on delete cascade);
create table "account" (
  "id" text not null primary key, "accountId" text not null, "providerId" text not null,
  "userId" text not null references "user" ("id") on delete cascade,
  "accessToken" text, "refreshToken" text, "idToken" text,
  "accessTokenExpiresAt" timestamptz, "refreshTokenExpiresAt" timestamptz, "scope" text, "password" text,
  "createdAt" timestamptz default current_timestamp not null, "updatedAt" timestamptz not null);
create table "verification" (
  "id" text not null primary key, "identifier" text not null, "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz default current_timestamp not null);
create table "twoFactor" (
  "id" text not null primary key, "secret" text not null, "backupCodes" text not null,
  "userId" text not null references "user" ("id") on delete cascade,
  "verified" boolean, "failedVerificationCount" integer, "lockedUntil" timestamptz);
create table "passkey" (
  "id" text not null primary key, "name" text, "publicKey" text not null,
  "userId" text not null references "user" ("id") on delete cascade,
  "credentialID" text not null, "counter" integer not null, "deviceType" text not null,
  "backedUp" boolean not null, "transports" text, "createdAt" timestamptz, "aaguid" text);
create index "session_userId_idx" on "session" ("userId");
create index "account_userId_idx" on "account" ("userId");
create index "verification_identifier_idx" on "verification" ("identifier");
create index "twoFactor_secret_idx" on "twoFactor" ("secret");
create index "twoFactor_userId_idx" on "twoFactor" ("userId");
create index "passkey_userId_idx" on "passkey" ("userId");
create index "passkey_credentialID_idx" on "passkey" ("credentialID");

create table invitations (
  token_hash bytea primary key,
  person_id text not null references "user" ("id") on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz);
create table factor_states (
  person_id text primary key references "user" ("id") on delete cascade,
  totp_step bigint not null default 0,
  tries integer not null default 0,
  locked_until timestamptz);
create table factor_challenges (
  id uuid primary key,
  person_id text not null references "user" ("id") on delete cascade,
  case_id uuid not null,
  challenge text not null,
  expires_at timestamptz not null);
`,
};
