import type { BrowserContext, Page } from 'playwright-core';
import { TechnicianScreen } from '../../e2e/support/technician.ts';
import { World } from '../../e2e/support/world.ts';
import { chromiumProblem } from '../../serial-bench/requirements.ts';
import { missingFigure, percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';

const runs = 15;
const name = `the app opens without network, p95 of ${runs}`;
const goal = { atMost: 1000 };

/** Milliseconds from the start of the navigation until the home screen stands, in a tab of its own. */
async function openOnce(context: BrowserContext, origin: string): Promise<number> {
  const page: Page = await context.newPage();
  try {
    await page.goto(`${origin}/technician`, { waitUntil: 'commit' });
    await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
    return await page.evaluate(() => performance.now());
  } finally {
    await page.close();
  }
}

async function measure(context: BrowserContext, origin: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await openOnce(context, origin));
  return times;
}

/** How fast the app opens when nothing answers: cut off, and in a network that swallows everything. */
export async function* openingFigures(): AsyncIterable<Figure> {
  const problem = chromiumProblem();
  if (problem !== undefined) {
    yield missingFigure(name, 'ms', goal, problem);
    return;
  }
  const world = await World.open({ terminals: ['A-01'], serial: false });
  try {
    const context = await world.context();
    const screen = new TechnicianScreen(await context.newPage(), world.origin);
    await screen.signIn();
    await screen.page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active !== null));
    await screen.page.goto(`${world.origin}/technician`);
    await context.setOffline(true);
    const cutOff = await measure(context, world.origin);
    yield { name, value: percentile(cutOff, 0.95), unit: 'ms', goal };
    yield { name: 'the same, median', value: percentile(cutOff, 0.5), unit: 'ms' };
    await context.setOffline(false);
    // Never fulfilled: what a network does that takes every packet and gives none back.
    await context.route('**/api/**', () => undefined);
    const swallowed = await measure(context, world.origin);
    yield {
      name: 'the same in a network that never answers, p95',
      value: percentile(swallowed, 0.95),
      unit: 'ms',
      goal,
    };
  } finally {
    await world.close();
  }
}
