import type { CompiledTariff } from '../../../domain/tariffs/compiled.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { RateInput } from '../../../domain/tariffs/rating.ts';
import { type Benchmark, type Figure, percentile } from '../figure.ts';
import { byHour, byHourAndTier, ladder, monthOfBills, yearOfHours } from './bills.ts';

const billsCount = 20_000;
const roundsCount = 12;
const yearsCount = 200;

function rateOne(tariff: CompiledTariff, input: RateInput): void {
  const answer = rate(tariff, input);
  if (!answer.ok) throw new Error(answer.detail);
}

/** Bills a second of processor time, so that what else the machine does is not counted; two rounds only warm up. */
function billsPerSecond(inputs: readonly RateInput[]): number[] {
  const rounds = Array.from({ length: roundsCount }, () => {
    const before = process.cpuUsage();
    for (const input of inputs) rateOne(ladder, input);
    const { user, system } = process.cpuUsage(before);
    return (inputs.length / (user + system)) * 1_000_000;
  });
  return rounds.slice(2);
}

function yearMs(tariff: CompiledTariff, input: RateInput): number[] {
  const times = Array.from({ length: yearsCount }, () => {
    const startedAt = performance.now();
    rateOne(tariff, input);
    return performance.now() - startedAt;
  });
  return times.slice(20);
}

async function* run(): AsyncIterable<Figure> {
  const speeds = billsPerSecond(monthOfBills(billsCount));
  yield {
    name: 'bills of two components, one core',
    value: percentile(speeds, 0.5),
    unit: '/s',
    goal: { atLeast: 100_000 },
  };
  const year = yearOfHours();
  const goal = { atMost: 2 };
  yield { name: 'a year of hours, time of use', value: percentile(yearMs(byHour, year), 0.5), unit: 'ms', goal };
  const tiered = percentile(yearMs(byHourAndTier, year), 0.5);
  yield { name: 'a year of hours, time of use × tier', value: tiered, unit: 'ms', goal };
}

/** Rating of bills. */
export const tariffsBenchmark: Benchmark = {
  about: 'Tariffs: bills a second on one core, and a year of hourly readings.',
  run,
};
