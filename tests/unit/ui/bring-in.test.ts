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
  it('go so few at a time that each call is answered in time, and tell how far they are', async () => {
    const work = new BringIn(rowsOf(250));
    const answered: number[] = [];
    await work.go(({ rows, id }) => {
      answered.push(work.answered);
      expect(rows.length).toBeLessThanOrEqual(100);
      return Promise.resolve(ok({ id, done: rows.length, same: 0, refused: [] }));
    });
    expect(answered).toEqual([0, 100, 200]);
    expect([work.done, work.answered]).toEqual([250, 250]);
  });
  it('tell what came in before a call failed, and go on with that very call', async () => {
    const work = new BringIn(rowsOf(120));
    const asked: Parameters<Parameters<BringIn['go']>[0]>[0][] = [];
    const send: Parameters<BringIn['go']>[0] = (part) => {
      asked.push(part);
      if (asked.length === 2) return Promise.resolve(err('timed-out'));
      return Promise.resolve(ok({ id: part.id, done: part.rows.length, same: 0, refused: [] }));
    };
    await work.go(send);
    expect(work.failure).toMatchObject({ error: 'timed-out' });
    expect([work.done, work.answered]).toEqual([100, 100]);
    await work.go(send);
    expect(work.failure).toBeUndefined();
    expect([work.done, work.answered]).toEqual([120, 120]);
    expect(asked[2]).toEqual(asked[1]);
    expect(asked[1]?.id).not.toBe(asked[0]?.id);
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
