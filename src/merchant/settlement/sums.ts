import type { Balance } from '../../../protocol/http/merchant-acts.ts';

/** One channel's line: `takenFen` less `feeFen` is what it owes, part of which goes back because it came too late. */
export interface SettlementLine {
  readonly channel: string;
  readonly takenFen: number;
  readonly feeFen: number;
  readonly backFen: number;
  readonly owedFen: number;
}

/** The lines and their sums. `isAgreed`: the channels together are what the books say. */
export interface Settlement {
  readonly lines: readonly SettlementLine[];
  readonly sum: Omit<SettlementLine, 'channel'>;
  readonly isAgreed: boolean;
}

/** Works a balance out: what payers paid (clearing and fees together), the fees, what goes back, what is owed. */
export function settlementOf({ channels, payableFen }: Balance): Settlement {
  const lines = channels
    .filter(({ clearingFen, feesFen, otherFen }) => clearingFen !== 0 || feesFen !== 0 || otherFen !== 0)
    .map(({ channel, clearingFen, feesFen, otherFen }) => ({
      channel,
      takenFen: clearingFen + feesFen + otherFen,
      feeFen: feesFen,
      backFen: -otherFen || 0,
      owedFen: clearingFen + otherFen,
    }));
  const total = (pick: (line: SettlementLine) => number): number => lines.reduce((sum, line) => sum + pick(line), 0);
  const sum = {
    takenFen: total((line) => line.takenFen),
    feeFen: total((line) => line.feeFen),
    backFen: total((line) => line.backFen),
    owedFen: total((line) => line.owedFen),
  };
  return { lines, sum, isAgreed: sum.takenFen === payableFen };
}
