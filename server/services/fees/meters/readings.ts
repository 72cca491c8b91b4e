import { err, ok } from '../../../../domain/result.ts';
import { sql } from 'kysely';
import type { EnteredFeeReading, EnterFeeReading } from '../../../../protocol/http/fees-meters.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { lockAccount } from '../accounts/change.ts';
import { readingView, readReadings } from '../accounts/rows.ts';
import { type Clerk, derivedId, inOneAct } from '../parts.ts';
import { type MeterRow, readMeterRow } from './install.ts';
import { isNamed, registersOf, valuesFor } from './registers.ts';
import { checkValue, type CurrentReading, currentReadings, estimatedValue } from './series.ts';

/** Which meter. */
export interface MeterPlace {
  readonly merchantId: string;
  readonly meterId: string;
}

/** Bills that used a reading and were not taken back. */
async function billsWith(db: Db, merchantId: string, accountId: string, readingId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from fee_bills where merchant_id = ${merchantId} and account_id = ${accountId} and state <> 'void'
      and kind = 'bill' and snapshot -> 'readingIds' ? ${readingId} order by period_from limit 100`.execute(db);
  return rows.map(({ id }) => id);
}

/** One register's reading as it is wanted; the value is absent for an estimate. */
interface OneReading {
  readonly id: string;
  readonly register: string;
  readonly value: string | undefined;
}

interface Entering {
  readonly core: Core;
  readonly db: Db;
  readonly actor: Clerk;
  readonly meter: MeterRow;
  readonly body: EnterFeeReading;
}

/** What a call enters: one reading, or one for each register of the meter. */
function wantedOf(known: readonly CurrentReading[], body: EnterFeeReading): Answer<OneReading[]> {
  const { id, value, values, quality, supersedes } = body;
  const old = known.find((one) => one.id === supersedes);
  if (supersedes !== undefined && old === undefined) return err('bad-request', 'supersedes');
  if (old !== undefined && body.register !== undefined && old.register !== body.register)
    return err('bad-request', 'register');
  const register = body.register ?? old?.register;
  if (register !== undefined && values !== undefined) return err('bad-request', 'values');
  if (register !== undefined) {
    if (value === undefined && quality !== 'estimate') return err('bad-request', 'value');
    return ok([{ id, register, value }]);
  }
  const registers = registersOf(known);
  const idOf = (name: string, at: number): string => (at === 0 ? id : derivedId(id, name));
  if (quality === 'estimate' && value === undefined && values === undefined)
    return ok(registers.map((name, at) => ({ id: idOf(name, at), register: name, value: undefined })));
  // A total beside registers may be read alone, and so may they.
  const isTotal = values === undefined && value !== undefined && registers.includes('') && quality !== 'final';
  const given = valuesFor(isTotal ? [''] : registers, { value, values, names: ['value', 'values'] });
  return given.ok ? ok(given.value.map((one, at) => ({ id: idOf(one.register, at), ...one }))) : given;
}

/** The value to write down, or why there is none. */
function valueOf({ body, meter }: Entering, known: readonly CurrentReading[], one: OneReading): Answer<string> {
  if (one.value !== undefined) return ok(one.value);
  const others = known.filter(({ id, register }) => register === one.register && id !== body.supersedes);
  const value = estimatedValue(others, body.on, meter);
  return value === undefined ? err('fee-refused', 'nothing-to-estimate-from') : ok(value);
}

/** Why a correction of an earlier reading cannot be. */
function correctionFault(body: EnterFeeReading, old: CurrentReading | undefined): Answer<void> {
  if (old === undefined) return ok(undefined);
  if (body.reason === undefined) return err('bad-request', 'reason');
  // The day on which a meter came down is the day of its last value.
  return old.quality === 'final' && old.read_on !== body.on ? err('fee-refused', 'final-day') : ok(undefined);
}

/** Writes one register's reading down. */
async function writeOne(entering: Entering, known: readonly CurrentReading[], one: OneReading): Promise<Answer<void>> {
  const { core, db, actor, meter, body } = entering;
  const { register } = one;
  const old = known.find(({ id }) => id === body.supersedes);
  const correction = correctionFault(body, old);
  if (!correction.ok) return correction;
  const value = valueOf(entering, known, one);
  if (!value.ok) return value;
  const isFinal = body.quality === 'final' || old?.quality === 'final';
  const fault = checkValue(known, {
    ...{ meter, on: body.on, value: value.value, register, rolledOver: body.rolledOver === true },
    ...(body.supersedes === undefined ? {} : { supersedes: body.supersedes }),
  });
  if (fault !== undefined) return err('fee-refused', isNamed(register) ? `${fault}: ${register}` : fault);
  await db
    .insertInto('fee_readings')
    .values({
      ...{ merchant_id: meter.merchant_id, id: one.id, meter_id: meter.id, account_id: meter.account_id },
      ...{ register, read_on: body.on, value: value.value, quality: isFinal ? 'final' : body.quality },
      ...{ supersedes: body.supersedes ?? null, reason: body.reason ?? '' },
      source: actor?.role === 'merchant' ? 'merchant' : 'office',
      entered_at: new Date(core.clock()),
      entered_by: actor?.id ?? null,
    })
    .execute();
  return ok(undefined);
}

/** Writes down what is wanted, in the caller's transaction, which holds the household's row. */
async function write(entering: Entering): Promise<Answer<void>> {
  const { db, meter, body } = entering;
  const known = await currentReadings(db, meter.merchant_id, meter.id);
  const wanted = wantedOf(known, body);
  if (!wanted.ok) return wanted;
  for (const one of wanted.value) {
    const written = await writeOne(entering, known, one);
    if (!written.ok) return written;
  }
  return body.quality === 'final' && body.supersedes === undefined ? takeDown(db, meter, body.on) : ok(undefined);
}

async function enteredAnswer(core: Core, meter: MeterRow, body: EnterFeeReading): Promise<Answer<EnteredFeeReading>> {
  const place = { merchantId: meter.merchant_id, accountId: meter.account_id };
  const all = (await readReadings(core.db, place)).filter((one) => one.meter_id === meter.id);
  const row = all.find(({ id }) => id === body.id);
  if (row === undefined) return err('not-found');
  const ids = new Set([body.id, ...all.map(({ register }) => derivedId(body.id, register))]);
  const bills =
    body.supersedes === undefined ? [] : await billsWith(core.db, place.merchantId, place.accountId, body.supersedes);
  const readings = all.filter(({ id }) => ids.has(id)).map((one) => readingView(one));
  return ok({ reading: readingView(row), readings, bills });
}

/** Ends a meter once each of its registers has its last reading, all on one day; in the caller's transaction. */
async function takeDown(db: Db, meter: MeterRow, on: string): Promise<Answer<void>> {
  const known = await currentReadings(db, meter.merchant_id, meter.id);
  if (known.some((one) => one.read_on > on)) return err('fee-refused', 'later-reading');
  const last = known.filter(({ quality }) => quality === 'final');
  if (last.some((one) => one.read_on !== on)) return err('fee-refused', 'final-day');
  if (!registersOf(known).every((register) => last.some((one) => one.register === register))) return ok(undefined);
  await db
    .updateTable('fee_meters')
    .set((eb) => ({ to_on: on, version: eb('version', '+', 1) }))
    .where('merchant_id', '=', meter.merchant_id)
    .where('id', '=', meter.id)
    .execute();
  return ok(undefined);
}

/** Enters, estimates or corrects a reading. The last one of every register, `final`, takes the meter down. */
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
  try {
    const done = await inOneAct(core, act, async (db) => {
      const account = await lockAccount(db, { merchantId, accountId: meter.account_id });
      if (account?.state === 'closed') return err('not-in-state', 'closed');
      return write({ core, db, actor, meter, body });
    });
    return done.ok ? await enteredAnswer(core, meter, body) : done;
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('fee-refused', 'same-day');
    throw error;
  }
}
