import type { BoardRow, BoardState } from '../../../protocol/http/control.ts';
import type { Look } from '../../ui/icons.ts';

/** How each state of the board is drawn; a state that needs a hand stands first. */
export const boardLooks = {
  trouble: { glyph: 'warn', tint: 'wait' },
  silent: { glyph: 'none', tint: 'wait' },
  stopped: { glyph: 'stop', tint: 'stop' },
  paused: { glyph: 'half', tint: 'wait' },
  paying: { glyph: 'now', tint: 'now' },
  ready: { glyph: 'full', tint: 'ok' },
  unpaired: { glyph: 'empty', tint: 'off' },
} as const satisfies Record<BoardState, Look>;

/** The states in the order in which the board counts them. */
export const boardOrder = Object.keys(boardLooks) as readonly BoardState[];

/** How many terminals are in each state. */
export function countStates(rows: readonly BoardRow[]): Readonly<Record<BoardState, number>> {
  const counts = Object.fromEntries(boardOrder.map((state) => [state, 0])) as Record<BoardState, number>;
  for (const row of rows) counts[row.state] += 1;
  return counts;
}

/** What the board is narrowed to. */
export interface BoardFilter {
  readonly search: string;
  readonly state: string;
}

const needsHand: readonly BoardState[] = ['trouble', 'silent'];

/** Rows that need a hand first; the others stay where they are, so that the table does not jump with every sale. */
export function byNeed(rows: readonly BoardRow[]): readonly BoardRow[] {
  const isNeedy = ({ state }: BoardRow): boolean => needsHand.includes(state);
  return [...rows.filter(isNeedy), ...rows.filter((row) => !isNeedy(row))];
}

/** The rows that fit; every word of the search must be in label, serial, place or merchant. */
export function fittingRows(rows: readonly BoardRow[], { search, state }: BoardFilter): readonly BoardRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = [row.label, row.serial, row.place, row.merchantName].join(' ').toLowerCase();
    return (state === '' || row.state === state) && words.every((word) => text.includes(word));
  });
}
