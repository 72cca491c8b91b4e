import { describe, expect, test } from 'vitest';
import { layoutReceipt, lineText, type ReceiptSetting } from '../../../protocol/receipt/layout.ts';
import { escposOf } from '../../../src/receipts/escpos.ts';
import { gbkBytes } from '../../../src/receipts/gbk.ts';
import { cardPart, payment, refund } from './documents.ts';

/** What a printer does with the bytes, as far as receipts use it: commands away, text by the platform's own decoder. */
function read(bytes: Uint8Array): { lines: string[]; wide: string[]; bold: string[]; isCut: boolean } {
  const result = { lines: [] as string[], wide: [] as string[], bold: [] as string[], isCut: false };
  let text: number[] = [];
  let mode = { size: 0, isBold: false };
  let used = mode;
  const parameters: Record<string, number> = { '1b40': 0, '1b4d': 1, '1b45': 1, '1d21': 1, '1c26': 0, '1c2e': 0 };
  for (let at = 0; at < bytes.length;) {
    const [byte = 0, code = 0, value = 0] = bytes.subarray(at, at + 3);
    if (byte === 0x0a) {
      const line = new TextDecoder('gbk', { fatal: true }).decode(Uint8Array.from(text));
      result.lines.push(line);
      if (used.size === 0x11) result.wide.push(line);
      if (used.isBold) result.bold.push(line);
      text = [];
      at += 1;
    } else if (byte === 0x1d && code === 0x56) {
      result.isCut = true;
      at += 3;
    } else if (byte < 0x20) {
      const name = byte.toString(16).padStart(2, '0') + code.toString(16).padStart(2, '0');
      const count = parameters[name];
      if (count === undefined) throw new Error(`unknown command ${name}`);
      if (name === '1d21') mode = { ...mode, size: value };
      if (name === '1b45') mode = { ...mode, isBold: value === 1 };
      at += 2 + count;
    } else {
      if (text.length === 0) used = mode;
      const length = byte < 0x80 ? 1 : 2;
      text.push(...bytes.subarray(at, at + length));
      at += length;
    }
  }
  return result;
}

const setting: ReceiptSetting = { columns: 32, copy: 'merchant', duplicate: true, language: 'zh' };

describe('receipts as ESC/POS', () => {
  test.each([
    ['payment', payment],
    ['card part', cardPart],
    ['refund', refund],
  ])('%s: the bytes decode back to the very lines of the layout', async (_name, document) => {
    for (const columns of [32, 42, 48] as const) {
      const printed = read(await escposOf(document, { ...setting, columns }));
      const lines = layoutReceipt(document, { ...setting, columns });
      expect(printed.lines.slice(0, lines.length)).toEqual(lines.map((line) => lineText(line, columns)));
      expect(printed.lines.slice(lines.length).every((line) => line === '')).toBe(true);
      const wide = lines.filter((line) => 'isLarge' in line && line.isLarge);
      expect(printed.wide).toEqual(wide.map((line) => lineText(line, columns)));
      const bold = lines.filter((line) => 'isBold' in line && line.isBold);
      expect(printed.bold).toEqual(bold.map((line) => lineText(line, columns)));
      expect(printed.isCut).toBe(true);
    }
  });
});

describe('GBK', () => {
  test('decodes back for every sign of the receipts, with known code points', () => {
    expect(Buffer.from(gbkBytes('中￥：。')).toString('hex')).toBe('d6d0a3a4a3baa1a3');
    const text = '东门便利店，收据 TK-1；金额￥1.00（补打）“好”…—镕喆';
    expect(new TextDecoder('gbk', { fatal: true }).decode(gbkBytes(text))).toBe(text);
  });

  test('a sign that the font does not hold takes its two columns as a question mark', () => {
    expect(new TextDecoder('gbk').decode(gbkBytes('a😀b\u00e4'))).toBe('a？b？');
  });
});
