import type { FeeReceipt, QuoteDocument } from '../../protocol/fees/documents.ts';
import type { Language } from '../i18n/languages.ts';
import type { ResidentAfterText } from '../i18n/resident-after.en.ts';
import type { ResidentText } from '../i18n/resident.en.ts';
import type { BillFormats } from './formats.ts';

/** An amount as it is said: no sign, no figures that a voice reads digit by digit. */
export function spokenYuan(fen: number, language: Language): string {
  const whole = Math.trunc(Math.abs(fen) / 100);
  const cents = Math.abs(fen) % 100;
  const minus = fen < 0 ? (language === 'zh' ? '负' : 'minus ') : '';
  if (language === 'zh') {
    const parts = [
      [Math.trunc(cents / 10), '角'],
      [cents % 10, '分'],
    ] as const;
    const small = parts.map(([count, word]) => (count === 0 ? '' : `${count}${word}`)).join('');
    return `${minus}${whole}元${cents > 0 && cents < 10 ? '零' : ''}${small}`;
  }
  return `${minus}${whole} yuan${cents === 0 ? '' : ` ${cents} fen`}`;
}

/** The bill as it is read out: what, how much, until when, and each line. */
export function spokenBill(
  quote: QuoteDocument,
  t: ResidentText,
  formats: BillFormats,
  language: Language,
  nowMs: number,
): string[] {
  const stop = language === 'zh' ? '。' : '.';
  const comma = language === 'zh' ? '，' : ', ';
  const lines = quote.bills.flatMap((bill) => [
    ...(quote.bills.length > 1 ? [`${bill.title[language]}${stop}`] : []),
    ...bill.lines.map((line) => `${line.label[language]}${comma}${spokenYuan(line.amountFen, language)}${stop}`),
  ]);
  return [
    `${quote.title[language]}${comma}${t.total}${comma}${spokenYuan(quote.totalFen, language)}${stop}`,
    t.valid(formats.until(quote.validUntil, nowMs)).join(''),
    ...lines,
    `${t.payTo(quote.payee.name)}${stop}`,
  ];
}

/** The receipt as it is read out. */
export function spokenReceipt(receipt: FeeReceipt, t: ResidentAfterText, language: Language): string[] {
  return [t.receipt.speak(receipt.title[language], spokenYuan(receipt.totalFen, language)), t.receipt.close];
}
