import { toJsonSchemaDefs } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { type Fen, yuanFromFen } from '../../domain/money.ts';
import { checkTariff } from '../../domain/tariffs/check.ts';
import { compareTariffs } from '../../domain/tariffs/compare.ts';
import { rate } from '../../domain/tariffs/rate.ts';
import type { RateRefusal } from '../../domain/tariffs/rating.ts';
import { refusalWords } from '../../domain/tariffs/refusal-words.ts';
import {
  billUsageSchema,
  lateFeeBaseSchema,
  ratedAccountSchema,
  rateFileSchema,
  rateInputSchema,
} from '../../protocol/fees/tariff-input.ts';
import {
  bothLanguagesSchema,
  daySchema,
  decimalSchema,
  offsetInstantSchema,
  quantityRuleSchema,
  scheduleSchema,
  whenSchema,
} from '../../protocol/fees/tariff-parts.ts';
import { tariffSchema } from '../../protocol/fees/tariff.ts';
import { compiledOf, FeeFileProblem, inputOf, rateFileOf, readJson, tariffOf } from './fee-files.ts';
import type { CliOptions, Print } from './options.ts';

const misused = 2;

function printError(print: Print, code: RateRefusal, field: string, message: string): number {
  print(JSON.stringify({ error: { code, field, message, meaning: refusalWords[code] } }, null, 2));
  return misused;
}

/** Runs a command; a file that cannot be used ends it with exit code 2 and the place as JSON. */
function guarded(print: Print, run: () => number): number {
  try {
    return run();
  } catch (error) {
    if (error instanceof FeeFileProblem) return printError(print, error.code, error.field, error.message);
    throw error;
  }
}

/** `fee rate --input FILE`: prints the bill that follows from a tariff and a household's readings. */
export function feeRate(options: CliOptions, print: Print): number {
  const { input: path } = options;
  if (path === undefined) return printError(print, 'bad-input', '--input', 'names the JSON file to rate');
  return guarded(print, () => {
    const { tariff, input } = rateFileOf(readJson(path));
    const answer = rate(tariff, input);
    if (!answer.ok) {
      const detail = answer.detail ?? '';
      const split = detail.indexOf(': ');
      return printError(
        print,
        answer.error,
        detail.slice(0, Math.max(0, split)),
        detail.slice(split < 0 ? 0 : split + 2),
      );
    }
    const { totalFen } = answer.value;
    print(
      JSON.stringify({ tariff: tariff.id, asOf: input.asOf, total: yuanFromFen(totalFen), ...answer.value }, null, 2),
    );
    return 0;
  });
}

/** `fee check FILE…`: works every example. Exit code 1 when one does not come out, 2 when a file is no tariff. */
export function feeCheck(paths: readonly string[], print: Print): number {
  if (paths.length === 0) return printError(print, 'bad-input', 'FILE', 'names at least one tariff');
  return guarded(print, () => {
    const reports = paths.map((path) => ({ path, report: checkTariff(tariffOf(readJson(path), path)) }));
    for (const { path, report } of reports) {
      const passed = report.results.filter(({ ok }) => ok).length;
      print(`${report.ok ? 'ok  ' : 'FAIL'}  ${path}: ${String(passed)} of ${String(report.results.length)} examples`);
      if (report.fault !== undefined) print(`      ${report.fault}`);
      for (const version of report.versionsWithout) print(`      version ${version} has no example`);
      for (const { ok, version, name, expected, got } of report.results) {
        if (!ok) print(`      ${version}, ${name}: expected ${expected}, got ${got}`);
      }
    }
    return reports.every(({ report }) => report.ok) ? 0 : 1;
  });
}

const billsSchema = v.pipe(v.array(v.strictObject({ id: v.string(), input: v.unknown() })), v.maxLength(100_000));
const signed = (amount: Fen): string => (amount > 0 ? `+${yuanFromFen(amount)}` : yuanFromFen(amount));

/** `fee compare OLD NEW --bills FILE`: what last month's bills would have been. FILE: `[{"id", "input"}]`. */
export function feeCompare([oldPath, newPath]: readonly string[], options: CliOptions, print: Print): number {
  const { bills: path } = options;
  if (oldPath === undefined || newPath === undefined || path === undefined) {
    return printError(print, 'bad-input', 'fee compare', 'takes OLD and NEW, and --bills FILE');
  }
  return guarded(print, () => {
    const [before, now] = [oldPath, newPath].map((file) => compiledOf(readJson(file), file));
    const parsed = v.safeParse(billsSchema, readJson(path), { abortEarly: true });
    if (!parsed.success) {
      const [issue] = parsed.issues;
      throw new FeeFileProblem('bad-input', `${path}.${v.getDotPath(issue) ?? ''}`, issue.message.slice(0, 300));
    }
    if (before === undefined || now === undefined) return misused;
    const bills = parsed.output.map(({ id, input }, at) => ({
      id,
      input: inputOf(input, `${path}.${String(at)}.input`),
    }));
    const { bills: compared, ...sums } = compareTariffs(before, now, bills);
    for (const { id, beforeFen, nowFen, changeFen, refusals } of compared) {
      const amounts = [beforeFen, nowFen].map((amount) => (amount === undefined ? '–' : yuanFromFen(amount)));
      const end = changeFen === undefined ? refusals.join('; ') : signed(changeFen);
      print(`${id}  ${amounts.join(' → ')}  ${end}`);
    }
    const { beforeFen, nowFen, dearer, cheaper, same, refused } = sums;
    const counts = `${String(dearer)} dearer, ${String(cheaper)} cheaper, ${String(same)} the same, ${String(refused)} refused`;
    print(
      `Sum  ${yuanFromFen(beforeFen)} → ${yuanFromFen(nowFen)}  ${signed((nowFen - beforeFen) as Fen)}  (${counts})`,
    );
    return 0;
  });
}

/** The published JSON Schema: of a tariff, and of what `fee rate` reads. */
export function feeSchema(): Record<string, unknown> {
  const definitions = {
    decimal: decimalSchema,
    day: daySchema,
    instant: offsetInstantSchema,
    bothLanguages: bothLanguagesSchema,
    when: whenSchema,
    quantity: quantityRuleSchema,
    schedule: scheduleSchema,
    account: ratedAccountSchema,
    usage: billUsageSchema,
    lateFeeBase: lateFeeBaseSchema,
    rateInput: rateInputSchema,
    tariff: tariffSchema,
    rateFile: rateFileSchema,
  };
  const $defs = toJsonSchemaDefs(definitions, { errorMode: 'ignore', typeMode: 'input' });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Tillkeeper tariffs; what is rated is in #/$defs/rateFile',
    $ref: '#/$defs/tariff',
    $defs,
  };
}
