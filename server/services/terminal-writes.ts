import { sql } from 'kysely';
import type { TerminalState } from '../../domain/unlock/states.ts';
import type { Db } from '../store/database.ts';

/** What a signed message of a device tells about it. */
export interface DeviceWord {
  readonly lockEpoch: number;
  readonly logHead: Uint8Array;
  readonly state: TerminalState;
}

/**
 * Keeps what a receipt or report says, unless something newer is known already. The row's version moves, so that a
 * decision in flight is made again on fresh facts.
 */
export async function keepDeviceWord(db: Db, terminalId: string, word: DeviceWord, now: Date): Promise<void> {
  const head = Buffer.from(word.logHead);
  await db
    .updateTable('terminals')
    .set({
      version: sql<number>`version + 1`,
      last_epoch: word.lockEpoch,
      state_confirmed: word.state,
      confirmed_at: now,
      ...(word.state === 'LOCKED' ? {} : { reasons: 0 }),
      ...(word.state === 'PROBATION' ? {} : { probation_until: null }),
      log_heads: sql<Buffer[]>`case when log_heads[cardinality(log_heads)] is distinct from ${head}
        then (log_heads || ${head}::bytea)[greatest(cardinality(log_heads) - 30, 1):] else log_heads end`,
    })
    .where('id', '=', terminalId)
    .where('last_epoch', '<=', word.lockEpoch)
    .execute();
}

/**
 * Takes the terminal's row for this transaction. Every transaction that touches a terminal's cases, grants or orders
 * begins with it, so that none can wait for another in a circle.
 */
export async function lockTerminal(db: Db, terminalId: string): Promise<void> {
  await db.selectFrom('terminals').select('id').where('id', '=', terminalId).forNoKeyUpdate().executeTakeFirst();
}

/** Closes a case's ticket when the work is done. */
export async function closeTicketAsDone(db: Db, ticketId: string, now: Date): Promise<void> {
  await db
    .updateTable('tickets')
    .set({ state: 'closed', closed_at: now, outcome: 'NORMAL' })
    .where('id', '=', ticketId)
    .where('state', '!=', 'closed')
    .execute();
}
