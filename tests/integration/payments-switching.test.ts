import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import type { OrderView } from '../../protocol/http/payments.ts';
import { newest, Shop, value } from './payments/shop.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;
/** Channels that only close, and channels that can undo. */
let shop: Shop;
let undoing: Shop;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster);
  undoing = await Shop.open(cluster, { reverses: true });
});
afterAll(async () => {
  await shop.close();
  await undoing.close();
  await cluster.stop();
});

async function shown(at: Shop, amountFen = 10_000): Promise<{ order: OrderView; attemptNo: string }> {
  const order = value(await at.order(await at.terminal(), amountFen));
  const started = value(await at.start(order.id));
  return { order: started, attemptNo: newest(started).attemptNo };
}

const states = (order: OrderView): string[] => order.attempts.map(({ channel, state }) => `${channel} ${state}`);

describe('switching the channel', () => {
  it('closes the old attempt at its platform before the new code shows', async () => {
    const { order, attemptNo } = await shown(shop);
    const switched = value(await shop.start(order.id, 'toy-b'));
    expect(states(switched)).toEqual(['toy-a closed', 'toy-b pending']);
    expect(shop.platform('toy-a').payments.get(attemptNo)?.state).toBe('closed');
    expect(shop.platform('toy-a').calls.at(-1)?.call).toBe('close');
  });

  it('does not start the new attempt when the old one was paid meanwhile', async () => {
    const { order, attemptNo } = await shown(shop);
    shop.platform('toy-a').pay(attemptNo);
    const switched = value(await shop.start(order.id, 'toy-b'));
    expect(switched.state).toBe('paid');
    expect(states(switched)).toEqual(['toy-a paid']);
    expect(shop.platform('toy-b').calls.some((call) => call.attemptNo.startsWith(attemptNo.slice(0, -1)))).toBe(false);
  });

  it('says that the old attempt is ending while the platform gives no answer, then goes on', async () => {
    const { order } = await shown(shop);
    shop.setFate('toy-a', () => 'not-done');
    const held = value(await shop.start(order.id, 'toy-b'));
    expect(held.attempts).toMatchObject([{ channel: 'toy-a', state: 'pending', isEnding: true }]);
    shop.setFate('toy-a', () => 'ok');
    await shop.pass(6_000);
    expect(states(value(await shop.start(order.id, 'toy-b')))).toEqual(['toy-a closed', 'toy-b pending']);
  });

  it('undoes the old attempt when closing brings no certainty and the channel can', async () => {
    const { order, attemptNo } = await shown(undoing);
    undoing.setFate('toy-a', (call) => (call === 'close' ? 'not-done' : 'ok'));
    const switched = value(await undoing.start(order.id, 'toy-b'));
    undoing.setFate('toy-a', () => 'ok');
    expect(states(switched)).toEqual(['toy-a closed', 'toy-b pending']);
    expect(undoing.platform('toy-a').payments.get(attemptNo)?.state).toBe('reversed');
  });

  it.each([
    ['paid', true],
    ['closed', false],
  ])('where the account may not undo, the end that the platform says counts: %s', async (end, isPaid) => {
    const { order, attemptNo } = await shown(undoing);
    const platform = undoing.platform('toy-a');
    platform.refusesToUndo = true;
    undoing.setFate('toy-a', (call) => (call === 'close' ? 'not-done' : 'ok'));
    expect(value(await undoing.start(order.id, 'toy-b')).attempts).toMatchObject([{ isEnding: true }]);
    undoing.setFate('toy-a', () => 'ok');
    if (isPaid) platform.pay(attemptNo);
    if (isPaid) await undoing.notify('toy-a', attemptNo);
    await undoing.pass(6_000);
    expect(newest(await undoing.look(order.id))).toMatchObject({ state: end });
    expect((await undoing.look(order.id)).paidFen).toBe(isPaid ? 10_000 : 0);
    platform.refusesToUndo = false;
  });

  it('a customer’s code that may not be undone is paid when its platform says so', async () => {
    const order = value(await undoing.order(await undoing.terminal(), 500));
    const platform = undoing.platform('toy-a');
    platform.refusesToUndo = true;
    undoing.setFate('toy-a', () => 'lost');
    value(await undoing.start(order.id, 'toy-a', { kind: 'scan', authCode: '1'.repeat(18) }));
    await undoing.pass(61_000);
    undoing.setFate('toy-a', () => 'ok');
    await undoing.pass(61_000);
    expect(await undoing.look(order.id)).toMatchObject({ state: 'paid', paidFen: 500 });
    platform.refusesToUndo = false;
  });

  it('leaves one attempt alive when two are started at once', async () => {
    const { order } = await shown(shop);
    await Promise.all([shop.start(order.id, 'toy-b'), shop.start(order.id, 'toy-a'), shop.start(order.id, 'toy-b')]);
    const after = await shop.look(order.id);
    expect(after.attempts.filter(({ state }) => state === 'pending').length).toBeLessThanOrEqual(1);
    const open = after.attempts.filter(({ attemptNo, channel }) => {
      return shop.platform(channel).payments.get(attemptNo)?.state === 'waiting';
    });
    expect(open.length).toBeLessThanOrEqual(1);
  });
});

describe('money that comes late or twice', () => {
  it('goes back by itself when a closed code is paid, and the story says so', async () => {
    const { order, attemptNo } = await shown(shop);
    const switched = value(await shop.start(order.id, 'toy-b'));
    shop.platform('toy-a').pay(attemptNo, true);
    shop.platform('toy-b').pay(newest(switched).attemptNo);
    expect(await shop.notify('toy-b', newest(switched).attemptNo)).toBe(200);
    expect(await shop.notify('toy-a', attemptNo)).toBe(200);
    const before = await shop.look(order.id);
    expect(before).toMatchObject({ state: 'paid', refunds: [{ cause: 'late', state: 'created' }] });
    await shop.pass(0);
    const after = await shop.look(order.id);
    expect(after).toMatchObject({ state: 'paid', paidFen: 10_000, refundedFen: 0 });
    expect(after.refunds).toMatchObject([{ cause: 'late', state: 'done', amountFen: 10_000 }]);
    expect(states(after)).toEqual(['toy-a paid-late', 'toy-b paid']);
    expect(shop.platform('toy-a').heldFen(attemptNo)).toBe(0);
    expect(await shop.events(order.id)).toEqual(expect.arrayContaining(['paid-late', 'refund-asked', 'refund-done']));
    const books = await shop.books();
    expect(Object.keys(books)).not.toContain('surplus:toy-a');
  });

  it('calls the office when it cannot go back', async () => {
    const { order, attemptNo } = await shown(shop);
    value(await shop.cancel(order.id));
    const platform = shop.platform('toy-a');
    platform.pay(attemptNo, true);
    await shop.notify('toy-a', attemptNo);
    const payment = platform.payments.get(attemptNo);
    if (payment !== undefined) payment.state = 'reversed';
    await shop.pass(0);
    expect(await shop.look(order.id)).toMatchObject({ state: 'review', refunds: [{ state: 'failed' }] });
    expect(await shop.alarms(order.id)).toEqual(['refund-failed']);
  });
});

describe('a payment in parts', () => {
  it('is paid when the parts make up the amount', async () => {
    const order = value(await shop.order(await shop.terminal(), 10_000));
    const first = newest(value(await shop.start(order.id, 'toy-a', { amountFen: fen(4_000) })));
    shop.platform('toy-a').pay(first.attemptNo);
    await shop.notify('toy-a', first.attemptNo);
    const part = await shop.look(order.id);
    expect(part).toMatchObject({ state: 'part-paid', paidFen: 4_000, leftFen: 6_000, receiptNo: `TK-${part.orderNo}` });
    const second = newest(value(await shop.start(order.id, 'toy-b')));
    expect(second.amountFen).toBe(6_000);
    shop.platform('toy-b').pay(second.attemptNo);
    await shop.notify('toy-b', second.attemptNo);
    expect(await shop.look(order.id)).toMatchObject({ state: 'paid', paidFen: 10_000, leftFen: 0 });
  });

  it('gives its parts back when it is cancelled, and frees the terminal at once', async () => {
    const order = value(await shop.order(await shop.terminal(), 10_000));
    const first = newest(value(await shop.start(order.id, 'toy-a', { amountFen: fen(4_000) })));
    shop.platform('toy-a').pay(first.attemptNo);
    await shop.notify('toy-a', first.attemptNo);
    shop.setFate('toy-a', (call) => (call === 'refund' ? 'lost' : 'ok'));
    const cancelled = value(await shop.cancel(order.id));
    expect(cancelled).toMatchObject({ isEnding: true, refunds: [{ cause: 'part', amountFen: 4_000 }] });
    value(await shop.order(order.terminalId, 100));
    shop.setFate('toy-a', () => 'ok');
    await shop.pass(6_000);
    expect(await shop.look(order.id)).toMatchObject({ state: 'cancelled', isEnding: false, refundedFen: 4_000 });
    expect(shop.platform('toy-a').heldFen(first.attemptNo)).toBe(0);
  });
});

describe('ending an order', () => {
  it('closes what lives, and the order is cancelled', async () => {
    const { order, attemptNo } = await shown(shop);
    expect(value(await shop.cancel(order.id))).toMatchObject({ state: 'cancelled', leftFen: 0 });
    expect(shop.platform('toy-a').payments.get(attemptNo)?.state).toBe('closed');
    expect(value(await shop.cancel(order.id)).state).toBe('cancelled');
    expect(await shop.start(order.id)).toMatchObject({ error: 'not-in-state' });
  });

  it('is overtaken by a payment', async () => {
    const { order, attemptNo } = await shown(shop);
    shop.platform('toy-a').pay(attemptNo);
    expect(value(await shop.cancel(order.id))).toMatchObject({ state: 'paid', isEnding: false });
    expect(await shop.events(order.id)).toContain('cancel-overtaken');
    expect(await shop.cancel(order.id)).toMatchObject({ error: 'not-in-state' });
  });

  it('asks the platform when the time is over: a code that was paid unheard is paid', async () => {
    const { order, attemptNo } = await shown(shop);
    shop.platform('toy-a').pay(attemptNo);
    shop.nowMs += 16 * 60_000;
    await shop.pass(0);
    expect(await shop.look(order.id)).toMatchObject({ state: 'paid' });
  });

  it('ends by itself when nobody pays, and not before the platform has said so', async () => {
    const { order } = await shown(shop);
    shop.setFate('toy-a', () => 'not-done');
    await shop.pass(16 * 60_000);
    expect(await shop.look(order.id)).toMatchObject({ state: 'open', isEnding: true });
    shop.setFate('toy-a', () => 'ok');
    await shop.pass(70_000);
    expect(await shop.look(order.id)).toMatchObject({ state: 'cancelled' });
  });

  it('lets the terminal serve the next customer a minute after an attempt’s end, whatever the platform says', async () => {
    const { order } = await shown(shop);
    shop.setFate('toy-a', () => 'not-done');
    await shop.cancel(order.id);
    expect(await shop.order(order.terminalId, 100)).toMatchObject({ error: 'terminal-busy' });
    for (let minutes = 0; minutes < 5; minutes += 1) await shop.pass(62_000);
    expect(value(await shop.order(order.terminalId, 100)).state).toBe('open');
    shop.setFate('toy-a', () => 'ok');
  });

  it('calls for a person when the platform says nothing in three days', async () => {
    const { order } = await shown(shop);
    shop.setFate('toy-a', () => 'not-done');
    await shop.pass(73 * 3_600_000);
    await shop.pass(60_000);
    shop.setFate('toy-a', () => 'ok');
    expect(await shop.look(order.id)).toMatchObject({ state: 'review', attempts: [{ state: 'review' }] });
    expect(await shop.alarms(order.id)).toEqual(['payment-differs']);
  });
});
