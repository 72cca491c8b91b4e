import { fen } from '../../../domain/money.ts';
import type { AttemptFacts, RefundFacts, RefundResult } from '../channel.ts';
import { declineOf } from './answers.ts';
import type { HostRequest } from './desk.ts';
import type { Kept, Slot, Txn } from './journal.ts';
import { askRepeatable, askSigned, isSettling, newSlot, slotOf, untilMs } from './parts.ts';
import type { Parts } from './parts.ts';
import { amountDigits, processingCodes, transactionTypes, yuanNumber } from './profile.ts';
import { endingOf } from './purchase.ts';
import { undo, undoReasons } from './reversal.ts';

/** Most steps of one call: a void that is undone, a number in a new batch, the refund itself. */
const stepsMax = 5;

/** Where one step of a refund leads: a transaction to look at again, or a result. */
type Step = { readonly kept: Kept } | { readonly result: RefundResult };

/**
 * Gives money back. The whole amount in the purchase's own batch is a void (0200/200000); all else is a refund by
 * reference (0220), which needs no card. A void without an answer is undone before anything else is tried; a refund is an
 * advice, repeated under the same number until it is answered. So one refund number never gives back twice.
 */
export async function refund(parts: Parts, attempt: AttemptFacts, facts: RefundFacts): Promise<RefundResult> {
  const slot = slotOf(facts.memo);
  if (slot === undefined) return { kind: 'refused', code: 'memo', message: 'The refund has no trace number.' };
  const known = await parts.journal.follow(slot);
  let step: Step = known === undefined ? await begin(parts, attempt, facts, slot) : { kept: known };
  const wish = { attempt, facts };
  for (let steps = 0; steps < stepsMax && 'kept' in step; steps++) step = await goOn(parts, wish, step.kept);
  return 'result' in step ? step.result : resultOf(step.kept);
}

/** What is asked for. */
interface Wish {
  readonly attempt: AttemptFacts;
  readonly facts: RefundFacts;
}

/** What this terminal knows of a refund. A void that was undone is nothing: the refund must be asked for again. */
export async function queryRefund(parts: Parts, facts: RefundFacts): Promise<RefundResult> {
  const slot = slotOf(facts.memo);
  const kept = slot === undefined ? undefined : await parts.journal.follow(slot);
  return kept === undefined ? { kind: 'not-found' } : resultOf(kept);
}

async function begin(parts: Parts, attempt: AttemptFacts, facts: RefundFacts, slot: Slot): Promise<Step> {
  const original = await originalOf(parts, attempt);
  if ('kind' in original) return { result: original };
  const { batch } = await parts.signIn.session();
  const isOld = slot.batch !== batch;
  const isVoid = !isOld && original.isWhole(facts.amountFen) && original.slot.batch === batch;
  const txn = refundTxn(parts, facts, slot, original, isOld ? 'cancelled' : 'armed');
  const kept = await parts.journal.open(slot, isVoid ? { ...txn, kind: 'void' } : txn);
  if (kept === undefined) return { result: unknownNow };
  if (isOld) return { kept };
  return isVoid ? { kept: await sendVoid(parts, kept) } : sendFirst(parts, kept);
}

interface Original {
  readonly slot: Slot;
  readonly reference: string;
  /** Whether this amount is all of it; false when the purchase is not remembered any more. */
  readonly isWhole: (amountFen: number) => boolean;
}

async function originalOf(parts: Parts, attempt: AttemptFacts): Promise<Original | RefundResult> {
  const slot = slotOf(attempt.memo);
  if (slot === undefined) return { kind: 'refused', code: 'memo', message: 'The attempt has no trace number.' };
  const kept = await parts.journal.follow(slot);
  if (kept === undefined) {
    const reference = attempt.transactionId ?? '';
    if (!/^[0-9A-Za-z]{12}$/.test(reference)) return { kind: 'not-found' };
    return { slot, reference, isWhole: () => false };
  }
  const { approval } = kept.txn;
  if (kept.txn.state !== 'approved' || approval === undefined) {
    return { kind: 'failed', code: 'not-paid', message: 'The purchase was not paid.' };
  }
  // Before anything is sent: from here on the purchase is only given back, never reversed.
  if (kept.txn.isReturned !== true && (await parts.journal.change(kept, { isReturned: true })) === undefined) {
    return unknownNow;
  }
  return { slot: kept.slot, reference: approval.reference, isWhole: (amount) => amount === approval.amountFen };
}

async function goOn(parts: Parts, wish: Wish, kept: Kept): Promise<Step> {
  const { kind, state } = kept.txn;
  const isOpen = state === 'armed' || state === 'due';
  if (state === 'approved') return { result: resultOf(kept) };
  if (kind === 'refund') return state === 'armed' ? sendAgain(parts, kept) : afterRefund(parts, wish, kept);
  if (!isOpen) return again(parts, wish, kept);
  const isSending = state === 'armed' && parts.desk.tools.clock() < kept.txn.untilMs;
  if (isSending) return { result: resultOf(kept) };
  const { kept: undone } = await undo(parts, kept, undoReasons.noAnswer);
  return undone?.txn.state === 'reversed' ? { kept: undone } : { result: resultOf(kept) };
}

async function afterRefund(parts: Parts, wish: Wish, kept: Kept): Promise<Step> {
  return kept.txn.state === 'cancelled' ? again(parts, wish, kept) : { result: resultOf(kept) };
}

/** Begins anew as a refund under a new number, after it is certain that the old one has done nothing. */
async function again(parts: Parts, { attempt, facts }: Wish, kept: Kept): Promise<Step> {
  const original = await originalOf(parts, attempt);
  if ('kind' in original) return { result: original };
  const slot = await newSlot(parts);
  const fresh = await parts.journal.open(slot, refundTxn(parts, facts, slot, original, 'cancelled'));
  const moved = fresh && (await parts.journal.change(kept, { state: 'moved', movedTo: slot }));
  if (fresh === undefined || moved === undefined) return { result: unknownNow };
  const armed = await parts.journal.change(fresh, { state: 'armed', untilMs: untilMs(parts) });
  return armed === undefined ? { result: unknownNow } : sendFirst(parts, armed);
}

function refundTxn(
  parts: Parts,
  facts: RefundFacts,
  slot: Slot,
  original: Original,
  state: 'armed' | 'cancelled',
): Txn {
  return {
    kind: 'refund',
    state,
    number: facts.refundNo,
    date: slot.date,
    amountFen: facts.amountFen,
    untilMs: untilMs(parts),
    original: { ...original.slot, reference: original.reference },
  };
}

/** Sends a refund that was armed in this call and never sent, unless its batch is being settled. */
async function sendFirst(parts: Parts, armed: Kept): Promise<Step> {
  if (!(await isBlocked(parts, armed))) return sendOnce(parts, armed);
  await parts.journal.change(armed, { state: 'cancelled' });
  return { result: { kind: 'unknown', why: 'The batch is being settled; the refund was not sent yet.' } };
}

const unknownNow: RefundResult = { kind: 'unknown', why: 'The refund is being asked for elsewhere.' };

async function sendVoid(parts: Parts, armed: Kept): Promise<Kept> {
  const { journal } = parts;
  const answer = (await isBlocked(parts, armed)) ? undefined : await askSigned(parts, messageOf(armed));
  const ending = answer === undefined ? ({ state: 'cancelled' } as const) : endingOf(answer, parts.desk.tools.clock());
  return (await journal.change(armed, ending)) ?? (await journal.get(armed.slot)) ?? armed;
}

/** The first time a refusal is certain: nothing has left, and nothing may leave once we have said so. */
async function sendOnce(parts: Parts, armed: Kept): Promise<Step> {
  const { kept, refusal } = await sendRefund(parts, armed);
  if (refusal === undefined) return { result: resultOf(kept) };
  const stopped = await parts.journal.change(kept, { state: 'cancelled' });
  return { result: stopped === undefined ? unknownNow : refusal };
}

/** Once it has left, it is on its way until the host has answered, whatever keeps us from asking. */
async function sendAgain(parts: Parts, kept: Kept): Promise<Step> {
  return { result: resultOf((await sendRefund(parts, kept)).kept) };
}

/**
 * Sends a refund that is armed, or sends it again: the host gives the first answer again to the same number. `refusal`:
 * this time nothing was sent, because the host does not let us in.
 */
export async function sendRefund(
  parts: Parts,
  armed: Kept,
): Promise<{ readonly kept: Kept; readonly isHostThere: boolean; readonly refusal?: RefundResult }> {
  const { journal } = parts;
  const answer = await askRepeatable(parts, messageOf(armed));
  const isHostThere = answer.kind === 'answered' || answer.kind === 'unverified';
  if (answer.kind === 'refused') return { kept: armed, isHostThere, refusal: answer };
  if (answer.kind !== 'answered') return { kept: armed, isHostThere };
  const ending = endingOf(answer, parts.desk.tools.clock());
  if (ending.state !== 'approved' && ending.state !== 'declined') return { kept: armed, isHostThere };
  const kept = (await journal.change(armed, ending)) ?? (await journal.get(armed.slot)) ?? armed;
  return { kept, isHostThere };
}

/** Nothing goes into a batch that is being settled or is settled. */
async function isBlocked(parts: Parts, { slot }: Kept): Promise<boolean> {
  const session = await parts.signIn.session();
  return isSettling(parts, session) || session.batch !== slot.batch;
}

function messageOf({ slot, txn }: Kept): HostRequest {
  const { original } = txn;
  const isVoid = txn.kind === 'void';
  return {
    call: txn.kind,
    mti: isVoid ? '0200' : '0220',
    fields: {
      3: processingCodes.back,
      4: amountDigits(txn.amountFen),
      11: slot.trace,
      25: '00',
      37: original?.reference ?? '',
      49: yuanNumber,
      60: `${isVoid ? transactionTypes.void : transactionTypes.refund}${slot.batch}`,
      61: `${original?.batch ?? ''}${original?.trace ?? ''}${original?.date.slice(4) ?? ''}`,
    },
  };
}

function resultOf({ txn }: Kept): RefundResult {
  const { kind, state, approval, code = '' } = txn;
  if (state === 'approved' && approval !== undefined) {
    const amountFen = fen(approval.amountFen);
    return { kind: 'done', refundId: approval.reference, refundNo: txn.number, amountFen, atMs: approval.atMs };
  }
  if (kind === 'refund' && state === 'declined') {
    return { kind: 'failed', code, message: declineOf(code)?.message ?? `Code ${code}.` };
  }
  if (kind === 'refund' && state === 'armed') return { kind: 'processing' };
  if (state === 'armed' || state === 'due') return { kind: 'unknown', why: 'The host has not answered the void.' };
  return { kind: 'not-found' };
}
