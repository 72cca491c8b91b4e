import type { ReceiptDocument } from '../../protocol/http/receipts.ts';
import {
  layoutReceipt,
  lineText,
  type PaperColumns,
  type ReceiptLine,
  type ReceiptSetting,
} from '../../protocol/receipt/layout.ts';
import { gbkBytes } from './gbk.ts';

/** Lines fed before the cut, so that the last line clears the blade. */
const feedLines = 4;
/** FS &: two-byte characters from here on (ESC/POS application guide, Kanji commands). */
const chineseMode = [0x1c, 0x26];

/**
 * A receipt as ESC/POS bytes with GBK text, cut at the end. Alignment is in the text itself, so that a printer that
 * counts columns otherwise cannot move the figures. The encoder is loaded when the first receipt is printed.
 */
export function escposOf(document: ReceiptDocument, setting: ReceiptSetting): Promise<Uint8Array> {
  return escposOfLines(layoutReceipt(document, setting), setting.columns);
}

/** Plain lines as ESC/POS bytes, the first one large: what a printer is tried with. */
export function escposOfText(texts: readonly string[], columns: PaperColumns): Promise<Uint8Array> {
  const plain = { kind: 'text', align: 'left', isBold: false } as const;
  return escposOfLines(
    texts.map((text, index) => ({ ...plain, text, isLarge: index === 0 })),
    columns,
  );
}

/** Lines of a receipt, already as narrow as the paper, as ESC/POS bytes. */
export async function escposOfLines(lines: readonly ReceiptLine[], columns: PaperColumns): Promise<Uint8Array> {
  const { default: ReceiptPrinterEncoder } = await import('@point-of-sale/receipt-printer-encoder');
  const encoder = new ReceiptPrinterEncoder({ language: 'esc-pos', columns, feedBeforeCut: feedLines, newline: '\n' });
  encoder.initialize().raw(chineseMode);
  for (const line of lines) {
    const isBold = 'isBold' in line && line.isBold;
    const size = 'isLarge' in line && line.isLarge ? 2 : 1;
    encoder.bold(isBold).size(size, size);
    encoder.raw([...gbkBytes(lineText(line, columns))]).newline();
  }
  return encoder.bold(false).size(1, 1).cut('partial').encode();
}
