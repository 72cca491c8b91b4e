import { err, ok } from '../../../../domain/result.ts';
import { sql } from 'kysely';
import type { EnteredFeeReading, EnterFeeReading } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { lockAccount } from '../accounts/change.ts';
import { readingView, readReadings } from '../accounts/rows.ts';
import { type Clerk, inOneAct } from '../parts.ts';
import { type MeterRow, readMeterRow } from './install.ts';
import { checkValue, type CurrentReading, currentReadings, estimatedValue } from './series.ts';

/** Which meter. */
export interface MeterPlace {
  readonly merchantId: string;
  readonly meterId: string;
}

/** What is entered with it: where it comes from. */
export interface ReadingSource {
  readonly source: 'office' | 'import' | 'merchant';
  readonly importId?: string;
}

/** Bills that used a reading and were not taken back. */
async function billsWith(db: Db, merchantId: string, accountId: string, readingId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from fee_bills where merchant_id = ${merchantId} and account_id = ${accountId} and state <> 'void'
      and kind = 'bill' and snapshot -> 'readingIds' ? ${readingId} order by period_from limit 100`.execute(db);
  return rows.map(({ id }) => id);
}

/** The value to write down, or why there is none. */
function valueOf(body: EnterFeeReading, known: readonly CurrentReading[], meter: MeterRow): Answer<string> {
  if (body.value !== undefined) return ok(body.value);
  if (body.quality !== 'estimate') return err('bad-request', 'value');
  const register = body.register ?? '';
  const others = known.filter((one) => one.register === register && one.id !== body.supersedes);
  const value = estimatedValue(others, body.on, meter);
  return value === undefined ? err('fee-refused', 'nothing-to-estimate-from') : ok(value);
}

/** Writes a reading down in the caller's transaction, which holds the household's row. */
export async function writeReading(
  core: Core,
  db: Db,
  actor: Clerk,
  meter: MeterRow,
  body: EnterFeeReading,
  origin: ReadingSource,
): Promise<Answer<void>> {
  const known = await currentReadings(db, meter.merchant_id, meter.id);
  if (body.supersedes !== undefined) {
    const old = known.find((one) => one.id === body.supersedes);
    if (old === undefined) return err('bad-request', 'supersedes');
    if (old.register !== (body.register ?? '')) return err('bad-request', 'register');
    if (body.reason === undefined) return err('bad-request', 'reason');
  }
  const value = valueOf(body, known, meter);
  if (!value.ok) return value;
  const fault = checkValue(known, {
    ...{ meter, on: body.on, value: value.value, register: body.register ?? '', rolledOver: body.rolledOver === true },
    ...(body.supersedes === undefined ? {} : { supersedes: body.supersedes }),
  });
  if (fault !== undefined) return err('fee-refused', fault);
  await db
    .insertInto('fee_readings')
    .values({
      ...{ merchant_id: meter.merchant_id, id: body.id, meter_id: meter.id, account_id: meter.account_id },
      ...{ register: body.register ?? '', read_on: body.on, value: value.value, quality: body.quality },
      supersedes: body.supersedes ?? null,
      reason: body.reason ?? '',
      source: origin.source,
      import_id: origin.importId ?? null,
      entered_at: new Date(core.clock()),
      entered_by: actor?.id ?? null,
    })
    .execute();
  return ok(undefined);
}

async function enteredAnswer(core: Core, meter: MeterRow, body: EnterFeeReading): Promise<Answer<EnteredFeeReading>> {
  const place = { merchantId: meter.merchant_id, accountId: meter.account_id };
  const row = (await readReadings(core.db, place)).find(({ id }) => id === body.id);
  if (row === undefined) return err('not-found');
  const bills =
    body.supersedes === undefined ? [] : await billsWith(core.db, place.merchantId, place.accountId, body.supersedes);
  return ok({ reading: readingView(row), bills });
}

/** Ends a meter with its last reading, in the caller's transaction. */
async function takeDown(db: Db, meter: MeterRow, on: string): Promise<Answer<void>> {
  const known = await currentReadings(db, meter.merchant_id, meter.id);
  if (known.some((one) => one.read_on > on)) return err('fee-refused', 'later-reading');
  await db
    .updateTable('fee_meters')
    .set((eb) => ({ to_on: on, version: eb('version', '+', 1) }))
    .where('merchant_id', '=', meter.merchant_id)
    .where('id', '=', meter.id)
    .execute();
  return ok(undefined);
}

/** Enters, estimates or corrects a reading. The last one, `final`, takes the meter down. */
export async function enterReading(
  core: Core,
  actor: Clerk,
  { merchantId, meterId }: MeterPlace,
  body: EnterFeeReading,
): Promise<Answer<EnteredFeeReading>> {
  const meter = await readMeterRow(core.db, merchantId, meterId);
  if (meter === undefined) return err('not-found');
  const before = await core.db
    .selectFrom('fee_readings')
    .select(['meter_id', 'read_on', 'value'])
    .where('merchant_id', '=', merchantId)
    .where('id', '=', body.id)
    .executeTakeFirst();
  if (before !== undefined) {
    const isSame = before.meter_id === meterId && before.read_on === body.on;
    return isSame ? enteredAnswer(core, meter, body) : err('exists-with-different-body', 'id');
  }
  const facts = { accountId: meter.account_id, meterId, readingId: body.id, on: body.on, supersedes: body.supersedes };
  const act = {
    act: body.supersedes === undefined ? 'fees.reading-entered' : 'fees.reading-corrected',
    actor,
    merchantId,
    facts,
  };
  const source = actor?.role === 'merchant' ? 'merchant' : 'office';
  try {
    const done = await inOneAct(core, act, async (db) => {
      const account = await lockAccount(db, { merchantId, accountId: meter.account_id });
      if (account?.state === 'closed') return err('not-in-state', 'closed');
      const written = await writeReading(core, db, actor, meter, body, { source });
      return written.ok && body.quality === 'final' ? takeDown(db, meter, body.on) : written;
    });
    return done.ok ? await enteredAnswer(core, meter, body) : done;
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('fee-refused', 'same-day');
    throw error;
  }
}
