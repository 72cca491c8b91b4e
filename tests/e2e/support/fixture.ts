import { describe, expect } from 'vitest';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { HardwareSensor } from '../../../mock-server/terminal/body.ts';
import { chromiumProblem, serialBenchProblem, unplugProblem } from '../../serial-bench/requirements.ts';
import { OfficeScreen } from './office.ts';
import { worldPeople } from './seed.ts';
import { openForTests } from './shared.ts';
import { TechnicianScreen } from './technician.ts';
import { Authenticator } from './totp.ts';
import { World } from './world.ts';
import type { WorldOptions } from './world.ts';

/** What the tests of one file share. */
export interface Fixture {
  readonly world: World;
  /** A page in a browser profile of its own; closed after the test. */
  page(options?: BrowserContextOptions): Promise<Page>;
  /** A technician signed in, in a browser profile of their own; closed after the test. */
  technician(): Promise<TechnicianScreen>;
  /** An approver signed in, in a browser profile of their own; closed after the test. */
  approver(): Promise<OfficeScreen>;
  /** Trips a terminal, opens its ticket, plugs it in and opens the run on the technician's screen; the ticket's id. */
  lockedRun(screen: TechnicianScreen, label: string, sensor: HardwareSensor): Promise<string>;
  /** What every run must leave: this state on the device, and these grants in the ledger. */
  expectEnd(label: string, state: string, grants: readonly string[]): Promise<void>;
}

/** Why the tests of a file with these options cannot run on this machine; undefined when they can. */
function problemWith(options: WorldOptions, needsUnplug: boolean): string | undefined {
  if (!options.serial) return chromiumProblem();
  return needsUnplug ? unplugProblem() : serialBenchProblem();
}

/** What the tests of one block are about. */
interface BlockOptions extends WorldOptions {
  /** The tests pull the cable. */
  readonly needsUnplug?: boolean;
  /** What the world has besides, before its first test. */
  readonly prepare?: (world: World) => Promise<void>;
}

/**
 * A block of tests over one world, opened before the first and closed after the last; a test that failed leaves a new one
 * behind. On a machine that cannot run them, each is skipped with the reason.
 */
export function describeWorld(name: string, options: BlockOptions, tests: (fixture: Fixture) => void): void {
  describe(name, () => {
    let world: World | undefined;
    let contexts: BrowserContext[] = [];
    const authenticator = new Authenticator(worldPeople.approver.totpSecret);
    const opened = (): World => {
      if (world === undefined) throw new Error('The world is not open');
      return world;
    };
    openForTests({
      problem: problemWith(options, options.needsUnplug ?? true),
      open: async () => {
        world = await World.open(options);
        await options.prepare?.(world);
      },
      close: () => opened().close(),
      tidy: async () => {
        for (const context of contexts) await context.close();
        contexts = [];
      },
    });
    const page = async (options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await opened().context(options);
      contexts.push(context);
      return context.newPage();
    };
    tests({
      get world() {
        return opened();
      },
      page,
      technician: async () => {
        const screen = new TechnicianScreen(await page(), opened().origin);
        await screen.signIn();
        return screen;
      },
      approver: async () => {
        const screen = new OfficeScreen(await page(), opened().origin, authenticator);
        await screen.signIn();
        return screen;
      },
      lockedRun: async (screen, label, sensor) => {
        opened().device(label).trip(sensor);
        const ticketId = await opened().ticketFor(label);
        await opened().plugIn(label);
        await screen.openRun(ticketId);
        await screen.waitForTerminal('LOCKED');
        return ticketId;
      },
      expectEnd: async (label, state, grants) => {
        await expect.poll(() => opened().stateOf(label)).toBe(state);
        await expect.poll(() => opened().grantStates(label)).toEqual(grants);
      },
    });
  });
}
