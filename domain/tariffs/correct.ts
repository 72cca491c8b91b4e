import { addFen, type Fen, yuanFromFen } from '../money.ts';
import type { RatedBill, RatedLine } from './rating.ts';
import { correctionWords, moneyName } from './words.ts';

const noFen = 0 as Fen;

function deltaOf(line: RatedLine, before: Fen, now: Fen, currency: string): RatedLine {
  const change = addFen(now, -before as Fen);
  return {
    id: `correction:${line.id}`,
    componentId: line.componentId,
    label: line.label,
    kind: 'correction',
    version: line.version,
    unroundedYuan: yuanFromFen(change),
    amountFen: change,
    words: correctionWords(before, now, moneyName(currency)),
    basis: { ...line.basis, rule: 'correction' },
    ...(line.invoiceClass === undefined ? undefined : { invoiceClass: line.invoiceClass }),
    ...(line.taxRate === undefined ? undefined : { taxRate: line.taxRate }),
  };
}

/**
 * What a better reading changes: one line for each line that came out differently, to be billed beside the old bill,
 * which stays as it was. The lines sum to the difference of the totals; none when nothing changed.
 */
export function correct(
  before: Pick<RatedBill, 'lines'>,
  now: Pick<RatedBill, 'lines'>,
  currency = 'CNY',
): readonly RatedLine[] {
  const old = new Map(before.lines.map((line) => [line.id, line]));
  const changed = now.lines.flatMap((line) => {
    const was = old.get(line.id)?.amountFen ?? noFen;
    old.delete(line.id);
    return was === line.amountFen ? [] : [deltaOf(line, was, line.amountFen, currency)];
  });
  const gone = [...old.values()].filter(({ amountFen }) => amountFen !== 0);
  return [...changed, ...gone.map((line) => deltaOf(line, line.amountFen, noFen, currency))];
}
