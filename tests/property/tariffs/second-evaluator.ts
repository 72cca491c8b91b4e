import type { RateInput } from '../../../domain/tariffs/rating.ts';
import type { Adjustment, Component, Tariff, TieredComponent } from '../../../domain/tariffs/tariff.ts';

// Written from the rules in docs/fees.md, not from the engine: no fraction type, only whole numbers of a unit so small
// that every amount of these tariffs is a whole number of it. Days come from Date, tiers from overlaps of ranges.

const days28to31 = 28n * 29n * 30n * 31n;
/** So many units are a yuan: all months' lengths, and forty decimals for prices, quantities and nested percentages. */
const yuan = days28to31 * 10n ** 40n;
const fen = yuan / 100n;
const dayMs = 86_400_000;

const scaled = (text: string, decimals: number): bigint => {
  const [whole = '', part = ''] = text.split('.');
  return BigInt(whole + part.padEnd(decimals, '0'));
};
const micro = (text: string): bigint => scaled(text, 6);
/** Yuan as text, in units. */
const amountOf = (text: string): bigint => scaled(text, 8) * (yuan / 10n ** 8n);
const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`) / dayMs;
const halfUp = (top: bigint, bottom: bigint): bigint =>
  top < 0n ? -((-2n * top + bottom) / (2n * bottom)) : (2n * top + bottom) / (2n * bottom);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** One line: whose it is, what it comes to in units, and in fen. */
export interface EvaluatedLine {
  readonly id: string;
  readonly units: bigint;
  readonly fen: bigint;
}

const line = (id: string, units: bigint): EvaluatedLine => ({ id, units, fen: halfUp(units, fen) });
const sumUnits = (lines: readonly EvaluatedLine[], isRounded: boolean): bigint =>
  lines.reduce((sum, one) => sum + (isRounded ? one.fen * fen : one.units), 0n);

interface Bill {
  readonly from: number;
  readonly to: number;
  readonly quantity: bigint;
  readonly used: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function fixedUnits({ per, prorate, amount }: Extract<Component, { kind: 'fixed' }>, { from, to }: Bill): bigint {
  const price = amountOf(amount);
  const count = BigInt(to - from);
  if (per === 'bill') return price;
  if (per === 'day') return price * count;
  if (prorate === 'fixed-30') return (price * count) / 30n;
  if (prorate === 'none') {
    const start = new Date(from * dayMs);
    const begun = [0, 1, 2, 3].filter((months) => {
      const at = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, start.getUTCDate());
      return at < to * dayMs;
    });
    return price * BigInt(begun.length);
  }
  let units = 0n;
  for (let day = from; day < to; day += 1) {
    const date = new Date(day * dayMs);
    const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    units += price / BigInt(length);
  }
  return units;
}

interface Ladder {
  /** Bounds in thirtieths of a millionth; `undefined` for the last. */
  readonly bounds: readonly (bigint | undefined)[];
  readonly part: TieredComponent;
}

function reached(total: bigint, { bounds, part }: Ladder): number {
  const fits = (bound: bigint | undefined): boolean =>
    bound === undefined || (part.edge === 'upper-exclusive' ? total < bound : total <= bound);
  return bounds.findIndex(fits);
}

/** What everything up to a total costs: per tier its units, and its flat. */
function costs(total: bigint, ladder: Ladder): bigint[] {
  const { bounds, part } = ladder;
  const pays = total > 0n || part.zeroPaysFirstFlat === true;
  const flat = (index: number): bigint => amountOf(part.tiers[index]?.flat ?? '0');
  const price = (index: number): bigint => scaled(part.tiers[index]?.price ?? '0', 8);
  const perPrice = yuan / (30n * 10n ** 14n);
  const top = reached(total, ladder);
  if (part.mode !== 'graduated') {
    const units = part.mode === 'band' ? 0n : total * price(top) * perPrice;
    return [units, pays ? flat(top) : 0n];
  }
  return bounds.flatMap((bound, index) => {
    const low = bounds[index - 1] ?? 0n;
    const inside = min(total, bound ?? total) - low;
    return [inside > 0n ? inside * price(index) * perPrice : 0n, pays && index <= top ? flat(index) : 0n];
  });
}

function tiered(part: TieredComponent, bill: Bill): EvaluatedLine[] {
  const length = BigInt(bill.to - bill.from);
  const bounds = part.tiers.map(({ upTo }) =>
    upTo === null ? undefined : micro(upTo) * (part.boundScale === 'days' ? length : 30n),
  );
  const ladder = { bounds, part };
  if (part.window === 'bill') return costs(bill.quantity * 30n, ladder).map((units) => line(part.id, units));
  const years = new Set([bill.from, bill.to - 1].map((day) => new Date(day * dayMs).getUTCFullYear()));
  return [...years].flatMap((year) => {
    const [start, end] = [year, year + 1].map((one) => Date.UTC(one, 0, 1) / dayMs) as [number, number];
    const upTo = (day: number): bigint =>
      halfUp(bill.quantity * BigInt(Math.min(Math.max(day, bill.from), bill.to) - bill.from), length);
    const now = upTo(end) - upTo(start);
    const before = bill.used[part.id]?.[`${String(year)}-01-01`];
    const after = costs((now + micro(before ?? '0')) * 30n, ladder);
    if (before === undefined) return after.map((units) => line(part.id, units));
    const earlier = costs(micro(before) * 30n, ladder);
    if (part.mode === 'graduated') return after.map((units, index) => line(part.id, units - (earlier[index] ?? 0n)));
    return [...after, -earlier.reduce((sum, units) => sum + units, 0n)].map((units) => line(part.id, units));
  });
}

function component(part: Component, bill: Bill, lines: readonly EvaluatedLine[]): EvaluatedLine[] {
  if (part.kind === 'fixed') return [line(part.id, fixedUnits(part, bill))];
  if (part.kind === 'per-unit') return [line(part.id, (amountOf(part.price) / 10n ** 6n) * bill.quantity)];
  if (part.kind === 'tiered') return tiered(part, bill);
  if (part.kind === 'package') {
    const over = bill.quantity - micro(part.free ?? '0');
    return [line(part.id, over > 0n ? ceil(over, micro(part.size)) * amountOf(part.price) : 0n)];
  }
  if (part.kind !== 'percent-of') throw new Error(`${part.kind} is not evaluated here`);
  const base = sumUnits(
    lines.filter(({ id }) => part.of.includes(id)),
    part.ofRounded,
  );
  return [line(part.id, (base * scaled(part.percent, 4)) / 10n ** 6n)];
}

function adjustment(part: Adjustment, lines: readonly EvaluatedLine[]): EvaluatedLine[] {
  const sum = sumUnits(lines, false);
  if (part.kind === 'tax') {
    const percent = scaled(part.percent ?? '0', 4);
    const tax = (base: bigint): EvaluatedLine => line(part.id, (base * percent) / 10n ** 6n);
    const { per, ofRounded } = part;
    return per === 'bill' ? [tax(sumUnits(lines, ofRounded))] : lines.map((one) => tax(sumUnits([one], ofRounded)));
  }
  if (part.kind === 'discount') {
    if (!('percent' in part.discount)) throw new Error('only percentages are evaluated here');
    const off = (sum * scaled(part.discount.percent, 4)) / 10n ** 6n;
    return off > 0n ? [line(part.id, -off)] : [];
  }
  const change = amountOf(part.amount) - sum;
  return (part.kind === 'minimum' ? change > 0n : change < 0n) ? [line(part.id, change)] : [];
}

/** Evaluates a tariff of one version on a bill with one plain quantity. */
export function evaluateAgain(tariff: Tariff, input: RateInput): EvaluatedLine[] {
  const [version] = tariff.versions;
  if (version === undefined || input.period === undefined) throw new Error('needs a version and a period');
  const bill: Bill = {
    from: dayOf(input.period.from),
    to: dayOf(input.period.to),
    quantity: micro(input.usage?.quantities?.[''] ?? '0'),
    used: input.previous?.used ?? {},
  };
  let lines: EvaluatedLine[] = [];
  for (const part of version.components) lines = [...lines, ...component(part, bill, lines)];
  for (const part of version.adjustments ?? []) lines = [...lines, ...adjustment(part, lines)];
  return lines;
}
