import type { Page } from 'playwright-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { launchProfile } from '../serial-bench/chromium.ts';
import { describeWorld } from './support/fixture.ts';
import { TechnicianScreen } from './support/technician.ts';

const dayMs = 24 * 3_600_000;
/** How far the clocks of server and terminal are ahead of the real one. */
let aheadMs = 0;

/** How the calls in the page's store stand. */
function statesIn(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const answered = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error as Error);
      });
    const states: string[] = [];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await answered(indexedDB.open(name));
      if (database.objectStoreNames.contains('outbox')) {
        const entries: { state: string }[] = await answered(
          database.transaction('outbox').objectStore('outbox').getAll(),
        );
        states.push(...entries.map(({ state }) => state));
      }
      database.close();
    }
    return states;
  });
}

describeWorld(
  'a request that is kept for later',
  {
    terminals: ['LT-01'],
    serial: false,
    proxied: true,
    clock: () => Date.now() + aheadMs,
    terminalClock: () => Date.now() + aheadMs,
  },
  (fixture) => {
    test('is sent once when the network is back, and its grant waits for days until the terminal is plugged in', async () => {
      const { world } = fixture;
      const { origin, proxy } = world;
      const folder = await mkdtemp(join(tmpdir(), 'tillkeeper-later-'));
      onTestFinished(() => {
        aheadMs = 0;
      });
      try {
        world.device('LT-01').trip('drop');
        const ticketId = await world.ticketFor('LT-01');
        let context = await launchProfile(folder);
        let screen = new TechnicianScreen(await context.newPage(), origin);
        await screen.signIn();
        await screen.openRun(ticketId);
        await screen.anchor('connect-simulated').filter({ visible: true }).first().click();
        await screen.waitForTerminal('LOCKED');
        proxy.weather = 'gone';
        await screen.press('start');
        await screen.anchor('offer-later').first().click();
        await screen.anchor('later-state').first().waitFor();
        await context.close();

        // The next morning, on the road: the laptop is opened, the terminal is far away.
        proxy.weather = 'clear';
        const sent = () => proxy.seen.filter(({ method, path }) => method === 'POST' && path === '/api/unlocks');
        const before = sent().length;
        context = await launchProfile(folder);
        screen = new TechnicianScreen(await context.newPage(), origin);
        await screen.page.goto(`${origin}/technician`);
        await expect.poll(() => world.grantStates('LT-01')).toEqual(['PENDING']);
        // The grant is there before its answer has passed the proxy.
        await expect.poll(() => sent().length).toBe(before + 1);
        // And what the page has not yet written down would, rightly, be sent again after it was closed.
        await expect.poll(() => statesIn(screen.page)).toEqual(['done']);
        await context.close();
        const [grant] = await world.query('SELECT not_after FROM grants');
        const lifeMs = Date.parse(String(grant?.['not_after'])) - Date.now();
        expect(lifeMs / dayMs).toBeGreaterThan(6.9);

        aheadMs = 3 * dayMs;
        context = await launchProfile(folder);
        screen = new TechnicianScreen(await context.newPage(), origin);
        await screen.page.goto(`${origin}/technician`);
        await screen.openRun(ticketId);
        // The run finds the cable that it used before by itself.
        await screen.waitForAct('finished');
        await fixture.expectEnd('LT-01', 'NORMAL', ['POSTED']);
        const cases = await world.query('SELECT id FROM unlock_cases');
        expect(cases).toHaveLength(1);
        expect(sent().length).toBe(before + 1);
        await context.close();
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      }
    });
  },
);
