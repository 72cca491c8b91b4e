import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutReceipt, lineText, paperColumns } from '../../protocol/receipt/layout.ts';
import { textColumns } from '../../protocol/receipt/width.ts';
import { payment } from '../unit/receipts/documents.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('东', '门', ' ', 'a', '1', '。', '￥', '😀', '\u001b', '\n'), maxLength: 120 }),
);
const amount = fc.integer({ min: 1, max: 1_000_000_000 });

test('no line of any receipt is wider than its paper, and nothing but the layout makes commands', () => {
  fc.assert(
    fc.property(
      fc.record({
        kind: fc.constantFrom('payment', 'refund'),
        title: text,
        merchantName: text,
        merchantAddress: text,
        platformMerchantId: text,
        terminalLabel: text,
        terminalSerial: text,
        orderNo: text,
        transactionId: text,
        payer: text,
        reason: text,
        footer: text,
        receiptNo: text,
        amountFen: amount,
        orderAmountFen: amount,
        needsSignature: fc.boolean(),
        others: fc.array(fc.record({ channelName: fc.record({ zh: text, en: text }), amountFen: amount }), {
          maxLength: 4,
        }),
      }),
      fc.record({
        columns: fc.constantFrom(...paperColumns),
        copy: fc.constantFrom('merchant', 'customer'),
        duplicate: fc.boolean(),
        language: fc.constantFrom('zh', 'en'),
      }),
      (parts, setting) => {
        const lines = layoutReceipt({ ...payment, ...parts }, setting);
        expect(lines.length).toBeLessThan(120);
        for (const line of lines) {
          const isLarge = 'isLarge' in line && line.isLarge;
          const printed = lineText(line, setting.columns);
          expect(textColumns(printed) * (isLarge ? 2 : 1)).toBeLessThanOrEqual(setting.columns);
          expect(printed).not.toMatch(/\p{Cc}/u);
        }
      },
    ),
    { numRuns: 500 },
  );
});
