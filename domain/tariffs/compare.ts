import { addFen, type Fen } from '../money.ts';
import type { CompiledTariff } from './compiled.ts';
import { rate } from './rate.ts';
import type { RateInput } from './rating.ts';

/** One bill under two tariffs; a total is absent where that tariff refuses it. */
export interface ComparedBill {
  readonly id: string;
  readonly beforeFen?: Fen;
  readonly nowFen?: Fen;
  readonly changeFen?: Fen;
  readonly refusals: readonly string[];
}

/** Old against new on the same bills. Sums are of the bills that both can rate. */
export interface Comparison {
  readonly bills: readonly ComparedBill[];
  readonly beforeFen: Fen;
  readonly nowFen: Fen;
  readonly dearer: number;
  readonly cheaper: number;
  readonly same: number;
  readonly refused: number;
}

function compareBill(before: CompiledTariff, now: CompiledTariff, id: string, input: RateInput): ComparedBill {
  const answers = [rate(before, input), rate(now, input)] as const;
  const [was, is] = answers.map((answer) => (answer.ok ? answer.value.totalFen : undefined));
  const refusals = answers.flatMap((answer) => (answer.ok ? [] : [answer.detail ?? answer.error]));
  return {
    id,
    ...(was === undefined ? undefined : { beforeFen: was }),
    ...(is === undefined ? undefined : { nowFen: is }),
    ...(was === undefined || is === undefined ? undefined : { changeFen: addFen(is, -was as Fen) }),
    refusals,
  };
}

/** Rates bills under two tariffs. */
export function compareTariffs(
  before: CompiledTariff,
  now: CompiledTariff,
  bills: readonly { readonly id: string; readonly input: RateInput }[],
): Comparison {
  const compared = bills.map(({ id, input }) => compareBill(before, now, id, input));
  const both = compared.filter(({ changeFen }) => changeFen !== undefined);
  const count = (test: (change: number) => boolean): number =>
    both.filter(({ changeFen = 0 }) => test(changeFen)).length;
  return {
    bills: compared,
    beforeFen: addFen(...both.map(({ beforeFen }) => beforeFen ?? (0 as Fen))),
    nowFen: addFen(...both.map(({ nowFen }) => nowFen ?? (0 as Fen))),
    dearer: count((change) => change > 0),
    cheaper: count((change) => change < 0),
    same: count((change) => change === 0),
    refused: compared.length - both.length,
  };
}
