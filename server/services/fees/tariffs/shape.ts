import * as v from 'valibot';
import { err, ok, type Result } from '../../../../domain/result.ts';
import type { RateInput } from '../../../../domain/tariffs/rating.ts';
import type { Tariff } from '../../../../domain/tariffs/tariff.ts';
import { rateInputSchema, tariffSchema } from '../../../../protocol/fees/tariff.ts';

function problemOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return `${v.getDotPath(issue) ?? ''}: ${issue.message}`.slice(0, 300);
}

/** Reads a tariff's JSON; the detail names the place that is not as the published schema says. */
export function readTariffJson(json: unknown): Result<Tariff, 'bad-tariff'> {
  const parsed = v.safeParse(tariffSchema, json);
  return parsed.success ? ok(parsed.output as Tariff) : err('bad-tariff', problemOf(parsed.issues));
}

/** Reads what a bill is rated from. */
export function readRateInput(json: unknown): Result<RateInput, 'bad-input'> {
  const parsed = v.safeParse(rateInputSchema, json);
  return parsed.success ? ok(parsed.output as RateInput) : err('bad-input', problemOf(parsed.issues));
}
