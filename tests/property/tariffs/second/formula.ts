import type { RateRefusal } from '../../../../domain/tariffs/rating.ts';
import { isNothing, known, least, most, type Num, one, over, rounded, steps, times, whole, zero } from './numbers.ts';

/** Ends an evaluation with the reason that the engine has to give as well. */
export class Refusal extends Error {
  readonly code: RateRefusal;

  constructor(code: RateRefusal) {
    super(code);
    this.code = code;
  }
}

/** Refuses. */
export function no(code: RateRefusal): never {
  throw new Refusal(code);
}

type Step = { readonly name: string } | { readonly value: Num } | { readonly act: string; readonly count: number };

const rank: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2 };
const written = new Map<string, readonly Step[]>();

/** In the order of working, by the shunting of operators; the engine reads by descent. */
function orderOf(text: string): readonly Step[] {
  const order: Step[] = [];
  const held: string[] = [];
  const counts: number[] = [];
  const tell = (act: string): void => {
    order.push({ act, count: 2 });
  };
  for (const token of text.match(/\d+(?:\.\d+)?|[A-Za-z][\w.]*|[-+*/(),]/g) ?? []) {
    if (/^\d/.test(token)) order.push({ value: known(token) });
    else if (['min', 'max', 'round'].includes(token)) held.push(token);
    else if (/^[A-Za-z]/.test(token)) order.push({ name: token });
    else if (token === '(') {
      held.push(token);
      counts.push(1);
    } else if (token === ')' || token === ',') {
      while (held.at(-1) !== '(') tell(held.pop() as string);
      if (token === ',') counts.push((counts.pop() as number) + 1);
      else {
        held.pop();
        const count = counts.pop() as number;
        if (['min', 'max', 'round'].includes(held.at(-1) ?? '')) order.push({ act: held.pop() as string, count });
      }
    } else {
      while ((rank[held.at(-1) ?? ''] ?? 0) >= (rank[token] as number)) tell(held.pop() as string);
      held.push(token);
    }
  }
  while (held.length > 0) tell(held.pop() as string);
  return order;
}

function act(name: string, given: readonly Num[]): Num {
  const [a = zero, b = zero] = given;
  if (name === '+') return a + b;
  if (name === '-') return a - b;
  if (name === '*') return times(a, b);
  if (name === 'min') return given.reduce(least);
  if (name === 'max') return given.reduce(most);
  if (name === '/') return isNothing(b) ? no('formula-error') : over(a, b);
  const decimals = steps(b, one, 'half-up');
  if (!isNothing(b - decimals * one) || decimals < 0n || decimals > 12n) no('formula-error');
  return rounded(a, one / 10n ** decimals, 'half-up');
}

/** Works a formula out; `valueOf` gives a name's number, or refuses. */
export function work(text: string, valueOf: (name: string) => Num): Num {
  const order = written.get(text) ?? orderOf(text);
  if (written.size > 5_000) written.clear();
  written.set(text, order);
  const stack: Num[] = [];
  for (const step of order) {
    if ('value' in step) stack.push(step.value);
    else if ('name' in step) stack.push(valueOf(step.name));
    else stack.push(act(step.act, stack.splice(stack.length - step.count)));
  }
  return stack[0] ?? whole(0);
}

/** Names in a formula. */
export const namesIn = (text: string): readonly string[] =>
  (text.match(/[A-Za-z][\w.]*/g) ?? []).filter((name) => !['min', 'max', 'round'].includes(name));
