import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { IntervalUsage, RateInput, RateRefusal } from '../../../domain/tariffs/rating.ts';
import type { Tariff } from '../../../domain/tariffs/tariff.ts';
import { rateInputSchema } from '../../../protocol/fees/tariff-input.ts';
import { tariffSchema } from '../../../protocol/fees/tariff.ts';

const folder = import.meta.dirname;

/** The same hours every day, for vectors over a year. */
interface Hourly {
  readonly start: string;
  readonly days: number;
  readonly hours: readonly string[];
}

/** One bill of a vector: what is rated, and what comes out. Bills of a case follow each other with their state. */
export interface VectorBill {
  readonly input: RateInput;
  readonly total?: string;
  readonly lines?: Readonly<Record<string, string>>;
  readonly refusal?: RateRefusal;
}

/** One worked example, with what its source says. */
export interface VectorCase {
  readonly name: string;
  readonly published?: string;
  readonly bills: readonly VectorBill[];
}

interface VectorFile {
  readonly source: { readonly title: string };
  readonly groups: readonly {
    readonly tariff: unknown;
    readonly cases: readonly (Omit<VectorCase, 'bills'> & {
      readonly bills: readonly (Omit<VectorBill, 'input'> & {
        readonly input: RateInput & { readonly hourly?: Hourly };
      })[];
    })[];
  }[];
}

function intervalsOf({ start, days, hours }: Hourly): IntervalUsage[] {
  const first = Date.parse(`${start}T00:00:00Z`);
  return Array.from({ length: days * hours.length }, (_, index) => ({
    start: `${new Date(first + index * 3_600_000).toISOString().slice(0, 19)}+08:00`,
    minutes: 60,
    quantity: hours[index % hours.length] ?? '0',
  }));
}

function inputOf({ hourly, ...input }: RateInput & { readonly hourly?: Hourly }): RateInput {
  const whole = hourly === undefined ? input : { ...input, usage: { intervals: intervalsOf(hourly) } };
  return v.parse(rateInputSchema, whole);
}

/** Every worked example of the folder, each through the published schema. */
export function readVectors(): readonly {
  readonly file: string;
  readonly tariff: Tariff;
  readonly example: VectorCase;
}[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.flatMap((file) => {
    const { groups } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as VectorFile;
    return groups.flatMap(({ tariff, cases }) => {
      const read = v.parse(tariffSchema, tariff);
      return cases.map((example) => ({
        file,
        tariff: read,
        example: { ...example, bills: example.bills.map((bill) => ({ ...bill, input: inputOf(bill.input) })) },
      }));
    });
  });
}
