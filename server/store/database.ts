import { Kysely, PostgresDialect } from 'kysely';
import { Pool, TypeOverrides, types } from 'pg';
import type { Logger } from 'pino';
import type { Database } from './schema.ts';

/** A transaction or the database itself. */
export type Db = Kysely<Database>;

/** The pool and the query builder over it. */
export interface Store {
  readonly pool: Pool;
  readonly db: Db;
  close(): Promise<void>;
}

const statementTimeoutMs = 15_000;

/**
 * Opens the pool. 64-bit whole numbers are read as JavaScript numbers; a value beyond 2^53 throws. A day is read as
 * `yyyy-mm-dd`: as a Date it would be midnight in this machine's zone.
 */
export function openStore(url: string, poolMax: number, log: Logger): Store {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, (text: string) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw new Error(`int8 beyond 2^53: ${text}`);
    return value;
  });
  overrides.setTypeParser(types.builtins.DATE, (text: string) => text);
  const pool = new Pool({
    connectionString: url,
    max: poolMax,
    types: overrides,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
  });
  let isClosing = false;
  pool.on('error', (error) => {
    if (!isClosing) log.warn({ err: error }, 'an idle database connection was lost');
  });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const close = async (): Promise<void> => {
    isClosing = true;
    await db.destroy();
    // The query builder ends only a pool that it has used itself.
    if (!pool.ending) await pool.end();
  };
  return { pool, db, close };
}

/** PostgreSQL's code for a row that breaks a unique index. */
export const uniqueViolation = '23505';
/** PostgreSQL's code for a transaction that it ended because two waited for each other. */
export const deadlock = '40P01';

/** The SQL state of a database error, or `undefined` for any other error. */
export function sqlState(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
