import type {
  CompiledAdjustment,
  CompiledLateFee,
  CompiledPeriod,
  CompiledQuantity,
  CompiledRounding,
  CompiledSchedule,
  CompiledTier,
  CompiledTierRules,
  CompiledWhen,
  Printed,
} from './compiled.ts';
import { Exact } from './exact.ts';
import { amountAt, dayAt, fault, formulaAt, monthDayAt, positiveAt, wholeAt } from './faults.ts';
import { tariffLimits } from './limits.ts';
import type {
  Adjustment,
  Bilingual,
  HouseholdRule,
  LateFeeRule,
  QuantityRule,
  Rounding,
  Schedule,
  Tier,
  TierRules,
  When,
} from './tariff.ts';

type CompiledHousehold = NonNullable<CompiledTierRules['household']>;

const firstOfJanuary = 101;

function compileHours(when: When, path: string): CompiledWhen['hours'] {
  if (when.weekdays === undefined && when.hours === undefined && when.holidays === undefined) return undefined;
  const weekdays = when.weekdays?.map((day, index) => wholeAt(day, 1, 7, `${path}.weekdays.${String(index)}`));
  const spans = (when.hours ?? [{ from: 0, to: 24 }]).map(({ from, to }, index) => {
    const minutes = [from * 60, to * 60].map((value) => wholeAt(value, 0, 1440, `${path}.hours.${String(index)}`));
    if (from >= to) fault(`${path}.hours.${String(index)}`, 'ends before it begins; write hours over midnight as two');
    if (minutes.some((minute) => minute % 15 !== 0))
      fault(`${path}.hours.${String(index)}`, 'is not on a quarter of an hour');
    return { from: minutes[0] as number, to: minutes[1] as number };
  });
  return {
    weekdays: Array.from({ length: 7 }, (_, index) => weekdays?.includes(index + 1) ?? true),
    spans,
    ...(when.holidays === undefined ? {} : { holidays: when.holidays }),
  };
}

/** Reads a condition. */
export function compileWhen(when: When, path: string): CompiledWhen {
  const hours = compileHours(when, path);
  const seasons = when.seasons?.map(({ from, to }, index) => ({
    from: monthDayAt(from, `${path}.seasons.${String(index)}.from`),
    to: monthDayAt(to, `${path}.seasons.${String(index)}.to`),
  }));
  return {
    ...(seasons === undefined ? {} : { seasons }),
    ...(hours === undefined ? {} : { hours }),
    ...(when.customerClass === undefined ? {} : { customerClass: when.customerClass }),
    ...(when.payerObject === undefined ? {} : { payerObject: when.payerObject }),
  };
}

/** Reads what every component is printed with. */
export function compilePrinted(
  part: { id: string; label: Bilingual; when?: When; invoiceClass?: string; taxRate?: string },
  path: string,
): Printed {
  if (part.taxRate !== undefined) amountAt(part.taxRate, `${path}.taxRate`);
  return {
    id: part.id,
    label: part.label,
    ...(part.when === undefined ? {} : { when: compileWhen(part.when, `${path}.when`) }),
    ...(part.invoiceClass === undefined ? {} : { invoiceClass: part.invoiceClass }),
    ...(part.taxRate === undefined ? {} : { taxRate: part.taxRate }),
  };
}

/** Reads how much. */
export function compileQuantity(rule: QuantityRule, path: string): CompiledQuantity {
  return 'formula' in rule ? { formula: formulaAt(rule.formula, `${path}.formula`) } : { ...rule.usage };
}

/** Reads tiers: bounds rise, and only the last has none. */
export function compileTiers(tiers: readonly Tier[], path: string): CompiledTier[] {
  if (tiers.length === 0 || tiers.length > tariffLimits.tiersMax) fault(path, 'has no tier, or too many');
  const read = tiers.map((tier, index): CompiledTier => {
    const place = `${path}.${String(index)}`;
    return {
      upTo: tier.upTo === null ? null : positiveAt(tier.upTo, `${place}.upTo`),
      price: amountAt(tier.price, `${place}.price`),
      ...(tier.flat === undefined ? {} : { flat: amountAt(tier.flat, `${place}.flat`) }),
      ...(tier.block === undefined ? {} : { block: positiveAt(tier.block, `${place}.block`) }),
    };
  });
  checkBounds(
    read.map(({ upTo }) => upTo),
    path,
  );
  return read;
}

/** Bounds rise; the last, and no other, is open. */
export function checkBounds(bounds: readonly (Exact | null)[], path: string): void {
  bounds.forEach((bound, index) => {
    const isLast = index === bounds.length - 1;
    const before = bounds[index - 1];
    const place = `${path}.${String(index)}.upTo`;
    if ((bound === null) !== isLast) fault(place, isLast ? 'the last tier has no bound' : 'only the last has none');
    if (bound !== null && before !== null && before !== undefined && bound.compare(before) <= 0) {
      fault(place, 'must be above the bound before it');
    }
  });
}

function compileHousehold(rule: HouseholdRule, tiersCount: number, path: string): CompiledHousehold {
  const formulas = rule.formulas?.map((text, index) =>
    text === null ? null : formulaAt(text, `${path}.formulas.${String(index)}`, ['persons']),
  );
  if (formulas !== undefined && (formulas.length !== tiersCount || formulas.at(-1) !== null)) {
    fault(`${path}.formulas`, 'needs one for each tier, and null for the last');
  }
  return {
    countAbove: wholeAt(rule.countAbove, 0, 99, `${path}.countAbove`),
    add: amountAt(rule.add, `${path}.add`).value,
    each: rule.each,
    moves: rule.moves,
    ...(formulas === undefined ? {} : { formulas }),
    asOf: rule.asOf === 'bill-start' ? 'bill-start' : monthDayAt(rule.asOf, `${path}.asOf`),
  };
}

/** Reads the rules of tiers. */
export function compileTierRules(rules: TierRules, tiersCount: number, path: string): CompiledTierRules {
  const { window, boundScale = 'none', partYear = 'none' } = rules;
  if (window !== 'bill' && boundScale !== 'none') fault(`${path}.boundScale`, `the bounds belong to the ${window}`);
  if (window === 'bill' && partYear !== 'none') fault(`${path}.partYear`, 'needs a window beyond the bill');
  if (boundScale === 'days' && rules.normalDays === undefined) fault(`${path}.normalDays`, 'is missing');
  return {
    window,
    yearStart: rules.yearStart === undefined ? firstOfJanuary : monthDayAt(rules.yearStart, `${path}.yearStart`),
    isUpperInclusive: rules.edge !== 'upper-exclusive',
    zeroPaysFirstFlat: rules.zeroPaysFirstFlat === true,
    boundScale,
    ...(rules.normalDays === undefined ? {} : { normalDays: positiveAt(rules.normalDays, `${path}.normalDays`) }),
    roundsBounds: rules.boundRound === 'whole',
    partYear,
    ...(rules.household === undefined
      ? {}
      : { household: compileHousehold(rules.household, tiersCount, `${path}.household`) }),
  };
}

function checkRow(row: readonly number[], periods: number, slots: number, path: string): readonly number[] {
  if (row.length !== slots) fault(path, `needs ${String(slots)} parts of the day`);
  row.forEach((index, at) => wholeAt(index, 0, periods - 1, `${path}.${String(at)}`));
  return row;
}

/** Reads a schedule for so many periods. */
export function compileSchedule(schedule: Schedule, periods: number, path: string): CompiledSchedule {
  const slots = schedule.weekday[0]?.length ?? 0;
  if (slots !== 24 && slots !== 48 && slots !== 96) fault(`${path}.weekday.0`, 'needs 24, 48 or 96 parts of the day');
  const rows = (['weekday', 'weekend'] as const).flatMap((name) => {
    if (schedule[name].length !== 12) fault(`${path}.${name}`, 'needs a row for each of the twelve months');
    return schedule[name].map((row, month) => checkRow(row, periods, slots, `${path}.${name}.${String(month)}`));
  });
  const exceptions = new Map<number, readonly number[] | 'weekend'>();
  schedule.exceptions?.forEach(({ days, row }, index) => {
    const place = `${path}.exceptions.${String(index)}`;
    const special = row === undefined ? 'weekend' : checkRow(row, periods, slots, `${place}.row`);
    days.forEach((day, at) => exceptions.set(dayAt(day, `${place}.days.${String(at)}`), special));
  });
  return { slotMinutes: 1440 / slots, rows, exceptions };
}

/** Periods have names of their own. */
export function compilePeriods(periods: readonly CompiledPeriod[], path: string): CompiledPeriod[] {
  if (periods.length === 0 || periods.length > tariffLimits.tiersMax) fault(path, 'has no period, or too many');
  const names = new Set(periods.map(({ name }) => name));
  if (names.size !== periods.length) fault(path, 'two periods have the same name');
  return periods.map(({ name, label }) => ({ name, label }));
}

function compileDiscount(rule: Extract<Adjustment, { kind: 'discount' }>['discount'], path: string) {
  if ('percent' in rule) {
    const percent = amountAt(rule.percent, `${path}.percent`);
    if (percent.value.compare(Exact.of(100n)) > 0) fault(`${path}.percent`, 'must not be above 100');
    return { by: 'percent', percent } as const;
  }
  if ('amount' in rule)
    return { by: 'amount', amount: amountAt(rule.amount, `${path}.amount`), per: rule.per } as const;
  const free = amountAt(rule.freeMonths, `${path}.freeMonths`);
  const fromMonths = wholeAt(rule.fromMonths, 1, 120, `${path}.fromMonths`);
  if (free.value.compare(Exact.of(fromMonths)) > 0) fault(`${path}.freeMonths`, 'must not be above fromMonths');
  return { by: 'free-months', free, fromMonths } as const;
}

/** Reads an adjustment. `meant`: the lines that ids stand for, which are before it. */
export function compileAdjustment(
  part: Adjustment,
  meant: (ids: readonly string[], path: string) => ReadonlySet<string>,
  path: string,
): CompiledAdjustment {
  const of = part.of && meant(part.of, `${path}.of`);
  const printed = { ...compilePrinted(part, path), ...(of && { of }) };
  if (part.when?.seasons !== undefined || printed.when?.hours !== undefined) {
    fault(`${path}.when`, 'an adjustment goes by class and object alone');
  }
  if (part.kind === 'discount') {
    return { ...printed, kind: 'discount', rule: compileDiscount(part.discount, `${path}.discount`) };
  }
  if (part.kind === 'tax') {
    const percent = part.percent === undefined ? undefined : amountAt(part.percent, `${path}.percent`);
    const { ofRounded } = part;
    return { ...printed, kind: 'tax', perLine: part.per === 'line', ofRounded, ...(percent && { percent }) };
  }
  return {
    ...printed,
    kind: part.kind,
    amount: amountAt(part.amount, `${path}.amount`),
    per: part.per,
    isYearly: part.window === 'year',
    yearStart: part.yearStart === undefined ? firstOfJanuary : monthDayAt(part.yearStart, `${path}.yearStart`),
    proratesDays: part.prorate === 'actual-days',
  };
}

/** Reads a late fee. */
export function compileLateFee(rule: LateFeeRule, path: string): CompiledLateFee {
  const { percentAfterYearEnd, cap, minTotal, round } = rule;
  return {
    label: rule.label,
    percent: amountAt(rule.percentPerDay, `${path}.percentPerDay`),
    ...(percentAfterYearEnd === undefined
      ? {}
      : { percentAfterYearEnd: amountAt(percentAfterYearEnd, `${path}.percentAfterYearEnd`) }),
    graceDays: wholeAt(rule.graceDays ?? 0, 0, 3_660, `${path}.graceDays`),
    graceCounts: rule.graceCounts === true,
    countsDueDay: rule.start === 'due-day',
    countsPaymentDay: rule.countsPaymentDay !== false,
    ...(minTotal === undefined ? {} : { minTotal: amountAt(minTotal, `${path}.minTotal`).value }),
    ...(cap?.percentOfPrincipal === undefined
      ? {}
      : { capPercent: amountAt(cap.percentOfPrincipal, `${path}.cap.percentOfPrincipal`) }),
    ...(cap?.amount === undefined ? {} : { capAmount: amountAt(cap.amount, `${path}.cap.amount`) }),
    ...(round === undefined ? {} : { mode: round }),
    exempt: rule.exempt ?? [],
    waivers: rule.waivers ?? [],
  };
}

const fenStep = Exact.of(1n, 100n);

/** Reads rounding; each printed line to a hundredth, a half up, where nothing is said. */
export function compileRounding(rule: Rounding | undefined, path: string): CompiledRounding {
  const step = rule?.step === undefined ? fenStep : positiveAt(rule.step, `${path}.step`);
  const cash = rule?.cash === undefined ? undefined : positiveAt(rule.cash, `${path}.cash`);
  for (const [name, value] of [['step', step] as const, ['cash', cash] as const]) {
    if (value !== undefined && (value.top * 100n) % value.bottom !== 0n) {
      fault(`${path}.${name}`, 'must be a multiple of 0.01');
    }
  }
  const mode = rule?.mode ?? 'half-up';
  return { at: rule?.at ?? 'line', mode, step, ...(cash && { cash }), cashMode: rule?.cashMode ?? mode };
}
