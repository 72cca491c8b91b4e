import type { Benchmark, Figure } from '../figure.ts';
import { latencyFigures } from './latency.ts';
import { messageFigures } from './messages.ts';
import { openingFigures } from './opening.ts';

async function* run(): AsyncIterable<Figure> {
  yield* messageFigures();
  yield* latencyFigures();
  yield* openingFigures();
}

/** Work on site: sizes, the device's verification, answer to receipt in the real app, and opening without network. */
export const onsiteBenchmark: Benchmark = {
  about: 'message sizes, answer to receipt with the network off, opening the app without network',
  run,
};
