import { type AttemptWish, beginAttempt, leftFen, nextAttemptNo } from '../../../domain/payments/attempts.ts';
import { liveAttempt } from '../../../domain/payments/draft.ts';
import { holdsFor, rulesFor } from '../../../domain/payments/limits.ts';
import { routesOf } from '../../../domain/payments/routing.ts';
import type { PayResult } from '../../../domain/payments/answers.ts';
import type { AttemptKind } from '../../../domain/payments/states.ts';
import { type Fen, fen } from '../../../domain/money.ts';
import { type Err, err, ok } from '../../../domain/result.ts';
import type { ApiErrorCode } from '../../../protocol/http/common.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { AttemptFacts, Channel, Memo } from '../../channels/channel.ts';
import { ask, attemptFacts } from './call.ts';
import type { OpenChannel } from './desk.ts';
import { type EngineParts, hashOf, leaseMs, momentOf, nameOf } from './parts.ts';
import { routingFacts } from './routes.ts';
import type { NewAttempt, PaymentActor } from './service.ts';
import type { StoredOrder, TerminalFacts } from './store.ts';
import { orderView } from './view.ts';
import { endLive, heard } from './word.ts';

/** How long each way of paying waits for the payer, in milliseconds. */
const lifeMs: Readonly<Record<AttemptKind, number>> = { qr: 180_000, link: 900_000, scan: 60_000, card: 90_000 };
const triesMax = 10;

/**
 * Starts an attempt. One that lives is ended at its platform first; while that is uncertain the order comes back as it
 * is, with the old attempt ending, and the caller tries again. The intent is durable before the platform is called.
 * `known`: the order as it was read a moment ago.
 */
export async function startAttempt(
  parts: EngineParts,
  actor: PaymentActor,
  attempt: NewAttempt,
  known?: StoredOrder,
): Promise<Answer<OrderView>> {
  const bad = faultOf(attempt);
  if (bad !== undefined) return err('bad-request', bad);
  let stored = known ?? (await parts.store.load(attempt));
  for (let tries = 0; tries < triesMax && stored !== undefined; tries += 1) {
    const same = stored.attempts.find(({ id }) => id === attempt.id);
    if (same !== undefined)
      return same.bodyHash === bodyHash(attempt) ? ok(orderView(stored)) : err('exists-with-different-body', 'id');
    const { order } = stored;
    if (order.cancelWanted || (order.state !== 'open' && order.state !== 'part-paid'))
      return err('not-in-state', 'order');
    if (order.expiresAtMs <= parts.clock()) return err('expired', 'order');
    if (liveAttempt(stored) !== undefined) {
      stored = await endLive(parts, stored, { why: 'another way to pay was chosen', ...nameOf(actor) });
      // Paid after all, or not certain yet: either way the new attempt must not start.
      if (liveAttempt(stored) !== undefined || stored.order.state !== order.state) return ok(orderView(stored));
      continue;
    }
    const begun = await begin(parts, stored, actor, attempt);
    if (begun.kind === 'error') return begun.error;
    if (begun.kind === 'begun') return ok(orderView(await send(parts, begun.stored, begun.open, attempt)));
    stored = await parts.store.load(attempt);
  }
  return stored === undefined ? err('not-found') : err('in-progress');
}

/** The part of an attempt that is missing for its kind. */
export function faultOf({ kind, authCode, card, payer }: NewAttempt): string | undefined {
  if (kind === 'scan' && authCode === undefined) return 'authCode';
  if (kind === 'card' && card === undefined) return 'card';
  return kind === 'link' && payer === undefined ? 'payer' : undefined;
}

function bodyHash({ channel, kind, amountFen, authCode, card }: NewAttempt): string {
  return hashOf(channel, kind, amountFen ?? null, authCode ?? null, card ?? null);
}

/** An attempt that may be written, and its channel. */
export interface Planned {
  readonly kind: 'planned';
  readonly wish: AttemptWish;
  readonly open: OpenChannel;
}

type Refused = { readonly kind: 'error'; readonly error: Err<ApiErrorCode> };
type Begun =
  | { readonly kind: 'begun'; readonly stored: StoredOrder; readonly open: OpenChannel }
  | { readonly kind: 'again' }
  | Refused;

const refused = (error: ApiErrorCode, detail?: string): Refused => ({ kind: 'error', error: err(error, detail) });

/** Checks the channel, then writes the attempt and what it holds of limits. */
async function begin(
  parts: EngineParts,
  stored: StoredOrder,
  actor: PaymentActor,
  attempt: NewAttempt,
): Promise<Begun> {
  const { order } = stored;
  const facts = await parts.store.facts(order.merchantId, order.terminalId, parts.clock());
  const planned = await plan(parts, stored, facts, actor, attempt);
  const begun = planned.kind === 'planned' ? await write(parts, stored, planned) : planned;
  if (begun.kind !== 'full') return begun;
  // Somebody was faster by a moment: which limit it was stands in what is used by now.
  const now = await parts.store.facts(order.merchantId, order.terminalId, parts.clock());
  const obstacle = obstacleTo(parts, stored, attempt, attempt.amountFen ?? fen(leftFen(stored)), now);
  return { kind: 'error', error: obstacle ?? err('limit-reached', 'day-limit') };
}

/** Checks the channel and its limits, and lets it prepare what must be durable before its first call. */
export async function plan(
  parts: EngineParts,
  stored: StoredOrder,
  facts: TerminalFacts,
  actor: PaymentActor,
  attempt: NewAttempt,
): Promise<Planned | Refused> {
  const { order } = stored;
  const nowMs = parts.clock();
  const amountFen = attempt.amountFen ?? fen(leftFen(stored));
  if (amountFen > leftFen(stored)) return refused('bad-request', 'amountFen');
  const obstacle = obstacleTo(parts, stored, attempt, amountFen, facts);
  if (obstacle !== undefined) return { kind: 'error', error: obstacle };
  const account = facts.accounts.find(({ channel }) => channel === attempt.channel);
  const open = account === undefined ? undefined : await parts.desk.open(account.id);
  if (open === undefined) return refused('channel-unavailable', 'not-configured');
  const life = Math.min(lifeMs[attempt.kind], open.definition.capabilities.qrMaxSeconds * 1000);
  const expiresAtMs = Math.max(nowMs + 1, Math.min(nowMs + life, order.expiresAtMs));
  const { accountId } = open;
  const sketch = { attemptNo: nextAttemptNo(stored), amountFen, createdAtMs: nowMs, expiresAtMs, transactionId: null };
  const planned = attemptFacts(parts, stored, { ...sketch, channel: attempt.channel, accountId, memo: {} });
  const memo = await prepared(parts, open.channel, planned);
  if (memo === undefined) return refused('channel-unavailable', 'prepare');
  const wish: AttemptWish = {
    ...{ id: attempt.id, accountId, channel: attempt.channel, kind: attempt.kind, amountFen, memo, expiresAtMs },
    ...{ bodyHash: bodyHash(attempt), lookAtMs: nowMs + leaseMs, ...nameOf(actor) },
    ...(attempt.card === undefined ? {} : { tail: attempt.card.tail }),
    holds: holdsFor(rulesFor(facts.rules, attempt.channel, order.terminalId), nowMs, expiresAtMs),
  };
  return { kind: 'planned', wish, open };
}

async function prepared(parts: EngineParts, channel: Channel, facts: AttemptFacts): Promise<Memo | undefined> {
  const { prepare } = channel;
  if (prepare === undefined) return {};
  const { result } = await ask(parts, async () => ({
    kind: 'memo' as const,
    memo: await prepare.call(channel, facts),
  }));
  return result.kind === 'memo' ? result.memo : undefined;
}

async function write(
  parts: EngineParts,
  stored: StoredOrder,
  { wish, open }: Planned,
): Promise<Begun | { readonly kind: 'full' }> {
  const moment = momentOf(parts);
  const outcome = beginAttempt(stored, wish, { ...moment, nowMs: wish.lookAtMs - leaseMs });
  if (!outcome.ok) return { kind: 'error', error: outcome };
  const result = await parts.store.apply(stored, outcome.value, moment.nowMs);
  if (result === 'full') return { kind: 'full' };
  if (result === 'id-used') return refused('exists-with-different-body', 'id');
  if (result !== 'written') return { kind: 'again' };
  const begun = { ...outcome.value.next, place: stored.place };
  parts.publish(begun, outcome.value);
  return { kind: 'begun', stored: begun, open };
}

/** Why the channel cannot take this now, or `undefined`. */
function obstacleTo(
  parts: EngineParts,
  { order }: StoredOrder,
  attempt: NewAttempt,
  amountFen: Fen,
  facts: TerminalFacts,
): Err<ApiErrorCode> | undefined {
  if (facts.merchantState !== 'active') return err('paused', 'merchant');
  if (facts.terminalState !== 'active') return err('paused', 'terminal');
  const definition = parts.desk.definitions.find(({ code }) => code === attempt.channel);
  if (definition?.capabilities.kinds.includes(attempt.kind) === false) return err('channel-unavailable', 'kind');
  const routing = routingFacts(parts.desk.definitions, facts, order.terminalId, parts.clock());
  const route = routesOf(routing, amountFen).find(({ channel }) => channel === attempt.channel);
  if (route === undefined) return err('channel-unavailable', 'not-configured');
  if (route.reason === undefined) return undefined;
  return route.reason.endsWith('-limit')
    ? err('limit-reached', route.reason)
    : err('channel-unavailable', route.reason);
}

/** Calls the platform and writes what it said. */
export async function send(
  parts: EngineParts,
  stored: StoredOrder,
  open: OpenChannel,
  wish: NewAttempt,
): Promise<StoredOrder> {
  const attempt = stored.attempts.find(({ id }) => id === wish.id);
  if (attempt === undefined) return stored;
  const asked = await ask(parts, () => firstCall(open.channel, attemptFacts(parts, stored, attempt), wish));
  return (await heard(parts, stored, open, { attemptId: wish.id, source: 'call', ...asked })).order;
}

async function firstCall(channel: Channel, facts: AttemptFacts, wish: NewAttempt): Promise<PayResult> {
  const { kind, authCode, card, payer } = wish;
  const none: PayResult = { kind: 'refused', code: 'KIND', message: `the channel has no ${kind}` };
  if (kind === 'qr') return (await channel.createQr?.(facts)) ?? none;
  if (kind === 'link' && payer !== undefined) return (await channel.createLink?.(facts, payer)) ?? none;
  if (kind === 'scan' && authCode !== undefined) return (await channel.payByAuthCode?.(facts, authCode)) ?? none;
  if (kind === 'card' && card !== undefined) return (await channel.payByCard?.(facts, card)) ?? none;
  return none;
}

/** A code that never came back from its first call is asked for again: nobody can have seen it, and the call is safe to repeat. */
export async function askForCode(
  parts: EngineParts,
  stored: StoredOrder,
  open: OpenChannel,
  attemptId: string,
): Promise<StoredOrder> {
  const attempt = stored.attempts.find(({ id }) => id === attemptId);
  if (attempt === undefined) return stored;
  const facts = attemptFacts(parts, stored, attempt);
  const asked = await ask(parts, async () => (await open.channel.createQr?.(facts)) ?? open.channel.query(facts));
  return (await heard(parts, stored, open, { attemptId, source: 'query', ...asked })).order;
}
