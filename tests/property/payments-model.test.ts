import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { isLive } from '../../domain/payments/transitions.ts';
import { MemoryStore } from '../integration/payments/memory-store.ts';
import { orderFen, Play } from '../integration/payments/model.ts';
import { schedule, type Schedule } from '../integration/payments/schedules.ts';
import type { StoredOrder } from '../../server/services/payments/store.ts';

// Random orders of everything that can happen to a payment, over two channels, with the server dying at any point, beside
// platforms that hold real (simulated) money. The engine is the real one; the store is in memory and is held to do what
// PostgreSQL does by tests/integration/payments-store.test.ts.

const runs = 10_000;

function memoryStage(isTight: boolean) {
  const store = new MemoryStore();
  let count = 0;
  const newId = (): string => `id-${String((count += 1))}`;
  store.terminals.set('t', { merchantId: 'm', state: 'active' });
  ['toy-a', 'toy-b'].forEach((channel, index) => {
    const platformMerchantId = 'toy-merchant';
    store.accounts.push({ id: channel, channel, state: 'active', priority: index, feePpm: 3_800, platformMerchantId });
    const maxFen = fen(isTight ? orderFen : 10 * orderFen);
    store.rules.push({ id: `r${channel}`, channel, terminalId: null, window: 'day', maxFen, maxCount: null });
  });
  const accounts = ['toy-a', 'toy-b'] as const;
  return { store, merchantId: 'm', terminalId: 't', accounts, newId, startMs: Date.parse('2026-11-23T15:40:00Z') };
}

function checkAlways(store: MemoryStore, { attempts }: StoredOrder): void {
  if (attempts.filter(({ state }) => isLive(state)).length > 1) throw new Error('two attempts are alive');
  for (const { lines } of store.postings) {
    if (lines.reduce((sum, { amountFen }) => sum + amountFen, 0) !== 0) throw new Error('a posting does not balance');
  }
  for (const [key, { reservedFen, committedFen }] of store.buckets) {
    const rule = store.rules.find(({ id }) => key.startsWith(`${id} `));
    if (reservedFen < 0 || reservedFen + committedFen > (rule?.maxFen ?? 0)) throw new Error('a limit does not hold');
  }
}

function balance(store: MemoryStore, account: string): number {
  const lines = store.postings.flatMap((posting) => posting.lines).filter((line) => line.account.startsWith(account));
  return lines.reduce((sum, { amountFen }) => sum + amountFen, 0);
}

/** How often each thing came about, so that the test cannot pass by doing nothing. */
const seen = new Map<string, number>();

function note(what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

async function playOne(given: Schedule): Promise<void> {
  const stage = memoryStage(given.isTight);
  const { store } = stage;
  const play = new Play(stage, given.seed);
  let told: readonly unknown[] = [];
  const end = await play.run(given, async (stored) => {
    checkAlways(store, stored);
    expect(await play.strayCodes()).toEqual([]);
    if (!told.every((event, index) => event === store.events[index])) throw new Error('an event was changed');
    told = [...store.events];
  });
  const { order, attempts, refunds } = end;
  note(order.state);
  for (const { state } of attempts) note(`attempt ${state}`);
  for (const { cause, state } of refunds) note(`refund ${cause} ${state}`);
  const context = JSON.stringify({ order, attempts, refunds }, undefined, 1);
  expect(play.failures).toEqual([]);
  expect(store.alarms, context).toEqual([]);
  expect(['paid', 'part-refunded', 'refunded', 'cancelled'], context).toContain(order.state);
  // What the platforms hold is what the order says; all or nothing unless a person wished a part back.
  const keptFen = order.paidFen - order.refundedFen;
  expect(play.heldFen(), context).toBe(keptFen);
  if (refunds.every(({ cause }) => cause !== 'merchant')) expect([0, orderFen], context).toContain(keptFen);
  expect(attempts.filter((one) => one.state === 'paid-late' && one.refundedFen !== one.amountFen)).toEqual([]);
  expect(refunds.filter(({ state }) => state !== 'done' && state !== 'failed')).toEqual([]);
  const paidFen = attempts.filter(({ state }) => state === 'paid').reduce((sum, one) => sum + one.amountFen, 0);
  expect(store.held(), context).toEqual({ reservedFen: 0, committedFen: paidFen });
  expect(balance(store, 'payable') + keptFen, context).toBe(0);
  expect(balance(store, 'surplus')).toBe(0);
}

it(`keeps money, limits and books right in ${String(runs)} schedules of payers, crashes and lost answers`, async () => {
  await fc.assert(fc.asyncProperty(schedule, playOne), { numRuns: runs });
  const often = [
    'paid',
    'cancelled',
    'refunded',
    'part-refunded',
    'attempt paid-late',
    'attempt failed',
    'attempt closed',
  ];
  for (const what of [...often, 'refund surplus done', 'refund late done', 'refund part done', 'refund merchant done'])
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(runs / 200);
});
