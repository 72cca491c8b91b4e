import { closeSync, openSync, readSync } from 'node:fs';
import * as v from 'valibot';
import { compileTariff } from '../../domain/tariffs/compile.ts';
import type { CompiledTariff } from '../../domain/tariffs/compiled.ts';
import type { RateInput, RateRefusal } from '../../domain/tariffs/rating.ts';
import type { Tariff } from '../../domain/tariffs/tariff.ts';
import { rateFileSchema, rateInputSchema } from '../../protocol/fees/tariff-input.ts';
import { tariffSchema } from '../../protocol/fees/tariff.ts';

/** Three years of quarters of an hour take below 12 MB. */
const fileMaxBytes = 24_000_000;

/** What is wrong with a file: the code, the place in it, and a sentence. */
export class FeeFileProblem extends Error {
  readonly code: RateRefusal;
  readonly field: string;

  constructor(code: RateRefusal, field: string, message: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** Reads a descriptor to its end, or to the first byte that is too many. */
function readAll(descriptor: number, path: string): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const part = Buffer.alloc(65_536);
    const bytes = readSync(descriptor, part);
    if (bytes === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, bytes));
    size += bytes;
    if (size > fileMaxBytes)
      throw new FeeFileProblem('too-large', path, `is larger than ${String(fileMaxBytes)} bytes`);
  }
}

/** Reads JSON that is not too large from a file, or from the standard input as `-`. Throws a FeeFileProblem. */
export function readJson(path: string): unknown {
  let text: string;
  let descriptor = 0;
  try {
    descriptor = path === '-' ? 0 : openSync(path, 'r');
    text = new TextDecoder('utf-8', { fatal: true }).decode(readAll(descriptor, path));
  } catch (error) {
    if (error instanceof FeeFileProblem) throw error;
    throw new FeeFileProblem('bad-input', path, 'cannot be read, or is no UTF-8');
  } finally {
    if (descriptor > 2) closeSync(descriptor);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new FeeFileProblem('bad-input', path, `is no JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

function shaped<S extends v.GenericSchema>(schema: S, value: unknown, place: string): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  const field = [place, path].filter((part) => part !== null && part !== '').join('.');
  throw new FeeFileProblem('bad-input', field === '' ? 'file' : field, issue.message.slice(0, 300));
}

/** A tariff of the right shape. */
export function tariffOf(value: unknown, place: string): Tariff {
  return shaped(tariffSchema, value, place);
}

/** A tariff that was read and checked, drafts included. */
export function compiledOf(value: unknown, place: string): CompiledTariff {
  const compiled = compileTariff(tariffOf(value, place), { drafts: true });
  if (compiled.ok) return compiled.value;
  const detail = compiled.detail ?? '';
  const split = detail.indexOf(': ');
  const field = [place, detail.slice(0, Math.max(0, split))].filter((part) => part !== '').join('.');
  throw new FeeFileProblem('bad-tariff', field, detail.slice(split + 2));
}

/** A bill's input of the right shape. Readings may stand outside of `usage`; the period is then from first to last. */
export function rateFileOf(value: unknown): { readonly tariff: CompiledTariff; readonly input: RateInput } {
  const { tariff, readings, ...rest } = shaped(rateFileSchema, value, '');
  const usage = readings === undefined ? rest.usage : { ...rest.usage, readings };
  const found = readings === undefined ? undefined : periodOf(readings);
  const period = rest.period ?? found;
  // Checked as a whole once more, for the readings that were moved.
  const whole = { ...rest, ...(usage === undefined ? {} : { usage }), ...(period === undefined ? {} : { period }) };
  return { tariff: compiledOf(tariff, 'tariff'), input: inputOf(whole, '') };
}

/** A bill's input of the right shape. */
export function inputOf(value: unknown, place: string): RateInput {
  return shaped(rateInputSchema, value, place);
}

function periodOf(readings: readonly unknown[]): { from: string; to: string } | undefined {
  const days = readings
    .map((reading) => (reading as { at?: unknown } | null)?.at)
    .filter((at) => typeof at === 'string')
    .map((at) => at.slice(0, 10))
    .sort();
  const [from, to] = [days[0], days.at(-1)];
  return from === undefined || to === undefined ? undefined : { from, to };
}
