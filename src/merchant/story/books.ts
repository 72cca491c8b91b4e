import type { Posting } from '../../../protocol/http/merchant-acts.ts';
import type { MerchantMoreText } from '../../i18n/merchant-more.en.ts';

/** One line of a posting as it stands in the books. */
export interface BookLine {
  readonly account: string;
  readonly label: string;
  /** Fen; exactly one of the two is above zero. */
  readonly inFen: number;
  readonly outFen: number;
}

/** A posting with its two sums, which are the same. */
export interface BookEntry {
  readonly id: string;
  readonly at: string;
  readonly lines: readonly BookLine[];
  readonly inFen: number;
  readonly outFen: number;
}

function accountLabel(
  account: string,
  words: MerchantMoreText['account'],
  channelName: (code: string) => string,
): string {
  const [name = '', channel = ''] = account.split(':');
  switch (name) {
    case 'clearing':
    case 'fees':
    case 'surplus':
    case 'differences':
      return words[name](channelName(channel));
    case 'payable':
      return words.payable;
    default:
      return account;
  }
}

/** A posting in words: debits in, credits out. */
export function bookEntry(
  posting: Posting,
  words: MerchantMoreText['account'],
  channelName: (code: string) => string,
): BookEntry {
  const lines = posting.lines.map(({ account, amountFen }) => ({
    account,
    label: accountLabel(account, words, channelName),
    inFen: Math.max(0, amountFen),
    outFen: Math.max(0, -amountFen),
  }));
  const sum = (pick: (line: BookLine) => number): number => lines.reduce((total, line) => total + pick(line), 0);
  const { id, at } = posting;
  return { id, at, lines, inFen: sum((line) => line.inFen), outFen: sum((line) => line.outFen) };
}
