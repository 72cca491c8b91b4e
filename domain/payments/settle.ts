import { fen } from '../money.ts';
import type { PaidProof, PayResult } from './answers.ts';
import { bySelf, certaintyWaitMs, Draft, type Moment } from './draft.ts';
import { feeOf } from './fees.ts';
import { differenceOf } from './integrity.ts';
import { postingOfPayment, postingOfSurplus } from './ledger.ts';
import { receiptNoOf } from './numbers.ts';
import type { AttemptRecord, Outcome, Snapshot } from './records.ts';
import { nextLookAt } from './schedule.ts';
import { isLive } from './transitions.ts';

/** Where a word about an attempt comes from. `call`: the first call; `end`: it was to be closed; `reverse`: to be undone; `check`: asked after it had ended; `person`: asked because a person decides about it. */
export type WordSource = 'call' | 'query' | 'end' | 'reverse' | 'check' | 'notification' | 'person';

/** A platform's word about an attempt. */
export interface AttemptWord {
  readonly attemptId: string;
  readonly result: PayResult;
  readonly source: WordSource;
  /** The account's fee and its merchant's number at the platform, to compare and to count with. */
  readonly feePpm: number;
  readonly platformMerchantId: string;
  /** The platform can give back one payment of several under a number. Otherwise a person must. */
  readonly refundsByTransaction: boolean;
  /** What went over the wire. */
  readonly raw?: string;
}

/**
 * True when a notification about an attempt cannot be believed as it is: the attempt was undone, and the notification may
 * have been on its way since before. The platform must be asked what is true now.
 */
export function mustAsk(attempt: AttemptRecord): boolean {
  return attempt.wanted === 'reverse' && (attempt.state === 'closed' || attempt.state === 'failed');
}

/** A scanned code or a card may still be on its way to the platform for this long after it was sent. */
const inFlightMs = 30_000;
/** A part that was paid gives this long for the next one. */
const partWaitMs = 15 * 60_000;

/** What a platform's word about an attempt means for the order; `undefined` when it is nothing new. */
export function settleAttempt(snapshot: Snapshot, word: AttemptWord, moment: Moment): Outcome | undefined {
  const draft = new Draft(snapshot, moment);
  const attempt = draft.attempt(word.attemptId);
  const { result } = word;
  if (result.kind === 'paid') takePaid(draft, attempt, word, result);
  else if (isLive(attempt.state)) takeOther(draft, attempt, word);
  return draft.isTouched ? draft.done() : undefined;
}

/** An event's share of a word: which attempt, from where, and what went over the wire. */
export function told(word: AttemptWord, facts: Record<string, unknown> = {}) {
  const raw = word.raw === undefined ? {} : { raw: word.raw };
  return { attemptId: word.attemptId, facts: { source: word.source, ...facts }, ...raw };
}

function takePaid(
  draft: Draft,
  attempt: AttemptRecord,
  word: AttemptWord,
  result: { readonly proof: PaidProof; readonly refundedFen?: number },
): void {
  const { proof } = result;
  const difference = differenceOf(proof, attempt, word.platformMerchantId);
  if (difference !== undefined) {
    takeDifference(draft, attempt, word, { ...difference, proof });
    return;
  }
  // Once an attempt is to be undone, a "paid" may be from before: only the undoing itself says how it ended, and once it
  // has ended, only a question that was asked afterwards.
  const isStale = word.source !== (isLive(attempt.state) ? 'reverse' : 'check');
  if (attempt.wanted === 'reverse' && isStale && attempt.state !== 'paid' && attempt.state !== 'paid-late') {
    draft.event('notified', told(word));
    // Somebody paid who should not have: the undoing goes on now and not in an hour.
    if (isLive(attempt.state)) draft.setAttempt(attempt.id, { nextLookAtMs: draft.moment.nowMs });
    return;
  }
  const isUndone = result.refundedFen !== undefined && result.refundedFen >= attempt.amountFen;
  if (isLive(attempt.state)) {
    if (isUndone) close(draft, attempt, word);
    else count(draft, attempt, word, proof);
  } else if (attempt.state === 'closed' || attempt.state === 'failed') {
    if (!isUndone) takeLate(draft, attempt, word, proof);
  } else if (attempt.transactionId !== null && attempt.transactionId !== proof.transactionId) {
    takeTwice(draft, attempt, word, proof);
  } else if (word.source === 'notification') draft.event('notified', told(word));
}

function takeDifference(draft: Draft, attempt: AttemptRecord, word: AttemptWord, facts: Record<string, unknown>): void {
  draft.event('differs', told(word, facts));
  const { id: orderId, orderNo } = draft.order;
  const { what, ours, theirs } = facts;
  draft.alarm({
    kind: 'payment-differs',
    facts: { what, ours, theirs, orderId, orderNo, attemptNo: attempt.attemptNo },
  });
  if (attempt.state === 'paid' || attempt.state === 'paid-late' || attempt.state === 'review') return;
  draft.setAttempt(attempt.id, { state: 'review', nextLookAtMs: null });
  draft.setOrder({ state: 'review' });
}

/** What a proof says about an attempt that is paid. */
export function proven(attempt: AttemptRecord, word: AttemptWord, proof: PaidProof) {
  return {
    transactionId: proof.transactionId,
    payer: proof.payer ?? attempt.payer,
    paidAtMs: proof.paidAtMs,
    feeFen: feeOf(attempt.amountFen, word.feePpm),
    nextLookAtMs: null,
  };
}

/** Money that counts: into the books, and the order's receipt gets its number. */
export function count(draft: Draft, attempt: AttemptRecord, word: AttemptWord, proof: PaidProof): void {
  const paid = draft.setAttempt(attempt.id, { ...proven(attempt, word, proof), state: 'paid' });
  draft.post(postingOfPayment(paid, paid.feeFen ?? fen(0)));
  const { transactionId, amountFen } = proof;
  draft.event('paid', told(word, { transactionId, amountFen }));
  const { order, moment } = draft;
  const isComplete = order.paidFen + paid.amountFen === order.amountFen;
  const tail = /^\d{4}$/.test(paid.payer ?? '') ? paid.payer : order.tail;
  draft.setOrder({
    tail,
    receiptNo: order.receiptNo ?? receiptNoOf(order.orderNo),
    expiresAtMs: Math.max(order.expiresAtMs, moment.nowMs + partWaitMs),
    ...(isComplete ? { paidAtMs: proof.paidAtMs, cancelWanted: false } : {}),
  });
  if (isComplete && order.cancelWanted) draft.event('cancel-overtaken');
}

/** Money that came too late: into the surplus, and back by itself. */
export function takeLate(draft: Draft, attempt: AttemptRecord, word: AttemptWord, proof: PaidProof): void {
  const paid = draft.setAttempt(attempt.id, { ...proven(attempt, word, proof), state: 'paid-late' });
  draft.post(postingOfPayment(paid, paid.feeFen ?? fen(0)));
  draft.event('paid-late', told(word, { transactionId: proof.transactionId, amountFen: proof.amountFen }));
  const reason = draft.order.paidFen > 0 ? 'paid a second time' : 'paid after the attempt had ended';
  const ask = bySelf(draft.moment.newId(), draft.moment.nowMs);
  draft.addRefund(paid, { ...ask, amountFen: paid.amountFen, cause: 'late', reason });
}

/** Money under a number that was paid already: goes back by itself, once, where the platform can be told which. */
function takeTwice(draft: Draft, attempt: AttemptRecord, word: AttemptWord, proof: PaidProof): void {
  const { transactionId, amountFen } = proof;
  if (draft.refunds.some((refund) => refund.attemptId === attempt.id && refund.transactionId === transactionId)) {
    if (word.source === 'notification') draft.event('notified', told(word));
    return;
  }
  const facts = { transactionId, known: attempt.transactionId, amountFen, goesBack: word.refundsByTransaction };
  draft.event('paid-twice', told(word, facts));
  if (!word.refundsByTransaction) {
    const { id: orderId, orderNo } = draft.order;
    const what = { what: 'paid-twice', orderId, orderNo, attemptNo: attempt.attemptNo };
    draft.alarm({ kind: 'payment-differs', facts: { ...facts, ...what } });
    return;
  }
  const ask = { ...bySelf(draft.moment.newId(), draft.moment.nowMs), amountFen, transactionId };
  const refund = draft.addRefund(attempt, { ...ask, cause: 'surplus', reason: 'taken twice under one number' });
  draft.post(postingOfSurplus(attempt, refund));
}

function takeOther(draft: Draft, attempt: AttemptRecord, word: AttemptWord): void {
  const { result } = word;
  switch (result.kind) {
    case 'pending':
      return takePending(draft, attempt, word, result);
    case 'closed':
      return close(draft, attempt, word);
    case 'failed': {
      const { reason, code, message } = result;
      draft.setAttempt(attempt.id, { state: 'failed', reason, platformCode: code });
      draft.event('failed', told(word, { reason, code, message }));
      return;
    }
    case 'refused':
      return takeRefused(draft, attempt, word, result);
    case 'not-found':
      return takeNotFound(draft, attempt, word);
    case 'unknown':
      draft.event('no-answer', told(word, { why: result.why }));
      return lookAgain(draft, attempt, word);
    case 'paid':
  }
}

/** The attempt ended without money. */
export function close(draft: Draft, attempt: AttemptRecord, word: AttemptWord): void {
  draft.setAttempt(attempt.id, { state: 'closed' });
  draft.event('closed', told(word));
}

function takePending(
  draft: Draft,
  attempt: AttemptRecord,
  word: AttemptWord,
  result: { readonly qr?: string; readonly link?: string; readonly transactionId?: string },
): void {
  const qr = result.qr ?? attempt.qr;
  const link = result.link ?? attempt.link;
  const isNew = attempt.state !== 'pending' || qr !== attempt.qr || link !== attempt.link;
  if (isNew) draft.event(qr === null && link === null ? 'payer-busy' : 'code-shown', told(word));
  const transactionId = result.transactionId ?? attempt.transactionId;
  lookAgain(draft, draft.setAttempt(attempt.id, { state: 'pending', qr, link, transactionId }), word);
}

function takeRefused(
  draft: Draft,
  attempt: AttemptRecord,
  word: AttemptWord,
  result: { readonly code: string; readonly message: string },
): void {
  const { code, message } = result;
  draft.event('call-refused', told(word, { code, message }));
  // Only the first call is certain to have done nothing; a refused question leaves the attempt as it was.
  if (word.source === 'call') draft.setAttempt(attempt.id, { state: 'failed', reason: 'platform', platformCode: code });
  else lookAgain(draft, attempt, word);
}

function takeNotFound(draft: Draft, attempt: AttemptRecord, word: AttemptWord): void {
  const { nowMs } = draft.moment;
  const isEnding = word.source === 'end' || word.source === 'reverse';
  const isByPayer = attempt.kind === 'scan' || attempt.kind === 'card';
  const wasShown = attempt.qr !== null || attempt.link !== null;
  // Nobody can pay what nobody saw; what was seen or sent can come to be known until its own end.
  const isOverAtMs = isByPayer
    ? attempt.createdAtMs + inFlightMs
    : wasShown
      ? attempt.expiresAtMs + certaintyWaitMs
      : 0;
  if (isEnding && nowMs >= isOverAtMs) return close(draft, attempt, word);
  draft.event('not-known', told(word));
  if (!isEnding && isByPayer) draft.setAttempt(attempt.id, { wanted: 'reverse' });
  lookAgain(draft, draft.attempt(attempt.id), word);
}

/** The attempt stays open: says when it is looked at next, or gives up and calls for a person. */
function lookAgain(draft: Draft, attempt: AttemptRecord, word: AttemptWord): void {
  const { nowMs, jitter } = draft.moment;
  const tries = word.source === 'notification' ? attempt.tries : attempt.tries + 1;
  const again = nextLookAt(nowMs, attempt.createdAtMs, tries, jitter);
  const state = attempt.state === 'submitted' ? 'unknown' : attempt.state;
  if (again === undefined) {
    draft.event('gave-up', { attemptId: attempt.id });
    draft.alarm({
      kind: 'payment-differs',
      facts: { orderId: draft.order.id, attemptNo: attempt.attemptNo, what: 'no-answer' },
    });
    draft.setAttempt(attempt.id, { state: 'review', tries });
    draft.setOrder({ state: 'review' });
    return;
  }
  // A card whose end is unknown is reversed at once: that is the rule of its network.
  const isCardUnknown = attempt.kind === 'card' && word.result.kind === 'unknown' && attempt.wanted === null;
  const wanted = isCardUnknown ? 'reverse' : attempt.wanted;
  const end = wanted === null && attempt.expiresAtMs > nowMs ? Math.min(again, attempt.expiresAtMs) : again;
  draft.setAttempt(attempt.id, { state, tries, wanted, nextLookAtMs: isCardUnknown ? nowMs : end });
}
