import { describe, expect, test } from 'vitest';
import type { ReceiptDocument } from '../../../protocol/http/receipts.ts';
import { layoutReceipt, lineText, type ReceiptSetting } from '../../../protocol/receipt/layout.ts';
import { textColumns, wrap } from '../../../protocol/receipt/width.ts';
import { cardPart, payment, refund } from './documents.ts';

function paper(document: ReceiptDocument, setting: ReceiptSetting): string {
  const lines = layoutReceipt(document, setting).map((line) => {
    const marks = [['isLarge', 'L'] as const, ['isBold', 'B'] as const].map(([name, mark]) =>
      name in line && (line as { isLarge?: boolean; isBold?: boolean })[name] === true ? mark : ' ',
    );
    return `${marks.join('')}|${lineText(line, setting.columns)}`;
  });
  return `${lines.join('\n')}\n`;
}

const zh = { copy: 'customer', duplicate: false, language: 'zh', columns: 32 } as const;

describe('receipts on paper, by golden files', () => {
  test.each<[string, ReceiptDocument, ReceiptSetting]>([
    ['payment-zh-32', payment, zh],
    ['payment-en-42', payment, { ...zh, language: 'en', columns: 42 }],
    ['payment-zh-48-duplicate', payment, { ...zh, columns: 48, duplicate: true }],
    ['card-part-zh-32-merchant', cardPart, { ...zh, copy: 'merchant' }],
    ['card-part-en-48-merchant', cardPart, { ...zh, copy: 'merchant', language: 'en', columns: 48 }],
    ['refund-zh-32', refund, zh],
    ['refund-en-32-duplicate', refund, { ...zh, language: 'en', duplicate: true }],
  ])('%s', async (name, document, setting) => {
    await expect(paper(document, setting)).toMatchFileSnapshot(`../../vectors/receipt/${name}.txt`);
  });
});

describe('what a receipt says', () => {
  const text = (document: ReceiptDocument, setting: ReceiptSetting): string =>
    layoutReceipt(document, setting)
      .map((line) => lineText(line, setting.columns))
      .join('\n');

  test('a duplicate says so in both languages, an original does not', () => {
    for (const language of ['zh', 'en'] as const) {
      expect(text(payment, { ...zh, language, duplicate: true })).toMatch(/补打/);
      expect(text(payment, { ...zh, language, duplicate: true })).toMatch(/DUPLICATE/);
      expect(text(payment, { ...zh, language })).not.toMatch(/DUPLICATE|补打/);
    }
  });

  test('the signature stands on the merchant’s copy of a card payment only', () => {
    expect(text(cardPart, { ...zh, copy: 'merchant' })).toContain('持卡人签名');
    expect(text(cardPart, zh)).not.toContain('签名');
    expect(text(payment, { ...zh, copy: 'merchant' })).not.toContain('签名');
  });

  test('a part shows how it adds up', () => {
    const lines = text(cardPart, zh);
    expect(lines).toMatch(/订单金额 +￥440\.50/);
    expect(lines).toMatch(/已付 微信支付 +￥128\.50/);
    expect(lines).toMatch(/本次 +￥312\.00/);
  });

  test('the time is that of Asia/Shanghai, whatever zone this runs in', () => {
    expect(text(refund, zh)).toContain('2026-11-25 00:00:00');
  });

  test('no text of a merchant or payer becomes a command of the printer', () => {
    const evil = 'a\u001b@\u001dV\u0000b\u202ec\nd';
    const document = { ...payment, merchantName: evil, payer: evil, footer: evil, terminalLabel: evil };
    for (const line of layoutReceipt(document, zh)) {
      expect(lineText(line, 32)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  test('the largest amount fits the narrowest paper', () => {
    const document = { ...payment, amountFen: 1_000_000_000, orderAmountFen: 1_000_000_000 };
    expect(text(document, zh)).toContain('￥10,000,000.00');
  });
});

describe('breaking lines', () => {
  test.each<[string, number, string[]]>([
    ['abc def', 7, ['abc def']],
    ['abcd efgh', 7, ['abcd', 'efgh']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    ['东门便利店', 4, ['东门', '便利', '店']],
    ['账户。好', 4, ['账', '户。', '好']],
    ['a东b门', 3, ['a东', 'b门']],
    ['', 8, []],
  ])('%s in %i columns', (text, columns, lines) => {
    expect(wrap(text, columns, 9)).toEqual(lines);
  });

  test('what is too long ends with an ellipsis and still fits', () => {
    const lines = wrap('东门便利店东门便利店', 8, 2);
    expect(lines).toEqual(['东门便利', '店东门…']);
    expect(lines.every((line) => textColumns(line) <= 8)).toBe(true);
  });
});
