import type { EnterFeeReading } from '../../../../protocol/http/fees-meters.ts';
import { readMeters } from '../accounts/rows.ts';
import type { MeterRow } from '../meters/install.ts';
import { isNamed, registersOf } from '../meters/registers.ts';
import { checkValue, type CurrentReading, currentReadings } from '../meters/series.ts';
import { columnsOf } from './columns.ts';
import { hashKey, knownHouseholds, type PlannedRow, type PlanScope, RowReader, shapeOf, shownTail } from './plan.ts';
import { type CellQuality, readDay, readNumber, readQuality, readQuantity, readRegister } from './values.ts';

/** A reading of a file. */
export interface ReadingWish {
  readonly meter: MeterRow;
  readonly reading: Omit<EnterFeeReading, 'id'>;
}

type PlannedReading = PlannedRow<ReadingWish> & { readonly reader: RowReader };

interface Read {
  readonly row: number;
  readonly reader: RowReader;
  readonly number: string | undefined;
  readonly on: string | undefined;
  readonly value: string | undefined;
  /** Empty for a meter with one value. */
  readonly register: string | undefined;
  readonly quality: CellQuality | undefined;
}

/** Meters and their readings, read once for each household; rows of the file are added as they are planned. */
class MeterBook {
  readonly #scope: PlanScope;
  readonly #meters = new Map<string, MeterRow[]>();
  readonly #readings = new Map<string, CurrentReading[]>();

  constructor(scope: PlanScope) {
    this.#scope = scope;
  }

  async metersOf(accountId: string): Promise<MeterRow[]> {
    const { core, merchantId } = this.#scope;
    const known = this.#meters.get(accountId) ?? (await readMeters(core.db, { merchantId, accountId }));
    this.#meters.set(accountId, known);
    return known;
  }

  async readingsOf(meterId: string): Promise<CurrentReading[]> {
    const { core, merchantId } = this.#scope;
    const known = this.#readings.get(meterId) ?? (await currentReadings(core.db, merchantId, meterId));
    this.#readings.set(meterId, known);
    return known;
  }

  add(meterId: string, reading: CurrentReading): void {
    const all = [...(this.#readings.get(meterId) ?? []), reading];
    this.#readings.set(
      meterId,
      all.sort((a, b) => (a.read_on < b.read_on ? -1 : 1)),
    );
  }
}

/** The meter that a row means: by its number, or the one that hung there on the day. */
async function meterFor(book: MeterBook, accountId: string, { reader, on = '' }: Read): Promise<MeterRow | undefined> {
  const serial = reader.text('serial');
  const all = await book.metersOf(accountId);
  const found =
    serial === ''
      ? all.filter((meter) => meter.from_on <= on && (meter.to_on === null || meter.to_on >= on))
      : all.filter((meter) => meter.serial === serial);
  if (found.length === 1) return found[0];
  reader.fault(serial === '' ? 'number' : 'serial', found.length === 0 ? 'no-such-meter' : 'several-meters');
  return undefined;
}

/** What is wrong with the register that a row names, or does not name. */
function registerFault(known: readonly CurrentReading[], register: string): string | undefined {
  const all = registersOf(known);
  if (all.includes(register)) return undefined;
  return isNamed(register) ? 'no-such-register' : 'register-missing';
}

async function planOne(
  scope: PlanScope,
  book: MeterBook,
  household: { readonly id: string; readonly label: string } | undefined,
  read: Read,
): Promise<PlannedRow<ReadingWish>> {
  const { row, reader, number, on, value, register, quality } = read;
  const shown = { row, label: household?.label ?? '', tail: shownTail(number), faults: reader.faults };
  const named = register === undefined || register === '' ? '' : ` ${register}`;
  const text = on === undefined || value === undefined ? '' : `${on}${named} = ${value}`;
  if (number !== undefined && household === undefined) reader.fault('number', 'no-such-household');
  if (household === undefined || on === undefined || value === undefined) return { ...shown, text, isSame: false };
  if (register === undefined || quality === undefined) return { ...shown, text, isSame: false };
  if (on > new Date(scope.core.clock() + 86_400_000).toISOString().slice(0, 10)) reader.fault('on', 'in-the-future');
  const meter = await meterFor(book, household.id, read);
  if (meter === undefined || reader.faults.length > 0) return { ...shown, text, isSame: false };
  const known = await book.readingsOf(meter.id);
  const unknown = registerFault(known, register);
  if (unknown !== undefined) {
    reader.fault('register', unknown);
    return { ...shown, text, isSame: false };
  }
  const sameDay = known.find((one) => one.read_on === on && one.register === register);
  const wish = {
    meter,
    reading: {
      ...{ on, value, quality },
      ...(isNamed(register) ? { register } : {}),
      ...(meter.max_dial === null ? {} : { rolledOver: true as const }),
    },
  };
  if (sameDay !== undefined && Number(sameDay.value) === Number(value)) return { ...shown, text, isSame: true, wish };
  const fault = checkValue(known, { meter, on, value, register, rolledOver: meter.max_dial !== null });
  if (fault !== undefined) {
    reader.fault(fault === 'same-day' || fault === 'outside-meter' ? 'on' : 'value', fault);
    return { ...shown, text, isSame: false };
  }
  book.add(meter.id, { id: `row-${String(row)}`, meter_id: meter.id, register, read_on: on, value, quality });
  return { ...shown, text, isSame: false, wish };
}

/** A last value is only taken together with those of the meter's other registers, so that none stays open behind it. */
async function withAllRegisters(
  book: MeterBook,
  { reader, ...planned }: PlannedReading,
): Promise<PlannedRow<ReadingWish>> {
  const { wish } = planned;
  if (wish?.reading.quality !== 'final') return planned;
  const known = await book.readingsOf(wish.meter.id);
  const last = known.filter((one) => one.quality === 'final' && one.read_on === wish.reading.on);
  const isWhole = registersOf(known).every((register) => last.some((one) => one.register === register));
  if (isWhole) return planned;
  reader.fault('register', 'registers-missing');
  const { wish: _wish, ...rest } = planned;
  return rest;
}

/** What each row of a file of readings would do. One that is known already stays as it is. */
export async function planReadings(scope: PlanScope): Promise<PlannedRow<ReadingWish>[] | undefined> {
  const shape = await shapeOf(scope);
  if (shape === undefined) return undefined;
  const columns = columnsOf('readings', scope.service);
  const reads = scope.file.rows.map(({ row, cells }): Read => {
    const reader = new RowReader(cells, scope.headings, columns);
    return {
      ...{ row, reader },
      number: reader.take('number', (text) => readNumber(text, shape.number_min, shape.number_max)),
      on: reader.take('on', readDay),
      value: reader.take('value', readQuantity),
      register: reader.text('register') === '' ? '' : reader.take('register', readRegister),
      quality: readQualityOf(reader),
    };
  });
  const known = await knownHouseholds(
    scope,
    reads.flatMap(({ number }) => (number === undefined ? [] : [number])),
  );
  const book = new MeterBook(scope);
  const planned: PlannedReading[] = [];
  // By day, so that a file in any order is judged as it will be written down.
  for (const read of [...reads].sort((a, b) => ((a.on ?? '') < (b.on ?? '') ? -1 : 1))) {
    const household = read.number === undefined ? undefined : known.get(hashKey(scope, read.number));
    planned.push({ ...(await planOne(scope, book, household, read)), reader: read.reader });
  }
  const whole: PlannedRow<ReadingWish>[] = [];
  for (const one of planned) whole.push(await withAllRegisters(book, one));
  return whole.sort((a, b) => a.row - b.row);
}

function readQualityOf(reader: RowReader): Read['quality'] {
  return reader.text('quality') === '' ? 'actual' : reader.take('quality', readQuality);
}
