import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newest, Shop, value } from './payments/shop.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;
let shop: Shop;
let terminals: string[];
let used = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster);
  terminals = await shop.terminals(60);
});
afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

/** A terminal that no test has used. */
function terminal(): string {
  const id = terminals[(used += 1)];
  if (id === undefined) throw new Error('make more terminals');
  return id;
}

async function orderWithCode(amountFen = 12_850) {
  const order = value(await shop.order(terminal(), amountFen));
  const started = value(await shop.start(order.id));
  return { id: order.id, attempt: newest(started) };
}

describe('a payment by code', () => {
  it('shows the code, is paid by the platform’s word, and is in the books', async () => {
    const { id, attempt } = await orderWithCode();
    expect(attempt).toMatchObject({ state: 'pending', qr: `toy:${attempt.attemptNo}`, isEnding: false });
    expect(attempt.attemptNo).toMatch(/^TK261123\d{8}A1$/);
    shop.platform('toy-a').pay(attempt.attemptNo);
    expect(await shop.notify('toy-a', attempt.attemptNo)).toBe(200);
    const paid = await shop.look(id);
    expect(paid).toMatchObject({ state: 'paid', paidFen: 12_850, leftFen: 0, receiptNo: `TK-${paid.orderNo}` });
    expect(await shop.events(id)).toEqual(['order-made', 'attempt-started', 'code-shown', 'paid', 'order-paid']);
    const postings = await shop.sql(
      `select e.account, e.amount_fen from ledger_entries e join ledger_postings p on p.id = e.posting_id
       where p.order_id = $1 order by e.line`,
      id,
    );
    expect(postings).toEqual([
      { account: 'clearing:toy-a', amount_fen: 12_801 },
      { account: 'fees:toy-a', amount_fen: 49 },
      { account: 'payable', amount_fen: -12_850 },
    ]);
  });
});
