import { addFen, type Fen, fen } from '../money.ts';
import { err, ok, type Result } from '../result.ts';
import type { PaidProof } from './answers.ts';
import { bySelf, Draft, liveAttempt, type Moment, refundableFen } from './draft.ts';
import { differenceOf } from './integrity.ts';
import { postingOfPayment } from './ledger.ts';
import type { AttemptRecord, Outcome, RefundRecord, Snapshot } from './records.ts';
import { type AttemptWord, close, count, proven, takeLate, told } from './settle.ts';
import { isRunning } from './transitions.ts';

/**
 * What a person can decide about an attempt in review. `ask`: take what the platform says now, if it fits; `accept`: book
 * what the platform took, though it is another amount; `give-back`: send all of it back; `no-money`: nothing was taken.
 */
export const attemptActs = ['ask', 'accept', 'give-back', 'no-money'] as const;
/** What a person can decide about an attempt in review. */
export type AttemptAct = (typeof attemptActs)[number];

/** What a person decides about an attempt, together with the platform's word at this moment. */
export interface AttemptDecision {
  readonly act: AttemptAct;
  /** Of `accept` and `give-back`: what the person saw that the platform took. */
  readonly takenFen?: Fen | undefined;
  readonly by: string;
  readonly reason: string;
  readonly word: AttemptWord;
}

/** What a platform says that it took of us under an attempt's number; `foreign`: under another one, or not for us. */
type Taken =
  { readonly kind: 'ours'; readonly proof: PaidProof; readonly backFen: number } | { readonly kind: 'foreign' };

/** True when a platform's word is about this attempt and this merchant, in yuan, whatever the amount. */
function isOurs(
  proof: PaidProof,
  attempt: Pick<AttemptRecord, 'attemptNo' | 'amountFen'>,
  platformMerchantId: string,
): boolean {
  const isAmount = proof.amountFen > 0;
  return (
    isAmount && differenceOf({ ...proof, amountFen: attempt.amountFen }, attempt, platformMerchantId) === undefined
  );
}

function takenBy(attempt: AttemptRecord, { result, platformMerchantId }: AttemptWord): Taken | undefined {
  if (result.kind !== 'paid') return undefined;
  if (!isOurs(result.proof, attempt, platformMerchantId)) return { kind: 'foreign' };
  return { kind: 'ours', proof: result.proof, backFen: result.refundedFen ?? 0 };
}

/**
 * What a person's decision about an attempt in review means for the order. `not-in-state` when the platform's word or the
 * order does not allow it (the detail says which: `attempt`, `live`, `taken`, `not-taken`, `pending`, `given-back`,
 * `order`), `bad-request` when the platform now names another amount than the person saw.
 */
export function decideAttempt(
  snapshot: Snapshot,
  decision: AttemptDecision,
  moment: Moment,
): Result<Outcome, 'not-in-state' | 'bad-request'> {
  const { word, act, by, reason, takenFen } = decision;
  const attempt = snapshot.attempts.find(({ id }) => id === word.attemptId);
  if (attempt?.state !== 'review') return err('not-in-state', 'attempt');
  if (liveAttempt(snapshot) !== undefined) return err('not-in-state', 'live');
  const taken = takenBy(attempt, word);
  const fault = faultOf(snapshot, attempt, decision, taken);
  if (fault !== undefined) return fault === 'takenFen' ? err('bad-request', fault) : err('not-in-state', fault);
  const draft = new Draft(snapshot, moment);
  const amount = takenFen === undefined ? {} : { takenFen, askedFen: attempt.amountFen };
  draft.event('review-decided', { attemptId: attempt.id, by, facts: { act, reason, ...amount } });
  if (act === 'ask') takeWord(draft, attempt, word, taken);
  else if (act === 'no-money') takeNothing(draft, attempt, word);
  else if (taken?.kind === 'ours') takeMoney(draft, attempt, decision, taken);
  settleReview(draft);
  return ok(draft.done());
}

/** What a person could decide now, were this the platform's word; nothing for an attempt that is not in review. */
export function attemptChoices(snapshot: Snapshot, word: AttemptWord): AttemptAct[] {
  const attempt = snapshot.attempts.find(({ id }) => id === word.attemptId);
  if (attempt?.state !== 'review' || liveAttempt(snapshot) !== undefined) return [];
  const taken = takenBy(attempt, word);
  const takenFen = taken?.kind === 'ours' ? taken.proof.amountFen : undefined;
  const wish = { takenFen, word, by: '', reason: '' };
  return attemptActs.filter((act) => faultOf(snapshot, attempt, { ...wish, act }, taken) === undefined);
}

function faultOf(
  snapshot: Snapshot,
  attempt: AttemptRecord,
  { act, takenFen, word }: AttemptDecision,
  taken: Taken | undefined,
): string | undefined {
  const isBack = taken?.kind === 'ours' && taken.backFen >= taken.proof.amountFen;
  if (act === 'ask') return undefined;
  if (act === 'no-money') {
    if (taken?.kind === 'ours' && !isBack) return 'taken';
    return word.result.kind === 'pending' ? 'pending' : undefined;
  }
  if (taken?.kind !== 'ours') return 'not-taken';
  if (taken.proof.amountFen !== takenFen) return 'takenFen';
  if (taken.backFen > 0) return 'given-back';
  if (act === 'give-back') return undefined;
  const { order } = snapshot;
  // A bill is settled by its own amount only, and an order that others paid in full needs nothing more.
  const isBill = order.source === 'fee' && takenFen !== attempt.amountFen;
  return isBill || paidFen(snapshot) >= order.amountFen ? 'order' : undefined;
}

function paidFen({ attempts }: Pick<Snapshot, 'attempts'>): Fen {
  return addFen(...attempts.filter(({ state }) => state === 'paid').map(({ amountFen }) => amountFen));
}

/** Takes what the platform says now where it fits; what does not fit stays with the person. */
function takeWord(draft: Draft, attempt: AttemptRecord, word: AttemptWord, taken: Taken | undefined): void {
  const { result } = word;
  if (taken?.kind === 'ours' && taken.backFen >= taken.proof.amountFen) close(draft, attempt, word);
  else if (taken?.kind === 'ours' && taken.proof.amountFen === attempt.amountFen) {
    const isRoom = paidFen(draft) + attempt.amountFen <= draft.order.amountFen;
    if (isRoom) count(draft, attempt, word, taken.proof);
    else takeLate(draft, attempt, word, taken.proof);
  } else if (result.kind === 'paid') {
    const { proof } = result;
    draft.event('differs', told(word, { ...differenceOf(proof, attempt, word.platformMerchantId), proof }));
  } else if (result.kind === 'closed' || result.kind === 'failed') end(draft, attempt, word);
  else if (result.kind === 'not-found') draft.event('not-known', told(word));
  else draft.event('no-answer', told(word, { why: 'why' in result ? result.why : result.kind }));
}

function end(draft: Draft, attempt: AttemptRecord, word: AttemptWord): void {
  const { result } = word;
  if (result.kind !== 'failed') return close(draft, attempt, word);
  const { reason, code, message } = result;
  draft.setAttempt(attempt.id, { state: 'failed', reason, platformCode: code });
  draft.event('failed', told(word, { reason, code, message }));
}

/** The person says so; money that comes all the same is late, and goes back by itself. */
function takeNothing(draft: Draft, attempt: AttemptRecord, word: AttemptWord): void {
  if (word.result.kind === 'paid') draft.event('differs', told(word, { proof: word.result.proof }));
  end(draft, attempt, word);
}

function takeMoney(
  draft: Draft,
  asked: AttemptRecord,
  { act, by, reason, word }: AttemptDecision,
  { proof }: Extract<Taken, { kind: 'ours' }>,
): void {
  const attempt = draft.setAttempt(asked.id, { amountFen: proof.amountFen });
  const { newId, nowMs } = draft.moment;
  if (act === 'give-back') {
    const paid = draft.setAttempt(attempt.id, { ...proven(attempt, word, proof), state: 'paid-late' });
    draft.post(postingOfPayment(paid, paid.feeFen ?? fen(0)));
    draft.event('paid-late', told(word, { transactionId: proof.transactionId, amountFen: proof.amountFen }));
    draft.addRefund(paid, { ...bySelf(newId(), nowMs), amountFen: proof.amountFen, cause: 'late', reason, by });
    return;
  }
  // What was sold costs what was paid for it; what was taken beyond that goes back at once.
  draft.setOrder({ amountFen: addFen(paidFen(draft), proof.amountFen) });
  count(draft, attempt, word, proof);
  const excess = proof.amountFen - asked.amountFen;
  if (excess <= 0) return;
  const ask = { ...bySelf(newId(), nowMs), amountFen: fen(excess), cause: 'surplus' as const };
  draft.addRefund(draft.attempt(attempt.id), { ...ask, reason: 'more was taken than was asked', by });
}

/** True for a refund that must come about, does not by itself, and for which nothing else has been done. */
export function isStuck(refund: RefundRecord, { attempts, refunds }: Pick<Snapshot, 'attempts' | 'refunds'>): boolean {
  if (isRunning(refund.state)) return refund.state !== 'created' && refund.nextLookAtMs === null;
  if (refund.state !== 'failed' || !mustComeAbout(refund)) return false;
  if (refund.transactionId !== null)
    return !refunds.some((other) => other.transactionId === refund.transactionId && other.state !== 'failed');
  const attempt = attempts.find(({ id }) => id === refund.attemptId);
  return attempt !== undefined && refundableFen(attempt, refunds) >= refund.amountFen;
}

function mustComeAbout({ cause }: RefundRecord): boolean {
  return cause === 'late' || cause === 'part' || cause === 'surplus';
}

/** What a person can decide about a refund that does not come about. */
export const refundActs = ['send-again', 'handed-over'] as const;
/** What a person can decide about a refund: send it once more, or write down that the customer got the money otherwise. */
export type RefundAct = (typeof refundActs)[number];

/** What a person decides about a refund. */
export interface RefundDecision {
  readonly refundId: string;
  readonly act: RefundAct;
  readonly by: string;
  readonly reason: string;
}

/** What a person's decision about a refund that does not come about means for the order. */
export function decideRefund(
  snapshot: Snapshot,
  { refundId, act, by, reason }: RefundDecision,
  moment: Moment,
): Result<Outcome, 'not-in-state'> {
  const refund = snapshot.refunds.find(({ id }) => id === refundId);
  if (refund === undefined || !isStuck(refund, snapshot)) return err('not-in-state', 'refund');
  const draft = new Draft(snapshot, moment);
  const { attemptId, amountFen, cause, transactionId } = refund;
  draft.event('review-decided', { attemptId, refundId, by, facts: { act, reason, amountFen } });
  // What is neither done nor refused may still come about: only its own number cannot give back twice.
  if (act === 'send-again' && refund.state !== 'failed') {
    draft.setRefund(refundId, { nextLookAtMs: moment.nowMs });
  } else if (act === 'send-again') {
    const again = { ...bySelf(moment.newId(), moment.nowMs), amountFen, cause, reason: refund.reason, by };
    draft.addRefund(draft.attempt(attemptId), { ...again, ...(transactionId === null ? {} : { transactionId }) });
  } else handOver(draft, refund);
  settleReview(draft);
  return ok(draft.done());
}

/** The customer has the money from the merchant's own pocket, so what the platform holds of it is the merchant's. */
function handOver(draft: Draft, refund: RefundRecord): void {
  const attempt = draft.attempt(refund.attemptId);
  const { amountFen } = refund;
  if (attempt.state === 'paid-late' || refund.transactionId !== null) {
    const lines = [
      { account: `surplus:${attempt.channel}`, amountFen },
      { account: 'payable', amountFen: fen(-amountFen) },
    ];
    draft.post({ kind: 'difference', attemptId: attempt.id, refundId: refund.id, lines });
  }
  if (refund.transactionId === null)
    draft.setAttempt(attempt.id, { refundedFen: addFen(attempt.refundedFen, amountFen) });
  draft.setRefund(refund.id, { state: 'done', doneAtMs: draft.moment.nowMs });
}

/** An order leaves review once nothing of it waits for a person any more. It is paid then, or it ends. */
function settleReview(draft: Draft): void {
  const isOpen = draft.attempts.some(({ state }) => state === 'review');
  if (draft.order.state !== 'review' || isOpen || draft.refunds.some((refund) => isStuck(refund, draft))) return;
  const isComplete = paidFen(draft) === draft.order.amountFen;
  draft.setOrder({ state: 'open', ...(isComplete ? {} : { cancelWanted: true }) });
}
