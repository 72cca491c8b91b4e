import { Exact } from './exact.ts';
import { tariffLimits } from './limits.ts';
import type { DecimalText, RatedState } from './rating.ts';
import { refuse } from './refused.ts';

type Table = Readonly<Record<string, Readonly<Record<string, DecimalText>>>>;

/** The newest windows; their names sort by time. */
function newest(row: Readonly<Record<string, DecimalText>>): Readonly<Record<string, DecimalText>> {
  const keys = Object.keys(row);
  if (keys.length <= tariffLimits.windowsKeptMax) return row;
  const kept = keys.sort().slice(-tariffLimits.windowsKeptMax);
  return Object.fromEntries(kept.map((key) => [key, row[key] ?? '0']));
}

/** What earlier bills used up, and what this one adds, by component and window. */
export class StateBook {
  readonly #tables: Readonly<Record<'used' | 'billed', Table>>;
  readonly #now = { used: new Map<string, Map<string, Exact>>(), billed: new Map<string, Map<string, Exact>>() };

  constructor(previous: RatedState | undefined) {
    this.#tables = { used: previous?.used ?? {}, billed: previous?.billed ?? {} };
  }

  /** What is known of a window; `undefined` when this is its first bill. */
  get(table: 'used' | 'billed', id: string, key: string): Exact | undefined {
    const now = this.#now[table].get(id)?.get(key);
    if (now !== undefined) return now;
    const rows = this.#tables[table];
    const row = Object.hasOwn(rows, id) ? rows[id] : undefined;
    const text = row !== undefined && Object.hasOwn(row, key) ? row[key] : undefined;
    if (text === undefined) return undefined;
    const value = Exact.read(text);
    if (value === undefined || (table === 'used' && value.isNegative)) {
      return refuse('bad-input', `previous.${table}.${id}.${key}: "${text}" is no quantity`);
    }
    return value;
  }

  /** Writes what a window has come to. */
  set(table: 'used' | 'billed', id: string, key: string, value: Exact): void {
    const row = this.#now[table].get(id) ?? new Map<string, Exact>();
    row.set(key, value);
    this.#now[table].set(id, row);
  }

  /** What the next bill is given: the newest windows of each component. */
  after(): RatedState {
    const used = this.#merged('used');
    const billed = this.#merged('billed');
    return Object.keys(billed).length === 0 ? { used } : { used, billed };
  }

  #merged(table: 'used' | 'billed'): Record<string, Readonly<Record<string, DecimalText>>> {
    const merged: Record<string, Readonly<Record<string, DecimalText>>> = { ...this.#tables[table] };
    for (const [id, row] of this.#now[table]) {
      const all: Record<string, DecimalText> = Object.hasOwn(merged, id) ? { ...merged[id] } : {};
      for (const [key, value] of row) all[key] = value.toText();
      merged[id] = newest(all);
    }
    return merged;
  }
}
