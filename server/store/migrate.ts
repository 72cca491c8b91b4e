import type { Pool } from 'pg';
import { signInMigration } from './migrations/0001-sign-in.ts';
import { fieldMigration } from './migrations/0002-field.ts';
import { logMigration } from './migrations/0003-log.ts';
import { idempotencyMigration } from './migrations/0004-idempotency.ts';
import { siteMigration } from './migrations/0005-site.ts';
import { paymentsMigration } from './migrations/0006-payments.ts';
import { webhooksMigration } from './migrations/0007-webhooks.ts';
import { feesMigration } from './migrations/0008-fees.ts';
import { feeQuotesMigration } from './migrations/0009-fee-quotes.ts';
import { moneyBackMigration } from './migrations/0010-money-back.ts';
import { feeSharesMigration } from './migrations/0011-fee-shares.ts';
import { feeScaleMigration } from './migrations/0012-fee-scale.ts';
import { feeCorrectionsMigration } from './migrations/0013-fee-corrections.ts';
import { forgettingMigration } from './migrations/0014-forgetting.ts';
import { webhooksKeptMigration } from './migrations/0015-webhooks-kept.ts';

/** Every migration in order. A new one goes at the end; a released one is never changed. */
const migrations = [
  signInMigration,
  fieldMigration,
  logMigration,
  idempotencyMigration,
  siteMigration,
  paymentsMigration,
  webhooksMigration,
  feesMigration,
  feeQuotesMigration,
  moneyBackMigration,
  feeSharesMigration,
  feeScaleMigration,
  feeCorrectionsMigration,
  forgettingMigration,
  webhooksKeptMigration,
];

/** Key of the advisory lock that lets several processes start at once. */
const migrationLock = 7_711_001;

/**
 * Brings the database to the newest schema; forward only. Each migration is one transaction. Safe when several
 * processes start at once. Throws when the database is newer than this program.
 * @returns names of the migrations that were applied now.
 */
export async function migrate(pool: Pool): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(
      'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string }>('select name from migrations order by name');
    const applied = new Set(rows.map((row) => row.name));
    const unknown = [...applied].find((name) => !migrations.some((migration) => migration.name === name));
    if (unknown !== undefined)
      throw new Error(`migrate: the database has '${unknown}', which this version does not know`);
    const waiting = migrations.filter((migration) => !applied.has(migration.name));
    for (const { name, sql } of waiting) {
      await client.query(`begin;${sql};insert into migrations (name) values ('${name}');commit`);
    }
    return waiting.map((migration) => migration.name);
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}
