import { addFen, type Fen, fen } from '../money.ts';
import { err, ok, type Result } from '../result.ts';
import type { RefundResult } from './answers.ts';
import { Draft, type Moment, refundableFen } from './draft.ts';
import { postingOfRefund } from './ledger.ts';
import type { Outcome, RefundCause, RefundRecord, Snapshot } from './records.ts';
import { nextLookAt } from './schedule.ts';

/** Somebody wants money to go back. */
export interface RefundWish {
  /** Of the first refund that comes of it. */
  readonly id: string;
  /** All that is left when absent. */
  readonly amountFen?: Fen;
  /** Only of this attempt; of the newest paid ones first when absent. */
  readonly attemptId?: string;
  readonly cause: RefundCause;
  readonly reason: string;
  readonly by?: string;
  readonly bodyHash: string;
  /** When the sweeper takes over, should nobody have sent it by then. */
  readonly lookAtMs: number;
  /** How many refunds one payment of a channel can have, and for how many milliseconds it can be refunded. */
  readonly bounds: (channel: string) => { readonly refundsMax: number; readonly forMs: number };
}

const refundableStates = ['paid', 'part-refunded', 'review', 'cancelled'];

/**
 * Writes down the refunds of a wish: over the parts, the newest first, one refund each. `not-in-state` when nothing can
 * go back, `bad-request` when less than the amount can.
 */
export function askRefund(
  snapshot: Snapshot,
  wish: RefundWish,
  moment: Moment,
): Result<Outcome, 'not-in-state' | 'bad-request'> {
  if (!refundableStates.includes(snapshot.order.state)) return err('not-in-state', 'order');
  const sources = sourcesOf(snapshot, wish, moment.nowMs);
  const left = addFen(...sources.map((source) => source.leftFen));
  if (left === 0) return err('not-in-state', 'refunded');
  let rest: number = wish.amountFen ?? left;
  if (rest > left) return err('bad-request', 'amountFen');
  const draft = new Draft(snapshot, moment);
  let id = wish.id;
  for (const { attempt, leftFen } of sources) {
    const part = Math.min(rest, leftFen);
    if (part === 0) break;
    draft.addRefund(attempt, { ...wish, id, amountFen: fen(part) });
    id = moment.newId();
    rest -= part;
  }
  return ok(draft.done());
}

/** What persons and systems of the merchant gave back of an order, or are about to. */
export function askedBackFen(
  refunds: readonly (Pick<RefundRecord, 'state' | 'cause'> & { readonly amountFen: number })[],
): Fen {
  const asked = refunds.filter(({ state, cause }) => state !== 'failed' && (cause === 'merchant' || cause === 'api'));
  return fen(asked.reduce((sum, { amountFen }) => sum + amountFen, 0));
}

function sourcesOf({ attempts, refunds }: Snapshot, wish: RefundWish, nowMs: number) {
  const chosen =
    wish.attemptId === undefined
      ? attempts.filter((attempt) => attempt.state === 'paid').reverse()
      : attempts.filter(({ id, state }) => id === wish.attemptId && (state === 'paid' || state === 'paid-late'));
  return chosen.flatMap((attempt) => {
    const { refundsMax, forMs } = wish.bounds(attempt.channel);
    const own = refunds.filter((refund) => refund.attemptId === attempt.id && refund.transactionId === null);
    const made = own.filter((refund) => refund.state !== 'failed').length;
    const isOver = made >= refundsMax || nowMs - (attempt.paidAtMs ?? nowMs) > forMs;
    const leftFen = refundableFen(attempt, refunds);
    return isOver || leftFen === 0 ? [] : [{ attempt, leftFen }];
  });
}

/** A refund goes out: what its channel needs again for it is durable before the call. */
export function sendRefund(
  snapshot: Snapshot,
  sent: { readonly refundId: string; readonly memo: Readonly<Record<string, string>>; readonly lookAtMs: number },
  moment: Moment,
): Outcome {
  const draft = new Draft(snapshot, moment);
  draft.setRefund(sent.refundId, { state: 'submitted', memo: sent.memo, nextLookAtMs: sent.lookAtMs });
  return draft.done();
}

/** A platform's word about a refund. */
export interface RefundWord {
  readonly refundId: string;
  readonly result: RefundResult;
  /** The answer to its first sending. Only there a refusal is certain to have done nothing. */
  readonly isFirst?: boolean;
  readonly raw?: string;
}

/** What a platform's word about a refund means for the order; `undefined` when it is nothing new. */
export function settleRefund(snapshot: Snapshot, word: RefundWord, moment: Moment): Outcome | undefined {
  const refund = snapshot.refunds.find((other) => other.id === word.refundId);
  if (refund === undefined) return undefined;
  if (refund.state === 'done') return takeBoth(snapshot, refund, word, moment);
  const { result } = word;
  if (refund.state === 'failed' && result.kind !== 'done') return undefined;
  const draft = new Draft(snapshot, moment);
  switch (result.kind) {
    case 'done':
      takeDone(draft, refund, word, result);
      break;
    case 'failed':
      takeFailed(draft, refund, word, result);
      break;
    case 'refused':
      // A refund that nobody asked for must come about: the keys are mended, then it goes on. So does one that may have
      // come about before, of which a refused question says nothing.
      if (isByPerson(refund) && word.isFirst === true) takeFailed(draft, refund, word, result);
      else lookAgain(draft, refund, word, `${result.code} ${result.message}`);
      break;
    case 'processing':
      if (refund.state !== 'processing') draft.event('refund-sent', told(refund, word));
      draft.setRefund(refund.id, { platformRefundId: result.refundId ?? refund.platformRefundId });
      lookAgain(draft, refund, word, undefined);
      break;
    case 'unknown':
      lookAgain(draft, refund, word, result.why);
      break;
    case 'not-found':
      lookAgain(draft, refund, word, 'not known to the platform');
  }
  return draft.done();
}

/**
 * The customer had the money from a person's hand, and now it went back over the platform too: into the books as the
 * merchant's own, and a person must know. `undefined` when the refund was the platform's from the beginning.
 */
function takeBoth(snapshot: Snapshot, refund: RefundRecord, word: RefundWord, moment: Moment): Outcome | undefined {
  const { result } = word;
  if (result.kind !== 'done' || refund.platformRefundId !== null) return undefined;
  const draft = new Draft(snapshot, moment);
  const attempt = draft.attempt(refund.attemptId);
  const isSame = result.refundNo === refund.refundNo && result.amountFen === refund.amountFen;
  const beforeFen = refund.transactionId === null ? attempt.refundedFen - refund.amountFen : attempt.refundedFen;
  if (isSame) draft.post(postingOfRefund({ ...attempt, refundedFen: fen(beforeFen) }, refund, true));
  draft.setRefund(refund.id, { platformRefundId: result.refundId });
  const facts = { what: 'refund', ours: 0, theirs: result.amountFen, theirNumber: result.refundNo };
  draft.event('differs', told(refund, word, facts));
  draft.alarm({ kind: 'payment-differs', facts: { ...facts, orderId: draft.order.id, refundNo: refund.refundNo } });
  return draft.done();
}

function told(refund: RefundRecord, word: RefundWord, facts: Record<string, unknown> = {}) {
  const raw = word.raw === undefined ? {} : { raw: word.raw };
  return { attemptId: refund.attemptId, refundId: refund.id, facts, ...raw };
}

function isByPerson(refund: RefundRecord): boolean {
  return refund.cause !== 'late' && refund.cause !== 'part' && refund.cause !== 'surplus';
}

function takeDone(
  draft: Draft,
  refund: RefundRecord,
  word: RefundWord,
  result: { readonly refundId: string; readonly refundNo: string; readonly amountFen: Fen; readonly atMs: number },
): void {
  const attempt = draft.attempt(refund.attemptId);
  const isSurplus = refund.transactionId !== null;
  const isTooMuch = !isSurplus && attempt.refundedFen + refund.amountFen > attempt.amountFen;
  if (result.refundNo !== refund.refundNo || result.amountFen !== refund.amountFen || isTooMuch) {
    const facts = { what: 'refund', ours: refund.amountFen, theirs: result.amountFen, theirNumber: result.refundNo };
    draft.event('differs', told(refund, word, facts));
    draft.alarm({ kind: 'payment-differs', facts: { ...facts, orderId: draft.order.id, refundNo: refund.refundNo } });
    draft.setRefund(refund.id, { nextLookAtMs: null });
    draft.setOrder({ state: 'review' });
    return;
  }
  draft.post(postingOfRefund(attempt, refund));
  if (!isSurplus) draft.setAttempt(attempt.id, { refundedFen: addFen(attempt.refundedFen, refund.amountFen) });
  ready(draft, refund);
  draft.setRefund(refund.id, { state: 'done', platformRefundId: result.refundId, doneAtMs: result.atMs });
  draft.event('refund-done', told(refund, word, { amountFen: refund.amountFen, refundId: result.refundId }));
}

function takeFailed(
  draft: Draft,
  refund: RefundRecord,
  word: RefundWord,
  result: { readonly code: string; readonly message: string },
): void {
  const { code, message } = result;
  ready(draft, refund);
  draft.setRefund(refund.id, { state: 'failed', platformCode: code });
  draft.event('refund-failed', told(refund, word, { code, message }));
  if (isByPerson(refund)) return;
  // The customer's money is with us and does not belong to us: a person must see to it.
  const facts = { orderId: draft.order.id, refundNo: refund.refundNo, amountFen: refund.amountFen, code, message };
  draft.alarm({ kind: 'refund-failed', facts });
  draft.setOrder({ state: 'review' });
}

function ready(draft: Draft, refund: RefundRecord): void {
  if (refund.state === 'created') draft.setRefund(refund.id, { state: 'submitted' });
}

function lookAgain(draft: Draft, refund: RefundRecord, word: RefundWord, why: string | undefined): void {
  const { nowMs, jitter } = draft.moment;
  const tries = refund.tries + 1;
  if (why !== undefined) draft.event('refund-unclear', told(refund, word, { why }));
  const again = nextLookAt(nowMs, refund.createdAtMs, tries, jitter);
  if (again === undefined) {
    const facts = { orderId: draft.order.id, refundNo: refund.refundNo, amountFen: refund.amountFen };
    draft.event('gave-up', { attemptId: refund.attemptId, refundId: refund.id });
    draft.alarm({ kind: 'refund-failed', facts });
    draft.setOrder({ state: 'review' });
  }
  ready(draft, refund);
  const state = word.result.kind === 'processing' || refund.state === 'processing' ? 'processing' : 'unknown';
  draft.setRefund(refund.id, { state, tries, nextLookAtMs: again ?? null });
}
