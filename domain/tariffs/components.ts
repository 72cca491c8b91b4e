import type { CompiledComponent, CompiledOf, CompiledQuantity } from './compiled.ts';
import { addMonths, civilOf, dayInYear, dayText } from './days.ts';
import { addLine, type Days, meansAccount, monthsOf, personsOn, roundTogether, type Scope } from './draft.ts';
import { seasonsOf, unitsBegun, unitsBetween } from './draft.ts';
import { Exact } from './exact.ts';
import { evaluate, type Formula, type FormulaName } from './formula.ts';
import { upToDay } from './meters.ts';
import { refuse } from './refused.ts';
import { shareOnce } from './share.ts';
import { billScale, rateTiered, windowsOf } from './tiers.ts';
import { rateTou, rateTouTiered } from './tou.ts';
import { blockWords, fixedWords, formulaWords, percentWords, shareWords, timesWords } from './words.ts';

function accountNumber(text: string | undefined, name: string): Exact {
  if (text === undefined) return refuse('unknown-variable', `account.${name}: is not known`);
  const value = Exact.read(text) ?? refuse('bad-input', `account.${name}: "${text}" is no decimal number`);
  return value.isNegative ? refuse('bad-input', `account.${name}: ${text} is below 0`) : value;
}

function nameValue(scope: Scope, days: Days, name: FormulaName): Exact {
  const { account } = scope.input;
  if (name === 'area') return accountNumber(account.areaM2, 'areaM2');
  if (name === 'innerArea') return accountNumber(account.innerAreaM2, 'innerAreaM2');
  if (name === 'persons') return Exact.of(personsOn(scope, days.from));
  if (name === 'months') return monthsOf(scope, days);
  if (name === 'days') return Exact.of(days.to - days.from);
  if (name === 'usage') return scope.book.between({}, days.from, days.to, scope.version.quantityStep);
  const key = name.slice('value.'.length);
  const values = account.values ?? {};
  const text = Object.hasOwn(values, key) ? values[key] : undefined;
  if (text === undefined) return refuse('unknown-variable', `account.values.${key}: is not known`);
  return Exact.read(text) ?? refuse('bad-input', `account.values.${key}: "${text}" is no decimal number`);
}

const growsWithTime: readonly FormulaName[] = ['months', 'days', 'usage'];

/** A formula that names nothing that grows with time is for the bill, and a stretch has its share of it by days. */
function workFormula(scope: Scope, formula: Formula, days: Days) {
  const values = new Map<string, string>();
  const value = evaluate(formula, (name) => {
    const found = nameValue(scope, days, name);
    values.set(name, found.toText());
    return found;
  });
  const isForBill = !formula.names.some((name) => growsWithTime.includes(name));
  const share = isForBill ? billScale('none', undefined, days, scope) : undefined;
  if (share === undefined) return { value, values };
  const part = { days: days.to - days.from, of: scope.bill.to - scope.bill.from };
  return { value: value.times(share), values, part };
}

function quantityOf(scope: Scope, rule: CompiledQuantity, part: CompiledComponent, days: Days): Exact {
  if (rule.formula === undefined) {
    return scope.book.between(rule, days.from, days.to, scope.version.quantityStep, part.when?.hours);
  }
  const { value } = workFormula(scope, rule.formula, days);
  return value.isNegative ? refuse('negative-usage', `${part.id}: "${rule.formula.text}" is below 0`) : value;
}

const unitMonths = { month: 1, quarter: 3, year: 12 } as const;

/** Days of a stretch by the length of each calendar unit that they lie in. */
function calendarUnits(days: Days, months: number): Exact {
  let total = Exact.zero;
  for (let from = days.from; from < days.to;) {
    const { year, month } = civilOf(from);
    const start = dayInYear(year, (month - ((month - 1) % months)) * 100 + 1);
    const end = addMonths(start, months);
    const to = Math.min(end, days.to);
    total = total.plus(Exact.of(to - from, end - start));
    from = to;
  }
  return total;
}

function fixedUnits(scope: Scope, part: CompiledOf<'fixed'>, stretch: Days, isLast: boolean): Exact {
  const { bill } = scope;
  const to = part.countsLastDay && stretch.to === bill.to ? stretch.to + 1 : stretch.to;
  const days = to - stretch.from;
  const { per, prorate } = part.rule;
  if (per === 'day') return Exact.of(days);
  if (per === 'bill') {
    if (prorate !== 'none') return Exact.of(days, bill.to - bill.from + (part.countsLastDay ? 1 : 0));
    return isLast && scope.span.to === bill.to ? Exact.one : Exact.zero;
  }
  const months = unitMonths[per];
  if (prorate === 'none') return unitsBegun(scope, stretch, months);
  if (prorate === 'actual-days') return calendarUnits({ from: stretch.from, to }, months);
  if (prorate === 'fixed-30') return Exact.of(days, 30 * months);
  if (prorate === '365-12') return Exact.of(days * 12, 365 * months);
  if (prorate === 'normal-days') return Exact.of(days).over(part.normalDays ?? Exact.one);
  return unitsBetween(bill.from, to, months).minus(unitsBetween(bill.from, stretch.from, months));
}

const stretchBasis = (rule: string, days: Days) => ({ rule, from: dayText(days.from), to: dayText(days.to) });

function rateFixed(scope: Scope, part: CompiledOf<'fixed'>, days: Days, isLast: boolean): void {
  const units = fixedUnits(scope, part, days, isLast);
  if (units.isZero) return;
  const { amount, rule } = part;
  const count = units.toText();
  addLine(scope, part, days, {
    exact: units.times(amount.value),
    quantity: count,
    price: amount.text,
    words: fixedWords(count, rule.per, amount.text, scope.tariff.money),
    basis: stretchBasis('fixed', days),
  });
}

function ratePerUnit(scope: Scope, part: CompiledOf<'per-unit'>, days: Days): void {
  const quantity = quantityOf(scope, part.quantity, part, days);
  const { unit, money } = scope.tariff;
  const text = quantity.toText();
  const { formula } = part.quantity;
  const worked = formula === undefined ? undefined : workFormula(scope, formula, days);
  const words =
    formula === undefined || worked === undefined
      ? timesWords(text, unit, part.price.text, money)
      : formulaWords(`(${formula.text}) * ${part.price.text}`, worked.values, worked.part);
  addLine(scope, part, days, {
    exact: quantity.times(part.price.value),
    quantity: text,
    ...(formula === undefined ? { unit: unit.en } : undefined),
    price: part.price.text,
    words,
    basis: { ...stretchBasis('per-unit', days), ...(formula === undefined ? undefined : { formula: formula.text }) },
  });
}

function ratePackage(scope: Scope, part: CompiledOf<'package'>, days: Days): void {
  const { size, free, price } = part;
  const share = billScale('none', undefined, days, scope);
  const unpaid = share === undefined ? free : free.times(share);
  const over = quantityOf(scope, part.quantity, part, days).minus(unpaid).max(Exact.zero);
  const count = Exact.of(-over.over(size).negated.floor());
  const text = count.toText();
  addLine(scope, part, days, {
    exact: count.times(price.value),
    quantity: text,
    price: price.text,
    words: blockWords(text, size.toText(), scope.tariff.unit, price.text, scope.tariff.money),
    basis: stretchBasis('package', days),
  });
}

function ratePercent(scope: Scope, part: CompiledOf<'percent-of'>, days: Days): void {
  let base = Exact.zero;
  for (const line of scope.lines) {
    const [length, inside] = [line.to - line.from, Math.min(line.to, days.to) - Math.max(line.from, days.from)];
    if (!part.of.has(line.componentId) || inside <= 0) continue;
    const amount = part.ofRounded ? Exact.of(line.rounded, 100) : line.exact;
    // Of a line that reaches out of the season its days in it count.
    base = base.plus(inside === length ? amount : amount.times(Exact.of(inside, length)));
  }
  const { percent } = part;
  addLine(scope, part, days, {
    exact: base.times(percent.value).over(Exact.of(100)),
    words: percentWords(percent.text, base.toText(), scope.tariff.money),
    basis: { ...stretchBasis('percent-of', days), of: [...part.of], percent: percent.text },
  });
}

function rateFormula(scope: Scope, part: CompiledOf<'formula'>, days: Days): void {
  const { value, values, part: ofBill } = workFormula(scope, part.amount, days);
  if (value.isNegative) refuse('formula-error', `${part.id}: "${part.amount.text}" is below 0`);
  addLine(scope, part, days, {
    exact: value,
    words: formulaWords(part.amount.text, values, ofBill),
    basis: { ...stretchBasis('formula', days), formula: part.amount.text },
  });
}

const fenStep = Exact.of(1n, 100n);

/** What is common is spread over the bill's days first, so that stretches sum to it, and then shared. */
function rateShare(scope: Scope, part: CompiledOf<'share'>, days: Days): void {
  const { common = {} } = scope.input;
  const path = `common.${part.id}`;
  const own = Object.hasOwn(common, part.id) ? common[part.id] : undefined;
  if (own === undefined) return refuse('unknown-variable', `${path}: what is to be shared is not known`);
  const total = Exact.read(own.total) ?? refuse('bad-input', `${path}.total: "${own.total}" is no decimal number`);
  if (total.isNegative) refuse('negative-usage', `${path}.total: ${own.total} is below 0`);
  const isAmount = part.of === 'amount';
  const step = isAmount ? fenStep : scope.version.quantityStep;
  const piece = { ...scope.bill, quantity: isAmount ? total.roundedTo(fenStep, 'half-up') : total };
  const here = upToDay(piece, days.to, step).minus(upToDay(piece, days.from, step));
  const amount = isAmount ? here : here.times(part.price?.value ?? Exact.zero);
  const index = own.members.findIndex(({ id }) => id === own.self);
  if (index < 0) refuse('bad-input', `${path}.self: "${own.self}" is none of the members`);
  const { fen, keys } = shareOnce(amount, own, part.remainder, path);
  const whole = amount.roundedTo(fenStep, 'half-up');
  addLine(scope, part, days, {
    kind: 'share',
    exact: Exact.of(fen[index] ?? 0n, 100n),
    words: shareWords(whole.toText(), own.members[index]?.key ?? '', keys.toText(), scope.tariff.money),
    basis: stretchBasis(`share-${part.remainder}`, days),
  });
}

function rateSelect(scope: Scope, part: CompiledOf<'select'>, days: Days, isLast: boolean): void {
  const quantity = quantityOf(scope, part.by, part, days);
  const scale = billScale(part.scale, part.normalDays, days, scope) ?? Exact.one;
  const table = part.tables.find(({ upTo }) => {
    if (upTo === null) return true;
    const side = quantity.compare(upTo.times(scale));
    return part.isUpperInclusive ? side <= 0 : side < 0;
  });
  for (const component of table?.components ?? []) rateComponent(scope, component, days, isLast);
}

function rateStretch(scope: Scope, part: CompiledComponent, days: Days, isLast: boolean): void {
  switch (part.kind) {
    case 'fixed':
      return rateFixed(scope, part, days, isLast);
    case 'per-unit':
      return ratePerUnit(scope, part, days);
    case 'tiered':
      for (const window of windowsOf(part.rules, scope.version.from, days, scope.bill)) {
        rateTiered(scope, part, window, quantityOf(scope, part.quantity, part, window));
      }
      return;
    case 'tou':
      return rateTou(scope, part, days);
    case 'tou-tiered':
      for (const window of windowsOf(part.rules, scope.version.from, days, scope.bill)) {
        rateTouTiered(scope, part, window);
      }
      return;
    case 'package':
      return ratePackage(scope, part, days);
    case 'percent-of':
      return ratePercent(scope, part, days);
    case 'select':
      return rateSelect(scope, part, days, isLast);
    case 'formula':
      return rateFormula(scope, part, days);
    case 'share':
      return rateShare(scope, part, days);
  }
}

/**
 * Rates one component over some days, season by season. `isLast`: no later stretch of a table's choice follows, so that
 * an amount per bill is due once.
 */
export function rateComponent(scope: Scope, part: CompiledComponent, days: Days, isLast = true): void {
  if (!meansAccount(part.when, scope.input)) return;
  const { lines, version } = scope;
  const before = lines.length;
  const stretches = seasonsOf(part, days);
  stretches.forEach((stretch, index) => {
    rateStretch(scope, part, stretch, isLast && index === stretches.length - 1);
  });
  const isTogether = version.rounding.at === 'component' && part.kind !== 'select' && lines.length - before > 1;
  if (isTogether) roundTogether(lines.slice(before), version.rounding);
}
