import { err, ok } from '../../../domain/result.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { CardKeyDevice, CardKeyResult } from '../../channels/channel.ts';
import { startAttempt } from './begin.ts';
import { ask } from './call.ts';
import { readLinkChannels } from './link-channels.ts';
import { cancel, sweep } from './look.ts';
import { notified } from './notice.ts';
import { type FreshOrder, openWithAttempt } from './open.ts';
import { type EngineParts, hashOf, nameOf } from './parts.ts';
import { refund } from './refund.ts';
import { decide } from './review.ts';
import { readRoutes } from './routes.ts';
import type { NewOrder, OrderRef, PaymentActor, PaymentService } from './service.ts';
import type { StoredOrder } from './store.ts';
import { orderView, refundView } from './view.ts';

/** How long an order waits for its first part, in milliseconds. */
const orderLifeMs = 15 * 60_000;
const tendAtOnce = 4;

/** Builds the service over its parts. */
export function createPaymentEngine(parts: EngineParts): PaymentService {
  return {
    createOrder: (actor, order, first) => createOrder(parts, actor, order, first),
    startAttempt: (actor, attempt) => startAttempt(parts, actor, attempt),
    cancelOrder: (actor, ref) => cancelOrder(parts, actor, ref),
    order: async (ref) => viewOf(await parts.store.load(ref)),
    lastOrder: async (terminalId) => viewOf(await parts.store.lastOf(terminalId)),
    routes: (merchantId, terminalId, amountFen) => readRoutes(parts, merchantId, terminalId, amountFen),
    linkChannels: (merchantId, terminalId, amountFen) => readLinkChannels(parts, merchantId, terminalId, amountFen),
    refund: (actor, wish) => refund(parts, actor, wish),
    refunds: async (ref) => (await parts.store.load(ref))?.refunds.map(refundView) ?? [],
    decide: (actor, wish) => decide(parts, actor, wish),
    snapshot: (ref) => parts.store.load(ref),
    cardKey: (merchantId, device) => cardKey(parts, merchantId, device),
    notified: (channel, accountId, raw) => notified(parts, channel, accountId, raw),
    sweep: () => sweep(parts),
    tend: () => tend(parts),
    settle: (_actor, merchantId, channel) => settle(parts, merchantId, channel),
  };
}

function viewOf(stored: Parameters<typeof orderView>[0] | undefined): Answer<OrderView> {
  return stored === undefined ? err('not-found') : ok(orderView(stored));
}

async function createOrder(
  parts: EngineParts,
  actor: PaymentActor,
  order: NewOrder,
  first: Parameters<PaymentService['createOrder']>[2],
): Promise<Answer<OrderView>> {
  const { merchantId, id: orderId } = order;
  const attempt = first === undefined ? undefined : { ...first, merchantId, orderId };
  const quick = attempt === undefined ? undefined : await openWithAttempt(parts, actor, fresh(parts, order), attempt);
  if (quick !== undefined) return ok(orderView(quick));
  const made = await makeOrder(parts, actor, order, attempt !== undefined);
  if (!made.ok) return made;
  if (attempt === undefined) return ok(orderView(made.value));
  return startAttempt(parts, actor, attempt, made.value);
}

/** What a new order is made with. */
function fresh(parts: EngineParts, order: NewOrder): FreshOrder {
  const nowMs = parts.clock();
  const bodyHash = hashOf(order.terminalId, order.amountFen, order.note, order.source, order.externalRef ?? null);
  return { order, bodyHash, nowMs, expiresAtMs: nowMs + orderLifeMs };
}

async function makeOrder(
  parts: EngineParts,
  actor: PaymentActor,
  order: NewOrder,
  isFirstStep: boolean,
): Promise<Answer<StoredOrder>> {
  const { nowMs, expiresAtMs, bodyHash } = fresh(parts, order);
  const made = await parts.store.createOrder(order, {
    ...{ bodyHash, nowMs, expiresAtMs, isFirstStep, ...nameOf(actor) },
  });
  switch (made.kind) {
    case 'made':
      parts.publish(made.order, { next: made.order, events: [], postings: [], limits: [], alarms: [] });
      return ok(made.order);
    case 'there':
      return made.order.order.bodyHash === bodyHash ? ok(made.order) : err('exists-with-different-body', 'id');
    case 'busy':
      return err('terminal-busy', made.orderId);
    case 'paused':
      return err('paused', made.what);
    case 'ref-used':
      return err('already-exists', 'externalRef');
    case 'not-found':
      return err('not-found', 'terminalId');
  }
}

async function cancelOrder(parts: EngineParts, actor: PaymentActor, ref: OrderRef): Promise<Answer<OrderView>> {
  const stored = await parts.store.load(ref);
  if (stored === undefined) return err('not-found');
  const ended = await cancel(parts, stored, actor);
  return ended === 'not-in-state' ? err('not-in-state', 'order') : ok(orderView(ended));
}

/** Every channel does its own upkeep; one that fails does not keep the others from theirs. */
async function tend(parts: EngineParts): Promise<void> {
  const ids = [...(await parts.desk.active())];
  const work = async (): Promise<void> => {
    for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
      const accountId = id;
      await ask(parts, async () => (await parts.desk.open(accountId))?.channel.tend?.());
    }
  };
  await Promise.all(Array.from({ length: tendAtOnce }, work));
}

/** Accounts of a merchant, whichever terminal asks. */
async function accountsOf(parts: EngineParts, merchantId: string) {
  const { accounts } = await parts.store.facts(merchantId, '00000000-0000-0000-0000-000000000000', parts.clock());
  return accounts;
}

async function cardKey(
  parts: EngineParts,
  merchantId: string,
  device: CardKeyDevice,
): Promise<CardKeyResult | undefined> {
  for (const { id, state } of await accountsOf(parts, merchantId)) {
    const open = state === 'active' ? await parts.desk.open(id) : undefined;
    const give = open?.channel.cardKey;
    if (open !== undefined && give !== undefined)
      return (await ask(parts, () => give.call(open.channel, device))).result;
  }
  return undefined;
}

async function settle(parts: EngineParts, merchantId: string, channel: string) {
  const account = (await accountsOf(parts, merchantId)).find((other) => other.channel === channel);
  const open = account === undefined ? undefined : await parts.desk.open(account.id);
  if (open === undefined) return err('not-found', 'channel');
  const { settle: close } = open.channel;
  if (close === undefined) return err('not-in-state', 'channel');
  const { result } = await ask(parts, () => close.call(open.channel));
  // Why a call came to nothing is for the log; a cashier is told what the channel itself says.
  return ok('why' in result ? { kind: 'unknown', text: '' } : result);
}
