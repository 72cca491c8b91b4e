import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { newest, Shop, value } from './payments/shop.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let shop: Shop;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster);
});
afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

async function paid(parts: readonly (readonly [channel: string, amountFen: number])[] = [['toy-a', 10_000]]) {
  const amountFen = parts.reduce((sum, [, amount]) => sum + amount, 0);
  const { id, terminalId } = value(await shop.order(await shop.terminal(), amountFen));
  const numbers: string[] = [];
  for (const [channel, amount] of parts) {
    const { attemptNo } = newest(value(await shop.start(id, channel, { amountFen: fen(amount) })));
    shop.platform(channel).pay(attemptNo);
    await shop.notify(channel, attemptNo);
    numbers.push(attemptNo);
  }
  return { id, terminalId, numbers };
}

describe('a refund', () => {
  it('gives everything back, and the fee with it', async () => {
    const before = await shop.books();
    const { id, numbers } = await paid();
    const after = value(await shop.refund(id));
    expect(after).toMatchObject({ state: 'refunded', refundedFen: 10_000 });
    expect(after.refunds).toMatchObject([{ state: 'done', refundNo: `${numbers[0] ?? ''}R1`, by: 'G3-02' }]);
    expect(await shop.books()).toEqual(before);
  });

  it('gives a part back, then the rest, and not a fen more', async () => {
    const { id } = await paid();
    expect(value(await shop.refund(id, { amountFen: fen(1) }))).toMatchObject({
      state: 'part-refunded',
      refundedFen: 1,
    });
    expect(await shop.refund(id, { amountFen: fen(10_000) })).toMatchObject({
      error: 'bad-request',
      detail: 'amountFen',
    });
    expect(value(await shop.refund(id))).toMatchObject({ state: 'refunded', refundedFen: 10_000 });
    expect(await shop.refund(id)).toMatchObject({ error: 'not-in-state' });
  });

  it('under one id is one refund, however often it is sent', async () => {
    const { id } = await paid();
    const wish = { id: newId(), amountFen: fen(300) };
    const answers = await Promise.all(Array.from({ length: 6 }, () => shop.refund(id, wish)));
    expect(answers.every((answer) => answer.ok)).toBe(true);
    expect(await shop.look(id)).toMatchObject({ refundedFen: 300, refunds: [{ amountFen: 300 }] });
    expect(await shop.refund(id, { ...wish, amountFen: fen(301) })).toMatchObject({
      error: 'exists-with-different-body',
    });
  });

  it('never goes over the amount when many are asked for at once', async () => {
    const { id, numbers } = await paid();
    await Promise.all(Array.from({ length: 8 }, () => shop.refund(id, { amountFen: fen(3_000) })));
    expect(await shop.look(id)).toMatchObject({ refundedFen: 9_000, state: 'part-refunded' });
    expect(shop.platform('toy-a').heldFen(numbers[0] ?? '')).toBe(1_000);
  });

  it('goes over the parts, the newest first', async () => {
    const parts = [
      ['toy-a', 4_000],
      ['toy-b', 6_000],
    ] as const;
    const { id } = await paid(parts);
    const some = value(await shop.refund(id, { amountFen: fen(7_000) }));
    expect(some.refunds.map(({ channel, amountFen }) => [channel, amountFen])).toEqual([
      ['toy-b', 6_000],
      ['toy-a', 1_000],
    ]);
    expect(value(await shop.refund(id)).state).toBe('refunded');
  });

  it('of one part is of that part only', async () => {
    const { id } = await paid([
      ['toy-a', 4_000],
      ['toy-b', 6_000],
    ]);
    const [first] = (await shop.look(id)).attempts;
    const after = value(await shop.refund(id, { attemptId: first?.id ?? '' }));
    expect(after).toMatchObject({ state: 'part-refunded', refundedFen: 4_000 });
  });

  it.each(['lost', 'not-done', 'throw'] as const)(
    'whose answer is %s is asked about under the same number',
    async (fate) => {
      const { id, numbers } = await paid();
      shop.setFate('toy-a', (call) => (call === 'refund' ? fate : 'ok'));
      expect(value(await shop.refund(id))).toMatchObject({ state: 'paid', refunds: [{ state: 'unknown' }] });
      shop.setFate('toy-a', () => 'ok');
      await shop.pass(6_000);
      expect(await shop.look(id)).toMatchObject({ state: 'refunded', refunds: [{ state: 'done' }] });
      expect(shop.platform('toy-a').payments.get(numbers[0] ?? '')?.refunds.size).toBe(1);
    },
  );

  it('refused at its first sending has failed; once it was sent, a refused question says nothing about it', async () => {
    const { id, numbers } = await paid();
    const platform = shop.platform('toy-a');
    platform.refusal = { code: 'SIGN_ERROR', message: 'the key is not known' };
    expect(value(await shop.refund(id, { amountFen: fen(100) })).refunds).toMatchObject([{ state: 'failed' }]);
    platform.refusal = undefined;
    shop.setFate('toy-a', (call) => (call === 'refund' ? 'lost' : 'ok'));
    value(await shop.refund(id, { amountFen: fen(3_000) }));
    shop.setFate('toy-a', () => 'ok');
    platform.refusal = { code: 'SIGN_ERROR', message: 'the key is not known' };
    await shop.pass(6_000);
    expect((await shop.look(id)).refunds.at(-1)).toMatchObject({ state: 'unknown' });
    platform.refusal = undefined;
    await shop.pass(60_000);
    expect(await shop.look(id)).toMatchObject({
      refundedFen: 3_000,
      refunds: [{ state: 'failed' }, { state: 'done' }],
    });
    expect(platform.heldFen(numbers[0] ?? '')).toBe(7_000);
  });

  it('is settled by the platform’s notification, once', async () => {
    const { id, numbers } = await paid();
    shop.setFate('toy-a', (call) => (call === 'refund' ? 'lost' : 'ok'));
    value(await shop.refund(id));
    shop.setFate('toy-a', () => 'ok');
    const raw = shop.platform('toy-a').refundNotice(`${numbers[0] ?? ''}R1`);
    for (let times = 0; times < 2; times += 1) {
      const reply = await shop.payments.notified('toy-a', shop.accounts.get('toy-a') ?? '', raw);
      expect(reply.status).toBe(200);
    }
    expect(await shop.look(id)).toMatchObject({ state: 'refunded', refundedFen: 10_000 });
  });

  it('that the platform refuses says so and leaves the money where it is', async () => {
    const { id, numbers } = await paid();
    const payment = shop.platform('toy-a').payments.get(numbers[0] ?? '');
    if (payment !== undefined) payment.state = 'closed';
    const after = value(await shop.refund(id));
    expect(after).toMatchObject({
      state: 'paid',
      refundedFen: 0,
      refunds: [{ state: 'failed', platformCode: 'TOO_MUCH' }],
    });
  });

  it('is refused by a terminal that is stopped, not by one that is paused', async () => {
    const { id, terminalId } = await paid();
    await shop.control('terminal', 'stopped', terminalId);
    expect(await shop.refund(id)).toMatchObject({ error: 'paused', detail: 'terminal' });
    await shop.control('terminal', 'paused', terminalId);
    expect(value(await shop.refund(id)).state).toBe('refunded');
  });

  it('is over after the days that the platform gives', async () => {
    const { id } = await paid();
    const nowMs = shop.nowMs;
    shop.nowMs += 366 * 86_400_000;
    expect(await shop.refund(id)).toMatchObject({ error: 'not-in-state', detail: 'refunded' });
    shop.nowMs = nowMs;
    expect(await shop.refund(newId())).toMatchObject({ error: 'not-found' });
  });
});
