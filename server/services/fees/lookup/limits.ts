import { sql } from 'kysely';
import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { LookupLimit } from '../../../../protocol/http/fees-terminal.ts';
import type { Core } from '../../../core.ts';
import { alarmRow } from '../../alarms.ts';

/**
 * How numbers are kept from being walked. Tries that found nothing are counted in the database, for all processes
 * together: for each terminal, for each payee, and for each number, whether there is such a household or not.
 */
const windowMs = 10 * 60_000;
/** People mistype; twenty wrong tries in ten minutes at one terminal are no typing errors. */
const terminalMax = 20;
/**
 * Many terminals together. One in ten thousand guesses of four digits is right, so an attack without a pause finds about
 * one household a day, chosen by chance; the office is told within minutes of its beginning (`tellWalked`).
 */
const payeeMax = 60;
/** Where a payee has many terminals, so many for each: honest typing errors at some must not shut out those at all others. */
const payeeMaxPerTerminal = 3;
/** From so few tries left on, the answer tells how many. */
const warnFrom = 2;
/** Wrong tries at one number before it is locked, and for how long then: doubled with each further one. */
const wrongMax = 5;
const lockMs = 5 * 60_000;
const lockMaxMs = 24 * 3_600_000;
/** So long after its first wrong try a number's count begins anew. */
const forgetMs = 24 * 3_600_000;

/** Where somebody asks, and for which number. */
export interface LookupScope {
  readonly terminalId: string;
  readonly payeeId: string;
  readonly service: FeeService;
  readonly numberHash: Buffer;
}

type PlaceScope = Pick<LookupScope, 'terminalId' | 'payeeId'>;

/** A try that was counted, or was not allowed; `limit`: what whoever asked is told when it finds nothing. */
export interface Try {
  readonly isTaken: boolean;
  readonly limit: LookupLimit;
}
/** A try at a place; `window`: where it was counted. */
export interface PlaceTry extends Try {
  readonly window: Date;
}

// A power cut may take the last counts away; whoever can cut the power at will does not need to guess.
const notHurried = sql.raw(`set_config('synchronous_commit', 'off', true)`);

const scopesOf = ({ terminalId, payeeId }: PlaceScope) => [`terminal:${terminalId}`, `payee:${payeeId}`] as const;

function windowOf(nowMs: number): Date {
  return new Date(Math.floor(nowMs / windowMs) * windowMs);
}

/**
 * Counts a try at this terminal and payee before it is made, so that many at once are not more than one after the other.
 * Not taken: no more before `until`.
 */
export async function takePlaceTry(core: Core, scope: PlaceScope): Promise<PlaceTry> {
  const window = windowOf(core.clock());
  const [terminal, payee] = scopesOf(scope);
  const { rows } = await sql<{ placed: number; taken: number }>`
    with place as (
      insert into fee_lookup_counts as c (scope, window_start, count) values (${terminal}, ${window}, 1)
      on conflict (scope, window_start) do update set count = c.count + 1 where c.count < ${terminalMax} returning 1),
    payee as (
      insert into fee_lookup_counts as c (scope, window_start, count) select ${payee}, ${window}, 1 from place
      on conflict (scope, window_start) do update set count = c.count + 1
        where c.count < (select greatest(${payeeMax}, ${payeeMaxPerTerminal} * count(*)) from fee_payee_terminals t
          where t.merchant_id = ${scope.payeeId}) returning 1)
    select (select count(*)::integer from place) as placed, count(*)::integer as taken, ${notHurried} from payee`.execute(
    core.db,
  );
  const [row] = rows;
  if (row?.taken === 1) return { isTaken: true, limit: {}, window };
  await tellWalked(core, row?.placed === 1 ? `merchant:${scope.payeeId}` : `terminal:${scope.terminalId}`, scope);
  return { isTaken: false, limit: { until: new Date(window.getTime() + windowMs).toISOString() }, window };
}

/** Somebody must look at a place where so many tries find nothing; told once a day. */
async function tellWalked(core: Core, subject: string, { terminalId, payeeId: merchantId }: PlaceScope): Promise<void> {
  const nowMs = core.clock();
  const entry = { kind: 'numbers-walked', severity: 'warn', subject, facts: { terminalId, merchantId } } as const;
  const alarm = alarmRow(entry, nowMs);
  const { rows } = await sql<{ id: string }>`
    insert into alarms (id, kind, severity, subject, facts, raised_at)
    select ${alarm.id}, ${alarm.kind}, ${alarm.severity}, ${subject}, ${alarm.facts}::jsonb, ${alarm.raised_at}
    where not exists (select 1 from alarms a where a.raised_at > ${new Date(nowMs - forgetMs)}
      and a.kind = ${alarm.kind} and a.subject = ${subject})
    returning id`.execute(core.db);
  for (const { id } of rows) core.bus.publish({ name: 'alarm', id });
}

/**
 * Counts a try at this number before it is made. Not taken: it is locked. A count begins with its first wrong try and is
 * not moved by later ones, so that a right try in between leaves nothing behind (`giveBackTry`).
 */
export async function takeNumberTry(core: Core, scope: LookupScope): Promise<Try> {
  const nowMs = core.clock();
  const now = new Date(nowMs);
  const isNew = sql`l.began_at < ${new Date(nowMs - forgetMs)}`;
  const { rows } = await sql<{ wrong: number; locked_until: Date | null }>`
    insert into fee_lookup_locks as l (merchant_id, service, number_hash, wrong, began_at)
    values (${scope.payeeId}, ${scope.service}, ${scope.numberHash}, 1, ${now})
    on conflict (merchant_id, service, number_hash) do update set
      began_at = case when ${isNew} then excluded.began_at else l.began_at end,
      wrong = case when ${isNew} then 1 else l.wrong + 1 end,
      locked_until = case when ${isNew} or l.wrong + 1 < ${wrongMax} then null
        else excluded.began_at + least(${lockMs} * power(2, least(l.wrong + 1 - ${wrongMax}, 20)), ${lockMaxMs})
          * interval '1 millisecond' end
      where l.locked_until is null or l.locked_until <= excluded.began_at
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

/**
 * The try was right: it does not count. Wrong ones at the number stay counted: whoever made them would see from a count
 * that began anew that somebody knows its digits, so that there is such a household, and could go on guessing.
 */
export async function giveBackTry(core: Core, scope: LookupScope, window: Date): Promise<void> {
  await core.db
    .updateTable('fee_lookup_counts')
    .set({ count: sql<number>`count - 1` })
    .where('window_start', '=', window)
    .where('scope', 'in', [...scopesOf(scope)])
    .where('count', '>', 0)
    .execute();
  // It was made, so there was no lock before it: one that is there now came with it.
  const { rows } = await sql<{ wrong: number }>`
    update fee_lookup_locks set wrong = wrong - 1, locked_until = null
    where merchant_id = ${scope.payeeId} and service = ${scope.service} and number_hash = ${scope.numberHash}
    returning wrong`.execute(core.db);
  if (rows[0]?.wrong === 0)
    await core.db
      .deleteFrom('fee_lookup_locks')
      .where('merchant_id', '=', scope.payeeId)
      .where('service', '=', scope.service)
      .where('number_hash', '=', scope.numberHash)
      .where('wrong', '<=', 0)
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
    .where('began_at', '<', new Date(nowMs - 2 * forgetMs))
    .execute();
}
