import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lockReasonBits } from '../../../domain/unlock/states.ts';
import * as constants from '../../../protocol/unlock/v1/constants.ts';
import type { FieldSpec } from '../../../protocol/unlock/v1/fields.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import { refusals } from '../../../protocol/unlock/v1/refusals.ts';
import * as tables from '../../../protocol/unlock/v1/tables.ts';
import { deviceLimits } from '../../../mock-server/terminal/limits.ts';
import { siteFaults } from './site-faults.ts';

const text = readFileSync(new URL('../../../docs/unlock-protocol.md', import.meta.url), 'utf8');

/** The cells of every table row between the heading that starts with `heading` and the next heading. */
function rowsOf(heading: string): string[][] {
  const start = text.indexOf(`\n${heading}`);
  expect(start, heading).toBeGreaterThan(0);
  const section = text.slice(start + 1).split(/\n##/)[0] as string;
  const rows = section.split('\n').filter((line) => line.startsWith('|') && !/^\|[ |:-]+$/.test(line));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** name → number, from the given columns; heads and rows without a number are left out. */
function numbersOf(heading: string, nameColumn: number, numberColumn: number): Record<string, number> {
  const pairs = rowsOf(heading).map((row) => [row[nameColumn], Number(row[numberColumn] || Number.NaN)] as const);
  return Object.fromEntries(pairs.filter(([name, number]) => name !== undefined && !Number.isNaN(number)));
}

function keysOf(table: Readonly<Record<string, FieldSpec<never>>>): Record<string, number> {
  return Object.fromEntries(Object.entries(table).map(([name, { key }]) => [name, key]));
}

describe('docs/unlock-protocol.md says what the code does', () => {
  test('refusals: code, number, burns, counts', () => {
    const rows = rowsOf('## 9 Refusal codes').slice(1);
    const documented = rows.map(([code, number, burns, counts]) => [
      code,
      Number(number),
      burns === 'yes',
      counts === 'yes',
    ]);
    expect(documented).toEqual(
      Object.entries(refusals).map(([code, { number, burns, counts }]) => [code, number, burns, counts]),
    );
  });

  test.each([
    ['### 4.2 REQUEST', tables.requestFields],
    ['### 4.4 RECEIPT', tables.receiptFields],
    ['### 4.5 ABORT', tables.abortFields],
    ['### 4.6 KEYSET', tables.keysetFields],
    ['### 4.7 ORDER and REPORT', tables.orderFields],
    ['### 4.8 DELEGATION', tables.delegationFields],
    ['### 4.9 RESPONSE', tables.responseFields],
  ])('%s: fields and keys', (heading, table) => {
    expect(numbersOf(heading, 1, 0)).toEqual(keysOf(table as never));
  });

  test('4.7 REPORT: fields and keys', () => {
    expect(numbersOf('### 4.7 ORDER and REPORT', 4, 3)).toEqual(keysOf(tables.reportFields as never));
  });

  test('4.3 GRANT: fields, then actions', () => {
    const actions = numbersOf('### 4.3 GRANT', 0, 1);
    expect(actions).toEqual(constants.actionBits);
    expect(numbersOf('### 4.3 GRANT', 1, 0)).toEqual(keysOf(tables.grantFields as never));
  });

  test('3 states and reasons', () => {
    expect(numbersOf('## 3 States', 0, 1)).toEqual({ ...constants.stateNumbers, ...lockReasonBits });
  });

  test('4.1 message numbers, 8.1 orders', () => {
    const numbers = numbersOf('### 4.1 Encoding', 1, 0);
    const named = Object.entries(constants.messageTypes).map(([name, number]) => [name.toUpperCase(), number]);
    expect(numbers).toMatchObject(Object.fromEntries(named));
    expect(Object.keys(numbers).filter((name) => name.startsWith('reserved'))).toHaveLength(0);
    expect(numbersOf('### 8.1 The series', 0, 1)).toEqual(constants.orderActions);
  });

  test('6.6 steps: the refusals of each, in the order in which the code gives them', () => {
    const documented = rowsOf('### 6.6 Order of checks')
      .slice(1)
      .map(([step, , codes = '']) => [
        Number(step),
        new Set([...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code)),
      ]);
    const inCode = documented.map(([step]) => [
      step,
      new Set(siteFaults.filter((fault) => fault.step === step).map(({ code }) => code as string)),
    ]);
    // How a version is told apart from damage has tests of its own.
    (inCode[0]?.[1] as Set<string>).add('unsupported-version');
    expect(documented).toEqual(inCode);
  });

  test('7 limits of work on site', () => {
    const limits = Object.fromEntries(rowsOf('## 7 Limits').map(([what = '', limit = '']) => [what, limit]));
    const number = (value: number) => value.toLocaleString('en');
    const { delegationBytesMax, responseBytesMax, siteBundleBytesMax, grantSpanSeconds } = unlockLimits;
    expect(limits).toMatchObject({
      'delegation; response; on-site bundle': `${delegationBytesMax}; ${responseBytesMax}; ${siteBundleBytesMax} bytes`,
      'span of a grant': `${number(unlockLimits.grantSpanSecondsMax)} s; ${grantSpanSeconds} s unless it must wait`,
      'span of a delegation': `${number(unlockLimits.delegationSpanSecondsMax)} s`,
      'devices; second persons in a delegation': `${unlockLimits.delegationDevicesMax}; ${unlockLimits.delegationSecondsMax}`,
      'uses of a delegation; on one device': `${unlockLimits.delegationUsesMax}; ${unlockLimits.delegationUsesPerDeviceMax}`,
      'on-site records kept': String(deviceLimits.siteRecords),
    });
  });
});
