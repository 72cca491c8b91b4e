import { expect } from 'vitest';
import { fen } from '../../../domain/money.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../../server/answer.ts';
import type { NewAttempt, NewOrder } from '../../../server/services/payments/service.ts';
import { newId } from '../server/world.ts';
import { newest, type Shop, value } from './shop.ts';

/** What a crowd of terminals calls. A call that the server did not live to answer throws. */
export interface Counter {
  order(order: NewOrder): Promise<Answer<OrderView>>;
  start(attempt: NewAttempt): Promise<Answer<OrderView>>;
  notify(attemptNo: string): Promise<void>;
}

interface Wish {
  readonly order: NewOrder;
  readonly attempt: NewAttempt;
  readonly isPaid: boolean;
}

/** Terminals that each take one payment after the other until their server is gone. */
export class Crowd {
  /** What was asked of the server and never answered. */
  readonly unanswered: Wish[] = [];
  answered = 0;
  readonly orderIds: string[] = [];
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  /** Each terminal pays `rounds` times, or until its server is gone; `onAnswer` hears how many were answered in all. */
  async run(terminals: readonly string[], counter: Counter, rounds: number, onAnswer: () => void): Promise<void> {
    await Promise.all(
      terminals.map(async (terminalId, index) => {
        for (let round = 0; round < rounds; round += 1) {
          const wish = this.#wish(terminalId, index + round);
          try {
            await this.#payOnce(counter, wish);
          } catch {
            this.unanswered.push(wish);
            return;
          }
          this.answered += 1;
          onAnswer();
        }
      }),
    );
  }

  /** Every terminal sends again what was never answered, to whichever server lives now. */
  async resend(counter: Counter): Promise<void> {
    for (const { order, attempt } of this.unanswered) {
      const made = await counter.order(order);
      if (!made.ok) throw new Error(`${made.error} ${made.detail ?? ''}`);
      if (made.value.state === 'open') value(await counter.start(attempt));
    }
  }

  #wish(terminalId: string, index: number): Wish {
    const { merchantId } = this.#shop;
    const orderId = newId();
    this.orderIds.push(orderId);
    const order = {
      merchantId,
      terminalId,
      id: orderId,
      amountFen: fen(100 + index),
      note: '',
      source: 'terminal',
    } as const;
    const attempt = { merchantId, orderId, id: newId(), channel: 'toy-a', kind: 'qr' } as const;
    return { order, attempt, isPaid: index % 4 !== 0 };
  }

  async #payOnce(counter: Counter, { order, attempt, isPaid }: Wish): Promise<void> {
    value(await counter.order(order));
    const { attemptNo } = newest(value(await counter.start(attempt)));
    // Some customers walk away: their order ends by its time.
    if (!isPaid)
      return void (await this.#shop.sql('update payment_orders set in_hand = false where id = $1', order.id));
    this.#shop.platform('toy-a').pay(attemptNo);
    await counter.notify(attemptNo);
  }
}

/** After everything has settled: nothing is lost, nothing is doubled, and books and limits say the same. */
export async function reckon(shop: Shop, orderIds: readonly string[]): Promise<void> {
  const orders = await Promise.all(orderIds.map(async (id) => shop.look(id).catch(() => undefined)));
  const there = orders.flatMap((order) => order ?? []);
  expect(there.map(({ state }) => state).filter((state) => state !== 'paid' && state !== 'cancelled')).toEqual([]);
  const platform = shop.platform('toy-a');
  let paidFen = 0;
  const known = new Set<string>();
  for (const { state, amountFen, attempts } of there) {
    const held = attempts.reduce((sum, { attemptNo }) => sum + platform.heldFen(attemptNo), 0);
    expect(held, state).toBe(state === 'paid' ? amountFen : 0);
    paidFen += held;
    for (const { attemptNo } of attempts) known.add(attemptNo);
  }
  const foreign = [...platform.payments.keys()].filter((no) => platform.heldFen(no) > 0 && !known.has(no));
  expect(foreign, 'money that no order knows').toEqual([]);
  const books = await shop.books();
  expect(books['payable'] ?? 0).toBe(-paidFen);
  expect(Object.values(books).reduce((sum, amount) => sum + amount, 0)).toBe(0);
  expect(Object.keys(books)).not.toContain('surplus:toy-a');
  expect(await shop.held()).toEqual({ reserved: 0, committed: paidFen });
  const [row] = await shop.sql<{ n: number }>(`select count(*) as n from ledger_postings where kind = 'payment'`);
  expect(row?.n).toBe(there.filter(({ state }) => state === 'paid').length);
}
