import { setTimeout as wait } from 'node:timers/promises';
import { serialBenchProblem, unplugProblem } from '../../serial-bench/requirements.ts';
import { missingFigure } from '../figure.ts';
import type { Benchmark, Figure, Goal } from '../figure.ts';
import type { PageTransfer } from '../page/main.ts';
import type { LineOptions } from './line.ts';
import { servePage } from './page-server.ts';
import { randomObject, setUpCable, sha256Hex } from './setup.ts';
import type { BenchGlobal, CableSetup } from './setup.ts';

type Direction = 'read' | 'write';

/** 115,200 baud, 8N1: ten bits a byte. */
const lineBytesPerSecond = 11_520;
/** Fast enough that a cut run is short, slow enough that a cut falls into the middle. */
const cutBytesPerSecond = 92_160;
const pacedObjectBytes = 1024 * 1024;
const fastObjectBytes = 16 * 1024 * 1024;
const clean: Goal = { atLeast: 98 };
const noisy: Goal = { atLeast: 85 };
const fast: Goal = { atLeast: 4 };
const none: Goal = { atMost: 0 };
const directions: readonly Direction[] = ['read', 'write'];

interface Measured extends PageTransfer {
  readonly isIntact: boolean;
  readonly corruptedBytes: number;
}

async function startTransfer(setup: CableSetup, direction: Direction): Promise<PageTransfer> {
  return setup.page.evaluate(([way, name]) => (globalThis as unknown as BenchGlobal).bench[way](name), [
    direction,
    'object',
  ] as const);
}

/** Puts the object where it starts from; gives its SHA-256. */
async function prepare(setup: CableSetup, direction: Direction, sizeBytes: number): Promise<string> {
  if (direction === 'write') {
    return setup.page.evaluate((size) => (globalThis as unknown as BenchGlobal).bench.makeSource(size), sizeBytes);
  }
  const object = randomObject(sizeBytes);
  setup.objects.put('object', object);
  return sha256Hex(object);
}

function isIntact(setup: CableSetup, direction: Direction, transfer: PageTransfer, sha256: string): boolean {
  if (direction === 'read') return transfer.sha256 === sha256;
  const stored = setup.objects.get('object');
  return stored !== undefined && sha256Hex(stored) === sha256;
}

async function measure(origin: string, direction: Direction, sizeBytes: number, line: LineOptions): Promise<Measured> {
  const setup = await setUpCable(origin, line);
  try {
    const sha256 = await prepare(setup, direction, sizeBytes);
    const transfer = await startTransfer(setup, direction);
    if (transfer.outcome !== 'ok') throw new Error(`The ${direction} transfer failed: ${transfer.outcome}`);
    const { corruptedBytes } = setup.line();
    return { ...transfer, isIntact: isIntact(setup, direction, transfer, sha256), corruptedBytes };
  } finally {
    await setup.close();
  }
}

/** Both directions at once, each over a line, a browser and a device of its own: a paced line leaves the machine idle. */
function measureBoth(origin: string, sizeBytes: number, line: LineOptions): Promise<readonly Measured[]> {
  return Promise.all(directions.map((direction) => measure(origin, direction, sizeBytes, line)));
}

function percentOfLine({ milliseconds }: PageTransfer, sizeBytes: number): number {
  return (100 * sizeBytes * 1000) / milliseconds / lineBytesPerSecond;
}

function* pacedFigures(name: string, both: readonly Measured[], goal: Goal): Iterable<Figure> {
  for (const [index, direction] of directions.entries()) {
    const measured = both[index]!;
    const value = percentOfLine(measured, pacedObjectBytes);
    yield { name: `${name}, ${direction} 1 MiB at 115,200 baud`, value, unit: '% of line', goal };
    if (measured.corruptedBytes > 0) {
      yield { name: `${name}, ${direction}: bytes corrupted`, value: measured.corruptedBytes, unit: 'B' };
    }
    yield { name: `${name}, ${direction}: object damaged`, value: measured.isIntact ? 0 : 1, unit: '', goal: none };
  }
}

async function* fastFigures(origin: string): AsyncIterable<Figure> {
  for (const direction of directions) {
    const measured = await measure(origin, direction, fastObjectBytes, { random: Math.random });
    const value = fastObjectBytes / measured.milliseconds / 1000;
    yield { name: `unpaced, ${direction} 16 MiB`, value, unit: 'MB/s', goal: fast };
    yield { name: `unpaced, ${direction}: object damaged`, value: measured.isIntact ? 0 : 1, unit: '', goal: none };
  }
}

/** Cuts a transfer at a random point, plugs in again, and lets it go on. */
async function* cutFigures(origin: string, direction: Direction): AsyncIterable<Figure> {
  const line: LineOptions = { bytesPerSecond: cutBytesPerSecond, random: Math.random };
  const setup = await setUpCable(origin, line);
  try {
    const sha256 = await prepare(setup, direction, pacedObjectBytes);
    const wholeMs = (pacedObjectBytes * 1000) / cutBytesPerSecond;
    const cutShare = 0.2 + 0.6 * Math.random();
    const first = startTransfer(setup, direction);
    await wait(wholeMs * cutShare);
    await setup.pull();
    const ended = await first;
    if (ended.outcome === 'ok') throw new Error('The transfer ended before the cut');
    const readBefore = setup.objects.readBytes;
    await setup.plugIn(line);
    const transfer = await startTransfer(setup, direction);
    if (transfer.outcome !== 'ok') throw new Error(`The transfer did not go on: ${transfer.outcome}`);
    const resent =
      direction === 'write'
        ? setup.objects.rewrittenBytes
        : setup.objects.readBytes - readBefore - (pacedObjectBytes - transfer.hadBytes);
    yield { name: `cut at random, ${direction}: cut at`, value: 100 * cutShare, unit: '%' };
    yield { name: `cut at random, ${direction}: verified bytes resent`, value: resent, unit: 'B', goal: none };
    const damaged = isIntact(setup, direction, transfer, sha256) ? 0 : 1;
    yield { name: `cut at random, ${direction}: object damaged`, value: damaged, unit: '', goal: none };
  } finally {
    await setup.close();
  }
}

async function* run(): AsyncIterable<Figure> {
  const problem = serialBenchProblem();
  if (problem !== undefined) {
    yield missingFigure('1 MiB at 115,200 baud', '% of line', clean, problem);
    return;
  }
  const server = await servePage();
  try {
    yield* fastFigures(server.origin);
    const unplug = unplugProblem();
    if (unplug !== undefined) yield missingFigure('cut at random: verified bytes resent', 'B', none, unplug);
    else for (const direction of directions) yield* cutFigures(server.origin, direction);
    const line = { bytesPerSecond: lineBytesPerSecond, random: Math.random };
    yield* pacedFigures('clean', await measureBoth(server.origin, pacedObjectBytes, line), clean);
    const noise = { ...line, corruptOneIn: 10_000 };
    yield* pacedFigures('1 byte in 10,000 wrong', await measureBoth(server.origin, pacedObjectBytes, noise), noisy);
  } finally {
    await server.close();
  }
}

/** Transfers through real Chromium and a pseudo-terminal, with the product's own cable code in the page. */
export const cableBenchmark: Benchmark = {
  about: 'transfers through real Chromium over a pseudo-terminal, paced, unpaced, with noise, and cut',
  run,
};
