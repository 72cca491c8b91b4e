import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { RateInput } from '../../../domain/tariffs/rating.ts';
import type { Tariff } from '../../../domain/tariffs/tariff.ts';
import { type Break, breaks } from './random/broken.ts';
import { Dice } from './random/dice.ts';
import { plainCase, type RandomCase, randomCase, tariffOf } from './random/tariffs.ts';
import { randomTiered } from './random/tiers.ts';
import { allOptions, chosen, inputNode, tariffNode } from './schema-options.ts';
import { evaluate } from './second/evaluate.ts';
import { situations } from './situations.ts';
import { effective, toldByEngine, toldBySecond } from './told.ts';

const tariffsCount = 100_000;
const batch = 5_000;
/** Every fourth is of any kind; between them stand tariffs with few parts, which take a fifth of the time. */
const caseOf = (seed: number): RandomCase => (seed % 4 === 0 ? randomCase : plainCase)(new Dice(seed));
const batches = Array.from({ length: tariffsCount / batch }, (_, index) => index * batch);

const options = new Map<string, number>();
const met = new Map<string, number>();
const countIn =
  (counts: Map<string, number>) =>
  (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };

/** Both evaluations of a bill as text: the lines, what is kept and where the household stands, or the refusal. */
function both(tariff: Tariff, input: RateInput, note: (what: string) => void): readonly [string, string] {
  const compiled = compileTariff(tariff);
  if (!compiled.ok) throw new Error(`${compiled.detail ?? ''} ${JSON.stringify(tariff)}`);
  const one = rate(compiled.value, input);
  const other = evaluate(tariff, input, note);
  if (one.ok) {
    chooseFrom.tell?.(effective(tariff, input, one.value), input);
    const sum = one.value.lines.reduce((total, { amountFen }) => total + amountFen, 0);
    if (sum !== one.value.totalFen)
      throw new Error(`the lines sum to ${String(sum)}, not ${String(one.value.totalFen)}`);
  }
  return [one.ok ? toldByEngine(one.value) : one.error, typeof other === 'string' ? other : toldBySecond(other)];
}

const chooseFrom: { tell?: ((tariff: Tariff, input: RateInput) => void) | undefined } = {};

function countChoices(tariff: Tariff, input: RateInput): void {
  chosen(tariffNode, tariff, 'tariff', countIn(options));
  chosen(inputNode, input, 'bill', countIn(options));
}

describe('random tariffs', () => {
  test.each(batches)(`two evaluators agree on every line, window and tier, from %i on`, (first) => {
    for (let seed = first; seed < first + batch; seed += 1) {
      const { tariff, input } = caseOf(seed);
      chooseFrom.tell = seed % 4 === 0 ? countChoices : undefined;
      const [ours, theirs] = both(tariff, input, countIn(met));
      if (ours !== theirs || !ours.includes('total')) {
        expect(ours, `seed ${String(seed)}: ${JSON.stringify({ tariff, input })}`).toBe(theirs);
        expect(ours, `seed ${String(seed)} is refused`).toContain('total');
      }
    }
    chooseFrom.tell = undefined;
  });

  test('every choice that the published schema offers came up, and worked on an amount', () => {
    const missing = [...allOptions()].filter((option) => (options.get(option) ?? 0) < 5);
    expect(missing).toEqual([]);
  });

  test('every situation that the rules speak of came up', () => {
    const missing = situations.filter((what) => (met.get(what) ?? 0) < 5);
    expect(missing, JSON.stringify([...met])).toEqual([]);
  });

  test('each bound, a millionth below, on it and a millionth above', () => {
    for (let seed = 0; seed < 2_000; seed += 1) {
      const dice = new Dice(seed + 2_000_000);
      const {
        household: _none,
        boundScale: _scale,
        partYear: _part,
        ...part
      } = { ...randomTiered(dice, 'c'), window: 'bill' as const };
      const tariff = tariffOf([part]);
      for (const { upTo } of part.tiers) {
        if (upTo === null) continue;
        const bound = Math.round(Number(upTo) * 1e6);
        for (const millionths of [bound - 1, bound, bound + 1]) {
          const [ours, theirs] = both(tariff, march((millionths / 1e6).toFixed(6)), countIn(met));
          if (ours !== theirs) expect(ours, `seed ${String(seed)}, ${String(millionths)}`).toBe(theirs);
        }
      }
    }
  });
});

const march = (quantity: string): RateInput => ({
  account: {},
  period: { from: '2026-03-01', to: '2026-04-01' },
  usage: { quantities: { '': quantity } },
  asOf: '2026-04-01T00:00:00+08:00',
});

describe('what cannot be', () => {
  const perBreak = 400;

  test.each(Object.entries<Break>(breaks))('%s is a refusal of both, never an amount', (name, breakIt) => {
    let refused = 0;
    for (let seed = 0; seed < perBreak; seed += 1) {
      const dice = new Dice(seed + 3_000_000);
      const broken = breakIt(dice, randomCase(dice));
      if (broken === undefined) continue;
      const [ours, theirs] = both(broken.tariff, broken.input, () => undefined);
      if (ours !== theirs) expect(ours, `${name}, seed ${String(seed)}: ${JSON.stringify(broken)}`).toBe(theirs);
      if (!ours.includes('total')) refused += 1;
      if (broken.refusal !== undefined && ours !== broken.refusal) {
        expect(ours, `${name}, seed ${String(seed)}: ${JSON.stringify(broken)}`).toBe(broken.refusal);
      }
    }
    expect(refused, 'so many were refused').toBeGreaterThan(15);
  });
});

test('the second evaluator shares nothing with the engine but types', () => {
  const folder = fileURLToPath(new URL('./second/', import.meta.url));
  const imports = readdirSync(folder).flatMap((name) =>
    [...readFileSync(folder + name, 'utf8').matchAll(/^(?:import|export) [^;]*?from '([^']+)'/gms)].map(
      ([line, path = '']) => ({ line, path }),
    ),
  );
  expect(imports.length).toBeGreaterThan(20);
  const outside = imports.filter(({ path }) => !path.startsWith('./'));
  expect(outside.filter(({ line }) => !line.startsWith('import type '))).toEqual([]);
});
