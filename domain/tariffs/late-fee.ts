import type { Fen } from '../money.ts';
import type { CompiledLateFee, CompiledTariff, CompiledVersion } from './compiled.ts';
import { civilOf, dayNumber, readDay } from './days.ts';
import { fenOf } from './draft.ts';
import { Exact } from './exact.ts';
import type { LateFeeBase, RatedLine } from './rating.ts';
import { refuse } from './refused.ts';
import { type DelayWords, lateFeeWords, waiverWords } from './words.ts';

const hundred = Exact.of(100n);
const fenStep = Exact.of(1n, 100n);
const yuan = (amount: Fen): Exact => Exact.of(amount, 100);

/** One stretch of days on which the same was unpaid at the same rate. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly unpaid: Exact;
  readonly percent: CompiledLateFee['percent'];
}

/** Days of delay: the first, the first after the days of grace, and the first that counts. */
interface DelayDays {
  readonly first: number;
  readonly graceEnds: number;
  readonly counted: number;
}

function delayDays(rule: CompiledLateFee, due: number): DelayDays {
  const first = due + (rule.countsDueDay ? 0 : 1);
  const graceEnds = first + rule.graceDays;
  return { first, graceEnds, counted: rule.graceCounts ? first : graceEnds };
}

/** Payments, each with the first day on which it is no longer unpaid. What comes within the days of grace is in time. */
function readPaid(rule: CompiledLateFee, { paid, billId }: LateFeeBase, { first, graceEnds }: DelayDays) {
  return paid.map(({ on, fen }) => {
    const day = readDay(on) ?? refuse('bad-input', `lateFees.${billId}.paid: "${on}" is no day`);
    const isInTime = rule.graceCounts && day < graceEnds;
    const from = day + (rule.countsPaymentDay ? 1 : 0);
    return { from: isInTime ? Math.min(first, from) : from, amount: yuan(fen) };
  });
}

/** Days that count, cut where something was paid and where the year of the due day ends. `asOf` is counted or not. */
function stretchesOf(rule: CompiledLateFee, base: LateFeeBase, due: number, asOf: number): Stretch[] {
  const delay = delayDays(rule, due);
  const first = delay.counted;
  const paid = readPaid(rule, base, delay);
  const yearEnd = dayNumber(civilOf(due).year + 1, 1, 1);
  const end = asOf + (rule.countsPaymentDay ? 1 : 0);
  const cuts = [
    first,
    end,
    ...(rule.percentAfterYearEnd === undefined ? [] : [yearEnd]),
    ...paid.map(({ from }) => from),
  ];
  const days = [...new Set(cuts)].filter((day) => day >= first && day <= end).sort((a, b) => a - b);
  return days.slice(1).flatMap((to, index) => {
    const from = days[index] ?? to;
    const before = paid.filter((payment) => payment.from <= from);
    const unpaid = before.reduce((left, { amount }) => left.minus(amount), yuan(base.principalFen));
    const percent = from >= yearEnd ? (rule.percentAfterYearEnd ?? rule.percent) : rule.percent;
    return unpaid.top > 0n ? [{ from, to, unpaid, percent }] : [];
  });
}

function bounded(rule: CompiledLateFee, base: LateFeeBase, plain: Exact) {
  let [amount, bound] = [plain, undefined as { kind: 'minimum' | 'cap'; amount: string } | undefined];
  if (rule.minTotal !== undefined && amount.compare(rule.minTotal) < 0) {
    [amount, bound] = [rule.minTotal, { kind: 'minimum', amount: rule.minTotal.toText() }];
  }
  const caps = [
    rule.capPercent && yuan(base.principalFen).times(rule.capPercent.value).over(hundred),
    rule.capAmount?.value,
  ];
  // The cap has the last word, also over the minimum.
  for (const cap of caps) {
    if (cap !== undefined && amount.compare(cap) > 0) [amount, bound] = [cap, { kind: 'cap', amount: cap.toText() }];
  }
  return { amount, bound };
}

function linesOf(
  tariff: CompiledTariff,
  version: CompiledVersion,
  rule: CompiledLateFee,
  base: LateFeeBase,
  asOf: number,
): RatedLine[] {
  const due = readDay(base.dueOn) ?? refuse('bad-input', `lateFees.${base.billId}.dueOn: "${base.dueOn}" is no day`);
  // Days of grace that count do so only once they are over.
  if (asOf < delayDays(rule, due).graceEnds) return [];
  const stretches = stretchesOf(rule, base, due, asOf);
  if (stretches.length === 0) return [];
  const plain = stretches.reduce(
    (sum, { from, to, unpaid, percent }) =>
      sum.plus(
        unpaid
          .times(percent.value)
          .times(Exact.of(to - from))
          .over(hundred),
      ),
    Exact.zero,
  );
  const { amount, bound } = bounded(rule, base, plain);
  const words = stretches.map(({ from, to, unpaid, percent }): DelayWords => ({
    unpaid: unpaid.toText(),
    days: to - from,
    percent: percent.text,
  }));
  const days = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const line: RatedLine = {
    id: `late-fee:${base.billId}`,
    componentId: 'late-fee',
    label: rule.label,
    kind: 'late-fee',
    version: version.id,
    unroundedYuan: amount.toText(),
    amountFen: fenOf(amount, fenStep, rule.mode ?? version.rounding.mode),
    words: lateFeeWords(words, bound, tariff.money),
    basis: { rule: 'late-fee', billId: base.billId, days },
  };
  return base.waiver === undefined ? [line] : [line, waived(line, rule, base.waiver, base.billId)];
}

function waived(
  line: RatedLine,
  rule: CompiledLateFee,
  waiver: NonNullable<LateFeeBase['waiver']>,
  billId: string,
): RatedLine {
  if (!rule.waivers.includes(waiver.role)) {
    refuse('waiver-not-allowed', `lateFees.${billId}.waiver.role: "${waiver.role}" may not waive a late fee`);
  }
  if (waiver.reason.trim() === '') refuse('bad-input', `lateFees.${billId}.waiver.reason: must say why`);
  return {
    ...line,
    id: `late-fee:${billId}:waiver`,
    kind: 'discount',
    unroundedYuan: yuan(line.amountFen).negated.toText(),
    amountFen: fenOf(yuan(line.amountFen).negated, fenStep, 'half-up'),
    words: waiverWords(waiver.reason),
  };
}

/**
 * What delay costs as of a day, by the rule in force when the bill was due: simple interest on what was unpaid on each
 * day, then the minimum, then the cap.
 */
export function lateFeeLines(
  tariff: CompiledTariff,
  versionOn: (day: number) => CompiledVersion,
  base: LateFeeBase,
  asOf: number,
  customerClass: string | undefined,
): readonly RatedLine[] {
  const due = readDay(base.dueOn) ?? refuse('bad-input', `lateFees.${base.billId}.dueOn: "${base.dueOn}" is no day`);
  if (base.principalFen < 0) refuse('bad-input', `lateFees.${base.billId}.principalFen: is below 0`);
  const version = versionOn(due);
  const rule = version.lateFee;
  if (rule === undefined || rule.exempt.includes(customerClass ?? '')) return [];
  return linesOf(tariff, version, rule, base, asOf);
}
