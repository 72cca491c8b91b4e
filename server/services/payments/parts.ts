import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Moment } from '../../../domain/payments/draft.ts';
import type { Outcome } from '../../../domain/payments/records.ts';
import type { ChannelDesk } from './desk.ts';
import type { OrderRef, PaymentActor } from './service.ts';
import type { Beside, PaymentStore, StoredOrder } from './store.ts';

/** What the engine works with. Everything outside of it comes in here, so that a test can take each away. */
export interface EngineParts {
  readonly store: PaymentStore;
  readonly desk: ChannelDesk;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** 0 to 1, spreads waits. */
  readonly jitter: () => number;
  readonly newId: () => string;
  /** Tells screens, after the commit. */
  readonly publish: (stored: StoredOrder, outcome: Outcome) => void;
  /** Where platforms send a payer's phone back; holds no secret. */
  readonly returnUrl: string;
  readonly notifyUrl: (channel: string, accountId: string) => string;
  readonly log: Pick<Logger, 'error' | 'warn'>;
  /** Longest wait for one answer of a platform, in milliseconds. */
  readonly timeoutMs: number;
}

/** For how long a claim or an unanswered call keeps the sweeper away: longer than the calls of one step can take. */
export const leaseMs = 30_000;
const triesMax = 25;

/** Where an order is. */
export function refOf({ order }: Pick<StoredOrder, 'order'>): OrderRef {
  return { merchantId: order.merchantId, orderId: order.id };
}

/** What every decision is given. */
export function momentOf(parts: EngineParts): Moment {
  return { nowMs: parts.clock(), jitter: parts.jitter(), newId: parts.newId };
}

/** What a change came to. `order` is as it is now; `full`, `id-used`: nothing was written. */
export interface Changed {
  readonly order: StoredOrder;
  readonly result: 'written' | 'nothing' | 'full' | 'id-used' | 'seen';
}

/**
 * Decides and writes until nobody else was faster. `decide` gives `undefined` when there is nothing to do. Throws when
 * an order moves faster than it can be decided on, which only a fault can bring about.
 */
export async function change(
  parts: EngineParts,
  stored: StoredOrder,
  decide: (order: StoredOrder) => Outcome | undefined,
  beside?: Beside,
): Promise<Changed> {
  let order = stored;
  for (let tries = 0; tries < triesMax; tries += 1) {
    const outcome = decide(order);
    if (outcome === undefined) return { order, result: 'nothing' };
    const result = await parts.store.apply(order, outcome, parts.clock(), beside);
    if (result === 'written') {
      const written = { ...outcome.next, place: order.place };
      parts.publish(written, outcome);
      return { order: written, result };
    }
    if (result !== 'stale') return { order, result };
    order = (await parts.store.load(refOf(order))) ?? order;
  }
  throw new Error(`order ${stored.order.orderNo} changes too fast`);
}

/** The name that the story keeps of who acted; nobody for the server itself. */
export function nameOf(actor: PaymentActor): { readonly by?: string } {
  return actor.kind === 'server' ? {} : { by: actor.name };
}

/** Hash of a request's contents, hex: the same id with another one is another request. */
export function hashOf(...contents: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}
