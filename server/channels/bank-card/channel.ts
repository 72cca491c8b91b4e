import { orderMaxFen } from '../../../domain/money.ts';
import type { AttemptFacts, Channel, ChannelAccount, ChannelDefinition, ChannelTools, PayResult } from '../channel.ts';
import { fetchBill, tradeBill } from './bill.ts';
import { cardKey } from './card-key.ts';
import type { Kept } from './journal.ts';
import { createParts, isSettling, memoOf, newSlot, slotOf, untilMs } from './parts.ts';
import type { Parts } from './parts.ts';
import { purchase, resultOf } from './purchase.ts';
import { queryRefund, refund } from './refund.ts';
import { undo, undoReasons } from './reversal.ts';
import { readSettings, settingsFields } from './settings.ts';
import { settle } from './settle.ts';
import { Upkeep } from './upkeep.ts';

/** Unfinished transactions that one `tend` brings on. */
const tendMax = 50;
/** How long finished transactions of settled batches are remembered, in milliseconds. */
const rememberMs = 7 * 86_400_000;

/** Bank cards over the acquirer's ISO 8583 host; README.md says what is sent and how each call can end. */
export const bankCard: ChannelDefinition = {
  code: 'bank-card',
  name: { zh: '银行卡', en: 'Bank card' },
  capabilities: {
    kinds: ['card'],
    minFen: 1,
    maxFen: orderMaxFen,
    qrMaxSeconds: 300,
    refundDays: 180,
    refundsPerPayment: 20,
    refundsByTransaction: false,
    notifies: false,
    bills: [tradeBill],
    reverses: true,
    settles: true,
  },
  fields: settingsFields,
  checkConfig: (account) => {
    const settings = readSettings(account);
    return typeof settings === 'string' ? settings : undefined;
  },
  open,
};

/** Throws a RangeError with the field's name when the account is not one that `checkConfig` passes. */
function open(account: ChannelAccount, tools: ChannelTools): Channel {
  const settings = readSettings(account);
  if (typeof settings === 'string') throw new RangeError(`account.${settings}`);
  const parts = createParts(settings, tools);
  const upkeep = new Upkeep(parts);
  const prepare = async () => memoOf(await newSlot(parts));
  return {
    prepare,
    prepareRefund: prepare,
    payByCard: (attempt, card) => purchase(parts, upkeep, attempt, card),
    query: (attempt) => query(parts, attempt),
    close: (attempt) => end(parts, attempt, false),
    reverse: (attempt) => end(parts, attempt, true),
    refund: (attempt, facts) => refund(parts, attempt, facts),
    queryRefund: (_attempt, facts) => queryRefund(parts, facts),
    fetchBill: (day, kind) => fetchBill(parts.desk, day, kind),
    tend: () => tend(parts, upkeep),
    settle: () => settle(parts, upkeep),
    cardKey: (device) => cardKey(parts, device),
  };
}

/** The profile has no inquiry: an attempt is what this terminal knows of it. An open end is ended by `reverse` and `tend`. */
async function query(parts: Parts, attempt: AttemptFacts): Promise<PayResult> {
  const slot = slotOf(attempt.memo);
  return resultOf(slot === undefined ? undefined : await parts.journal.follow(slot));
}

/**
 * Ends an attempt: what was never sent is forbidden for ever, what may have been taken is undone. An approved purchase is
 * `paid` for `close`; `reverse` undoes it too while its batch is open.
 */
async function end(parts: Parts, attempt: AttemptFacts, undoesPaid: boolean): Promise<PayResult> {
  const slot = slotOf(attempt.memo);
  if (slot === undefined) return { kind: 'not-found' };
  const kept = await parts.journal.follow(slot);
  if (kept === undefined) {
    const txn = {
      kind: 'purchase',
      state: 'cancelled',
      number: attempt.attemptNo,
      amountFen: attempt.amountFen,
    } as const;
    const cancelled = await parts.journal.open(slot, { ...txn, date: slot.date, untilMs: untilMs(parts) });
    return resultOf(cancelled ?? (await parts.journal.follow(slot)));
  }
  const { state } = kept.txn;
  const isSending = state === 'armed' && parts.desk.tools.clock() < kept.txn.untilMs;
  if (state === 'declined') return { kind: 'closed' };
  if (state === 'approved' && !(undoesPaid && (await mayReverse(parts, kept)))) return resultOf(kept);
  if ((state === 'approved' || state === 'armed' || state === 'due') && !isSending) {
    const { kept: after } = await undo(
      parts,
      kept,
      state === 'approved' ? undoReasons.cancelled : undoReasons.noAnswer,
    );
    return resultOf(after);
  }
  return resultOf(kept);
}

async function mayReverse(parts: Parts, kept: Kept): Promise<boolean> {
  const session = await parts.signIn.session();
  return kept.txn.isReturned !== true && session.batch === kept.slot.batch && !isSettling(parts, session);
}

/** Stored reversals, refunds to repeat, a batch that is full or whose settlement was cut off, old memories. */
async function tend(parts: Parts, upkeep: Upkeep): Promise<void> {
  const isHostThere = await upkeep.run(tendMax, true);
  const session = await parts.signIn.session();
  if (isHostThere && (session.isFull === true || session.isEnding === true)) await settle(parts, upkeep);
  await parts.journal.forget(session.batch, parts.desk.tools.clock() - rememberMs);
}
