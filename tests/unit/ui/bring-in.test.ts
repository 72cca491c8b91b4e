import { beforeAll, describe, expect, it } from 'vitest';
import { err, ok } from '../../../domain/result.ts';
import type { FeeImportPreview } from '../../../protocol/http/fees-work.ts';
import { officeFeesText } from '../../../src/i18n/office-fees.ts';
import { BringIn } from '../../../src/office/fees/bring-in.svelte.ts';
import { faultsWords } from '../../../src/office/fees/look.ts';

beforeAll(() => officeFeesText.load());

const rowsOf = (count: number): FeeImportPreview['rows'] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ row: at + 2, label: `room ${String(at)}`, tail: '1234', text: '', action: 'add' as const, faults: [] },
  }));

describe('rows of a file on their way in', () => {
  it('names those that were refused, and counts those that were there', async () => {
    const work = new BringIn(rowsOf(3));
    const faults = [{ column: '', reason: 'reading-falls' }];
    await work.go(() => Promise.resolve(ok({ id: 'a', done: 1, same: 1, refused: [{ row: 3, faults }] })));
    expect([work.done, work.same, work.answered, work.failure]).toEqual([1, 1, 3, undefined]);
    expect(work.refused).toMatchObject([{ row: 3, label: 'room 1', faults }]);
  });
  it('tells what came in before a call failed, and goes on with the rest', async () => {
    const work = new BringIn(rowsOf(620));
    const asked: (readonly number[])[] = [];
    let isDown = false;
    const send = (rows: readonly number[]) => {
      asked.push(rows);
      if (isDown) return Promise.resolve(err('timed-out' as const));
      isDown = true;
      return Promise.resolve(ok({ id: 'a', done: rows.length, same: 0, refused: [] }));
    };
    await work.go(send);
    expect(work.failure).toMatchObject({ error: 'timed-out' });
    expect([work.done, work.answered]).toEqual([asked[0]?.length, asked[0]?.length]);
    expect(work.answered).toBeLessThan(620);
    isDown = false;
    while (work.answered < work.total) {
      await work.go(send);
      isDown = false;
    }
    expect(work.done).toBe(620);
    expect(new Set(asked.flat()).size).toBe(620);
  });
});

describe('what is wrong with a row', () => {
  it('is said of its column, or of the row as a whole', () => {
    const { files, reason } = officeFeesText.t;
    expect(faultsWords([{ column: '面积', reason: 'empty' }])).toBe(`面积 ${files.fault['empty'] ?? ''}`);
    expect(faultsWords([{ column: '', reason: 'reading-falls: peak' }])).toBe(`${reason['reading-falls'] ?? ''} peak`);
    expect(faultsWords([{ column: '', reason: 'already-exists' }])).toBe(files.fault['already-exists']);
  });
});
