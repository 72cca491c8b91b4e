import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digitByDigit, spokenText, spokenYuan } from '../../../src/terminal/flow/spoken.ts';
import { dayWords, monthWords, noonOf, untilOf } from '../../../src/terminal/fees/flow/dates.ts';
import { fenOfYuan, grouped, isWhole, masked, typeNumber } from '../../../src/terminal/fees/flow/entry.ts';
import {
  billsMax,
  firstPick,
  householdActs,
  inOrder,
  pageOf,
  payable,
  sumOf,
  toggle,
} from '../../../src/terminal/fees/flow/household.ts';
import { idleAt, idlePlan } from '../../../src/terminal/fees/flow/idle.ts';
import { codesMax, nextCode } from '../../../src/terminal/fees/flow/link-plan.ts';
import { feeReceiptSchema, quoteDocumentSchema } from '../../../protocol/fees/documents.ts';
import { layoutFeeBill, layoutFeeReceipt } from '../../../protocol/receipt/fee-layout.ts';
import { lineText, paperColumns } from '../../../protocol/receipt/layout.ts';
import { textColumns } from '../../../protocol/receipt/width.ts';
import * as v from 'valibot';
import { bill, household, id, quoteDocument, receiptOf } from './make.ts';

describe('amounts as they are said', () => {
  test.each([
    [15_668, '156元6角8分', '156 yuan and 68 fen'],
    [15_608, '156元零8分', '156 yuan and 8 fen'],
    [15_660, '156元6角', '156 yuan and 60 fen'],
    [15_600, '156元', '156 yuan'],
    [68, '6角8分', '68 fen'],
    [8, '8分', '8 fen'],
    [0, '0元', '0 yuan'],
    [-250, '负2元5角', 'minus 2 yuan and 50 fen'],
  ])('%i fen', (fen, zh, en) => {
    expect(spokenYuan(fen, 'zh')).toBe(zh);
    expect(spokenYuan(fen, 'en')).toBe(en);
  });

  test('inside a sentence, with thousands, and the sign', () => {
    expect(spokenText('Owed: ¥1,234.50, back −¥0.05.', 'en')).toBe('Owed: 1234 yuan and 50 fen, back minus 5 fen.');
    expect(spokenText('共 ¥20.00。', 'zh')).toBe('共 20元。');
  });

  test('a number to compare comes digit by digit', () => {
    expect(digitByDigit('3176', 'zh')).toBe('3，1，7，6');
    expect(digitByDigit('47', 'en')).toBe('4, 7');
  });
});

describe('typing', () => {
  test.each([
    ['', '7', 8, '7'],
    ['12345678', '9', 8, '12345678'],
    ['1234567', '00', 8, '12345670'],
    ['12', 'delete', 8, '1'],
    ['', 'delete', 8, ''],
    ['12', 'symbol', 8, '12'],
  ] as const)('%s and %s', (text, key, max, after) => expect(typeNumber(text, key, max)).toBe(after));

  test.each([
    ['10023176', false, '1002 3176'],
    ['13800138000', true, '138 0013 8000'],
    ['138', true, '138'],
    ['', false, ''],
  ])('%s in groups', (digits, isPhone, shown) => expect(grouped(digits, isPhone)).toBe(shown));

  test('a secret shows how many digits, never which', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{0,6}$/), (digits) => {
        expect(masked(digits, 6)).toMatch(/^[●○]{6}$/);
        expect([...masked(digits, 6)].filter((sign) => sign === '●')).toHaveLength(digits.length);
      }),
    );
  });

  test('a number is whole within its range; an amount is whole yuan', () => {
    expect([7, 8, 10, 11].map((count) => isWhole('1'.repeat(count), { min: 8, max: 10 }))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(['', '0', '88'].map(fenOfYuan)).toEqual([undefined, undefined, 8_800]);
  });
});

describe('the bills of a household', () => {
  const bills = [
    bill(3, { dueOn: '2026-11-20' }),
    bill(1, { dueOn: '2026-09-20', isBeingPaid: true }),
    bill(2, { dueOn: '2026-10-20', totalFen: 1_000 }),
  ];

  test('the oldest that can be paid is chosen before anybody chooses', () => {
    expect(inOrder(bills).map((one) => one.id)).toEqual([id(1), id(2), id(3)]);
    expect(firstPick(bills)).toEqual([id(2)]);
    expect(firstPick([])).toEqual([]);
  });

  test('one that somebody pays never gets into the choice, and the sum is that of the choice', () => {
    const picked = toggle(bills, toggle(bills, [id(2)], id(1)), id(3));
    expect(picked).toEqual([id(2), id(3)]);
    expect(sumOf(bills, picked)).toBe(16_668);
    expect(toggle(bills, picked, id(2))).toEqual([id(3)]);
  });

  test('any presses keep the choice within the payable bills, in their order, and below the most', () => {
    const many = Array.from({ length: 15 }, (_value, place) => bill(place + 1, { isBeingPaid: place % 7 === 3 }));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 60 }), (presses) => {
        const picked = presses.reduce<readonly string[]>((now, n) => toggle(many, now, id(n)), []);
        expect(picked.length).toBeLessThanOrEqual(billsMax);
        expect(
          payable(many)
            .map((one) => one.id)
            .filter((one) => picked.includes(one)),
        ).toEqual(picked);
      }),
    );
  });

  test('nothing owed leaves looking; a payment in advance only where the payee takes one', () => {
    expect(householdActs(household({ bills: [] }), false)).toEqual(['months', 'receipts']);
    expect(householdActs(household(), true)).toEqual(['pay', 'top-up', 'months', 'receipts']);
  });

  test('pages go round and lose nothing', () => {
    const all = [1, 2, 3, 4, 5];
    expect([0, 1, 2, 3].map((page) => pageOf(all, page, 2).items)).toEqual([[1, 2], [3, 4], [5], [1, 2]]);
    expect(pageOf([], 0, 2)).toEqual({ items: [], page: 0, pages: 1 });
  });
});

describe('time that can be extended', () => {
  test('it asks first, for a minute, and a touch begins anew as often as wanted', () => {
    const plan = idlePlan({ onPhone: false, paying: false, slow: false });
    expect(idleAt(plan, 0, plan.askAfterMs - 1)).toEqual({ at: 'active' });
    expect(idleAt(plan, 0, plan.askAfterMs)).toEqual({ at: 'asking', leftMs: 60_000 });
    expect(idleAt(plan, 0, plan.askAfterMs + 60_000)).toEqual({ at: 'over' });
    for (let touches = 1; touches < 40; touches += 1) {
      const touchedMs = touches * 179_000;
      expect(idleAt(plan, touchedMs, touchedMs + 1_000)).toEqual({ at: 'active' });
    }
  });

  test('whoever listens or reads large letters has twice as long, and a phone is waited for', () => {
    const [plain, slow] = [false, true].map((is) => idlePlan({ onPhone: false, paying: false, slow: is }));
    expect(slow?.askAfterMs).toBe(2 * (plain?.askAfterMs ?? 0));
    expect(idlePlan({ onPhone: true, paying: false, slow: false }).askAfterMs).toBeGreaterThanOrEqual(300_000);
    expect(idlePlan({ onPhone: true, paying: true, slow: false }).askAfterMs).toBeGreaterThanOrEqual(600_000);
  });
});

describe('the next code', () => {
  test.each([
    ['two-phones', 1, { do: 'now' }],
    ['not-same', 1, { do: 'now' }],
    ['no-connection', 0, { do: 'wait', ms: 2_000 }],
    ['no-connection', 7, { do: 'wait', ms: 30_000 }],
    ['separated', 1, { do: 'wait', ms: 4_000 }],
    ['too-old', 0, { do: 'ask' }],
    ['expired', codesMax, { do: 'ask' }],
  ] as const)('after %s with %i before', (failure, before, next) => expect(nextCode(failure, before)).toEqual(next));
});

describe('dates', () => {
  const now = Date.parse('2026-11-24T06:34:00.000Z');
  test.each([
    ['2026-11-24T16:00:00.000Z', 'midnight'],
    ['2026-11-24T15:59:59.999Z', 'midnight'],
    ['2026-11-24T10:00:00.000Z', 'today'],
    ['2026-11-25T16:00:00.000Z', 'later'],
    ['2026-11-24T18:00:00.000Z', 'later'],
  ])('valid until %s is %s', (until, at) => expect(untilOf(until, now).at).toBe(at));

  test('a day is the same day everywhere between Reykjavík and Auckland, and a month has its year where asked', () => {
    expect(new Date(noonOf('2026-10-31')).toISOString().slice(0, 10)).toBe('2026-10-31');
    expect(monthWords('2026-10', 'zh-CN', false)).toBe('10 月');
    expect(monthWords('2025-12', 'en-GB', true)).toBe('Dec 2025');
    const now = Date.parse('2026-11-24T06:34:00.000Z');
    expect(dayWords(noonOf('2026-10-20'), 'zh-CN', now)).toBe('10 月 20 日');
    expect(dayWords('2025-12-31T16:00:00.000Z', 'zh-CN', now)).toBe('1 月 1 日');
    expect(dayWords(noonOf('2025-12-31'), 'zh-CN', now)).toBe('2025 年 12 月 31 日');
    expect(dayWords(noonOf('2025-12-31'), 'en-GB', now)).toBe('31 Dec 2025');
  });
});

describe('papers', () => {
  const document = quoteDocument(id(50), [bill(1, { lateFeeFen: 140 }), bill(2)], {
    later: { totalFen: 31_343, why: { zh: '违约金多一天', en: 'one more day of late fee' } },
  });
  test.each(paperColumns.flatMap((columns) => (['zh', 'en'] as const).map((language) => [columns, language] as const)))(
    'bill and receipt fit %i columns in %s',
    (columns, language) => {
      const setting = { columns, language, duplicate: true };
      const lines = [...layoutFeeBill(document, setting), ...layoutFeeReceipt(receiptOf(document), setting)];
      for (const line of lines) expect(textColumns(lineText(line, columns))).toBeLessThanOrEqual(columns);
      expect(lines.map((line) => lineText(line, columns)).join('\n')).toContain('313.36');
    },
  );

  test('a bill says that it proves no payment, a second receipt that it is one', () => {
    const text = (lines: readonly Parameters<typeof lineText>[0][]): string =>
      lines.map((line) => lineText(line, 32)).join('');
    const setting = { columns: 32, language: 'zh', duplicate: false } as const;
    expect(text(layoutFeeBill(document, setting))).toContain('不是缴费凭证');
    expect(text(layoutFeeReceipt(receiptOf(document), setting))).not.toContain('DUPLICATE');
    expect(text(layoutFeeReceipt(receiptOf(document), { ...setting, duplicate: true }))).toContain('DUPLICATE');
  });

  test('a receipt says what the server says of it, and without that what stays owed', () => {
    const printed = (receipt: ReturnType<typeof receiptOf>): string =>
      layoutFeeReceipt(receipt, { columns: 48, language: 'en', duplicate: false })
        .map((line) => lineText(line, 48))
        .join(' ');
    const receipt = receiptOf(document);
    const bills = receipt.bills.map((one) => ({ ...one, leftFen: 60 }));
    const note = { zh: '多出的 15.00 元已存入本户余额', en: '15.00 yuan went to the balance.' };
    expect(printed({ ...receipt, bills })).toContain('0.60');
    expect(printed({ ...receipt, bills, notes: [note] })).toContain(note.en);
    expect(printed({ ...receipt, bills, notes: [note] })).not.toContain('0.60');
  });

  test('what these tests use is what the server signs', () => {
    expect(v.is(quoteDocumentSchema, document)).toBe(true);
    expect(v.is(feeReceiptSchema, receiptOf(document))).toBe(true);
  });
});
