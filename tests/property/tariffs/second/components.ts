import type {
  Component,
  FixedComponent,
  PackageComponent,
  PercentComponent,
  SelectComponent,
  ShareComponent,
} from '../../../../domain/tariffs/tariff.ts';
import { apportioned, type Days, type Desk, fit, meansHousehold, quantityFor, quantityStep } from './bill.ts';
import { roundingOf, runsOf, unitsFrom, workFor, write } from './bill.ts';
import { scaledTo, windowed } from './bounds.ts';
import { monthsIn, monthsLater, unitLength } from './calendar.ts';
import { no } from './formula.ts';
import { reached } from './meters.ts';
import { compare, fenOf, floorSteps, isNothing, known, most, type Num, num, over, part as partOf } from './numbers.ts';
import { percent, started, times, whole, yuanOf, zero } from './numbers.ts';
import { tiered } from './tiers.ts';
import { tou, touTiered } from './tou.ts';

/** How many of its units a fixed charge is due for in a run of days. */
function fixedCount(desk: Desk, part: FixedComponent, run: Days, isLast: boolean): Num {
  const { bill, span } = desk;
  const countsEnd = part.end === 'inclusive';
  const to = countsEnd && run.to === bill.to ? run.to + 1 : run.to;
  const days = to - run.from;
  const { per, prorate } = part;
  if (per === 'day') return whole(days);
  if (per === 'bill') {
    if (prorate !== 'none') return partOf(whole(1), days, bill.to - bill.from + (countsEnd ? 1 : 0));
    return whole(isLast && span.to === bill.to ? 1 : 0);
  }
  if (prorate === 'normal-days') return over(whole(days), known(part.normalDays ?? '1'));
  if (prorate === 'fixed-30') return partOf(whole(days), 1, 30 * monthsIn(per));
  if (prorate === '365-12') return partOf(whole(days), 12, 365 * monthsIn(per));
  if (prorate === 'whole-months') return unitsFrom(bill.from, to, per) - unitsFrom(bill.from, run.from, per);
  let count = zero;
  for (let day = run.from; day < to; day += 1) {
    if (prorate === 'actual-days') count += partOf(whole(1), 1, unitLength(day, per));
  }
  for (let index = 0; prorate === 'none'; index += 1) {
    const begins = monthsLater(bill.from, index * monthsIn(per));
    if (begins >= run.to) break;
    if (begins >= run.from) count += whole(1);
  }
  return count;
}

/** Free units are for the bill; a part of it has its days' part of them. */
function packages(desk: Desk, part: PackageComponent, run: Days): void {
  const free = scaledTo(desk, 'none', undefined, run, known(part.free ?? '0'));
  const beyond = most(zero, quantityFor(desk, part.quantity, part.when, run) - free);
  write(desk, part.id, run, times(whole(started(beyond, known(part.size))), known(part.price)));
}

/** Ids that a name stands for: a choice stands for all that its tables hold. */
export function standsFor(of: readonly string[], components: readonly Component[]): Set<string> {
  const ids = new Set(of);
  const look = (parts: readonly Component[], isMeant: boolean): void => {
    for (const part of parts) {
      if (isMeant) ids.add(part.id);
      if (part.kind !== 'select') continue;
      for (const table of part.tables) look(table.components, isMeant || ids.has(part.id));
    }
  };
  look(components, false);
  return ids;
}

/** A percentage of lines; of one that reaches beyond the run its days' part counts. */
function percentOf(desk: Desk, part: PercentComponent, run: Days): void {
  const ids = standsFor(part.of, desk.version.components);
  let base = zero;
  for (const line of desk.lines) {
    const days = Math.min(line.to, run.to) - Math.max(line.from, run.from);
    if (!ids.has(line.of) || days <= 0) continue;
    if (days < line.to - line.from) desk.note('a percentage of a part of a line');
    base += partOf(part.ofRounded ? yuanOf(line.fen) : line.exact, days, line.to - line.from);
  }
  write(desk, part.id, run, percent(base, known(part.percent)));
}

/** What is common is spread over the bill's days first, then shared among all. */
function share(desk: Desk, part: ShareComponent, run: Days): void {
  const own = new Map(Object.entries(desk.input.common ?? {})).get(part.id) ?? no('unknown-variable');
  const total = num(own.total) ?? no('bad-input');
  if (total < 0n) no('negative-usage');
  const self = own.members.findIndex(({ id }) => id === own.self);
  if (self < 0) no('bad-input');
  const whole_ = { ...desk.bill, amount: part.of === 'amount' ? yuanOf(fenOf(total)) : total };
  const step = part.of === 'amount' ? yuanOf(1) : quantityStep(desk);
  const now = reached(whole_, run.to, step) - reached(whole_, run.from, step);
  const fen = fenOf(part.of === 'amount' ? now : times(now, known(part.price ?? '0')));
  const keys = own.members.map(({ key }) => num(key) ?? no('bad-input'));
  if (keys.some((key) => key < 0n)) no('bad-input');
  const sum = keys.reduce((all, key) => all + key, zero);
  if (isNothing(sum)) no('formula-error');
  const parts = keys.map((key) => over(times(yuanOf(fen), key), sum));
  if (run.to - run.from < desk.bill.to - desk.bill.from) desk.note(`a share of an ${part.of} in a part of the bill`);
  let mine = apportioned(parts, fen, yuanOf(1))[self] ?? 0n;
  if (part.remainder === 'first') {
    const cut = parts.map((one) => floorSteps(one, yuanOf(1)));
    const rest = fen - cut.reduce((all, one) => all + one, 0n);
    if (rest > 0n) desk.note('a remainder to the first');
    mine = (cut[self] ?? 0n) + (self === 0 ? rest : 0n);
  }
  write(desk, part.id, run, yuanOf(mine), { kind: 'share' });
}

function select(desk: Desk, part: SelectComponent, run: Days, isLast: boolean): void {
  const quantity = quantityFor(desk, part.by, part.when, run);
  const table = part.tables.find(({ upTo }) => {
    if (upTo === null) return true;
    const side = compare(quantity, scaledTo(desk, part.boundScale, part.normalDays, run, known(upTo)));
    if (side === 0) desk.note('on the bound of a table');
    return part.edge === 'upper-exclusive' ? side < 0 : side <= 0;
  });
  for (const inner of table?.components ?? []) component(desk, inner, run, isLast);
}

function inRun(desk: Desk, part: Component, run: Days, isLast: boolean): void {
  switch (part.kind) {
    case 'fixed':
      return write(desk, part.id, run, times(fixedCount(desk, part, run, isLast), known(part.amount)));
    case 'per-unit':
      return write(desk, part.id, run, times(quantityFor(desk, part.quantity, part.when, run), known(part.price)));
    case 'tiered':
      for (const days of windowed(desk, part, run)) {
        tiered(desk, part, days, quantityFor(desk, part.quantity, part.when, days));
      }
      return;
    case 'tou':
      return tou(desk, part, run);
    case 'tou-tiered':
      for (const days of windowed(desk, part, run)) touTiered(desk, part, days);
      return;
    case 'package':
      return packages(desk, part, run);
    case 'percent-of':
      return percentOf(desk, part, run);
    case 'formula': {
      const value = workFor(desk, part.amount, run);
      return compare(value, zero) < 0 ? no('formula-error') : write(desk, part.id, run, value);
    }
    case 'share':
      return share(desk, part, run);
    case 'select':
      return select(desk, part, run, isLast);
  }
}

/** Works out one component of a version for some days, run by run of its seasons. */
export function component(desk: Desk, part: Component, days: Days, isLast = true): void {
  if (!meansHousehold(part.when, desk)) return;
  const runs = runsOf(part, days);
  if (part.when?.seasons !== undefined && (runs.length > 1 || runs[0]?.from !== days.from || runs[0].to !== days.to)) {
    desk.note(`a season that begins or ends inside a bill`);
  }
  const before = desk.lines.length;
  runs.forEach((run, index) => {
    inRun(desk, part, run, isLast && index === runs.length - 1);
  });
  const own = desk.lines.slice(before).map((line): typeof line => ({ ...line, rate: line.rate ?? part.taxRate }));
  if (part.kind !== 'select') desk.lines.splice(before, own.length, ...own);
  const rounding = roundingOf(desk.version);
  if (rounding.at === 'component' && part.kind !== 'select') fit(own, rounding);
}
