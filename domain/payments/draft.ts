import { addFen, type Fen, fen } from '../money.ts';
import type { PaymentEventKind } from './event-kinds.ts';
import { isKept } from './limits.ts';
import { refundNoOf } from './numbers.ts';
import type {
  AlarmRecord,
  AttemptRecord,
  EventRecord,
  LimitMove,
  OrderRecord,
  Outcome,
  Posting,
  RefundCause,
  RefundRecord,
  Snapshot,
} from './records.ts';
import type { OrderState } from './states.ts';
import { isLive, isRunning, mayAttemptBecome, mayBring, mayRefundBecome } from './transitions.ts';

/** What a decision is given besides the order. */
export interface Moment {
  readonly nowMs: number;
  /** 0 to 1, spreads waits. */
  readonly jitter: number;
  /** Makes ids of refunds that come about by themselves. */
  readonly newId: () => string;
}

/** How long after an attempt's end its terminal waits for certainty before it may serve the next customer. */
export const certaintyWaitMs = 60_000;

/** What of an attempt can still be given back: not what went back, nor what is on its way. */
export function refundableFen(attempt: AttemptRecord, refunds: readonly RefundRecord[]): Fen {
  const running = refunds.filter(
    (refund) => refund.attemptId === attempt.id && refund.transactionId === null && isRunning(refund.state),
  );
  return fen(attempt.amountFen - attempt.refundedFen - addFen(...running.map((refund) => refund.amountFen)));
}

/** The attempt that may still bring money. */
export function liveAttempt(snapshot: Pick<Snapshot, 'attempts'>): AttemptRecord | undefined {
  return snapshot.attempts.find((attempt) => isLive(attempt.state));
}

/** An order while a decision is made about it. `done` brings totals and states in line and gives what must be written. */
export class Draft {
  order: OrderRecord;
  attempts: AttemptRecord[];
  refunds: RefundRecord[];
  readonly moment: Moment;
  readonly #before: OrderRecord;
  readonly #events: EventRecord[] = [];
  readonly #postings: Posting[] = [];
  readonly #limits: LimitMove[] = [];
  readonly #alarms: AlarmRecord[] = [];
  #isTouched = false;

  constructor(snapshot: Snapshot, moment: Moment) {
    this.order = snapshot.order;
    this.#before = snapshot.order;
    this.attempts = [...snapshot.attempts];
    this.refunds = [...snapshot.refunds];
    this.moment = moment;
  }

  attempt(id: string): AttemptRecord {
    const found = this.attempts.find((attempt) => attempt.id === id);
    if (found === undefined) throw new RangeError(`attempt: ${id}`);
    return found;
  }

  /** True once anything was changed or told. */
  get isTouched(): boolean {
    return this.#isTouched;
  }

  setOrder(change: Partial<OrderRecord>): void {
    this.#isTouched = true;
    this.order = { ...this.order, ...change };
  }

  addAttempt(attempt: AttemptRecord): void {
    this.attempts.push(attempt);
    this.setOrder({ attempts: this.order.attempts + 1, channel: attempt.channel });
    this.#move('reserve', attempt);
  }

  /** Changes an attempt. Throws when its state may not become the new one: that is a fault of the program. */
  setAttempt(id: string, change: Partial<AttemptRecord>): AttemptRecord {
    const before = this.attempt(id);
    this.#isTouched = true;
    let after = { ...before, ...change, updatedAtMs: this.moment.nowMs };
    if (!mayAttemptBecome(before.state, after.state)) throw new RangeError(`${before.state} → ${after.state}`);
    if (isLive(before.state) && !isLive(after.state)) after = { ...after, nextLookAtMs: null };
    if (mayBring(before.state) && !mayBring(after.state)) {
      this.#settleHolds(before, after.state === 'paid' ? (after.paidAtMs ?? this.moment.nowMs) : undefined);
      after = { ...after, holds: [] };
    }
    this.attempts = this.attempts.map((attempt) => (attempt.id === id ? after : attempt));
    return after;
  }

  /** Changes a refund. Throws when its state may not become the new one. */
  setRefund(id: string, change: Partial<RefundRecord>): RefundRecord {
    const before = this.refunds.find((refund) => refund.id === id);
    if (before === undefined) throw new RangeError(`refund: ${id}`);
    this.#isTouched = true;
    const after = { ...before, ...change, updatedAtMs: this.moment.nowMs };
    if (!mayRefundBecome(before.state, after.state)) throw new RangeError(`${before.state} → ${after.state}`);
    const settled = isRunning(after.state) ? after : { ...after, nextLookAtMs: null };
    this.refunds = this.refunds.map((refund) => (refund.id === id ? settled : refund));
    return settled;
  }

  /** Writes down a refund that is still to be sent. */
  addRefund(attempt: AttemptRecord, ask: RefundAsk): RefundRecord {
    const { nowMs } = this.moment;
    const number = this.refunds.filter((refund) => refund.attemptId === attempt.id).length + 1;
    const refund: RefundRecord = {
      number: this.refunds.length + 1,
      ...{ id: ask.id, attemptId: attempt.id, channel: attempt.channel, amountFen: ask.amountFen },
      ...{ refundNo: refundNoOf(attempt.attemptNo, number), state: 'created', cause: ask.cause, reason: ask.reason },
      ...{ askedBy: ask.by ?? null, bodyHash: ask.bodyHash, memo: {}, transactionId: ask.transactionId ?? null },
      ...{
        platformRefundId: null,
        platformCode: null,
        tries: 0,
        nextLookAtMs: ask.lookAtMs,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        doneAtMs: null,
      },
    };
    this.refunds.push(refund);
    const facts = { amountFen: ask.amountFen, cause: ask.cause, refundNo: refund.refundNo };
    const who = ask.by === undefined ? {} : { by: ask.by };
    this.event('refund-asked', { attemptId: attempt.id, refundId: refund.id, facts, ...who });
    return refund;
  }

  event(kind: PaymentEventKind, more: Omit<EventRecord, 'kind'> = {}): void {
    this.#isTouched = true;
    this.#events.push({ kind, ...more });
  }

  post(posting: Posting): void {
    this.#postings.push(posting);
  }

  alarm(alarm: AlarmRecord): void {
    this.#alarms.push(alarm);
  }

  /** Brings the order in line with its attempts and refunds. */
  done(): Outcome {
    this.#total();
    this.#giveBackParts();
    const state = this.#state();
    this.setOrder({ state });
    if (state !== this.#before.state) this.#tellState(state);
    this.setOrder({
      isInHand: this.#isInHand(),
      nextLookAtMs: this.#nextLookAtMs(),
      updatedAtMs: this.moment.nowMs,
      version: this.#before.version + 1,
    });
    return {
      next: { order: this.order, attempts: this.attempts, refunds: this.refunds },
      events: this.#events,
      postings: this.#postings,
      limits: this.#limits,
      alarms: this.#alarms,
    };
  }

  #move(act: LimitMove['act'], attempt: AttemptRecord): void {
    const { id: attemptId, amountFen } = attempt;
    this.#limits.push(...attempt.holds.map((hold) => ({ act, attemptId, amountFen, hold })));
  }

  #settleHolds(attempt: AttemptRecord, paidAtMs: number | undefined): void {
    const { id: attemptId, amountFen, holds } = attempt;
    for (const hold of holds) {
      const act = paidAtMs !== undefined && isKept(hold, holds, paidAtMs) ? 'commit' : 'release';
      this.#limits.push({ act, attemptId, amountFen, hold });
    }
  }

  #total(): void {
    const paid = this.attempts.filter((attempt) => attempt.state === 'paid');
    this.setOrder({
      parts: paid.length,
      paidFen: addFen(...paid.map((attempt) => attempt.amountFen)),
      refundedFen: addFen(...paid.map((attempt) => attempt.refundedFen)),
    });
  }

  /** An order that ends before it is complete gives its parts back, the newest first. */
  #giveBackParts(): void {
    const { order } = this;
    if (!order.cancelWanted || order.state === 'review' || order.paidFen === order.amountFen) return;
    if (liveAttempt(this) !== undefined) return;
    for (const attempt of this.attempts.filter(({ state }) => state === 'paid').reverse()) {
      const amountFen = refundableFen(attempt, this.refunds);
      if (amountFen <= 0) continue;
      const id = this.moment.newId();
      const reason = 'the order ended before it was complete';
      this.addRefund(attempt, { ...bySelf(id, this.moment.nowMs), amountFen, cause: 'part', reason });
    }
  }

  #state(): OrderState {
    const { state, amountFen, paidFen, refundedFen, cancelWanted } = this.order;
    if (state === 'review' || this.attempts.some((attempt) => attempt.state === 'review')) return 'review';
    if (paidFen === amountFen)
      return refundedFen === 0 ? 'paid' : refundedFen === amountFen ? 'refunded' : 'part-refunded';
    if (cancelWanted && paidFen === refundedFen && liveAttempt(this) === undefined) return 'cancelled';
    return paidFen > 0 ? 'part-paid' : 'open';
  }

  #tellState(state: OrderState): void {
    if (state === 'cancelled') this.event('cancelled');
    if (state === 'paid') this.event('order-paid', { facts: { amountFen: this.order.amountFen } });
  }

  #isInHand(): boolean {
    const { state, cancelWanted, source } = this.order;
    if (source === 'fee' || (state !== 'open' && state !== 'part-paid')) return false;
    if (!cancelWanted) return true;
    const live = liveAttempt(this);
    return live !== undefined && this.moment.nowMs <= live.expiresAtMs + certaintyWaitMs;
  }

  #nextLookAtMs(): number | null {
    const { state, cancelWanted, expiresAtMs } = this.order;
    const isOwed = (state === 'open' || state === 'part-paid') && !cancelWanted;
    const looks = [...this.attempts, ...this.refunds].flatMap(({ nextLookAtMs }) => nextLookAtMs ?? []);
    const all = isOwed ? [...looks, expiresAtMs] : looks;
    return all.length === 0 ? null : Math.min(...all);
  }
}

/** What a new refund is told. */
export interface RefundAsk {
  readonly id: string;
  readonly amountFen: Fen;
  readonly cause: RefundCause;
  readonly reason: string;
  readonly by?: string;
  /** The platform's number of a payment that is not the attempt's own. */
  readonly transactionId?: string;
  readonly bodyHash: string;
  readonly lookAtMs: number;
}

/** A refund that nobody asked for: the sweeper sends it at once. */
export function bySelf(id: string, nowMs: number): Pick<RefundAsk, 'id' | 'bodyHash' | 'lookAtMs'> {
  return { id, bodyHash: '', lookAtMs: nowMs };
}
