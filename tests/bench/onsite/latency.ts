import { FieldWork } from '../../e2e/support/field-work.ts';
import { worldPeople } from '../../e2e/support/seed.ts';
import { TechnicianScreen } from '../../e2e/support/technician.ts';
import { Authenticator } from '../../e2e/support/totp.ts';
import { World } from '../../e2e/support/world.ts';
import { serialBenchProblem } from '../../serial-bench/requirements.ts';
import { missingFigure, percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';

const baud = 115_200;
const goal = { atMost: 400 };
/** Eight terminals, two uses on each: all that one delegation allows. The first uses warm up. */
const labels = Array.from({ length: 8 }, (_, i) => `BN-0${String(i + 1)}`);
const usesEach = 2;
const warmUps = 2;
const name = `on site, second answer to receipt, p95 of ${String(labels.length * usesEach - warmUps)}`;

/** Unlocks one terminal on site; milliseconds from the taking of the second person's answer to the receipt. */
async function timeOne(
  world: World,
  work: FieldWork,
  label: string,
  ticketId: string,
  isFirst: boolean,
): Promise<number> {
  const { screen } = work;
  world.device(label).refillPaper();
  await work.lockedRun(world, label, ticketId);
  await (isFirst ? work.takeOffer() : work.takeOfferAgain());
  await work.confirm();
  await screen.waitForAct('wait-probation', 60_000);
  return screen.page.evaluate(() => {
    const at = (mark: string): number => performance.getEntriesByName(mark).at(-1)?.startTime ?? Number.NaN;
    return at('tk:receipt') - at('tk:site-click');
  });
}

/** Unlocks on site through the real app with the network off, over a pseudo-terminal at 115,200 baud. */
export async function* latencyFigures(): AsyncIterable<Figure> {
  const problem = serialBenchProblem();
  if (problem !== undefined) {
    yield missingFigure(name, 'ms', goal, problem);
    return;
  }
  const world = await World.open({ terminals: labels, serial: true, baud, tuning: { stepMs: 0, rebootMs: 300 } });
  try {
    const context = await world.context();
    const screen = new TechnicianScreen(await context.newPage(), world.origin);
    await screen.signIn();
    const work = await FieldWork.prepare(world, screen, new Authenticator(worldPeople.approver.totpSecret));
    const tickets: string[] = [];
    for (const label of labels) tickets.push(await world.ticketFor(label));
    await work.delegate(tickets);
    await work.loseNetwork();
    const times: number[] = [];
    for (let use = 0; use < usesEach; use += 1) {
      for (const [i, label] of labels.entries()) {
        times.push(await timeOne(world, work, label, tickets[i] ?? '', use === 0));
      }
    }
    const measured = times.slice(warmUps);
    yield { name, value: percentile(measured, 0.95), unit: 'ms', goal };
    yield { name: 'the same, median', value: percentile(measured, 0.5), unit: 'ms' };
  } finally {
    await world.close();
  }
}
