import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { forgetNotices } from '../../server/jobs/forget.ts';
import { newest, Shop, value } from './payments/shop.ts';
import type { ToyFate } from './payments/toy-platform.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let shop: Shop;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster, { reverses: true });
});
afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

async function shown(): Promise<{ id: string; attemptNo: string }> {
  const order = value(await shop.order(await shop.terminal(), 10_000));
  return { id: order.id, attemptNo: newest(value(await shop.start(order.id))).attemptNo };
}

const platform = () => shop.platform('toy-a');

describe('a notification', () => {
  it('before the answer of the first call pays the order; the answer changes nothing', async () => {
    const order = value(await shop.order(await shop.terminal(), 10_000));
    const status = Promise.withResolvers<number>();
    shop.platform('toy-a').fate = async (call, attemptNo): Promise<ToyFate> => {
      if (call !== 'create') return 'ok';
      platform().make(attemptNo, 10_000);
      platform().pay(attemptNo);
      status.resolve(await shop.notify('toy-a', attemptNo));
      return 'ok';
    };
    const started = value(await shop.start(order.id));
    shop.setFate('toy-a', () => 'ok');
    expect(await status.promise).toBe(200);
    expect(started).toMatchObject({ state: 'paid', attempts: [{ state: 'paid' }] });
  });

  it('that comes five times at once, and again with another id, counts once', async () => {
    const { id, attemptNo } = await shown();
    platform().pay(attemptNo);
    const replies = await Promise.all(Array.from({ length: 5 }, () => shop.notify('toy-a', attemptNo, 'same')));
    expect(replies).toEqual([200, 200, 200, 200, 200]);
    expect(await shop.notify('toy-a', attemptNo, 'another')).toBe(200);
    const kinds = await shop.events(id);
    expect(kinds.filter((kind) => kind === 'paid')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'notified')).toHaveLength(1);
    const [row] = await shop.sql<{ n: number }>('select count(*) as n from ledger_postings where order_id = $1', id);
    expect(row?.n).toBe(1);
  });

  it('that is forged changes nothing', async () => {
    const { id, attemptNo } = await shown();
    platform().pay(attemptNo);
    const raw = platform().notice(attemptNo);
    const forged = { ...raw, headers: { ...raw.headers, 'x-toy-signature': '00' } };
    const reply = await shop.payments.notified('toy-a', shop.accounts.get('toy-a') ?? '', forged);
    expect(reply.status).toBe(401);
    expect((await shop.look(id)).state).toBe('open');
  });

  it.each([
    ['amount', { amountFen: fen(9_999) }],
    ['currency', { currency: 'USD' }],
    ['merchant', { platformMerchantId: 'somebody else' }],
    ['number', { attemptNo: 'TK26112300000000A9' }],
  ])('that names another %s goes to a person, never to paid', async (what, lie) => {
    const { id, attemptNo } = await shown();
    platform().pay(attemptNo);
    platform().lie = lie;
    const raw = platform().notice(attemptNo);
    platform().lie = {};
    expect((await shop.payments.notified('toy-a', shop.accounts.get('toy-a') ?? '', raw)).status).toBe(200);
    expect(await shop.look(id)).toMatchObject({ state: 'review', paidFen: 0, attempts: [{ state: 'review' }] });
    const [event] = await shop.sql<{ facts: { what: string } }>(
      `select facts from payment_events where order_id = $1 and kind = 'differs'`,
      id,
    );
    expect(event?.facts.what).toBe(what);
    expect(await shop.alarms(id)).toEqual(['payment-differs']);
    expect(await shop.start(id, 'toy-b')).toMatchObject({ error: 'not-in-state' });
  });

  it('about a number that is not ours calls the office once and is not answered as done', async () => {
    platform().make('TK26112399999999A1', 500);
    platform().pay('TK26112399999999A1');
    expect(await shop.notify('toy-a', 'TK26112399999999A1')).toBe(500);
    expect(await shop.notify('toy-a', 'TK26112399999999A1', 'again')).toBe(500);
    const rows = await shop.sql(`select 1 from alarms where facts ->> 'attemptNo' = 'TK26112399999999A1'`);
    expect(rows).toHaveLength(1);
  });

  it('for an account that does not exist, or of another channel, is not found', async () => {
    const { attemptNo } = await shown();
    const raw = platform().notice(attemptNo);
    expect((await shop.payments.notified('toy-a', newId(), raw)).status).toBe(404);
    expect((await shop.payments.notified('toy-b', shop.accounts.get('toy-a') ?? '', raw)).status).toBe(404);
    // The other account's signature holds here, its numbers do not.
    expect((await shop.payments.notified('toy-b', shop.accounts.get('toy-b') ?? '', raw)).status).toBe(500);
  });

  it('from before an undoing is not believed: the platform is asked what is true now', async () => {
    platform().scan = () => 'pay';
    const order = value(await shop.order(await shop.terminal(), 500));
    shop.setFate('toy-a', () => 'lost');
    const { attemptNo } = newest(
      value(await shop.start(order.id, 'toy-a', { kind: 'scan', authCode: '1'.repeat(18) })),
    );
    const early = platform().notice(attemptNo);
    await shop.pass(61_000);
    shop.setFate('toy-a', () => 'ok');
    await shop.pass(61_000);
    expect(newest(await shop.look(order.id)).state).toBe('closed');
    const reply = await shop.payments.notified('toy-a', shop.accounts.get('toy-a') ?? '', early);
    expect(reply.status).toBe(200);
    expect(await shop.look(order.id)).toMatchObject({ attempts: [{ state: 'closed' }], refunds: [] });
  });

  it('that names a second payment for one number: it goes back by itself, once', async () => {
    const { id, attemptNo } = await shown();
    platform().pay(attemptNo);
    await shop.notify('toy-a', attemptNo, 'first');
    const books = await shop.books();
    expect(platform().payAgain(attemptNo)).toBe(true);
    await shop.notify('toy-a', attemptNo, 'second');
    expect(await shop.events(id)).toContain('paid-twice');
    await shop.notify('toy-a', attemptNo, 'second, told once more');
    await shop.settle();
    const order = await shop.look(id);
    expect(order).toMatchObject({ state: 'paid', paidFen: 10_000, refundedFen: 0 });
    expect(order.refunds).toMatchObject([{ cause: 'surplus', state: 'done', transactionId: `toy-${attemptNo}-2` }]);
    expect(platform().heldFen(attemptNo)).toBe(10_000);
    expect(await shop.books()).toEqual(books);
    expect(await shop.alarms(id)).toEqual([]);
    expect(value(await shop.refund(id)), 'the payment itself can still go back').toMatchObject({ state: 'refunded' });
    expect(platform().heldFen(attemptNo)).toBe(0);
  });

  it('a second payment that the platform cannot be told apart is for a person', async () => {
    const blind = await Shop.open(cluster, { refundsByTransaction: false });
    try {
      const { id } = value(await blind.order(await blind.terminal(), 10_000));
      const { attemptNo } = newest(value(await blind.start(id)));
      blind.platform('toy-a').pay(attemptNo);
      await blind.notify('toy-a', attemptNo);
      blind.platform('toy-a').payAgain(attemptNo);
      await blind.notify('toy-a', attemptNo, 'second');
      expect(await blind.look(id)).toMatchObject({ state: 'paid', refunds: [] });
      expect(await blind.alarms(id)).toEqual(['payment-differs']);
    } finally {
      await blind.close();
    }
  });
});

describe('the address for notifications', () => {
  it('takes raw bytes over HTTP, bounded, and answers as the channel says', async () => {
    const { createApp } = await import('../../server/routes/app.ts');
    const app = createApp(shop.context);
    const { id, attemptNo } = await shown();
    platform().pay(attemptNo);
    const { headers, body } = platform().notice(attemptNo);
    const post = (path: string, bytes: Uint8Array) =>
      app.request(path, { method: 'POST', headers, body: Buffer.from(bytes) });
    const account = shop.accounts.get('toy-a') ?? '';
    const reply = await post(`/api/notify/toy-a/${account}`, body);
    expect([reply.status, await reply.text()]).toEqual([200, 'done']);
    expect((await shop.look(id)).state).toBe('paid');
    expect((await post('/api/notify/toy-a/not-an-id', body)).status).toBe(404);
    expect((await post(`/api/notify/toy-a/${account}`, new Uint8Array(300_000))).status).toBe(413);
  });
});

describe('events and the ledger', () => {
  it('cannot be changed, and a posting that does not balance is refused by the database', async () => {
    await expect(shop.sql(`update payment_events set kind = 'x'`)).rejects.toThrow(/append-only/);
    await expect(shop.sql('delete from ledger_entries')).rejects.toThrow(/append-only/);
    const id = newId();
    const text = `with p as (insert into ledger_postings (merchant_id, id, at, kind) values ($1, $2, now(), 'difference') returning id)
      insert into ledger_entries (merchant_id, posting_id, line, account, amount_fen, at) select $1, id, 1, 'payable', 1, now() from p`;
    await expect(shop.sql(text, shop.merchantId, id)).rejects.toThrow(/does not balance/);
  });
});

describe('old notifications', () => {
  const dayMs = 24 * 3_600_000;
  const count = async (table: string): Promise<number> =>
    (await shop.sql<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? -1;

  it('are forgotten after 400 days, and told again then move no money', async () => {
    const { id, attemptNo } = await shown();
    platform().pay(attemptNo);
    await shop.notify('toy-a', attemptNo, 'of long ago');
    const known = await count('payment_notices');
    shop.nowMs += 399 * dayMs;
    expect(await forgetNotices(shop.context.core)).toBe(0);
    expect(await count('payment_notices')).toBe(known);
    shop.nowMs += 2 * dayMs;
    const before = [await count('ledger_entries'), await count('payment_refunds')];
    expect(await forgetNotices(shop.context.core)).toBe(known);
    expect(await shop.notify('toy-a', attemptNo, 'of long ago')).toBe(200);
    expect([await count('ledger_entries'), await count('payment_refunds')]).toEqual(before);
    expect(await shop.look(id)).toMatchObject({ state: 'paid', paidFen: 10_000 });
  });

  it('go a bounded number at a time', async () => {
    await shop.sql(
      `insert into payment_notices (account_id, id, at)
       select $1, 'old ' || n, $2 from generate_series(1, 5001) n`,
      newId(),
      new Date(shop.nowMs - 500 * dayMs),
    );
    expect(await forgetNotices(shop.context.core)).toBe(5_000);
    expect(await forgetNotices(shop.context.core)).toBe(1);
  });
});
