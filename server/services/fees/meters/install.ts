import { err, ok } from '../../../../domain/result.ts';
import type { InstallFeeMeter } from '../../../../protocol/http/fees-meters.ts';
import type { FeeAccount } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { lockAccount } from '../accounts/change.ts';
import { accountAnswer, type AccountPlace } from '../accounts/rows.ts';
import { type Clerk, type FeeAct, inOneAct, noteAct } from '../parts.ts';
import { isNamed, type RegisterValue, registersOf, valuesFor } from './registers.ts';
import { checkValue, currentReadings } from './series.ts';

/** A meter's row. */
export async function readMeterRow(db: Db, merchantId: string, meterId: string) {
  return db
    .selectFrom('fee_meters')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', meterId)
    .executeTakeFirst();
}
/** A meter's row. */
export type MeterRow = NonNullable<Awaited<ReturnType<typeof readMeterRow>>>;

interface NewReadings {
  readonly core: Core;
  readonly db: Db;
  readonly actor: Clerk;
  readonly place: AccountPlace;
  readonly meterId: string;
  readonly on: string;
  readonly quality: 'first' | 'final';
}

async function writeValues(
  { core, db, actor, place, meterId, on, quality }: NewReadings,
  values: readonly RegisterValue[],
): Promise<void> {
  for (const { register, value } of values)
    await db
      .insertInto('fee_readings')
      .values({
        ...{ merchant_id: place.merchantId, id: uuidv7(core.clock()), meter_id: meterId, account_id: place.accountId },
        ...{ register, read_on: on, value, quality, source: 'office' },
        entered_at: new Date(core.clock()),
        entered_by: actor?.id ?? null,
      })
      .execute();
}

/** Takes the old meter down: the last value of each of its registers, and the day that is its last. */
async function takeDown(
  core: Core,
  db: Db,
  actor: Clerk,
  place: AccountPlace,
  body: InstallFeeMeter,
): Promise<Answer<void>> {
  if (body.replaces === undefined) return ok(undefined);
  const { meterId, finalValue, finalValues } = body.replaces;
  const old = await readMeterRow(db, place.merchantId, meterId);
  if (old?.account_id !== place.accountId || old.kind !== body.kind) return err('bad-request', 'replaces.meterId');
  if (old.to_on !== null || body.on < old.from_on) return err('not-in-state', 'replaces.meterId');
  const known = await currentReadings(db, place.merchantId, meterId);
  if (known.some((one) => one.quality === 'final' && one.read_on !== body.on)) return err('fee-refused', 'final-day');
  const ended = new Set(known.filter(({ quality }) => quality === 'final').map(({ register }) => register));
  const names = ['replaces.finalValue', 'replaces.finalValues'] as const;
  const open = registersOf(known).filter((register) => !ended.has(register));
  const values = valuesFor(open, { value: finalValue, values: finalValues, names });
  if (!values.ok) return values;
  for (const { register, value } of values.value) {
    const check = checkValue(known, { meter: old, on: body.on, value, register, rolledOver: true });
    if (check !== undefined) return err('fee-refused', isNamed(register) ? `${check}: ${register}` : check);
  }
  const last = { core, db, actor, place, meterId, on: body.on, quality: 'final' as const };
  await writeValues(last, values.value);
  await db
    .updateTable('fee_meters')
    .set((eb) => ({ to_on: body.on, version: eb('version', '+', 1) }))
    .where('merchant_id', '=', place.merchantId)
    .where('id', '=', meterId)
    .execute();
  return ok(undefined);
}

/** The first values: of each register that is named, or the only one. */
function firstValues({ firstValue, firstValues: all }: InstallFeeMeter): Answer<RegisterValue[]> {
  const registers = all === undefined ? [''] : Object.keys(all).sort();
  return valuesFor(registers, { value: firstValue, values: all, names: ['firstValue', 'firstValues'] });
}

/** What a meter is hung up with. */
interface Hanging {
  readonly core: Core;
  readonly db: Db;
  readonly actor: Clerk;
  readonly place: AccountPlace;
  readonly body: InstallFeeMeter;
}

async function insertMeter({ core, db, actor, place, body }: Hanging, first: readonly RegisterValue[]): Promise<void> {
  const { merchantId, accountId } = place;
  await db
    .insertInto('fee_meters')
    .values({
      ...{ merchant_id: merchantId, id: body.id, account_id: accountId, kind: body.kind, serial: body.serial },
      max_dial: body.maxDial ?? null,
      ...(body.multiplier === undefined ? {} : { multiplier: body.multiplier }),
      replaces: body.replaces?.meterId ?? null,
      from_on: body.on,
    })
    .execute();
  await writeValues({ core, db, actor, place, meterId: body.id, on: body.on, quality: 'first' }, first);
}

const actOf = (
  actor: Clerk,
  { merchantId, accountId }: AccountPlace,
  { id, replaces, on }: InstallFeeMeter,
): FeeAct => ({
  ...{ act: 'fees.meter-installed', actor, merchantId },
  facts: { accountId, meterId: id, replaces: replaces?.meterId, on },
});

/** Hangs up the first meter of a household that is just being made, in the caller's transaction. */
export async function hangFirst(hanging: Hanging): Promise<Answer<void>> {
  const { core, db, actor, place, body } = hanging;
  const first = firstValues(body);
  if (!first.ok) return first;
  await insertMeter(hanging, first.value);
  await noteAct(core, db, actOf(actor, place, body));
  return ok(undefined);
}

/** Hangs up a meter with its first values; in place of another, which gets its last ones on the same day. */
export async function installMeter(
  core: Core,
  actor: Clerk,
  place: AccountPlace,
  body: InstallFeeMeter,
): Promise<Answer<FeeAccount>> {
  const { merchantId, accountId } = place;
  const before = await readMeterRow(core.db, merchantId, body.id);
  if (before !== undefined)
    return before.account_id === accountId ? accountAnswer(core, place) : err('exists-with-different-body', 'id');
  const first = firstValues(body);
  if (!first.ok) return first;
  try {
    const done = await inOneAct(core, actOf(actor, place, body), async (db) => {
      const row = await lockAccount(db, place);
      if (row === undefined) return err('not-found');
      if (row.state === 'closed') return err('not-in-state', 'closed');
      const down = await takeDown(core, db, actor, place, body);
      if (!down.ok) return down;
      await insertMeter({ core, db, actor, place, body }, first.value);
      return ok(undefined);
    });
    return done.ok ? await accountAnswer(core, place) : done;
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'on');
    throw error;
  }
}
