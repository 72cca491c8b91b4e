import type { CompiledOf, CompiledTier, CompiledTierRules } from './compiled.ts';
import { addMonths, civilOf, dayInYear, dayText, lastMonthDay, readDay } from './days.ts';
import { addLine, type Days, monthsOf, personsOn, type Scope } from './draft.ts';
import { Exact } from './exact.ts';
import { evaluate } from './formula.ts';
import type { LineBasis, TierPosition } from './rating.ts';
import { refuse } from './refused.ts';
import { alreadyWords, blockWords, flatWords, tierWords, timesWords } from './words.ts';

/** A window that a stretch lies in, and its own days; `key` is absent for the bill itself. */
export interface WindowPart extends Days {
  readonly key?: string;
  readonly window: Days;
}

function windowAt(rules: CompiledTierRules, versionFrom: number, day: number): Days & { readonly key: string } {
  const { year, month } = civilOf(day);
  if (rules.window === 'month') {
    const from = dayInYear(year, month * 100 + 1);
    return { from, to: addMonths(from, 1), key: dayText(from).slice(0, 7) };
  }
  const start = civilOf(versionFrom);
  const monthDay = rules.window === 'year' ? rules.yearStart : start.month * 100 + start.day;
  const from = lastMonthDay(day, monthDay);
  const to = dayInYear(civilOf(from).year + 1, monthDay);
  return { from, to, key: dayText(from) };
}

/** Cuts a stretch where its windows end. */
export function windowsOf(
  rules: CompiledTierRules,
  versionFrom: number,
  days: Days,
  bill: Days,
): readonly WindowPart[] {
  if (rules.window === 'bill') return [{ ...days, window: bill }];
  const parts: WindowPart[] = [];
  for (let from = days.from; from < days.to;) {
    const { key, ...window } = windowAt(rules, versionFrom, from);
    const to = Math.min(days.to, window.to);
    parts.push({ from, to, key, window });
    from = to;
  }
  return parts;
}

function accountDay(text: string | undefined, name: string): number | undefined {
  return text === undefined
    ? undefined
    : (readDay(text) ?? refuse('bad-input', `account.${name}: "${text}" is no day`));
}

/** What part of a window the household lives here. */
function partOfWindow(rules: CompiledTierRules, { window }: WindowPart, { input }: Scope): Exact {
  const { movedIn, movedOut } = input.account;
  const from = Math.max(window.from, accountDay(movedIn, 'movedIn') ?? window.from);
  const to = Math.min(window.to, accountDay(movedOut, 'movedOut') ?? window.to);
  if (from >= to) return refuse('bad-period', 'account: nobody lived there in the time of the bill');
  if (rules.partYear === 'days') return Exact.of(to - from, window.to - window.from);
  const months = rules.window === 'month' ? 1 : 12;
  let lived = 0;
  for (let month = 0; month < months; month += 1) {
    if (addMonths(window.from, month) < to && addMonths(window.from, month + 1) > from) lived += 1;
  }
  return Exact.of(lived, months);
}

function scaleOf(rules: CompiledTierRules, part: WindowPart, scope: Scope): Exact | undefined {
  if (rules.window !== 'bill') return rules.partYear === 'none' ? undefined : partOfWindow(rules, part, scope);
  return billScale(rules.boundScale, rules.normalDays, part, scope);
}

/** How many times bounds that are made for a month, some days or a year fit a stretch of a bill. */
export function billScale(
  scale: CompiledTierRules['boundScale'],
  normalDays: Exact | undefined,
  part: Days,
  scope: Scope,
): Exact | undefined {
  const days = part.to - part.from;
  if (scale === 'months') return monthsOf(scope, part);
  if (scale === 'days') return Exact.of(days).over(normalDays ?? Exact.one);
  if (scale === 'days-365') return Exact.of(days, 365);
  const whole = scope.bill.to - scope.bill.from;
  return days === whole ? undefined : Exact.of(days, whole);
}

function householdBounds(
  household: NonNullable<CompiledTierRules['household']>,
  bounds: readonly (Exact | null)[],
  part: WindowPart,
  scope: Scope,
): (Exact | null)[] {
  const day = household.asOf === 'bill-start' ? scope.bill.from : lastMonthDay(part.from, household.asOf);
  const persons = personsOn(scope, day);
  const { formulas } = household;
  if (formulas !== undefined) {
    return formulas.map((formula) => (formula === null ? null : evaluate(formula, () => Exact.of(persons))));
  }
  const over = Math.max(0, persons - household.countAbove);
  const add = household.add.times(Exact.of(household.each === 'person' ? over : Math.min(1, over)));
  const moved = (index: number): boolean => household.moves === 'all' || index === 0;
  return bounds.map((bound, index) => (bound === null || !moved(index) ? bound : bound.plus(add)));
}

/** The bounds as they hold for one stretch: people, then the bill's length or the part of the year, then whole ones. */
export function boundsFor(
  rules: CompiledTierRules,
  tiers: readonly CompiledTier[],
  part: WindowPart,
  scope: Scope,
): readonly (Exact | null)[] {
  const plain = tiers.map(({ upTo }) => upTo);
  const peopled = rules.household === undefined ? plain : householdBounds(rules.household, plain, part, scope);
  const scale = scaleOf(rules, part, scope);
  let before = Exact.zero;
  return peopled.map((bound) => {
    if (bound === null) return null;
    const scaled = scale === undefined ? bound : bound.times(scale);
    // A bound that moved beyond the next leaves that tier empty.
    before = (rules.roundsBounds ? scaled.roundedTo(Exact.one, 'half-up') : scaled).max(before);
    return before;
  });
}

/** What of a total lies in one tier. */
export function inTier(total: Exact, bounds: readonly (Exact | null)[], index: number): Exact {
  const over = index === 0 ? Exact.zero : (bounds[index - 1] ?? Exact.zero);
  const bound = bounds[index] ?? null;
  const top = bound === null ? total : total.min(bound);
  return top.compare(over) <= 0 ? Exact.zero : top.minus(over);
}

/** The tier of a total. */
export function tierOf(total: Exact, bounds: readonly (Exact | null)[], isUpperInclusive: boolean): number {
  const index = bounds.findIndex((bound) => {
    if (bound === null) return true;
    const side = total.compare(bound);
    return isUpperInclusive ? side <= 0 : side < 0;
  });
  return index < 0 ? bounds.length - 1 : index;
}

/** Where the household stands after a stretch. */
export function positionOf(
  componentId: string,
  rules: CompiledTierRules,
  tiers: readonly CompiledTier[],
  bounds: readonly (Exact | null)[],
  used: Exact,
  unit: string,
): TierPosition {
  const current = tierOf(used, bounds, rules.isUpperInclusive);
  const bound = bounds[current] ?? null;
  return {
    componentId,
    window: rules.window === 'tariff-year' ? 'year' : rules.window,
    used: used.toText(),
    unit,
    tiers: tiers.map(({ price }, index) => ({ upTo: bounds[index]?.toText() ?? null, price: price.text })),
    current,
    left: bound === null ? null : bound.minus(used).toText(),
  };
}

/** Adds what a stretch used to its window. `before` is `undefined` for the window's first bill. */
export function countUsed(
  id: string,
  part: WindowPart,
  quantity: Exact,
  { state }: Scope,
): { readonly before: Exact | undefined; readonly total: Exact } {
  if (part.key === undefined) return { before: undefined, total: quantity };
  const before = state.get('used', id, part.key);
  const total = before === undefined ? quantity : before.plus(quantity);
  state.set('used', id, part.key, total);
  return { before, total };
}

interface TierWork {
  readonly scope: Scope;
  readonly part: CompiledOf<'tiered'>;
  readonly days: WindowPart;
  readonly bounds: readonly (Exact | null)[];
  readonly before: Exact | undefined;
  readonly total: Exact;
}

function basisOf({ part, days, bounds, before }: TierWork, index: number): LineBasis {
  return {
    rule: `tiered-${part.mode}`,
    from: dayText(days.from),
    to: dayText(days.to),
    tier: {
      index,
      over: index === 0 ? '0' : (bounds[index - 1]?.toText() ?? '0'),
      upTo: bounds[index]?.toText() ?? null,
    },
    ...(days.key === undefined ? undefined : { window: days.key }),
    ...(before === undefined ? undefined : { usedBefore: before.toText() }),
  };
}

/** Started blocks of what a tier bills: of its own part, or of everything by the tier of the total. */
function blocksOf({ part, bounds, before, total }: TierWork, index: number, block: Exact): Exact {
  const started = (amount: Exact): Exact => Exact.of(-amount.over(block).negated.floor());
  if (part.mode === 'volume') return started(total);
  const now = started(inTier(total, bounds, index));
  return before === undefined ? now : now.minus(started(inTier(before, bounds, index)));
}

function addTier(work: TierWork, index: number, quantity: Exact): void {
  const { scope, part, days, before } = work;
  const { block, price } = part.tiers[index] as CompiledTier;
  const { unit, money } = scope.tariff;
  const text = quantity.toText();
  const blocks = block === undefined ? undefined : blocksOf(work, index, block);
  const words =
    blocks === undefined || block === undefined
      ? timesWords(text, unit, price.text, money)
      : blockWords(blocks.toText(), block.toText(), unit, price.text, money);
  addLine(scope, part, days, {
    suffix: `:t${String(index + 1)}`,
    exact: (blocks ?? quantity).times(price.value),
    quantity: text,
    unit: unit.en,
    price: price.text,
    words: tierWords(words, index, before?.toText(), unit),
    basis: basisOf(work, index),
  });
}

function addFlat(work: TierWork, index: number): void {
  const flat = work.part.tiers[index]?.flat;
  if (flat === undefined) return;
  addLine(work.scope, work.part, work.days, {
    suffix: `:t${String(index + 1)}-flat`,
    exact: flat.value,
    price: flat.text,
    words: flatWords(index, flat.text, work.scope.tariff.money),
    basis: basisOf(work, index),
  });
}

function isReached({ part, bounds }: TierWork, index: number, total: Exact): boolean {
  if (index === 0) return total.top > 0n || part.rules.zeroPaysFirstFlat;
  const side = total.compare(bounds[index - 1] ?? Exact.zero);
  return side > 0 || (side === 0 && !part.rules.isUpperInclusive && !total.isZero);
}

function graduated(work: TierWork): void {
  const { part, bounds, before, total, scope } = work;
  const linesBefore = scope.lines.length;
  part.tiers.forEach((_, index) => {
    const now = inTier(total, bounds, index);
    const quantity = before === undefined ? now : now.minus(inTier(before, bounds, index));
    if (!quantity.isZero) addTier(work, index, quantity);
    if (isReached(work, index, total) && (before === undefined || !isReached(work, index, before)))
      addFlat(work, index);
  });
  if (scope.lines.length === linesBefore) addTier(work, tierOf(total, bounds, part.rules.isUpperInclusive), Exact.zero);
}

/** What all of a total costs by the tier that it lies in. */
function byTotal(work: TierWork, total: Exact): { readonly index: number; readonly amount: Exact } {
  const { part, bounds } = work;
  const index = tierOf(total, bounds, part.rules.isUpperInclusive);
  const tier = part.tiers[index] as CompiledTier;
  const flat = total.isZero && !part.rules.zeroPaysFirstFlat ? Exact.zero : (tier.flat?.value ?? Exact.zero);
  if (part.mode === 'band') return { index, amount: flat };
  const units = tier.block === undefined ? total : blocksOf({ ...work, total }, index, tier.block);
  return { index, amount: units.times(tier.price.value).plus(flat) };
}

function volume(work: TierWork): void {
  const { part, before, total, scope } = work;
  const { index, amount } = byTotal(work, total);
  const paysFlat = !total.isZero || part.rules.zeroPaysFirstFlat;
  if (part.mode === 'volume') addTier({ ...work, before: undefined }, index, total);
  if (paysFlat) addFlat(work, index);
  else if (part.mode === 'band') {
    const words = flatWords(index, '0', scope.tariff.money);
    addLine(scope, part, work.days, { suffix: ':t1-flat', exact: amount, words, basis: basisOf(work, index) });
  }
  if (before === undefined) return;
  const billed = byTotal(work, before).amount;
  addLine(scope, part, work.days, {
    suffix: ':before',
    exact: billed.negated,
    words: alreadyWords(billed.toText(), scope.tariff.money),
    basis: basisOf(work, index),
  });
}

/** Rates one stretch of a tiered component. */
export function rateTiered(scope: Scope, part: CompiledOf<'tiered'>, days: WindowPart, quantity: Exact): void {
  const bounds = boundsFor(part.rules, part.tiers, days, scope);
  const { before, total } = countUsed(part.id, days, quantity, scope);
  const work = { scope, part, days, bounds, before, total };
  if (part.mode === 'graduated') graduated(work);
  else volume(work);
  const unit = scope.tariff.unit.en;
  scope.positions.set(part.id, positionOf(part.id, part.rules, part.tiers, bounds, total, unit));
}
