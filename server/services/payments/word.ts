import { wantEnd } from '../../../domain/payments/attempts.ts';
import type { PayResult } from '../../../domain/payments/answers.ts';
import { liveAttempt } from '../../../domain/payments/draft.ts';
import type { AttemptRecord } from '../../../domain/payments/records.ts';
import { settleAttempt, type WordSource } from '../../../domain/payments/settle.ts';
import type { AttemptFacts, Channel } from '../../channels/channel.ts';
import { type Asked, ask, attemptFacts } from './call.ts';
import type { OpenChannel } from './desk.ts';
import { change, type Changed, type EngineParts, leaseMs, momentOf } from './parts.ts';
import type { Notice, StoredOrder } from './store.ts';

/** Writes what a platform said about an attempt. */
export function heard(
  parts: EngineParts,
  stored: StoredOrder,
  open: OpenChannel,
  word: { readonly attemptId: string; readonly source: WordSource } & Asked<PayResult>,
  notice?: Notice,
): Promise<Changed> {
  return change(parts, stored, (order) => settleAttempt(order, { ...word, ...accountFacts(open) }, momentOf(parts)), {
    notice,
  });
}

/** What a word of an account's platform is compared and counted with. */
export function accountFacts({ feePpm, platformMerchantId, definition }: OpenChannel) {
  return { feePpm, platformMerchantId, refundsByTransaction: definition.capabilities.refundsByTransaction };
}

/** In place of the account's facts when it cannot be opened. */
export const noAccount = { feePpm: 0, platformMerchantId: '', refundsByTransaction: false } as const;

const decided: readonly PayResult['kind'][] = ['paid', 'closed', 'failed'];

/**
 * Ends what lives of an order at its platform: closes it, and undoes it where closing brings no certainty. The order
 * comes back with the attempt closed, paid after all, or still alive, in which case the sweeper goes on with it.
 */
export async function endLive(
  parts: EngineParts,
  stored: StoredOrder,
  wish: { readonly why: string; readonly by?: string },
): Promise<StoredOrder> {
  const lookAtMs = parts.clock() + leaseMs;
  const marked = await change(parts, stored, (order) =>
    wantEnd(order, { ...wish, wanted: 'close', lookAtMs }, momentOf(parts)),
  );
  const live = liveAttempt(marked.order);
  if (live === undefined) return marked.order;
  const open = await parts.desk.open(live.accountId);
  if (open === undefined) return closed(parts, marked.order, live);
  return isPayersOwn(live)
    ? askThenUndo(parts, marked.order, live, open)
    : closeThenUndo(parts, marked.order, live, open);
}

/** A scanned code or a card: the payer has handed over already, there is no code to take away. */
function isPayersOwn({ kind }: AttemptRecord): boolean {
  return kind === 'scan' || kind === 'card';
}

async function askThenUndo(
  parts: EngineParts,
  stored: StoredOrder,
  live: AttemptRecord,
  open: OpenChannel,
): Promise<StoredOrder> {
  let order = stored;
  if (live.wanted !== 'reverse') {
    const asked = await ask(parts, () => open.channel.query(attemptFacts(parts, order, live)));
    if (decided.includes(asked.result.kind))
      return (await heard(parts, order, open, { attemptId: live.id, source: 'query', ...asked })).order;
  }
  order = await undo(parts, order, live, open);
  return order;
}

async function closeThenUndo(
  parts: EngineParts,
  stored: StoredOrder,
  live: AttemptRecord,
  open: OpenChannel,
): Promise<StoredOrder> {
  if (live.wanted === 'reverse' && canUndo(open)) return undo(parts, stored, live, open);
  const asked = await ask(parts, () => open.channel.close(attemptFacts(parts, stored, live)));
  const isSure = decided.includes(asked.result.kind) || (asked.result.kind === 'not-found' && live.qr === null);
  if (!isSure && canUndo(open)) return undo(parts, stored, live, open);
  return (await heard(parts, stored, open, { attemptId: live.id, source: 'end', ...asked })).order;
}

function canUndo({ definition, channel }: OpenChannel): boolean {
  return definition.capabilities.reverses && channel.reverse !== undefined;
}

/** Undoes an attempt, whatever became of it. That it was meant is durable first: a crash must not leave it half believed. */
async function undo(
  parts: EngineParts,
  stored: StoredOrder,
  live: AttemptRecord,
  open: OpenChannel,
): Promise<StoredOrder> {
  const { channel } = open;
  if (!canUndo(open)) {
    const asked = await ask(parts, () => channel.close(attemptFacts(parts, stored, live)));
    return (await heard(parts, stored, open, { attemptId: live.id, source: 'reverse', ...asked })).order;
  }
  const wish = { wanted: 'reverse', why: 'no certain end', lookAtMs: parts.clock() + leaseMs } as const;
  const marked = await change(parts, stored, (order) =>
    liveAttempt(order)?.id === live.id ? wantEnd(order, wish, momentOf(parts)) : undefined,
  );
  if (liveAttempt(marked.order)?.id !== live.id) return marked.order;
  const asked = await ask(parts, () => undone(channel, attemptFacts(parts, marked.order, live), isPayersOwn(live)));
  return (await heard(parts, marked.order, open, { attemptId: live.id, source: 'reverse', ...asked })).order;
}

/**
 * What an undoing came to. A platform that refuses to undo has changed nothing (an account may have no keys for it), and
 * then the attempt ends as the platform says: money that it took would otherwise be believed by nobody. A code of ours is
 * closed; there is none to close where the payer has handed over, so that is only asked about.
 */
async function undone(channel: Channel, facts: AttemptFacts, isHandedOver: boolean): Promise<PayResult> {
  const result = (await channel.reverse?.(facts)) ?? { kind: 'unknown', why: 'no reversal' };
  if (result.kind !== 'refused') return result;
  return isHandedOver ? channel.query(facts) : channel.close(facts);
}

/** The account is gone from this server: nothing can be asked, the attempt stays as it is until it can. */
async function closed(parts: EngineParts, stored: StoredOrder, live: AttemptRecord): Promise<StoredOrder> {
  const result = { kind: 'unknown', why: 'the account cannot be opened' } as const;
  const word = { attemptId: live.id, source: 'end', result, ...noAccount } as const;
  return (await change(parts, stored, (order) => settleAttempt(order, word, momentOf(parts)))).order;
}
