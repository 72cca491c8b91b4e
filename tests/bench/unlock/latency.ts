import type { TechnicianScreen } from '../../e2e/support/technician.ts';
import { TechnicianScreen as Screen } from '../../e2e/support/technician.ts';
import { onAnswerTo } from '../../e2e/support/moments.ts';
import { World } from '../../e2e/support/world.ts';
import { serialBenchProblem } from '../../serial-bench/requirements.ts';
import { missingFigure, percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { benchPolicy } from './bench-policy.ts';

const label = 'BENCH';
const baud = 115_200;
const warmUps = 3;
const runs = 40;
const latencyName = `click to receipt, p95 of ${runs} runs at 115,200 baud`;
const latencyGoal = { atMost: 250 };
const wireGoal = { atMost: 1000 };
const marks = ['tk:click', 'tk:granted', 'tk:receipt', 'tk:receipt-posted'] as const;

/** Milliseconds from the click to each later point of one run. */
interface RunTimes {
  readonly granted: number;
  readonly receipt: number;
  readonly posted: number;
}

/** Bytes on the cable, both ways together, framing and acknowledgements included. */
interface WireBytes {
  /** From opening the link, hello and status included, to the receipt. */
  readonly whole: number;
  /** From the click to the receipt. */
  readonly afterClick: number;
}

async function openLocked(world: World, screen: TechnicianScreen): Promise<void> {
  world.device(label).refillPaper();
  world.device(label).trip('drop');
  await screen.openRun(await world.ticketFor(label));
  await screen.waitForAct('start');
}

async function readTimes(screen: TechnicianScreen): Promise<RunTimes> {
  const at = await screen.page.evaluate(
    (names) => names.map((name) => performance.getEntriesByName(name).at(-1)?.startTime ?? Number.NaN),
    marks,
  );
  const [click = Number.NaN, granted = Number.NaN, receipt = Number.NaN, posted = Number.NaN] = at;
  return { granted: granted - click, receipt: receipt - click, posted: posted - click };
}

async function timeOne(world: World, screen: TechnicianScreen): Promise<RunTimes> {
  await openLocked(world, screen);
  await screen.press('start');
  await screen.waitForAct('finished', 60_000);
  return readTimes(screen);
}

async function countOne(world: World, screen: TechnicianScreen): Promise<WireBytes> {
  const bytesNow = (): number => {
    const stats = world.cableStats();
    return stats.bytesIn + stats.bytesOut;
  };
  const atOpening = bytesNow();
  await openLocked(world, screen);
  const atClick = bytesNow();
  let atReceipt = 0;
  const counted = onAnswerTo(screen.page, 'POST', /\/receipt$/, () => {
    atReceipt = bytesNow();
    return Promise.resolve();
  });
  await Promise.all([counted, screen.press('start')]);
  await screen.waitForAct('finished', 60_000);
  return { whole: atReceipt - atOpening, afterClick: atReceipt - atClick };
}

/** Times and bytes of unlocks through the real app, in real Chromium, over a pseudo-terminal at 115,200 baud. */
export async function* latencyFigures(): AsyncIterable<Figure> {
  const problem = serialBenchProblem();
  if (problem !== undefined) {
    yield missingFigure(latencyName, 'ms', latencyGoal, problem);
    return;
  }
  const tuning = { stepMs: 0, rebootMs: 300 };
  const world = await World.open({ terminals: [label], serial: true, policy: benchPolicy, baud, tuning });
  try {
    const context = await world.context();
    const screen = new Screen(await context.newPage(), world.origin);
    await screen.signIn();
    for (let run = 0; run < warmUps; run += 1) await timeOne(world, screen);
    const times: RunTimes[] = [];
    for (let run = 0; run < runs; run += 1) times.push(await timeOne(world, screen));
    const p95 = (pick: (times: RunTimes) => number): number => percentile(times.map(pick), 0.95);
    yield { name: latencyName, value: p95(({ receipt }) => receipt), unit: 'ms', goal: latencyGoal };
    const median = percentile(
      times.map(({ receipt }) => receipt),
      0.5,
    );
    yield { name: 'click to receipt, median', value: median, unit: 'ms' };
    yield { name: 'click to grant in the page, p95', value: p95(({ granted }) => granted), unit: 'ms' };
    yield { name: 'click to receipt at the server, p95', value: p95(({ posted }) => posted), unit: 'ms' };
    const wire = await countOne(world, screen);
    yield { name: 'on the cable, click to receipt, both ways', value: wire.afterClick, unit: 'B', goal: wireGoal };
    yield { name: 'on the cable, opening and hello included', value: wire.whole, unit: 'B' };
  } finally {
    await world.close();
  }
}
