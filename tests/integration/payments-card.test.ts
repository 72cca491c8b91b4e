import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderView } from '../../protocol/http/payments.ts';
import { CardShop } from './card-leak/shop.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;
let shop: CardShop;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await CardShop.open(cluster, mkdtempSync(join(cluster.folder, 'device-')));
}, 120_000);

afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

const payments = () => shop.world.server.context.services.payments;
const ref = (order: { id: string }) => ({ merchantId: shop.world.merchantId, orderId: order.id });

async function orderNow(order: { id: string }): Promise<OrderView> {
  const answer = await payments().order(ref(order));
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}

/** Lets the sweeper work until the order's last attempt is in `state`; time moves by its own schedule. */
async function sweepUntil(order: { id: string }, state: string): Promise<OrderView> {
  for (let round = 0; round < 40; round++) {
    const now = await orderNow(order);
    if (now.attempts.at(-1)?.state === state) return now;
    shop.world.nowMs += 5_000;
    await payments().sweep();
  }
  throw new Error(`never ${state}: ${JSON.stringify(await orderNow(order))}`);
}

const balance = () => shop.standIn.host.issuer.account('debit').balanceFen;

test('paid by card: the order carries the host’s reference and the last four digits', async () => {
  const before = balance();
  const order = await shop.sell('debit', 'chip', 12_850);
  expect(order).toMatchObject({ state: 'paid', paidFen: 12_850 });
  expect(order.attempts[0]).toMatchObject({
    state: 'paid',
    payer: '0426',
    transactionId: expect.stringMatching(/^\d{12}$/),
  });
  expect(balance()).toBe(before - 12_850);
});

test('the host’s answer is lost: the engine reverses, the attempt is closed, and nothing stays taken', async () => {
  const before = balance();
  shop.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
  shop.standIn.plan({ kind: 'answer-lost', call: 'reversal' });
  const order = await shop.sell('debit', 'chip', 5_000);
  expect(order.state).not.toBe('paid');
  expect(await sweepUntil(order, 'closed')).toMatchObject({ paidFen: 0 });
  expect(balance()).toBe(before);
  await payments().cancelOrder({ kind: 'server' }, ref(order));
});

test('declined: said with its reason', async () => {
  const order = await shop.sell('poor', 'chip', 5_001);
  expect(order.attempts.at(-1)).toMatchObject({ state: 'failed', reason: 'insufficient-funds', platformCode: '51' });
  await payments().cancelOrder({ kind: 'server' }, ref(order));
});

test('refunded in full: a void, whose lost answer is undone and refunded once', async () => {
  const before = balance();
  const order = await shop.sell('debit', 'chip', 7_000);
  shop.standIn.plan({ kind: 'answer-lost', call: 'void' });
  const id = crypto.randomUUID();
  const asked = await payments().refund({ kind: 'server' }, { ...ref(order), id, reason: '退货' });
  expect(asked.ok).toBe(true);
  for (let round = 0; round < 40 && (await orderNow(order)).state !== 'refunded'; round++) {
    shop.world.nowMs += 5_000;
    await payments().sweep();
  }
  expect(await orderNow(order)).toMatchObject({ state: 'refunded', refundedFen: 7_000 });
  expect(balance()).toBe(before);
});

test('settled: the acquirer has the same totals', async () => {
  const settled = await payments().settle({ kind: 'server' }, shop.world.merchantId, 'bank-card');
  expect(settled).toMatchObject({ ok: true, value: { kind: 'settled' } });
});
