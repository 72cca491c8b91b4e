import { fen } from '../../../../domain/money.ts';
import type { RatedBill } from '../../../../domain/tariffs/rating.ts';
import { type DocumentBill, documentMaxBytes, type QuoteDocument } from '../../../../protocol/fees/documents.ts';
import { documentBytes } from '../documents/sign.ts';
import type { Owed } from './owed.ts';
import { lineWords, type Words } from './words.ts';

type Line = DocumentBill['lines'][number];

/** How a bill is read: the unit of its meters, and its price list with the versions that were used. */
export interface TariffNames {
  readonly unit: Words;
  readonly names: readonly Words[];
}

/** How much of a bill is told. A quote of many bills with many lines must fit into one message. */
type Detail = 'full' | 'lines' | 'sums' | 'least';
const details: readonly Detail[] = ['full', 'lines', 'sums', 'least'];

function ratedLines(rated: RatedBill): Line[] {
  return rated.lines.map(({ label, words, amountFen, kind }) => ({ label, words, amountFen, kind }));
}

/** What was charged as one line, so that the sum stays right when the lines do not fit. */
function sumLine(rated: RatedBill): Line[] {
  return [
    { label: lineWords.shortened, words: lineWords.shortenedSum, amountFen: rated.totalFen, kind: 'charge' as const },
  ];
}

function lateLines(owed: Owed): Line[] {
  if (owed.lateAllFen === 0) return [];
  const label = owed.lateLabel ?? lineWords.lateFee;
  return [{ label, words: owed.lateWords ?? label, amountFen: owed.lateAllFen, kind: 'late-fee' }];
}

/** What is left of a bill, without how it came about. */
function leftLines({ principalFen, lateFen }: Owed): Line[] {
  const { principal, lateFee } = lineWords;
  const lines: Line[] = [
    { label: principal, words: principal, amountFen: principalFen, kind: 'charge' },
    { label: lateFee, words: lateFee, amountFen: lateFen, kind: 'late-fee' },
  ];
  return lines.filter(({ amountFen }) => amountFen !== 0);
}

/** What was paid before, and whatever else stands between the lines and what is left. */
function paidLines(owed: Owed, lines: readonly Line[]): Line[] {
  const shown = lines.reduce((sum, { amountFen }) => sum + amountFen, 0);
  const before = owed.principalFen + owed.lateFen - shown;
  const { paidBefore: words } = lineWords;
  return before === 0 ? [] : [{ label: words, words, amountFen: fen(before), kind: 'correction' }];
}

function usageOf(rated: RatedBill, unit: Words): DocumentBill['usage'] {
  return rated.usage.map(({ from, to, quantity, isEstimate }) => ({ from, to, quantity, unit, isEstimate }));
}

function tiersOf(rated: RatedBill, unit: Words): DocumentBill['tiers'] {
  return rated.tiers.map(({ window, used, current, left, tiers }) => ({
    ...{ window, unit, used, current, tiers: tiers.map(({ upTo, price }) => ({ upTo, price })) },
    ...(left === null ? {} : { left }),
  }));
}

/** One bill of a quote. Its lines sum to what is left of it. */
function documentBill(owed: Owed, names: TariffNames, detail: Detail): DocumentBill {
  const isShort = detail === 'sums' || detail === 'least';
  const all = [...(isShort ? sumLine(owed.rated) : ratedLines(owed.rated)), ...lateLines(owed)];
  return {
    ...{ billId: owed.id, version: owed.version, title: owed.title, from: owed.from, to: owed.to, dueOn: owed.dueOn },
    lines: detail === 'least' ? leftLines(owed) : [...all, ...paidLines(owed, all)],
    usage: isShort ? [] : usageOf(owed.rated, names.unit),
    tiers: detail === 'full' ? tiersOf(owed.rated, names.unit) : [],
    tariffs: detail === 'least' ? [] : [...names.names],
    totalFen: fen(owed.principalFen + owed.lateFen),
  };
}

/** A quote with as much of its bills as fits. Throws when not even the least does, which twelve bills always do. */
export function quoteDocument(
  frame: Omit<QuoteDocument, 'bills'>,
  owed: readonly Owed[],
  namesOf: (owed: Owed) => TariffNames,
): QuoteDocument {
  for (const detail of details) {
    const bills = owed.map((one) => documentBill(one, namesOf(one), detail));
    const document = { ...frame, bills };
    if (documentBytes(document).length <= documentMaxBytes) return document;
  }
  throw new Error('quoteDocument: too large');
}
