import { readlink, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { launchProfile } from '../serial-bench/chromium.ts';
import { describeWorld } from './support/fixture.ts';
import type { Fixture } from './support/fixture.ts';
import { TechnicianScreen } from './support/technician.ts';

const kills = Array.from({ length: 10 }, (_, index) => `K-${String(index)}`);
const labels = ['O-close', 'O-portal', 'O-redirect', 'O-500', 'O-401', 'O-tabs', 'O-commit', 'O-dies', 'O-export'];
const asked = /^\/api\/unlocks$/;

/** A locked terminal on the simulated cable, its run open and ready to be started. */
async function readyRun(fixture: Fixture, screen: TechnicianScreen, label: string): Promise<string> {
  const { world } = fixture;
  world.device(label).trip('drop');
  const ticketId = await world.ticketFor(label);
  await screen.openRun(ticketId);
  await connect(screen);
  await screen.waitForAct('start');
  return ticketId;
}

async function connect(screen: TechnicianScreen): Promise<void> {
  await screen.anchor('connect-simulated').filter({ visible: true }).first().click();
  await screen.waitForTerminal('LOCKED');
}

async function waits(page: Page, kind: string, reason: string): Promise<void> {
  await page
    .locator(`[data-testid="queue-item"][data-kind="${kind}"][data-reason="${reason}"]`)
    .first()
    .waitFor({ state: 'attached' });
}

async function casesOf(fixture: Fixture, label: string): Promise<number> {
  const [row] = await fixture.world.query(
    'SELECT count(*)::int AS count FROM unlock_cases c JOIN terminals t ON t.id = c.terminal_id WHERE t.label = $1',
    [label],
  );
  return Number(row?.['count']);
}

/** Fires the worker's `sync` event as Chromium does when the network is back. */
async function fireSync(context: BrowserContext, page: Page): Promise<void> {
  const cdp = await context.newCDPSession(page);
  const found = Promise.withResolvers<string>();
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    const [first] = registrations;
    if (first !== undefined) found.resolve(first.registrationId);
  });
  await cdp.send('ServiceWorker.enable');
  const registrationId = await found.promise;
  const origin = new URL(page.url()).origin;
  await cdp.send('ServiceWorker.dispatchSyncEvent', {
    ...{ origin, registrationId, tag: 'tillkeeper-outbox' },
    lastChance: false,
  });
  await cdp.detach();
}

/** A page of the same origin that runs nothing of the app, so that only the worker can act. */
async function emptyPage(fixture: Fixture, context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${fixture.world.origin}/icon.svg`);
  return page;
}

async function untilWorkerControls(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

describeWorld('the network fails', { terminals: labels, serial: false, proxied: true }, (fixture) => {
  test('the page is closed with a request in the queue, and the worker sends it once', async () => {
    const { proxy } = fixture.world;
    const screen = await fixture.technician();
    await untilWorkerControls(screen.page);
    await readyRun(fixture, screen, 'O-close');
    proxy.weather = 'gone';
    await screen.press('start');
    await waits(screen.page, 'request', 'offline');
    const context = screen.page.context();
    await screen.page.close();
    proxy.weather = 'clear';
    const before = proxy.done(asked).length;
    const page = await emptyPage(fixture, context);
    await fireSync(context, page);
    await expect.poll(() => proxy.done(asked).length).toBe(before + 1);
    expect(await casesOf(fixture, 'O-close')).toBe(1);
    await fireSync(context, page);
    const again = await screen.page.context().newPage();
    const next = new TechnicianScreen(again, fixture.world.origin);
    await next.resume('O-close');
    await next.waitForAct('finished');
    await fixture.expectEnd('O-close', 'NORMAL', ['POSTED']);
    expect(await casesOf(fixture, 'O-close')).toBe(1);
  });

  test.each([
    ['portal', 'O-portal', 'portal'],
    ['redirect', 'O-redirect', 'portal'],
    ['failing', 'O-500', 'server'],
  ] as const)(
    '%s: nothing is taken for an answer, and the run goes on when it is over',
    async (weather, label, why) => {
      const { proxy } = fixture.world;
      const screen = await fixture.technician();
      await readyRun(fixture, screen, label);
      proxy.weather = weather;
      await screen.press('start');
      await waits(screen.page, 'request', why);
      proxy.weather = 'clear';
      await screen.waitForAct('finished');
      await fixture.expectEnd(label, 'NORMAL', ['POSTED']);
      expect(await casesOf(fixture, label)).toBe(1);
    },
  );

  test('the session is over: it waits for the person, and goes on after the sign-in', async () => {
    const { proxy } = fixture.world;
    const screen = await fixture.technician();
    await readyRun(fixture, screen, 'O-401');
    const cookies = await screen.page.context().cookies();
    await screen.page.context().clearCookies();
    const before = proxy.seen.length;
    await screen.press('start');
    await waits(screen.page, 'request', 'signed-out');
    expect(proxy.seen.slice(before).filter(({ path }) => asked.test(path)).length).toBeLessThanOrEqual(1);
    await screen.page.context().addCookies(cookies);
    const tab = new TechnicianScreen(await screen.page.context().newPage(), fixture.world.origin);
    // The sign-in, in any tab.
    await tab.page.goto(`${fixture.world.origin}/technician`);
    await expect.poll(() => casesOf(fixture, 'O-401')).toBe(1);
  });

  test('two tabs of one person: one sends, once', async () => {
    const { proxy, origin } = fixture.world;
    const screen = await fixture.technician();
    const other = new TechnicianScreen(await screen.page.context().newPage(), origin);
    await other.page.goto(`${origin}/technician`);
    await readyRun(fixture, screen, 'O-tabs');
    proxy.weather = 'gone';
    await screen.press('start');
    await waits(screen.page, 'request', 'offline');
    const before = proxy.done(asked).length;
    proxy.weather = 'clear';
    await Promise.all([screen.page, other.page].map((page) => page.evaluate(() => dispatchEvent(new Event('online')))));
    await screen.waitForAct('finished');
    expect(proxy.done(asked).length - before).toBe(1);
    expect(await casesOf(fixture, 'O-tabs')).toBe(1);
  });

  test('answers are lost after the server has done it: nothing happens twice', async () => {
    const { proxy } = fixture.world;
    const screen = await fixture.technician();
    await readyRun(fixture, screen, 'O-commit');
    proxy.loseAnswers(/^\/api\/unlocks(\/[^/]+\/(receipt|commission))?$/, 3);
    await screen.press('start');
    await screen.waitForAct('finished');
    await fixture.expectEnd('O-commit', 'NORMAL', ['POSTED']);
    expect(await casesOf(fixture, 'O-commit')).toBe(1);
  });

  test('the server dies after it has done it and before its answer arrives: nothing happens twice', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    await readyRun(fixture, screen, 'O-dies');
    const cut = world.proxy.cutAt(0, 'after');
    await screen.press('start');
    await cut;
    // While the server still ends, another try could find it.
    world.proxy.weather = 'gone';
    await world.stopServer();
    await waits(screen.page, 'request', 'offline');
    await world.startServer();
    world.proxy.weather = 'clear';
    await screen.waitForAct('finished');
    await fixture.expectEnd('O-dies', 'NORMAL', ['POSTED']);
    expect(await casesOf(fixture, 'O-dies')).toBe(1);
  });

  test('what waits can be exported and tried by hand', async () => {
    const { proxy } = fixture.world;
    const screen = await fixture.technician();
    await readyRun(fixture, screen, 'O-export');
    proxy.weather = 'gone';
    await screen.press('start');
    await waits(screen.page, 'request', 'offline');
    const [download] = await Promise.all([screen.page.waitForEvent('download'), screen.anchor('queue-export').click()]);
    const text = await (await download.createReadStream()).toArray();
    const exported = JSON.parse(Buffer.concat(text as Buffer[]).toString()) as { calls: { route: string }[] };
    expect(exported.calls).toMatchObject([{ route: 'createUnlock', state: 'queued' }]);
    await screen.anchor('queue-send').click();
    await waits(screen.page, 'request', 'offline');
    proxy.weather = 'clear';
    await screen.waitForAct('finished');
  });
});

/** The longest pause between a call and the kill: by then the page has gone on to the next one. */
const pauseMaxMs = 150;
/** Before and after each of the first five changing calls of a run, and at random from there; the test's name tells. */
const moments = kills.map((label, index) => ({
  label,
  call: Math.floor(index / 2),
  when: index % 2 === 0 ? ('before' as const) : ('after' as const),
  pauseMs: Math.floor(Math.random() * pauseMaxMs),
}));

async function killBrowser(folder: string, context: BrowserContext): Promise<void> {
  const lock = join(folder, 'SingletonLock');
  const pid = Number((await readlink(lock)).split('-').at(-1));
  const gone = new Promise((done) => context.once('close', done));
  process.kill(pid, 'SIGKILL');
  await gone;
  await rm(lock, { force: true });
}

/** Goes on in the profile that was killed, until the terminal is back at work. */
async function goOn(fixture: Fixture, folder: string, ticketId: string): Promise<void> {
  const context = await launchProfile(folder);
  await context.clearCookies();
  const screen = new TechnicianScreen(await context.newPage(), fixture.world.origin);
  await screen.signIn();
  await screen.openRun(ticketId);
  await screen.waitForAct('finished');
  await context.close();
}

describeWorld('the browser is killed', { terminals: kills, serial: false, proxied: true }, (fixture) => {
  test.each(moments)('$when call $call of a run and $pauseMs ms: one case and one grant', async (moment) => {
    const { label, call, when, pauseMs } = moment;
    const folder = await mkdtemp(join(tmpdir(), 'tillkeeper-profile-'));
    try {
      const context = await launchProfile(folder);
      const screen = new TechnicianScreen(await context.newPage(), fixture.world.origin);
      await screen.signIn();
      const ticketId = await readyRun(fixture, screen, label);
      const cut = fixture.world.proxy.cutAt(call, when);
      await screen.press('start');
      await cut;
      await new Promise((done) => setTimeout(done, pauseMs));
      await killBrowser(folder, context);
      await goOn(fixture, folder, ticketId);
      expect(await casesOf(fixture, label)).toBe(1);
      await fixture.expectEnd(label, 'NORMAL', ['POSTED']);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  });
});
