import { yuanFromFen } from '../money.ts';
import type { CompiledTariff } from './compiled.ts';
import { compileTariff } from './compile.ts';
import { Exact } from './exact.ts';
import { rate } from './rate.ts';
import type { DecimalText } from './rating.ts';
import type { Tariff, TariffExample } from './tariff.ts';

/** What became of one worked example. `got`: the total, the refusal, or the first line that differs. */
export interface ExampleResult {
  readonly version: string;
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
}

/** Whether a tariff's versions may be activated, and why not. */
export interface ExampleReport {
  readonly ok: boolean;
  /** The tariff cannot be read: the place and what is wrong. No example was worked then. */
  readonly fault?: string;
  /** Versions without a single example. */
  readonly versionsWithout: readonly string[];
  readonly results: readonly ExampleResult[];
}

function isSameAmount(a: DecimalText, b: DecimalText): boolean {
  const [one, other] = [Exact.read(a), Exact.read(b)];
  return one !== undefined && other !== undefined && one.compare(other) === 0;
}

function workExample(tariff: CompiledTariff, version: string, example: TariffExample): ExampleResult {
  const { name, expect, input } = example;
  const answer = rate(tariff, input);
  if ('refusal' in expect) {
    const got = answer.ok ? yuanFromFen(answer.value.totalFen) : answer.error;
    return { version, name, ok: !answer.ok && answer.error === expect.refusal, expected: expect.refusal, got };
  }
  if (!answer.ok) {
    const got = answer.detail === undefined ? answer.error : `${answer.error}: ${answer.detail}`;
    return { version, name, ok: false, expected: expect.total, got };
  }
  for (const { id, amount } of expect.lines ?? []) {
    const line = answer.value.lines.find((one) => one.id === id);
    const got = line === undefined ? 'no such line' : yuanFromFen(line.amountFen);
    if (!isSameAmount(got, amount))
      return { version, name, ok: false, expected: `${id}: ${amount}`, got: `${id}: ${got}` };
  }
  const got = yuanFromFen(answer.value.totalFen);
  return { version, name, ok: isSameAmount(got, expect.total), expected: expect.total, got };
}

/** Works every example of every version, drafts too. A version without one does not pass: nobody has checked it. */
export function checkTariff(tariff: Tariff): ExampleReport {
  const compiled = compileTariff(tariff, { drafts: true });
  if (!compiled.ok) return { ok: false, fault: compiled.detail ?? compiled.error, versionsWithout: [], results: [] };
  const results = tariff.versions.flatMap(({ id, examples = [] }) =>
    examples.map((example) => workExample(compiled.value, id, example)),
  );
  const versionsWithout = tariff.versions.filter(({ examples = [] }) => examples.length === 0).map(({ id }) => id);
  return { ok: versionsWithout.length === 0 && results.every((result) => result.ok), versionsWithout, results };
}
