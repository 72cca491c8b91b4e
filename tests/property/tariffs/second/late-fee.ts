import type { LateFeeBase } from '../../../../domain/tariffs/rating.ts';
import type { LateFeeRule, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import { dayOf, yearOf } from './calendar.ts';
import { type Line, roundingOf } from './bill.ts';
import { no } from './formula.ts';
import { compare, fenOf, known, type Num, percent, times, whole, yuanOf, zero } from './numbers.ts';

type Note = (what: string) => void;

/** What is unpaid on a day. What came in the days of grace came in time. */
function unpaidOn(rule: LateFeeRule, base: LateFeeBase, day: number, graceEnds: number): number {
  const stillCounts = rule.countsPaymentDay === false ? 0 : 1;
  const paid = base.paid.filter(({ on }) => {
    const paidOn = dayOf(on) ?? no('bad-input');
    return paidOn + stillCounts <= day || (rule.graceCounts === true && paidOn < graceEnds);
  });
  return paid.reduce((left, { fen }) => left - fen, Number(base.principalFen));
}

/** Simple interest, day by day. `undefined` when no day counts. */
function interest(rule: LateFeeRule, base: LateFeeBase, due: number, asOf: number, note: Note): Num | undefined {
  const first = rule.start === 'due-day' ? due : due + 1;
  const graceEnds = first + (rule.graceDays ?? 0);
  if (asOf < graceEnds) {
    if (asOf >= first) note('late fee: within the days of grace');
    return undefined;
  }
  let [sum, days] = [zero, 0];
  const last = rule.countsPaymentDay === false ? asOf - 1 : asOf;
  for (let day = rule.graceCounts === true ? first : graceEnds; day <= last; day += 1) {
    const unpaid = unpaidOn(rule, base, day, graceEnds);
    if (unpaid <= 0) continue;
    const isNextYear = yearOf(day) > yearOf(due) && rule.percentAfterYearEnd !== undefined;
    if (isNextYear) note('late fee: after the year of the due day');
    sum += percent(yuanOf(unpaid), known(isNextYear ? (rule.percentAfterYearEnd ?? '') : rule.percentPerDay));
    days += 1;
    if (unpaid < Number(base.principalFen)) note('late fee: on what is left of a part payment');
  }
  return days === 0 ? undefined : sum;
}

/** Lines of the delay of one bill. */
export function lateFee(
  version: TariffVersion,
  base: LateFeeBase,
  asOf: number,
  customerClass: string | undefined,
  note: Note,
): Line[] {
  const due = dayOf(base.dueOn) ?? no('bad-input');
  if (base.principalFen < 0) no('bad-input');
  const rule = version.lateFee;
  if (rule === undefined) return [];
  if (customerClass !== undefined && rule.exempt?.includes(customerClass) === true) {
    note('late fee: exempt');
    return [];
  }
  let amount = interest(rule, base, due, asOf, note);
  if (amount === undefined) return [];
  const least = rule.minTotal === undefined ? zero : known(rule.minTotal);
  if (amount < least) {
    note('late fee: minimum');
    amount = least;
  }
  const { amount: fixed, percentOfPrincipal } = rule.cap ?? {};
  const caps = [
    percentOfPrincipal === undefined ? [] : [percent(yuanOf(base.principalFen), known(percentOfPrincipal))],
    fixed === undefined ? [] : [known(fixed)],
  ].flat();
  for (const cap of caps) {
    if (compare(amount, cap) <= 0) continue;
    note('late fee: cap');
    amount = cap;
  }
  const fen = fenOf(amount, rule.round ?? roundingOf(version).mode);
  const line: Line = {
    of: 'late-fee',
    kind: 'late-fee',
    version: version.id,
    exact: amount,
    fen,
    from: due,
    to: due,
    rate: undefined,
  };
  if (base.waiver === undefined) return [line];
  if (rule.waivers?.includes(base.waiver.role) !== true) no('waiver-not-allowed');
  if (base.waiver.reason.trim() === '') no('bad-input');
  note('late fee: waived');
  return [line, { ...line, kind: 'discount', exact: times(whole(-1), yuanOf(fen)), fen: -fen }];
}
