import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeBrowser, newId, openTab } from '../unit/outbox/bench.ts';
import type { Browser, Fault } from '../unit/outbox/bench.ts';

type Tab = ReturnType<typeof openTab>;

type Step =
  | { readonly do: 'enqueue'; readonly lane: string }
  | { readonly do: 'drain' | 'crash' | 'open-second' | 'both-drain' | 'sign-out' | 'sign-in' }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'wait'; readonly ms: number };

const faults: readonly Fault[] = [
  'offline',
  'lost-answer',
  'lost-answer',
  'portal-page',
  'portal-json',
  'redirect',
  'no-echo',
  'wrong-schema',
  500,
  503,
  { status: 409, code: 'in-progress' },
  { status: 429, code: 'rate-limited' },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('enqueue' as const), lane: fc.constantFrom('1', '2', '3') }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('drain' as const, 'crash' as const, 'open-second' as const, 'both-drain' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('sign-out' as const, 'sign-in' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(...faults) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(400_000) }) },
);

/** Two tabs over one browser; a crash ends one in the middle of a call. */
class Schedule {
  readonly browser: Browser = makeBrowser();
  readonly notes: string[] = [];
  readonly #hasLocks: boolean;
  #first: Tab;
  #second: Tab | undefined;

  constructor(hasLocks: boolean) {
    this.#hasLocks = hasLocks;
    this.#first = openTab(this.browser, hasLocks);
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'enqueue':
        return this.#enqueue(step.lane);
      case 'drain':
        await this.#first.runner.drain();
        return;
      case 'both-drain':
        await Promise.all([this.#first.runner.drain(), this.#second?.runner.drain()]);
        return;
      case 'open-second':
        this.#second ??= openTab(this.browser, this.#hasLocks);
        return;
      case 'crash':
        return this.#crash();
      case 'fault':
        this.browser.server.faults.push(step.fault);
        return;
      case 'sign-out':
        this.browser.server.person = undefined;
        return;
      case 'sign-in':
        this.browser.server.person = this.browser.personId;
        return;
      case 'wait':
        this.browser.nowMs += step.ms;
    }
  }

  /** Everything is well again, for long enough. */
  async settle(): Promise<number> {
    this.browser.server.faults.length = 0;
    this.browser.server.person = this.browser.personId;
    for (let round = 0; round < 4; round++) {
      this.browser.nowMs += 400_000;
      await this.#first.store.hurry();
      await this.#first.runner.drain();
    }
    const left = await this.#first.store.live();
    this.#first.kill();
    this.#second?.kill();
    return left.length;
  }

  async #enqueue(lane: string): Promise<void> {
    const note = `${lane}:${String(this.notes.length)}`;
    this.notes.push(note);
    const body = { id: newId(), terminalId: newId(), note };
    const entry = { id: newId(), lane, personId: this.browser.personId, route: 'createTicket' as const, params: {} };
    await this.#first.store.put({ ...entry, body, isWeighty: true }, this.browser.nowMs, newId(), { isUrgent: false });
  }

  /** The tab dies when its next call reaches the server: the call is done there or not, and nobody hears of it. */
  async #crash(): Promise<void> {
    const { server } = this.browser;
    const dying = this.#first;
    const reached = Promise.withResolvers<undefined>();
    server.before = () => {
      dying.kill();
      reached.resolve(undefined);
    };
    await Promise.race([dying.runner.drain(), reached.promise]);
    server.before = () => undefined;
    dying.kill();
    // What the server was at goes on without the tab.
    await new Promise((resolve) => setImmediate(resolve));
    this.#first = openTab(this.browser, this.#hasLocks);
  }
}

async function exactlyOnce(steps: readonly Step[], hasLocks: boolean): Promise<void> {
  const schedule = new Schedule(hasLocks);
  for (const one of steps) await schedule.take(one);
  expect(await schedule.settle()).toBe(0);
  const { effects } = schedule.browser.server;
  expect(effects.toSorted()).toEqual(schedule.notes.toSorted());
  for (const lane of ['1', '2', '3']) {
    const inLane = (note: string): boolean => note.startsWith(`${lane}:`);
    expect(effects.filter(inLane)).toEqual(schedule.notes.filter(inLane));
  }
}

describe('whatever happens, each call takes effect exactly once and in its lane’s order', () => {
  test.each([
    ['with locks', true],
    ['with leases only', false],
  ] as const)('%s', async (_name, hasLocks) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 24 }), (steps) => exactlyOnce(steps, hasLocks)),
      { numRuns: 150 },
    );
  });
});
