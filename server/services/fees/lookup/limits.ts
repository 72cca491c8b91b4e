import { sql } from 'kysely';
import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { LookupLimit } from '../../../../protocol/http/fees-terminal.ts';
import type { Core } from '../../../core.ts';

/**
 * How numbers are kept from being walked. Tries that found nothing are counted in the database, for all processes
 * together: for each terminal, for each payee, and for each number, whether there is such a household or not.
 */
const windowMs = 10 * 60_000;
/** People mistype; twenty wrong tries in ten minutes at one terminal are no typing errors. */
const terminalMax = 20;
/** Many terminals together: one in ten thousand guesses of four digits is right, so a payee sees about one lucky guess in two weeks of attack without a pause, of a household chosen by chance. */
const payeeMax = 60;
/** From so few tries left on, the answer tells how many. */
const warnFrom = 2;
/** Wrong tries at one number before it is locked, and for how long then: doubled with each further one. */
const wrongMax = 5;
const lockMs = 5 * 60_000;
const lockMaxMs = 24 * 3_600_000;
/** After this long without a wrong try a number's count begins anew. */
const forgetMs = 24 * 3_600_000;

/** Where somebody asks, and for which number. */
export interface LookupScope {
  readonly terminalId: string;
  readonly payeeId: string;
  readonly service: FeeService;
  readonly numberHash: Buffer;
}

/** A try that was counted, or was not allowed; `limit`: what whoever asked is told when it finds nothing. */
export interface Try {
  readonly isTaken: boolean;
  readonly limit: LookupLimit;
}

// A power cut may take the last counts away; whoever can cut the power at will does not need to guess.
const notHurried = sql.raw(`set_config('synchronous_commit', 'off', true)`);

const scopesOf = ({ terminalId, payeeId }: Pick<LookupScope, 'terminalId' | 'payeeId'>) =>
  [
    [`terminal:${terminalId}`, terminalMax],
    [`payee:${payeeId}`, payeeMax],
  ] as const;

function windowOf(nowMs: number): Date {
  return new Date(Math.floor(nowMs / windowMs) * windowMs);
}

/**
 * Counts a try at this terminal and payee before it is made, so that many at once are not more than one after the other.
 * Not taken: no more before `until`.
 */
export async function takePlaceTry(core: Core, scope: Pick<LookupScope, 'terminalId' | 'payeeId'>): Promise<Try> {
  const window = windowOf(core.clock());
  const [[terminal, terminalLimit], [payee, payeeLimit]] = scopesOf(scope);
  const { rows } = await sql<{ taken: number }>`
    with place as (
      insert into fee_lookup_counts as c (scope, window_start, count) values (${terminal}, ${window}, 1)
      on conflict (scope, window_start) do update set count = c.count + 1 where c.count < ${terminalLimit} returning 1),
    payee as (
      insert into fee_lookup_counts as c (scope, window_start, count) select ${payee}, ${window}, 1 from place
      on conflict (scope, window_start) do update set count = c.count + 1 where c.count < ${payeeLimit} returning 1)
    select count(*)::integer as taken, ${notHurried} from payee`.execute(core.db);
  if (rows[0]?.taken === 1) return { isTaken: true, limit: {} };
  return { isTaken: false, limit: { until: new Date(window.getTime() + windowMs).toISOString() } };
}

/** Counts a try at this number before it is made. Not taken: it is locked. */
export async function takeNumberTry(core: Core, scope: LookupScope): Promise<Try> {
  const nowMs = core.clock();
  const isNew = sql`l.last_at < ${new Date(nowMs - forgetMs)}`;
  const { rows } = await sql<{ wrong: number; locked_until: Date | null }>`
    insert into fee_lookup_locks as l (merchant_id, service, number_hash, wrong, last_at)
    values (${scope.payeeId}, ${scope.service}, ${scope.numberHash}, 1, ${new Date(nowMs)})
    on conflict (merchant_id, service, number_hash) do update set last_at = excluded.last_at,
      wrong = case when ${isNew} then 1 else l.wrong + 1 end,
      locked_until = case when ${isNew} or l.wrong + 1 < ${wrongMax} then null
        else excluded.last_at + least(${lockMs} * power(2, least(l.wrong + 1 - ${wrongMax}, 20)), ${lockMaxMs})
          * interval '1 millisecond' end
      where l.locked_until is null or l.locked_until <= excluded.last_at
    returning wrong, locked_until`.execute(core.db);
  const [row] = rows;
  if (row === undefined) return { isTaken: false, limit: await readLock(core, scope) };
  if (row.locked_until !== null) return { isTaken: true, limit: { until: row.locked_until.toISOString() } };
  const left = wrongMax - row.wrong;
  return { isTaken: true, limit: left > warnFrom ? {} : { left } };
}

async function readLock(core: Core, scope: LookupScope): Promise<LookupLimit> {
  const row = await core.db
    .selectFrom('fee_lookup_locks')
    .select('locked_until')
    .where('merchant_id', '=', scope.payeeId)
    .where('service', '=', scope.service)
    .where('number_hash', '=', scope.numberHash)
    .executeTakeFirst();
  // A right try elsewhere may have ended the lock at this moment.
  return row?.locked_until ? { until: row.locked_until.toISOString() } : {};
}

/** The try was right: it does not count, and the number's count begins anew. */
export async function giveBackTry(core: Core, scope: LookupScope): Promise<void> {
  const names = scopesOf(scope).map(([name]) => name);
  await core.db
    .updateTable('fee_lookup_counts')
    .set({ count: sql<number>`count - 1` })
    .where('window_start', '=', windowOf(core.clock()))
    .where('scope', 'in', names)
    .where('count', '>', 0)
    .execute();
  await core.db
    .deleteFrom('fee_lookup_locks')
    .where('merchant_id', '=', scope.payeeId)
    .where('service', '=', scope.service)
    .where('number_hash', '=', scope.numberHash)
    .execute();
}

/** Removes counts that no longer matter. */
export async function forgetLookups(core: Core): Promise<void> {
  const nowMs = core.clock();
  await core.db
    .deleteFrom('fee_lookup_counts')
    .where('window_start', '<', new Date(nowMs - 2 * windowMs))
    .execute();
  await core.db
    .deleteFrom('fee_lookup_locks')
    .where('last_at', '<', new Date(nowMs - 2 * forgetMs))
    .execute();
}
