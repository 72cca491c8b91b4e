import { cableBenchmark } from './cable/benchmark.ts';
import type { Benchmark } from './figure.ts';
import { historyBenchmark } from './history/benchmark.ts';
import { linkBenchmark } from './link/benchmark.ts';
import { onsiteBenchmark } from './onsite/benchmark.ts';
import { paymentsBenchmark } from './payments/benchmark.ts';
import { tariffsBenchmark } from './tariffs/benchmark.ts';
import { unlockBenchmark } from './unlock/benchmark.ts';

/** Every benchmark by the name that `npm run bench -- NAME` takes. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  cable: cableBenchmark,
  history: historyBenchmark,
  link: linkBenchmark,
  onsite: onsiteBenchmark,
  payments: paymentsBenchmark,
  tariffs: tariffsBenchmark,
  unlock: unlockBenchmark,
};
