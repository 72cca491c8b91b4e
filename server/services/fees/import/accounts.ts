import type { CreateFeeAccount } from '../../../../protocol/http/fees-office.ts';
import { columnsOf, firstRegisters, isMetered } from './columns.ts';
import { hashKey, knownHouseholds, type PlannedRow, type PlanScope, RowReader, shapeOf, shownTail } from './plan.ts';
import { readClass, readCount, readDay, readLabel, readNumber, readQuantity, readSecret } from './values.ts';

/** A household of a file, with its first meter where the file names one. */
export interface AccountWish {
  readonly account: Omit<CreateFeeAccount, 'id'>;
  readonly meter?: {
    readonly serial: string;
    readonly on: string;
    readonly firstValue?: string;
    /** By register, for a meter by time of day. */
    readonly firstValues?: Readonly<Record<string, string>>;
    readonly maxDial?: string;
  };
}

interface Shape {
  readonly number_min: number;
  readonly number_max: number;
  readonly secret_digits: number;
}

const registerNames = Object.keys(firstRegisters);

function registersIn(reader: RowReader): Record<string, string> | undefined {
  const named = registerNames.filter((name) => reader.text(`firstValues.${name}`) !== '');
  if (named.length === 0) return undefined;
  const values = named.map((name) => [name, reader.take(`firstValues.${name}`, readQuantity) ?? ''] as const);
  return Object.fromEntries(values);
}

function meterOf(reader: RowReader, scope: PlanScope): AccountWish['meter'] {
  if (!isMetered(scope.service)) return undefined;
  const on = reader.take('firstOn', readDay);
  const firstValue = reader.take('firstValue', readQuantity);
  const firstValues = registersIn(reader);
  const maxDial = reader.take('maxDial', readQuantity);
  const serial = reader.text('serial').slice(0, 40);
  const isNamed = [reader.text('firstOn'), reader.text('firstValue'), serial].some((text) => text !== '');
  if (!isNamed && firstValues === undefined) return undefined;
  if (reader.text('firstOn') === '') reader.fault('firstOn', 'empty');
  const isOne = reader.text('firstValue') !== '';
  if (isOne === (firstValues !== undefined)) reader.fault('firstValue', isOne ? 'one-or-registers' : 'empty');
  const first = firstValues === undefined ? firstValue && { firstValue } : { firstValues };
  if (on === undefined || first === undefined || first === '') return undefined;
  return { serial, on, ...first, ...(maxDial === undefined ? {} : { maxDial }) };
}

function wishOf(reader: RowReader, scope: PlanScope, shape: Shape): AccountWish | undefined {
  const number = reader.take('number', (text) => readNumber(text, shape.number_min, shape.number_max));
  const label = reader.take('label', readLabel);
  const secret = reader.take('secret', (text) => readSecret(text, shape.secret_digits));
  const areaM2 = reader.take('areaM2', readQuantity);
  const innerAreaM2 = reader.take('innerAreaM2', readQuantity);
  const persons = reader.take('persons', (text) => readCount(text, 50));
  const customerClass = reader.take('customerClass', readClass);
  const movedIn = reader.take('movedIn', readDay);
  const meter = meterOf(reader, scope);
  if (number === undefined || label === undefined || reader.faults.length > 0) return undefined;
  const account = {
    ...{ service: scope.service, number, label },
    ...(secret === undefined ? {} : { secret }),
    ...(areaM2 === undefined ? {} : { areaM2 }),
    ...(innerAreaM2 === undefined ? {} : { innerAreaM2 }),
    ...(persons === undefined ? {} : { persons }),
    ...(customerClass === undefined ? {} : { customerClass }),
    ...(movedIn === undefined ? {} : { movedIn }),
  };
  return { account, ...(meter === undefined ? {} : { meter }) };
}

function shownFirst({ firstValue, firstValues }: NonNullable<AccountWish['meter']>): string {
  if (firstValues === undefined) return firstValue ?? '';
  return Object.entries(firstValues)
    .map(([register, value]) => `${register} ${value}`)
    .join(', ');
}

function textOf({ account, meter }: AccountWish): string {
  const parts = [
    account.areaM2 === undefined ? '' : `${account.areaM2} ㎡`,
    account.persons === undefined ? '' : `× ${String(account.persons)}`,
    account.movedIn ?? '',
    meter === undefined ? '' : `${meter.serial} ${meter.on} = ${shownFirst(meter)}`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** What each row of a file of households would do. One whose number is known stays as it is. */
export async function planAccounts(scope: PlanScope): Promise<PlannedRow<AccountWish>[] | undefined> {
  const shape = await shapeOf(scope);
  if (shape === undefined) return undefined;
  const columns = columnsOf('accounts', scope.service);
  const read = scope.file.rows.map(({ row, cells }) => {
    const reader = new RowReader(cells, scope.headings, columns);
    return { row, reader, wish: wishOf(reader, scope, shape) };
  });
  const known = await knownHouseholds(
    scope,
    read.flatMap(({ wish }) => (wish === undefined ? [] : [wish.account.number])),
  );
  const seen = new Set<string>();
  return read.map(({ row, reader, wish }) => {
    const key = wish === undefined ? undefined : hashKey(scope, wish.account.number);
    if (key !== undefined && seen.has(key)) reader.fault('number', 'twice-in-file');
    if (key !== undefined) seen.add(key);
    const digits = reader.text('number').replace(/\D/g, '');
    const isGood = wish !== undefined && reader.faults.length === 0;
    return {
      row,
      label: wish?.account.label ?? '',
      tail: digits.length >= 4 ? shownTail(digits) : '',
      text: wish === undefined ? '' : textOf(wish),
      faults: reader.faults,
      isSame: isGood && key !== undefined && known.has(key),
      ...(isGood ? { wish } : {}),
    };
  });
}
