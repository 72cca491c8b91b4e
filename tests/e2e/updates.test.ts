import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { describeWorld } from './support/fixture.ts';
import type { Fixture } from './support/fixture.ts';
import { buildAnotherVersion } from './support/second-build.ts';
import { TechnicianScreen } from './support/technician.ts';

let folder = '';

beforeAll(async () => {
  if (chromiumProblem() !== undefined) return;
  folder = await mkdtemp(join(tmpdir(), 'tillkeeper-build-'));
  await buildAnotherVersion(join(folder, 'b'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Puts the build in place of what the server serves; nothing of the old one stays. */
async function deploy(fixture: Fixture, build: string): Promise<void> {
  const { appFolder } = fixture.world;
  await rm(appFolder, { recursive: true });
  await cp(build, appFolder, { recursive: true });
}

/** A technician whose page is under the worker's control. */
async function controlled(fixture: Fixture): Promise<TechnicianScreen> {
  const screen = await fixture.technician();
  await screen.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await screen.page.reload();
  await screen.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  return screen;
}

async function lookForUpdate(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
}

async function promptShows(page: Page, state: string): Promise<void> {
  await page.locator(`[data-testid="update"][data-s="${state}"]`).waitFor();
}

function buildOf(page: Page): Promise<unknown> {
  return page.evaluate(() => (globalThis as { tillkeeperBuild?: unknown }).tillkeeperBuild);
}

describeWorld('the app is kept and renewed', { terminals: ['V-1', 'V-2', 'V-3'], serial: false }, (fixture) => {
  test('every built file is in the worker’s list', async () => {
    const { appFolder } = fixture.world;
    const worker = await readFile(join(appFolder, 'service-worker.js'), 'utf8');
    const files = (await readdir(join(appFolder, 'assets'))).filter((name) => /\.(js|css)$/.test(name));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((name) => !worker.includes(`assets/${name}`))).toEqual([]);
  });

  test('offline the whole app opens, the run’s lazy parts too', async () => {
    const screen = await controlled(fixture);
    const ticketId = await fixture.world.ticketFor('V-1');
    await screen.openRun(ticketId);
    await screen.anchor('connect-simulated').first().waitFor();
    await screen.page.context().setOffline(true);
    await screen.page.reload();
    await screen.anchor('network-state').first().waitFor({ state: 'attached' });
    await screen.page.context().setOffline(false);
  });

  test('an asset that is gone is a 404, never a page; calls are never answered from the cache', async () => {
    const { page } = await controlled(fixture);
    const gone = await page.evaluate(async () => {
      const answer = await fetch('/assets/gone-12345678.js');
      return { status: answer.status, type: answer.headers.get('content-type') };
    });
    expect(gone.status).toBe(404);
    expect(gone.type).not.toContain('html');
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return requests.flat().map(({ url }) => new URL(url).pathname);
    });
    expect(kept.filter((path) => path.startsWith('/api'))).toEqual([]);
  });

  test('a new version waits for a running job, comes into force, and breaks no open page', async () => {
    const screen = await controlled(fixture);
    const context = screen.page.context();
    const old = new TechnicianScreen(await context.newPage(), fixture.world.origin);
    await old.page.goto(`${fixture.world.origin}/technician`);
    await old.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const ticketId = await fixture.world.ticketFor('V-2');
    expect(await buildOf(screen.page)).toBeUndefined();

    await deploy(fixture, join(folder, 'b'));
    await lookForUpdate(screen.page);
    await promptShows(screen.page, 'ready');
    expect(await buildOf(screen.page)).toBeUndefined();

    // A job in the other tab, as the run holds it while the terminal must not be left alone.
    await old.page.evaluate(() => {
      const held = new Promise<void>((resolve) => Object.assign(globalThis, { endJob: resolve }));
      void navigator.locks.request('tillkeeper-job', { mode: 'shared' }, () => held);
    });
    await screen.page.getByTestId('update').getByRole('button').click();
    await promptShows(screen.page, 'job');
    await Promise.all([
      screen.page.waitForEvent('load'),
      old.page.evaluate(() => (globalThis as unknown as { endJob: () => void }).endJob()),
    ]);
    await expect.poll(() => buildOf(screen.page)).toBe('B');

    // The page of the old version says so, and still finds its own parts, which the server no longer has.
    await promptShows(old.page, 'outdated');
    await old.page.evaluate((path) => {
      history.pushState(undefined, '', path);
      dispatchEvent(new PopStateEvent('popstate'));
    }, `/technician/tickets/${ticketId}`);
    await old.anchor('connect-simulated').filter({ visible: true }).first().waitFor();
    expect(await buildOf(old.page)).toBeUndefined();

    await context.setOffline(true);
    await screen.page.reload();
    await expect.poll(() => buildOf(screen.page)).toBe('B');
    await context.setOffline(false);
  });
});
