import type { TieredComponent } from '../../../../domain/tariffs/tariff.ts';
import { type Desk, write } from './bill.ts';
import { boundsIn, countIn, overlap, stand, tierAt, type Windowed } from './bounds.ts';
import { compare, isNothing, known, type Num, started, times, whole, zero } from './numbers.ts';

type Bounds = readonly (Num | null)[];

/** Units that are charged for a quantity within a tier: as they are, or started blocks. */
function charged(part: TieredComponent, index: number, quantity: Num): Num {
  const block = part.tiers[index]?.block;
  return block === undefined ? quantity : whole(started(quantity, known(block)));
}

const priceOf = (part: TieredComponent, index: number): Num => known(part.tiers[index]?.price ?? '0');
const flatOf = (part: TieredComponent, index: number): Num => known(part.tiers[index]?.flat ?? '0');
const paysFlat = (part: TieredComponent, total: Num): boolean => !isNothing(total) || part.zeroPaysFirstFlat === true;

/** How many tiers a total has reached; with nothing used only the first, where that pays. */
function tiersReached(part: TieredComponent, bounds: Bounds, total: Num): number {
  if (isNothing(total)) return part.zeroPaysFirstFlat === true ? 1 : 0;
  return tierAt(total, bounds, part) + 1;
}

/** By tier: what everything up to a total costs in units, and its flat. */
function graduated(part: TieredComponent, bounds: Bounds, total: Num): readonly [Num, Num][] {
  const count = tiersReached(part, bounds, total);
  return bounds.map((_, index) => [
    times(charged(part, index, overlap(total, bounds, index)), priceOf(part, index)),
    index < count ? flatOf(part, index) : zero,
  ]);
}

/** What all of a total costs by the tier in which it lies. */
function byTotal(part: TieredComponent, bounds: Bounds, total: Num): readonly [Num, Num] {
  const index = tierAt(total, bounds, part);
  const units = part.mode === 'band' ? zero : times(charged(part, index, total), priceOf(part, index));
  return [units, paysFlat(part, total) ? flatOf(part, index) : zero];
}

/** Works out a tiered component for one window's part of a stretch. */
export function tiered(desk: Desk, part: TieredComponent, days: Windowed, quantity: Num): void {
  const plain = part.tiers.map(({ upTo }) => upTo);
  const bounds = boundsIn(desk, part, plain, days);
  const { before, now } = countIn(desk, part.id, days, quantity);
  if (bounds.some((bound) => bound !== null && compare(bound, now) === 0))
    desk.note(`on a bound, ${part.edge ?? 'upper-inclusive'}`);
  if (isNothing(now)) desk.note(`nothing used, ${part.mode}`);
  if (part.mode === 'graduated') {
    const after = graduated(part, bounds, now);
    const earlier = before === undefined ? undefined : graduated(part, bounds, before);
    after.forEach(([units, flat], index) => {
      const [oldUnits, oldFlat] = earlier?.[index] ?? [zero, zero];
      write(desk, part.id, days, units - oldUnits);
      write(desk, part.id, days, flat - oldFlat);
    });
  } else {
    const [units, flat] = byTotal(part, bounds, now);
    write(desk, part.id, days, units);
    write(desk, part.id, days, flat);
    if (before !== undefined) {
      const [oldUnits, oldFlat] = byTotal(part, bounds, before);
      write(desk, part.id, days, -(oldUnits + oldFlat));
    }
  }
  stand(desk, part.id, part, bounds, now);
}
