import { err, ok, type Result } from '../result.ts';
import { checkBounds, compileAdjustment, compileLateFee, compilePeriods, compilePrinted } from './compile-parts.ts';
import { compileQuantity, compileRounding, compileSchedule, compileTierRules, compileTiers } from './compile-parts.ts';
import type { CompiledComponent, CompiledOf, CompiledTariff, CompiledTier, CompiledVersion } from './compiled.ts';
import type { Price, Printed } from './compiled.ts';
import { readOffset } from './days.ts';
import { Exact } from './exact.ts';
import { amountAt, dayAt, fault, formulaAt, positiveAt, TariffFault } from './faults.ts';
import { tariffLimits } from './limits.ts';
import type { Component, SelectComponent, Tariff, TariffVersion, TouTieredComponent } from './tariff.ts';
import { moneyName } from './words.ts';

/** Reads one version's components: ids are unique, and what a line refers to stands before it. */
class ComponentReader {
  readonly known = new Set<string>();
  /** What the tables of a choice hold, by its id. */
  readonly #inside = new Map<string, readonly string[]>();
  readonly #roundsLater: boolean;

  constructor(roundsLater: boolean) {
    this.#roundsLater = roundsLater;
  }

  /** The lines that ids stand for; all must be before. A choice stands for whatever its tables hold. */
  meant(ids: readonly string[], path: string): ReadonlySet<string> {
    ids.forEach((id, at) => {
      if (!this.known.has(id)) fault(`${path}.${String(at)}`, `"${id}" does not stand before it`);
    });
    return new Set(ids.flatMap((id) => [id, ...(this.#inside.get(id) ?? [])]));
  }

  read(part: Component, path: string, depth: number): CompiledComponent {
    if (this.known.has(part.id)) fault(`${path}.id`, `"${part.id}" is there twice`);
    if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(part.id)) fault(`${path}.id`, 'is not small letters, digits and hyphens');
    if (this.known.size >= tariffLimits.componentsMax) fault(path, 'is one component too many');
    const compiled = this.#kind(part, path, depth);
    const needsHours = compiled.when?.hours !== undefined;
    const usesUsage = 'quantity' in compiled && compiled.quantity.formula === undefined;
    if (needsHours && !usesUsage) fault(`${path}.when`, 'only usage has hours and weekdays');
    this.known.add(part.id);
    return compiled;
  }

  #kind(part: Component, path: string, depth: number): CompiledComponent {
    const printed = compilePrinted(part, path);
    switch (part.kind) {
      case 'fixed': {
        if (part.prorate === 'normal-days' && part.normalDays === undefined) fault(`${path}.normalDays`, 'is missing');
        const normalDays =
          part.normalDays === undefined ? undefined : positiveAt(part.normalDays, `${path}.normalDays`);
        const rule = { per: part.per, prorate: part.prorate };
        const amount = amountAt(part.amount, `${path}.amount`);
        const countsLastDay = part.end === 'inclusive';
        return { ...printed, kind: 'fixed', amount, rule, countsLastDay, ...(normalDays && { normalDays }) };
      }
      case 'per-unit': {
        const quantity = compileQuantity(part.quantity, `${path}.quantity`);
        return { ...printed, kind: 'per-unit', price: amountAt(part.price, `${path}.price`), quantity };
      }
      case 'tiered': {
        const tiers = compileTiers(part.tiers, `${path}.tiers`);
        const rules = compileTierRules(part, tiers.length, path);
        const quantity = compileQuantity(part.quantity, `${path}.quantity`);
        return { ...printed, kind: 'tiered', mode: part.mode, tiers, rules, quantity };
      }
      case 'tou': {
        const periods = compilePeriods(part.periods, `${path}.periods`);
        const prices = part.periods.map(({ price }, at) => amountAt(price, `${path}.periods.${String(at)}.price`));
        const schedule = part.schedule && compileSchedule(part.schedule, periods.length, `${path}.schedule`);
        return { ...printed, kind: 'tou', periods, prices, ...(schedule && { schedule }) };
      }
      case 'tou-tiered':
        return touTiered(part, printed, path);
      case 'package': {
        const quantity = compileQuantity(part.quantity, `${path}.quantity`);
        const free = part.free === undefined ? Exact.zero : amountAt(part.free, `${path}.free`).value;
        const size = positiveAt(part.size, `${path}.size`);
        return { ...printed, kind: 'package', size, free, price: amountAt(part.price, `${path}.price`), quantity };
      }
      case 'percent-of': {
        const of = this.meant(part.of, `${path}.of`);
        if (part.ofRounded && this.#roundsLater) fault(`${path}.ofRounded`, 'lines are rounded at the end of the bill');
        const percent = amountAt(part.percent, `${path}.percent`);
        return { ...printed, kind: 'percent-of', of, ofRounded: part.ofRounded, percent };
      }
      case 'select':
        return this.#select(part, printed, path, depth);
      case 'formula':
        return { ...printed, kind: 'formula', amount: formulaAt(part.amount, `${path}.amount`) };
      case 'share': {
        if (part.of === 'quantity' && part.price === undefined) fault(`${path}.price`, 'is missing');
        const price = part.price === undefined ? undefined : amountAt(part.price, `${path}.price`);
        return { ...printed, kind: 'share', of: part.of, remainder: part.remainder, ...(price && { price }) };
      }
    }
  }

  #select(part: SelectComponent, printed: Printed, path: string, depth: number): CompiledComponent {
    if (depth >= tariffLimits.selectDepthMax) fault(path, 'is a table within too many tables');
    if (part.tables.length === 0 || part.tables.length > tariffLimits.tablesMax) {
      fault(`${path}.tables`, 'has no table, or too many');
    }
    const bounds = part.tables.map(({ upTo }, at) =>
      upTo === null ? null : positiveAt(upTo, `${path}.tables.${String(at)}.upTo`),
    );
    checkBounds(bounds, `${path}.tables`);
    if (part.boundScale === 'days' && part.normalDays === undefined) fault(`${path}.normalDays`, 'is missing');
    const tables = part.tables.map(({ components }, table) => ({
      upTo: bounds[table] ?? null,
      components: components.map((inner, at) =>
        this.read(inner, `${path}.tables.${String(table)}.components.${String(at)}`, depth + 1),
      ),
    }));
    const inside = tables.flatMap(({ components }) => components.map(({ id }) => id));
    this.#inside.set(
      part.id,
      inside.flatMap((id) => [id, ...(this.#inside.get(id) ?? [])]),
    );
    return {
      ...printed,
      kind: 'select',
      by: compileQuantity(part.by, `${path}.by`),
      isUpperInclusive: part.edge !== 'upper-exclusive',
      scale: part.boundScale ?? 'none',
      ...(part.normalDays === undefined ? {} : { normalDays: positiveAt(part.normalDays, `${path}.normalDays`) }),
      tables,
    };
  }
}

function periodPrices(part: TouTieredComponent, path: string): Price[][] {
  return part.periods.map((period, row) =>
    part.bounds.map((_, tier) => {
      const place = `${path}.prices.${String(row)}.${String(tier)}`;
      if (part.prices !== undefined) return amountAt(part.prices[row]?.[tier] ?? '', place);
      const base = amountAt(period.price ?? '', `${path}.periods.${String(row)}.price`);
      const add = amountAt(part.add?.[tier] ?? '', `${path}.add.${String(tier)}`);
      const value = base.value.plus(add.value);
      return { value, text: value.toText() };
    }),
  );
}

function touTiered(part: TouTieredComponent, printed: Printed, path: string): CompiledOf<'tou-tiered'> {
  const periods = compilePeriods(part.periods, `${path}.periods`);
  const schedule = part.schedule && compileSchedule(part.schedule, periods.length, `${path}.schedule`);
  const prices = periodPrices(part, path);
  const tiers = compileTiers(
    part.bounds.map((upTo) => ({ upTo, price: '0' })),
    `${path}.bounds`,
  ).map((tier, at): CompiledTier => ({ ...tier, price: prices[0]?.[at] ?? tier.price }));
  const rules = compileTierRules(part, tiers.length, path);
  return {
    ...printed,
    kind: 'tou-tiered',
    periods,
    tiers,
    prices,
    split: part.split,
    rules,
    ...(schedule && { schedule }),
  };
}

const endOfTime = Number.MAX_SAFE_INTEGER;

function compileVersion(version: TariffVersion, path: string): CompiledVersion {
  const rounding = compileRounding(version.rounding, `${path}.rounding`);
  const reader = new ComponentReader(rounding.at === 'bill');
  const components = version.components.map((part, at) => reader.read(part, `${path}.components.${String(at)}`, 0));
  const adjustments = (version.adjustments ?? []).map((part, at) => {
    const place = `${path}.adjustments.${String(at)}`;
    if (reader.known.has(part.id)) fault(`${place}.id`, `"${part.id}" is there twice`);
    if (part.kind === 'tax' && part.ofRounded && rounding.at === 'bill') {
      fault(`${place}.ofRounded`, 'lines are rounded at the end of the bill');
    }
    const compiled = compileAdjustment(part, (ids, path) => reader.meant(ids, path), place);
    reader.known.add(part.id);
    return compiled;
  });
  if (components.length === 0 && version.lateFee === undefined) fault(`${path}.components`, 'is empty');
  const from = dayAt(version.effectiveFrom, `${path}.effectiveFrom`);
  const to = version.effectiveTo === undefined ? endOfTime : dayAt(version.effectiveTo, `${path}.effectiveTo`) + 1;
  if (to <= from) fault(`${path}.effectiveTo`, 'is before its first day');
  const existing = version.forExistingFrom;
  return {
    id: version.id,
    from,
    to,
    ...(existing === undefined ? {} : { existingFrom: dayAt(existing, `${path}.forExistingFrom`) }),
    components,
    adjustments,
    ...(version.lateFee === undefined ? {} : { lateFee: compileLateFee(version.lateFee, `${path}.lateFee`) }),
    rounding,
    quantityStep: positiveAt(version.quantityStep ?? '0.000001', `${path}.quantityStep`),
  };
}

function compileAll(tariff: Tariff, drafts: boolean): CompiledTariff {
  const zoneMinutes = readOffset(tariff.timeZone) ?? fault('timeZone', 'is no offset such as +08:00');
  if (tariff.versions.length > tariffLimits.versionsMax) fault('versions', 'has too many');
  const ids = new Set(tariff.versions.map(({ id }) => id));
  if (ids.size !== tariff.versions.length) fault('versions', 'two have the same id');
  const versions = tariff.versions
    .map((version, at) => ({ version: compileVersion(version, `versions.${String(at)}`), state: version.state }))
    .filter(({ state }) => drafts || state !== 'draft')
    .map(({ version }) => version)
    .sort((a, b) => a.from - b.from);
  versions.forEach((version, at) => {
    if (versions[at - 1]?.from === version.from) fault('versions', `two begin on the day of "${version.id}"`);
  });
  const { id, service, unit, versionSplit } = tariff;
  const holidays = new Set((tariff.holidays ?? []).map((day, at) => dayAt(day, `holidays.${String(at)}`)));
  return { id, service, unit, money: moneyName(tariff.currency), zoneMinutes, split: versionSplit, holidays, versions };
}

/**
 * Reads a tariff once, for any number of bills. Drafts are left out unless they are asked for. `bad-tariff` says in its
 * detail which place cannot be meant, and why. The shape itself is checked by `protocol/fees/tariff.ts` before.
 */
export function compileTariff(
  tariff: Tariff,
  options: { readonly drafts?: boolean } = {},
): Result<CompiledTariff, 'bad-tariff'> {
  try {
    return ok(compileAll(tariff, options.drafts === true));
  } catch (error) {
    if (error instanceof TariffFault) return err('bad-tariff', error.message);
    throw error;
  }
}
