import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { Core } from '../../../core.ts';
import { serviceRow } from '../parts.ts';
import { numberHash, tailOf } from '../secrets.ts';
import { columnsOf, fieldOf, type ImportColumn, type ImportKind, isPersonal } from './columns.ts';
import type { FileRows } from './read-file.ts';
import type { Cell } from './values.ts';

/** One row as its kind reads it. */
export interface PlannedRow<T> {
  readonly row: number;
  readonly label: string;
  readonly tail: string;
  /** What the row says, in short, without its number. */
  readonly text: string;
  readonly faults: { column: string; reason: string }[];
  /** What it would do, where nothing is wrong; nothing new where that is known already. */
  readonly wish?: T;
  readonly isSame: boolean;
}

/** Which columns mean what. */
export interface Headings {
  readonly columns: readonly { readonly name: string; readonly field: string | null }[];
  readonly dropped: readonly string[];
  readonly missing: readonly string[];
  /** Place of a field's column. */
  readonly places: ReadonlyMap<string, number>;
}

/** Reads a file's headings. A column about a person is dropped before any of its cells is looked at. */
export function readHeadings(file: FileRows, kind: ImportKind, service: FeeService): Headings {
  const known = columnsOf(kind, service);
  const places = new Map<string, number>();
  const dropped: string[] = [];
  const columns = file.headings.map((name, at) => {
    const field = fieldOf(name, known);
    if (field !== undefined && !places.has(field)) {
      places.set(field, at);
      return { name, field };
    }
    if (field === undefined && isPersonal(name)) dropped.push(name);
    return { name, field: null };
  });
  const missing = known
    .filter(({ field, isNeeded }) => isNeeded && !places.has(field))
    .map(({ names }) => names.zh[0] ?? '');
  return { columns, dropped, missing, places };
}

/** Reads the cells of one row and gathers what is wrong with them. */
export class RowReader {
  readonly faults: { column: string; reason: string }[] = [];
  readonly #cells: readonly string[];
  readonly #headings: Headings;
  readonly #columns: readonly ImportColumn[];

  constructor(cells: readonly string[], headings: Headings, columns: readonly ImportColumn[]) {
    this.#cells = cells;
    this.#headings = headings;
    this.#columns = columns;
  }

  /** A cell's text, empty where there is no such column. */
  text(field: string): string {
    const place = this.#headings.places.get(field);
    return place === undefined ? '' : (this.#cells[place] ?? '');
  }

  /** A cell's value; `undefined` where it is empty or wrong. */
  take<T>(field: string, read: (text: string) => Cell<T>): T | undefined {
    const text = this.text(field);
    if (text === '') {
      if (this.#columns.some((column) => column.field === field && column.isNeeded)) this.fault(field, 'empty');
      return undefined;
    }
    const cell = read(text);
    if ('value' in cell) return cell.value;
    this.fault(field, cell.fault);
    return undefined;
  }

  /** Something is wrong with a field. The column is named as the file calls it. */
  fault(field: string, reason: string): void {
    const place = this.#headings.places.get(field);
    const name = place === undefined ? undefined : this.#headings.columns[place]?.name;
    this.faults.push({ column: name ?? field, reason });
  }
}

/** What every plan works with. */
export interface PlanScope {
  readonly core: Core;
  readonly merchantId: string;
  readonly service: FeeService;
  readonly file: FileRows;
  readonly headings: Headings;
}

/** How numbers and secrets of the service look; `undefined` when the payee has no such service. */
export async function shapeOf({ core, merchantId, service }: PlanScope) {
  return serviceRow(core.db, merchantId, service);
}

/** Households of the service by the hash of their number, for the numbers of a file. */
export async function knownHouseholds(
  { core, merchantId, service }: PlanScope,
  numbers: readonly string[],
): Promise<Map<string, { id: string; label: string }>> {
  const hashes = [...new Set(numbers)].map((number) => numberHash(core.keys(), merchantId, service, number));
  if (hashes.length === 0) return new Map();
  const rows = await core.db
    .selectFrom('fee_accounts')
    .select(['id', 'label', 'number_hash'])
    .where('merchant_id', '=', merchantId)
    .where('service', '=', service)
    .where('state', '=', 'open')
    .where('number_hash', 'in', hashes)
    .execute();
  return new Map(rows.map((row) => [row.number_hash.toString('hex'), { id: row.id, label: row.label }]));
}

/** The key of a number in `knownHouseholds`. */
export function hashKey({ core, merchantId, service }: PlanScope, number: string): string {
  return numberHash(core.keys(), merchantId, service, number).toString('hex');
}

/** The last digits of what may be no number at all. */
export function shownTail(number: string | undefined): string {
  return number === undefined ? '' : tailOf(number);
}
