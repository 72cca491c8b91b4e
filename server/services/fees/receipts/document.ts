import { fen } from '../../../../domain/money.ts';
import type { AllocatedPart } from '../../../../domain/fees/allocate.ts';
import type { FeeReceipt } from '../../../../protocol/fees/documents.ts';
import type { Core } from '../../../core.ts';
import { lineWords, type Words } from '../quotes/words.ts';

type Line = FeeReceipt['lines'][number];

/** The lines of what was put towards bills, or taken back from them: principal and late fee apart. They sum to it all. */
export function partLines(
  parts: readonly AllocatedPart[],
  titleOf: (billId: string) => Words,
  { surplusFen, surplusWords }: { readonly surplusFen: number; readonly surplusWords: Words },
): Line[] {
  const lines = parts.flatMap((part): Line[] => {
    const title = titleOf(part.id);
    const late = {
      zh: `${title.zh} ${lineWords.lateFee.zh}`,
      en: `${title.en}: ${lineWords.lateFee.en.toLowerCase()}`,
    };
    return [
      ...(part.principalFen === 0
        ? []
        : [{ label: title, words: lineWords.principal, amountFen: part.principalFen, kind: 'charge' as const }]),
      ...(part.lateFen === 0
        ? []
        : [{ label: late, words: lineWords.lateFee, amountFen: part.lateFen, kind: 'late-fee' as const }]),
    ];
  });
  const rest = fen(surplusFen);
  if (rest === 0) return lines;
  return [...lines, { label: surplusWords, words: lineWords.topUpSum, amountFen: rest, kind: 'top-up' }];
}

/** What a channel is called. */
export function channelName(core: Core, channel: string): Words {
  return core.channels.find(({ code }) => code === channel)?.name ?? { zh: channel, en: channel };
}
