import type { AuditRecord } from '../../../protocol/http/system.ts';

/** How the numbers of a list of records run. */
export interface ChainState {
  /** Lowest and highest number seen; undefined while no record is numbered. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Numbers between them that the list lacks. */
  readonly missing: number;
}

/** Looks for gaps in the numbers of `records`, in any order; records that wait for their number are left out. */
export function chainState(records: readonly AuditRecord[]): ChainState {
  const numbers = records.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]));
  if (numbers.length === 0) return { from: undefined, to: undefined, missing: 0 };
  const from = Math.min(...numbers);
  const to = Math.max(...numbers);
  return { from, to, missing: to - from + 1 - new Set(numbers).size };
}
