import type { QuoteDocument } from '../../../../protocol/fees/documents.ts';
import type { Formats } from '../../../i18n/format.ts';
import type { FeesText } from '../../../i18n/terminal-fees.en.ts';
import { digitByDigit } from '../../flow/spoken.ts';
import { untilOf } from '../flow/dates.ts';
import { lateFeeFen } from '../flow/fee-stage.ts';

interface Words {
  readonly t: FeesText;
  readonly formats: Formats;
  /** The server's time. */
  readonly nowMs: number;
}

/** Until when the sum is true. */
export function untilWords(validUntil: string, { t, formats, nowMs }: Words): string {
  const until = untilOf(validUntil, nowMs);
  if (until.at === 'midnight') return t.bill.validToday;
  return t.bill.validUntil(until.at === 'today' ? formats.timeShort(until.ms) : formats.dateTime(until.ms));
}

/** The bill as it is read aloud: for whom, how much, until when. */
export function billSpoken(document: QuoteDocument, language: 'zh' | 'en', words: Words): readonly string[] {
  const { t, formats } = words;
  const { household, totalFen, validUntil } = document;
  const late = lateFeeFen(document);
  const stop = language === 'zh' ? '。' : '.';
  return [
    `${t.bill.who(household.label, digitByDigit(household.tail, language))}${stop}`,
    `${formats.yuan(totalFen)}${stop}`,
    `${late > 0 ? t.bill.lateFee(formats.yuan(late)) : ''}${untilWords(validUntil, words)}${stop}`,
  ];
}
