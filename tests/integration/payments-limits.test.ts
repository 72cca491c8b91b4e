import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { newest, Shop, value } from './payments/shop.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());

describe('200 terminals on one shared limit', () => {
  it('never take one fen more than it allows, and what they hold adds up', async () => {
    const shop = await Shop.open(cluster);
    await shop.limit({ channel: 'toy-a', window: 'day', maxFen: 1_000_000 });
    await shop.limit({ channel: 'toy-a', window: 'month', maxFen: 999_999 });
    const terminals = await shop.terminals(200);
    const orders = await Promise.all(
      terminals.map(async (terminalId, index) => value(await shop.order(terminalId, 7_001 + (index % 7)))),
    );
    const answers = await Promise.all(orders.map(({ id }) => shop.start(id)));
    const begun = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
    const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer.error]));
    expect(new Set(refused)).toEqual(new Set(['limit-reached']));
    const sum = begun.reduce((total, order) => total + order.amountFen, 0);
    expect(sum).toBeLessThanOrEqual(999_999);
    expect(sum + 7_007, 'the limit is used as far as it goes').toBeGreaterThan(999_999);
    expect(await shop.held()).toEqual({ reserved: 2 * sum, committed: 0 });

    // A third is paid, a third is given up, a third is left alone.
    await Promise.all(
      begun.map(async (order, index) => {
        const { attemptNo } = newest(order);
        if (index % 3 === 0) shop.platform('toy-a').pay(attemptNo);
        if (index % 3 === 0) await shop.notify('toy-a', attemptNo);
        if (index % 3 === 1) value(await shop.cancel(order.id));
      }),
    );
    const part = (rest: number): number =>
      begun.filter((_, index) => index % 3 === rest).reduce((total, order) => total + order.amountFen, 0);
    expect(await shop.held()).toEqual({ reserved: 2 * part(2), committed: 2 * part(0) });
    const again = await Promise.all(orders.map(({ id }) => shop.start(id, 'toy-a')));
    const taken = await shop.held();
    expect(taken.reserved + taken.committed).toBeLessThanOrEqual(2 * 999_999);
    expect(again.filter((answer) => answer.ok).length).toBeGreaterThan(0);
    await shop.settle();
    expect(await shop.held()).toEqual({ reserved: 0, committed: 2 * part(0) });
    const rows = await shop.sql<{ state: string }>(`select distinct state from limit_reservations order by state`);
    expect(rows.map(({ state }) => state)).toEqual(['committed', 'released']);
    await shop.close();
  });
});

describe('limits', () => {
  it('count payments, and say why, how much is left and when they begin anew', async () => {
    const shop = await Shop.open(cluster);
    const terminalId = await shop.terminal();
    await shop.limit({ channel: 'toy-a', window: 'day', maxCount: 1 });
    await shop.limit({ channel: 'toy-b', window: 'day', maxFen: 50_000 });
    const order = value(await shop.order(terminalId, 20_000));
    const { attemptNo } = newest(value(await shop.start(order.id, 'toy-b')));
    const { routes, preselected, split } = await shop.routes(terminalId, 31_200);
    expect(routes.find(({ channel }) => channel === 'toy-b')).toMatchObject({
      isAvailable: false,
      reason: 'day-limit',
      leftFen: 30_000,
      day: { maxFen: 50_000, usedFen: 20_000 },
      resumesAt: '2026-11-23T16:00:00.000Z',
    });
    expect([preselected, split]).toEqual(['toy-a', undefined]);
    shop.platform('toy-b').pay(attemptNo);
    await shop.notify('toy-b', attemptNo);
    const next = value(await shop.order(terminalId, 100));
    value(await shop.start(next.id, 'toy-a'));
    const counted = (await shop.routes(terminalId, 100)).routes.find(({ channel }) => channel === 'toy-a');
    expect(counted).toMatchObject({ reason: 'count-limit', leftFen: 0 });
    await shop.close();
  });

  it('propose a split that is exact when no channel takes the whole amount', async () => {
    const shop = await Shop.open(cluster);
    const terminalId = await shop.terminal();
    await shop.limit({ channel: 'toy-a', window: 'transaction', maxFen: 60_000 });
    await shop.limit({ channel: 'toy-b', window: 'month', maxFen: 90_000 });
    expect((await shop.routes(terminalId, 100_001)).split).toEqual([
      { channel: 'toy-b', amountFen: 90_000 },
      { channel: 'toy-a', amountFen: 10_001 },
    ]);
    expect((await shop.routes(terminalId, 150_001)).split).toBeUndefined();
    await shop.close();
  });

  it('hold both days of an attempt that lives past midnight, and keep the one in which it was paid', async () => {
    const shop = await Shop.open(cluster);
    shop.nowMs = Date.parse('2026-11-23T15:59:00Z');
    const rule = await shop.limit({ channel: 'toy-a', window: 'day', maxFen: 50_000 });
    const order = value(await shop.order(await shop.terminal(), 20_000));
    const { attemptNo } = newest(value(await shop.start(order.id)));
    expect(await shop.held()).toEqual({ reserved: 40_000, committed: 0 });
    shop.nowMs += 90_000;
    shop.platform('toy-a').pay(attemptNo);
    await shop.notify('toy-a', attemptNo);
    const rows = await shop.sql<{ day: string; committed_fen: number; reserved_fen: number }>(
      'select window_start::text as day, committed_fen, reserved_fen from limit_buckets where rule_id = $1 order by 1',
      rule,
    );
    expect(rows).toEqual([
      { day: '2026-11-23', committed_fen: 0, reserved_fen: 0 },
      { day: '2026-11-24', committed_fen: 20_000, reserved_fen: 0 },
    ]);
    await shop.close();
  });

  it('say which of them was full when many came at once', async () => {
    const shop = await Shop.open(cluster);
    await shop.limit({ channel: 'toy-a', window: 'month', maxFen: 1_000 });
    const orders = await Promise.all((await shop.terminals(6)).map((id) => shop.order(id, 900)));
    const answers = await Promise.all(orders.map((order) => shop.start(value(order).id)));
    const details = answers.flatMap((answer) => (answer.ok ? [] : [answer.detail]));
    expect(details).toEqual(Array.from({ length: 5 }, () => 'month-limit'));
    await shop.close();
  });

  it('are held while a person looks, and free again when nothing was taken', async () => {
    const shop = await Shop.open(cluster);
    await shop.limit({ channel: 'toy-a', window: 'day', maxFen: 50_000 });
    const order = value(await shop.order(await shop.terminal(), 20_000));
    const { attemptNo, id: attemptId } = newest(value(await shop.start(order.id)));
    const platform = shop.platform('toy-a');
    platform.pay(attemptNo);
    platform.lie = { amountFen: fen(1) };
    await shop.notify('toy-a', attemptNo);
    platform.lie = {};
    expect(await shop.held()).toEqual({ reserved: 20_000, committed: 0 });
    const payment = platform.payments.get(attemptNo);
    if (payment !== undefined) payment.state = 'closed';
    const who = { kind: 'person', id: 'p', name: '王' } as const;
    const wish = { merchantId: shop.merchantId, orderId: order.id, reason: 'nothing came' };
    value(await shop.payments.decide(who, { ...wish, on: { act: 'no-money', attemptId } }));
    expect(await shop.held()).toEqual({ reserved: 0, committed: 0 });
    await shop.close();
  });

  it('of one terminal bind only that terminal', async () => {
    const shop = await Shop.open(cluster);
    const [one, two] = [await shop.terminal(), await shop.terminal()];
    await shop.limit({ channel: 'toy-a', terminalId: one, window: 'day', maxFen: 1_000 });
    const bound = value(await shop.order(one, 1_001));
    expect(await shop.start(bound.id)).toMatchObject({ error: 'limit-reached', detail: 'day-limit' });
    expect(newest(value(await shop.start(bound.id, 'toy-a', { amountFen: fen(1_000) }))).state).toBe('pending');
    expect(newest(value(await shop.start(value(await shop.order(two, 1_001)).id))).state).toBe('pending');
    await shop.close();
  });
});
