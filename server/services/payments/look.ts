import { liveAttempt } from '../../../domain/payments/draft.ts';
import { wantCancel } from '../../../domain/payments/attempts.ts';
import type { AttemptRecord } from '../../../domain/payments/records.ts';
import { settleAttempt } from '../../../domain/payments/settle.ts';
import { isRunning } from '../../../domain/payments/transitions.ts';
import { askForCode } from './begin.ts';
import { ask, attemptFacts } from './call.ts';
import { change, type EngineParts, leaseMs, momentOf, nameOf } from './parts.ts';
import { runRefund } from './refund.ts';
import type { OrderRef, PaymentActor } from './service.ts';
import type { StoredOrder } from './store.ts';
import { endLive, heard, noAccount } from './word.ts';

/** Orders that one sweep takes, and how many of them it works on at once. */
const batchMax = 100;
const atOnce = 8;
/** How often a code that never came is asked for again. */
const codeTriesMax = 3;

/**
 * Takes the orders that are due and brings each one step further. Safe in many processes at once: an order is taken by
 * one, and what one that died had taken comes back after the lease.
 * @returns how many were looked at.
 */
export async function sweep(parts: EngineParts): Promise<number> {
  const untilMs = parts.clock() + leaseMs;
  const refs = [...(await parts.store.claim(parts.clock(), leaseMs, batchMax))];
  const count = refs.length;
  // Where platforms are slow, what the claim ends for is somebody else's, and what became due meanwhile comes in between.
  const next = (): OrderRef | undefined => (parts.clock() < untilMs ? refs.shift() : undefined);
  const work = async (): Promise<void> => {
    for (let ref = next(); ref !== undefined; ref = next()) {
      try {
        const stored = await parts.store.load(ref);
        if (stored !== undefined) await lookAt(parts, stored);
      } catch (error) {
        parts.log.error({ err: error, order: ref.orderId }, 'an order could not be looked at');
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
  return count;
}

/** Brings an order one step further: ends what is over, asks about what is due, sends money back that must go back. */
export async function lookAt(parts: EngineParts, stored: StoredOrder): Promise<StoredOrder> {
  let now = await expire(parts, stored);
  const live = liveAttempt(now);
  if (live !== undefined && isDue(parts, live)) now = await lookAtAttempt(parts, now, live);
  for (const refund of now.refunds) {
    if (isRunning(refund.state) && isDue(parts, refund)) now = await runRefund(parts, now, refund.id);
  }
  return now;
}

function isDue(parts: EngineParts, { nextLookAtMs }: { readonly nextLookAtMs: number | null }): boolean {
  return nextLookAtMs !== null && nextLookAtMs <= parts.clock();
}

/** An order whose time is over ends like a cancelled one; its platform is asked before anything is given up. */
async function expire(parts: EngineParts, stored: StoredOrder): Promise<StoredOrder> {
  const nowMs = parts.clock();
  const isOver = (order: StoredOrder): boolean => order.order.expiresAtMs <= nowMs && !order.order.cancelWanted;
  if (!isOver(stored)) return stored;
  const wish = { why: 'expired', lookAtMs: nowMs } as const;
  const { order } = await change(parts, stored, (current) => {
    if (!isOver(current)) return undefined;
    const wanted = wantCancel(current, wish, momentOf(parts));
    return wanted.ok ? wanted.value : undefined;
  });
  return order;
}

async function lookAtAttempt(parts: EngineParts, stored: StoredOrder, live: AttemptRecord): Promise<StoredOrder> {
  const isOver = live.wanted !== null || stored.order.cancelWanted || live.expiresAtMs <= parts.clock();
  if (isOver) return endLive(parts, stored, { why: stored.order.cancelWanted ? 'the order ends' : 'its time is over' });
  const open = await parts.desk.open(live.accountId);
  if (open === undefined) return unopened(parts, stored, live);
  const isWithoutCode = live.kind === 'qr' && live.qr === null && live.tries < codeTriesMax;
  if (isWithoutCode) return askForCode(parts, stored, open, live.id);
  const asked = await ask(parts, () => open.channel.query(attemptFacts(parts, stored, live)));
  return (await heard(parts, stored, open, { attemptId: live.id, source: 'query', ...asked })).order;
}

/** The account cannot be opened: that is written, and asked again later. */
async function unopened(parts: EngineParts, stored: StoredOrder, live: AttemptRecord): Promise<StoredOrder> {
  const result = { kind: 'unknown', why: 'the account cannot be opened' } as const;
  const word = { attemptId: live.id, source: 'query', result, ...noAccount } as const;
  return (await change(parts, stored, (order) => settleAttempt(order, word, momentOf(parts)))).order;
}

/** Ends an order that a person or a terminal gave up. @returns the error when it is in no state for it. */
export async function cancel(
  parts: EngineParts,
  stored: StoredOrder,
  actor: PaymentActor,
): Promise<StoredOrder | 'not-in-state'> {
  let isRefused = false;
  const wish = { why: 'cancelled', lookAtMs: parts.clock() + leaseMs, ...nameOf(actor) } as const;
  const marked = await change(parts, stored, (order) => {
    const wanted = wantCancel(order, wish, momentOf(parts));
    isRefused = !wanted.ok;
    return wanted.ok ? wanted.value : undefined;
  });
  if (isRefused) return 'not-in-state';
  const ended =
    liveAttempt(marked.order) === undefined
      ? marked.order
      : await endLive(parts, marked.order, { why: 'the order ends', ...nameOf(actor) });
  return lookAt(parts, ended);
}
