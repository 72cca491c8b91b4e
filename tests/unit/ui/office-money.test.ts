import { describe, expect, test } from 'vitest';
import type { BoardRow, BoardState } from '../../../protocol/http/control.ts';
import { boardOrder, byNeed, countStates, fittingRows } from '../../../src/office/board/looks.ts';
import { feeFromText, feeText } from '../../../src/office/channels/fields.ts';

const active = { state: 'active', reason: '' } as const;

function row(label: string, state: BoardState, place = ''): BoardRow {
  const merchant = { merchantId: 'm', merchantName: '桂园物业' };
  return {
    terminalId: label,
    label,
    serial: `QT60-${label}`,
    place,
    state,
    control: active,
    merchantControl: active,
    ...merchant,
  };
}

describe('a fee in percent', () => {
  test.each<[string, number | undefined]>([
    ['0.38', 3_800],
    ['0', 0],
    ['10', 100_000],
    ['0.0001', 1],
    [' 1.5 ', 15_000],
    ['10.0001', undefined],
    ['11', undefined],
    ['0.00001', undefined],
    ['-1', undefined],
    ['1e1', undefined],
    ['', undefined],
  ])('%j', (text, ppm) => {
    expect(feeFromText(text)).toBe(ppm);
  });

  test('reads back what it writes', () => {
    for (const ppm of [0, 1, 3_800, 6_000, 100_000]) expect(feeFromText(feeText(ppm))).toBe(ppm);
  });
});

describe('the board', () => {
  const rows = [row('E1-01', 'ready', '东门'), row('E1-02', 'silent'), row('E1-03', 'paying'), row('E1-04', 'trouble')];

  test('counts every state, and knows each', () => {
    expect(countStates(rows)).toMatchObject({ ready: 1, silent: 1, paying: 1, trouble: 1, stopped: 0 });
    expect([...boardOrder].sort()).toEqual(Object.keys(countStates([])).sort());
  });

  test('puts what needs a hand first and leaves the others in their order', () => {
    expect(byNeed(rows).map(({ label }) => label)).toEqual(['E1-02', 'E1-04', 'E1-01', 'E1-03']);
  });

  test.each<[string, string, string[]]>([
    ['', '', ['E1-01', 'E1-02', 'E1-03', 'E1-04']],
    ['东门', '', ['E1-01']],
    ['qt60-e1-03', '', ['E1-03']],
    ['桂园 e1-02', '', ['E1-02']],
    ['', 'trouble', ['E1-04']],
    ['东门', 'trouble', []],
  ])('search %j and state %j', (search, state, labels) => {
    expect(fittingRows(rows, { search, state }).map(({ label }) => label)).toEqual(labels);
  });
});
