import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginAttempt, wantCancel } from '../../domain/payments/attempts.ts';
import { fen } from '../../domain/money.ts';
import { decideAttempt } from '../../domain/payments/review.ts';
import { settleAttempt } from '../../domain/payments/settle.ts';
import { newOrder } from '../../server/services/payments/new-order.ts';
import { createPgStore } from '../../server/services/payments/pg-store.ts';
import type { NewOrder } from '../../server/services/payments/service.ts';
import type { PaymentStore, StoredOrder } from '../../server/services/payments/store.ts';
import { MemoryStore } from './payments/memory-store.ts';
import { orderFen, Play, type Stage } from './payments/model.ts';
import { schedule, type Schedule } from './payments/schedules.ts';
import { Shop } from './payments/shop.ts';
import { Cluster, newId } from './server/world.ts';

// The store in memory stands in for PostgreSQL in tests/property/payments-model.test.ts. Here both are given the same,
// and must answer the same; and the schedules themselves are played over PostgreSQL too, fewer of them.

let cluster: Cluster;
let shop: Shop;
let pg: PaymentStore;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster);
  pg = createPgStore(shop.context.store.pool);
});
afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

interface Pair {
  readonly memory: MemoryStore;
  readonly terminalId: string;
  readonly ruleIds: readonly string[];
}

/** A fresh terminal with the same limits in both stores. */
async function pair(maxFen: number, maxCount: number | undefined = undefined): Promise<Pair> {
  const terminalId = await shop.terminal();
  const memory = new MemoryStore();
  memory.terminals.set(terminalId, { merchantId: shop.merchantId, state: 'active' });
  const ruleIds: string[] = [];
  for (const [channel, id] of shop.accounts) {
    const count = maxCount === undefined ? {} : { maxCount };
    const ruleId = await shop.limit({ channel, terminalId, window: 'day', maxFen, ...count });
    const rule = { id: ruleId, channel, terminalId, window: 'day' as const, maxFen: fen(maxFen) };
    memory.rules.push({ ...rule, maxCount: maxCount ?? null });
    const account = { id, channel, state: 'active' as const, priority: 100, feePpm: 3_800 };
    memory.accounts.push({ ...account, platformMerchantId: 'toy-merchant' });
    ruleIds.push(ruleId);
  }
  const [row] = await shop.sql<{ n: number }>('select last_value as n from order_numbers');
  memory.sequence = (await isUnused()) ? 0 : (row?.n ?? 0);
  return { memory, terminalId, ruleIds };
}

async function isUnused(): Promise<boolean> {
  const [row] = await shop.sql<{ is_called: boolean }>('select is_called from order_numbers');
  return row?.is_called === false;
}

const startMs = Date.parse('2026-11-23T15:40:00Z');
const moment = (nowMs = startMs) => ({ nowMs, jitter: 0.5, newId });
const more = { bodyHash: 'aa'.repeat(32), nowMs: startMs, expiresAtMs: startMs + 900_000, by: 'T' };

function orderAt(terminalId: string, id = newId()): NewOrder {
  const { merchantId } = shop;
  return { merchantId, terminalId, id, amountFen: fen(orderFen), note: '', source: 'terminal' };
}

/** What both stores answer: the same, or the test fails. Names that only the database has are left out. */
async function both<T>({ memory }: Pair, act: (store: PaymentStore) => Promise<T>): Promise<T> {
  const [one, two] = [await act(pg), await act(memory)];
  expect(plain(two)).toEqual(plain(one));
  return one;
}

function plain(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (key, value: unknown) => (key === 'place' ? undefined : value)) ?? 'null');
}

function begun(order: StoredOrder, ruleIds: readonly string[], amountFen = fen(orderFen), id = newId()) {
  const [accountId = ''] = shop.accounts.values();
  const holds = [{ ruleId: ruleIds[0] ?? '', windowStart: '2026-11-23', windowKind: 'day' as const }];
  const times = { expiresAtMs: startMs + 180_000, lookAtMs: startMs + 30_000 };
  const wish = { id, accountId, channel: 'toy-a', kind: 'qr' as const, amountFen, memo: { a: '1' }, bodyHash: 'bb' };
  const outcome = beginAttempt(order, { ...wish, ...times, holds }, moment());
  if (!outcome.ok) throw new Error(outcome.error);
  return outcome.value;
}

async function made(at: Pair): Promise<StoredOrder> {
  const order = orderAt(at.terminalId);
  const answer = await both(at, (store) => store.createOrder(order, more));
  if (answer.kind !== 'made') throw new Error(answer.kind);
  return answer.order;
}

describe('both stores', () => {
  it('make an order once, and say what stands in the way', async () => {
    const at = await pair(100_000);
    const order = orderAt(at.terminalId);
    expect((await both(at, (store) => store.createOrder(order, more))).kind).toBe('made');
    expect((await both(at, (store) => store.createOrder(order, more))).kind).toBe('there');
    const next = orderAt(at.terminalId);
    expect((await both(at, (store) => store.createOrder(next, more))).kind).toBe('busy');
    const foreign = { ...next, merchantId: newId() };
    expect((await both(at, (store) => store.createOrder(foreign, more))).kind).toBe('not-found');
    await shop.control('terminal', 'paused', at.terminalId);
    at.memory.terminals.set(at.terminalId, { merchantId: shop.merchantId, state: 'paused' });
    expect(await both(at, (store) => store.createOrder(next, more))).toEqual({ kind: 'paused', what: 'terminal' });
  });

  it('write a change once: not on an older version, not over a limit, not with an id of another order', async () => {
    const at = await pair(orderFen);
    const order = await made(at);
    const outcome = begun(order, at.ruleIds);
    expect(await both(at, (store) => store.apply(order, outcome, startMs))).toBe('written');
    expect(await both(at, (store) => store.apply(order, outcome, startMs))).toBe('stale');
    const ref = { merchantId: shop.merchantId, orderId: order.order.id };
    const stored = await both(at, (store) => store.load(ref));
    if (stored === undefined) throw new Error('the order is gone');
    const [attempt] = stored.attempts;
    if (attempt === undefined) throw new Error('the attempt is gone');
    const word = {
      attemptId: attempt.id,
      source: 'query',
      feePpm: 1,
      platformMerchantId: 'x',
      refundsByTransaction: true,
    } as const;
    const closed = settleAttempt(stored, { ...word, result: { kind: 'closed' } }, moment());
    if (closed === undefined) throw new Error('nothing was decided');
    expect(await both(at, (store) => store.apply(stored, closed, startMs))).toBe('written');
    const again = await both(at, (store) => store.load(ref));
    if (again === undefined) throw new Error('the order is gone');
    const tooMuch = { ...again, order: { ...again.order, amountFen: fen(orderFen + 1) } };
    const over = begun(tooMuch, at.ruleIds, fen(orderFen + 1));
    expect(await both(at, (store) => store.apply(again, over, startMs))).toBe('full');
    expect(await both(at, (store) => store.apply(again, begun(again, at.ruleIds), startMs))).toBe('written');
  });

  it('write an order with its first attempt, or nothing of either', async () => {
    const at = await pair(orderFen);
    const facts = (store: PaymentStore) => store.facts(shop.merchantId, at.terminalId, startMs, true);
    const { orderNo = '' } = await both(at, async (store) => ({ orderNo: (await facts(store)).orderNo }));
    const place = { terminalLabel: 'T', merchantName: '桂园物业' };
    const made = (amountFen: number) =>
      newOrder({ ...orderAt(at.terminalId), amountFen: fen(amountFen) }, more, { orderNo, ...place });
    const [tooMuch, fits] = [made(orderFen + 1), made(orderFen)];
    const over = begun(tooMuch, at.ruleIds, fen(orderFen + 1));
    expect(await both(at, (store) => store.createWith(tooMuch, over, startMs))).toBe('refused');
    const outcome = begun(fits, at.ruleIds);
    expect(await both(at, (store) => store.createWith(fits, outcome, startMs))).toBe('written');
    expect(await both(at, (store) => store.createWith(fits, outcome, startMs))).toBe('refused');
    const busy = made(1);
    expect(await both(at, (store) => store.createWith(busy, begun(busy, at.ruleIds, fen(1)), startMs))).toBe('refused');
    const ref = { merchantId: shop.merchantId, orderId: fits.order.id };
    expect(await both(at, (store) => store.load(ref))).toBeDefined();
    expect(await both(at, (store) => store.load({ ...ref, orderId: busy.order.id }))).toBeUndefined();
  });

  it('count payments as well as money', async () => {
    const at = await pair(orderFen * 10, 1);
    const order = await made(at);
    const first = begun(order, at.ruleIds, fen(1_000));
    expect(await both(at, (store) => store.apply(order, first, startMs))).toBe('written');
    const stored = { ...first.next, place: order.place };
    const [attempt] = stored.attempts;
    const proof = {
      ...{ attemptNo: attempt?.attemptNo ?? '', amountFen: fen(1_000), currency: 'CNY', platformMerchantId: 'm' },
      ...{ transactionId: 'x', paidAtMs: startMs },
    };
    const word = {
      attemptId: attempt?.id ?? '',
      source: 'notification',
      feePpm: 9_999,
      refundsByTransaction: true,
      platformMerchantId: 'm',
    } as const;
    const paid = settleAttempt(stored, { ...word, result: { kind: 'paid', proof }, raw: 'a\u0000b' }, moment());
    if (paid === undefined) throw new Error('nothing was decided');
    const notice = { accountId: shop.accounts.get('toy-a') ?? '', id: newId() };
    expect(await both(at, (store) => store.apply(stored, paid, startMs, { notice }))).toBe('written');
    const next = { ...paid.next, place: order.place };
    const cancelled = wantCancel(next, { why: 'cancelled', lookAtMs: startMs }, moment());
    if (!cancelled.ok || cancelled.value === undefined) throw new Error('nothing was decided');
    const { value } = cancelled;
    expect(await both(at, (store) => store.apply(next, value, startMs, { notice }))).toBe('seen');
    const second = begun(next, at.ruleIds, fen(1_000));
    expect(await both(at, (store) => store.apply(next, second, startMs))).toBe('full');
  });

  it('write a person’s decision with another amount, its refund and its audit record', async () => {
    const at = await pair(orderFen * 10);
    const order = await made(at);
    const first = begun(order, at.ruleIds);
    expect(await both(at, (store) => store.apply(order, first, startMs))).toBe('written');
    const stored = { ...first.next, place: order.place };
    const { id: attemptId = '', attemptNo = '' } = stored.attempts[0] ?? {};
    const taken = { attemptNo, amountFen: fen(orderFen + 500), currency: 'CNY', platformMerchantId: 'm' };
    const result = { kind: 'paid', proof: { ...taken, transactionId: 'x', paidAtMs: startMs } } as const;
    const facts = { feePpm: 9_999, platformMerchantId: 'm', refundsByTransaction: true };
    const word = { attemptId, result, source: 'person', ...facts } as const;
    const differs = settleAttempt(stored, word, moment());
    if (differs === undefined) throw new Error('nothing was decided');
    expect(await both(at, (store) => store.apply(stored, differs, startMs))).toBe('written');
    const wish = { act: 'accept', takenFen: taken.amountFen, by: '王', reason: 'the guest agrees', word } as const;
    const decided = decideAttempt(differs.next, wish, moment());
    if (!decided.ok) throw new Error(decided.detail);
    const audit = {
      act: 'payment.reviewed',
      actorId: 'w',
      subject: `order:${order.order.id}`,
      facts: { act: 'accept' },
    };
    expect(await both(at, (store) => store.apply(differs.next, decided.value, startMs, { audit }))).toBe('written');
    const ref = { merchantId: shop.merchantId, orderId: order.order.id };
    const now = (await both(at, (store) => store.load(ref))) as StoredOrder;
    expect(now.order).toMatchObject({ state: 'paid', amountFen: orderFen + 500, paidFen: orderFen + 500 });
    expect(now.refunds).toMatchObject([{ amountFen: 500, cause: 'surplus', transactionId: null }]);
    const rows = await shop.sql('select act, actor_id, facts from audit where subject = $1', audit.subject);
    expect(rows).toEqual([{ act: audit.act, actor_id: 'w', facts: audit.facts }]);
    expect(at.memory.audit).toEqual([audit]);
  });

  it('hand out what is due to one only, until the lease is over', async () => {
    const at = await pair(100_000);
    const order = await made(at);
    const mine = async (store: PaymentStore, nowMs: number) =>
      (await store.claim(nowMs, 30_000, 1_000)).filter(({ orderId }) => orderId === order.order.id).length;
    expect(await both(at, (store) => mine(store, startMs + 899_999))).toBe(0);
    expect(await both(at, (store) => mine(store, startMs + 900_000))).toBe(1);
    expect(await both(at, (store) => mine(store, startMs + 929_999))).toBe(0);
    expect(await both(at, (store) => mine(store, startMs + 930_000))).toBe(1);
  });
});

function usesOf(facts: Awaited<ReturnType<PaymentStore['facts']>>) {
  return [...facts.uses].sort((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
}

/** Ids by counting, so that both plays make the same. */
function counted(prefix: string): () => string {
  let count = 0;
  return () => `${prefix}-0000-7000-8000-${String((count += 1)).padStart(12, '0')}`;
}

/** The same with ids that a play made itself named by when they appear: a decision that is made again takes another. */
function renamed(steps: readonly unknown[], prefix: string): unknown[] {
  const names = new Map<string, string>();
  const text = JSON.stringify(steps).replace(new RegExp(`${prefix}-0000-7000-8000-\\d{12}`, 'g'), (id) => {
    const name = names.get(id) ?? `made-${String(names.size + 1)}`;
    names.set(id, name);
    return name;
  });
  return JSON.parse(text) as unknown[];
}

/** The store with nobody else's orders due: what other tests left behind would use up ids. */
function only(store: PaymentStore, terminalId: string): PaymentStore {
  if (store !== pg) return store;
  return {
    ...pg,
    claim: async (...given) => {
      const orders = await Promise.all((await pg.claim(...given)).map((ref) => pg.load(ref)));
      const own = orders.flatMap((stored) => (stored?.order.terminalId === terminalId ? [stored.order] : []));
      return own.map(({ merchantId, id }) => ({ merchantId, orderId: id }));
    },
  };
}

async function trace(at: Pair, store: PaymentStore, prefix: string, given: Schedule): Promise<unknown[]> {
  const accounts = [...shop.accounts.values()] as [string, string];
  const stage: Stage = {
    ...{ store: only(store, at.terminalId), merchantId: shop.merchantId, terminalId: at.terminalId, accounts },
    ...{ newId: counted(prefix), startMs },
  };
  const play = new Play(stage, given.seed);
  const steps: unknown[] = [];
  await play.run(given, async (stored) => {
    const facts = await store.facts(shop.merchantId, at.terminalId, play.nowMs);
    const uses = usesOf(facts).filter(({ ruleId }) => at.ruleIds.includes(ruleId));
    steps.push(plain({ ...stored, uses: uses.filter(({ usedCount }) => usedCount > 0) }));
  });
  return renamed(steps, prefix);
}

describe('the schedules of the model', () => {
  it('go step by step the same way over both stores', async () => {
    let run = 0;
    const play = async (given: Schedule): Promise<void> => {
      const at = await pair(given.isTight ? orderFen : orderFen * 10);
      run += 1;
      const alone = { ...given, acts: given.acts.map((act) => ({ ...act, beside: undefined })) };
      const ids = (0xa0000000 + run).toString(16);
      const inMemory = await trace(at, at.memory, ids, alone);
      expect(await trace(at, pg, ids, alone)).toEqual(inMemory);
      expect(await eventsOf(at.terminalId)).toEqual(at.memory.events.map(({ kind }) => kind));
    };
    await fc.assert(fc.asyncProperty(schedule, play), { numRuns: 60 });
  });

  it('keep money right over PostgreSQL while steps overlap', async () => {
    let run = 0;
    const play = async (given: Schedule): Promise<void> => {
      const at = await pair(given.isTight ? orderFen : orderFen * 10);
      run += 1;
      const accounts = [...shop.accounts.values()] as [string, string];
      const newIds = counted((0xb0000000 + run).toString(16));
      const place = {
        store: only(pg, at.terminalId),
        merchantId: shop.merchantId,
        terminalId: at.terminalId,
        accounts,
        startMs,
      };
      const game = new Play({ ...place, newId: newIds }, given.seed);
      const { order, refunds, attempts } = await game.run(given, async () => {
        expect(await game.strayCodes()).toEqual([]);
      });
      const context = JSON.stringify({ order, attempts, refunds });
      expect(['paid', 'part-refunded', 'refunded', 'cancelled'], context).toContain(order.state);
      expect(game.heldFen(), context).toBe(order.paidFen - order.refundedFen);
      const text = `select coalesce(sum(e.amount_fen) filter (where e.account = 'payable'), 0)::bigint as payable,
          coalesce(sum(e.amount_fen) filter (where e.account like 'surplus%'), 0)::bigint as surplus,
          coalesce(sum(e.amount_fen), 0)::bigint as all
        from ledger_entries e join ledger_postings p on p.id = e.posting_id where p.order_id = $1`;
      const [books] = await shop.sql(text, order.id);
      expect(books, context).toEqual({ payable: order.refundedFen - order.paidFen, surplus: 0, all: 0 });
      const held = `select coalesce(sum(reserved_fen), 0)::bigint as reserved, coalesce(sum(committed_fen), 0)::bigint as committed
        from limit_buckets where rule_id = any($1)`;
      const [limits] = await shop.sql(held, at.ruleIds);
      const paidFen = attempts
        .filter(({ state }) => state === 'paid')
        .reduce((sum, { amountFen }) => sum + amountFen, 0);
      expect(limits, context).toEqual({ reserved: 0, committed: paidFen });
    };
    await fc.assert(fc.asyncProperty(schedule, play), { numRuns: 60 });
  });
});

async function eventsOf(terminalId: string): Promise<string[]> {
  const text = `select e.kind from payment_events e join payment_orders o on o.merchant_id = e.merchant_id and o.id = e.order_id
    where o.terminal_id = $1 order by e.at, e.id`;
  return (await shop.sql<{ kind: string }>(text, terminalId)).map(({ kind }) => kind);
}
