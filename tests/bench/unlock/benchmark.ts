import type { Benchmark, Figure } from '../figure.ts';
import { decisionFigures } from './decisions.ts';
import { latencyFigures } from './latency.ts';
import { messageFigures } from './messages.ts';

async function* run(): AsyncIterable<Figure> {
  yield* messageFigures();
  yield* latencyFigures();
  yield* decisionFigures();
}

/** Unlocking: sizes, the device's verification, click to receipt in the real app, and the server's decisions. */
export const unlockBenchmark: Benchmark = {
  about: 'message sizes, click to receipt in the real app, decisions a second next to pgbench',
  run,
};
