import type { Dice } from './dice.ts';

const names = ['area', 'innerArea', 'persons', 'months', 'days', 'value.k', 'value.low'] as const;

/** A formula that is never below 0 and divides by nothing that may be 0. */
export function randomFormula(dice: Dice, usage: boolean, depth = 2): string {
  const inner = (): string => randomFormula(dice, usage, depth - 1);
  if (depth === 0 || dice.once(4)) {
    const name = dice.pick([...names, ...(usage ? ['usage', 'usage'] : []), '']);
    if (name === '') return dice.decimal(30, dice.whole(3));
    // This number of the account is below 0.
    return name === 'value.low' ? 'max(0, 3 + value.low)' : name;
  }
  switch (dice.whole(8)) {
    case 0:
      return `${inner()} + ${inner()}`;
    case 1:
      return `(${inner()} + ${inner()}) * ${dice.decimal(3, 2)}`;
    case 2:
      return `max(0, ${inner()} - ${inner()} - ${inner()})`;
    case 3:
      return `${inner()} / ${dice.pick(['30', '(persons + 1)', 'days', '7 / 2', '365'])}`;
    case 4:
      return `min(${inner()}, ${inner()}, 500)`;
    case 5:
      return `max(${inner()}, ${inner()})`;
    case 6:
      return `round(${inner()}${dice.pick(['', ', 0', ', 1', ', 2'])})`;
    default:
      return `(${inner()}) * 2 / 3`;
  }
}
