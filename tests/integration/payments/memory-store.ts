import { fen } from '../../../domain/money.ts';
import { type LimitRule, windowStartOf } from '../../../domain/payments/limits.ts';
import { orderNoOf } from '../../../domain/payments/numbers.ts';
import type {
  AlarmRecord,
  EventRecord,
  LimitMove,
  Outcome,
  Posting,
  Snapshot,
} from '../../../domain/payments/records.ts';
import type { AuditEntry } from '../../../server/audit/records.ts';
import { newOrder } from '../../../server/services/payments/new-order.ts';
import type { NewOrder, OrderRef } from '../../../server/services/payments/service.ts';
import type {
  AccountFact,
  Beside,
  ControlState,
  Made,
  Notice,
  PaymentStore,
  StoredOrder,
  TerminalFacts,
} from '../../../server/services/payments/store.ts';

const names = { terminalLabel: 'T', merchantName: '桂园物业' };

interface Bucket {
  reservedFen: number;
  committedFen: number;
  reservedCount: number;
  committedCount: number;
}

/** Money that is held of limits. */
export type Held = Readonly<Pick<Bucket, 'reservedFen' | 'committedFen'>>;

/**
 * Orders in memory, for schedules by the thousand. It must do what the store in PostgreSQL does;
 * tests/integration/payments-store.test.ts holds it to that.
 */
export class MemoryStore implements PaymentStore {
  readonly orders = new Map<string, StoredOrder>();
  readonly events: (EventRecord & { readonly orderId: string })[] = [];
  readonly postings: Posting[] = [];
  readonly alarms: AlarmRecord[] = [];
  readonly audit: AuditEntry[] = [];
  readonly rules: LimitRule[] = [];
  readonly accounts: AccountFact[] = [];
  readonly terminals = new Map<string, { readonly merchantId: string; state: ControlState }>();
  readonly buckets = new Map<string, Bucket>();
  merchantState: ControlState = 'active';
  sequence = 0;
  readonly #notices = new Set<string>();

  async createOrder(order: NewOrder, more: Parameters<PaymentStore['createOrder']>[1]): Promise<Made> {
    const there = this.orders.get(order.id);
    if (there !== undefined) return { kind: 'there', order: there };
    const terminal = this.terminals.get(order.terminalId);
    if (terminal?.merchantId !== order.merchantId) return { kind: 'not-found' };
    if (this.merchantState !== 'active') return { kind: 'paused', what: 'merchant' };
    if (terminal.state !== 'active') return { kind: 'paused', what: 'terminal' };
    const others = [...this.orders.values()].map((stored) => stored.order);
    this.sequence += 1;
    if (order.externalRef !== undefined && others.some((other) => other.externalRef === order.externalRef))
      return { kind: 'ref-used' };
    const busy = others.find((other) => other.terminalId === order.terminalId && other.isInHand);
    if (busy !== undefined) return { kind: 'busy', orderId: busy.id };
    const made = newOrder(order, more, { orderNo: orderNoOf(more.nowMs, this.sequence), ...names });
    this.orders.set(order.id, made);
    const by = more.by === undefined ? {} : { by: more.by };
    this.events.push({ orderId: order.id, kind: 'order-made', facts: { amountFen: order.amountFen }, ...by });
    return { kind: 'made', order: made };
  }

  async load({ orderId }: OrderRef): Promise<StoredOrder | undefined> {
    return this.orders.get(orderId);
  }

  async findAttempt(no: string): Promise<StoredOrder | undefined> {
    return [...this.orders.values()].find(({ attempts }) => attempts.some(({ attemptNo }) => attemptNo === no));
  }

  async findRefund(no: string): Promise<StoredOrder | undefined> {
    return [...this.orders.values()].find(({ refunds }) => refunds.some(({ refundNo }) => refundNo === no));
  }

  async lastOf(terminalId: string): Promise<StoredOrder | undefined> {
    return [...this.orders.values()].filter(({ order }) => order.terminalId === terminalId).at(-1);
  }

  async facts(merchantId: string, terminalId: string, nowMs: number, isNumbered = false): Promise<TerminalFacts> {
    if (isNumbered) this.sequence += 1;
    const starts = [windowStartOf('day', nowMs), windowStartOf('month', nowMs)];
    const present = [...this.buckets].filter(([key]) => starts.some((start) => key.endsWith(start)));
    const uses = present.map(([key, bucket]) => {
      const [ruleId = '', windowStart = ''] = key.split(' ');
      const usedFen = fen(bucket.reservedFen + bucket.committedFen);
      return { ruleId, windowStart, usedFen, usedCount: bucket.reservedCount + bucket.committedCount };
    });
    const { merchantState, accounts } = this;
    const rules = this.rules.filter((rule) => rule.terminalId === null || rule.terminalId === terminalId);
    const terminal = this.terminals.get(terminalId);
    const place = terminal?.merchantId === merchantId ? names : null;
    const number = isNumbered ? { orderNo: orderNoOf(nowMs, this.sequence) } : {};
    const terminalState = terminal?.state ?? 'active';
    // As PostgreSQL does it: with a number, what is used is left to the write.
    return { merchantState, terminalState, accounts, rules, uses: isNumbered ? [] : uses, place, ...number };
  }

  async apply(before: Snapshot, outcome: Outcome, _nowMs: number, { notice, audit }: Beside = {}) {
    const { order } = before;
    const stored = this.orders.get(order.id);
    if (stored?.order.version !== order.version) return 'stale';
    const reserve = outcome.limits.filter(({ act }) => act === 'reserve');
    if (!reserve.every((move) => this.#hasRoom(move))) return 'full';
    if (this.#isIdUsed(before, outcome)) return 'id-used';
    const seen = notice === undefined ? undefined : `${notice.accountId} ${notice.id}`;
    if (seen !== undefined && this.#notices.has(seen)) return 'seen';
    if (seen !== undefined) this.#notices.add(seen);
    for (const move of outcome.limits) this.#move(move);
    this.orders.set(order.id, { ...outcome.next, place: stored.place });
    this.events.push(...outcome.events.map((event) => ({ ...event, orderId: order.id })));
    this.postings.push(...outcome.postings);
    this.alarms.push(...outcome.alarms);
    if (audit !== undefined) this.audit.push(audit);
    return 'written';
  }

  async createWith(order: StoredOrder, outcome: Outcome): Promise<'written' | 'refused'> {
    const { id, terminalId, externalRef } = order.order;
    const others = [...this.orders.values()].map((stored) => stored.order);
    const isBusy = others.some((other) => other.terminalId === terminalId && other.isInHand);
    const isRefUsed = externalRef !== null && others.some((other) => other.externalRef === externalRef);
    if (this.orders.has(id) || isBusy || isRefUsed || this.#isIdUsed(order, outcome)) return 'refused';
    if (!outcome.limits.every((move) => this.#hasRoom(move))) return 'refused';
    for (const move of outcome.limits) this.#move(move);
    this.orders.set(id, { ...outcome.next, place: order.place });
    this.events.push(...outcome.events.map((event) => ({ ...event, orderId: id })));
    return 'written';
  }

  async claim(nowMs: number, leaseMs: number, limit: number): Promise<OrderRef[]> {
    const due = [...this.orders.values()]
      .filter(({ order }) => order.nextLookAtMs !== null && order.nextLookAtMs <= nowMs)
      .sort((a, b) => (a.order.nextLookAtMs ?? 0) - (b.order.nextLookAtMs ?? 0))
      .slice(0, limit);
    for (const stored of due)
      this.orders.set(stored.order.id, { ...stored, order: { ...stored.order, nextLookAtMs: nowMs + leaseMs } });
    return due.map(({ order }) => ({ merchantId: order.merchantId, orderId: order.id }));
  }

  async strange(notice: Notice, facts: Readonly<Record<string, unknown>>): Promise<void> {
    const seen = `${notice.accountId} ${notice.id}`;
    if (!this.#notices.has(seen)) this.alarms.push({ kind: 'payment-differs', facts });
    this.#notices.add(seen);
  }

  /** What all limits hold together. */
  held(): Held {
    const all = [...this.buckets.values()];
    return {
      reservedFen: all.reduce((sum, bucket) => sum + bucket.reservedFen, 0),
      committedFen: all.reduce((sum, bucket) => sum + bucket.committedFen, 0),
    };
  }

  #isIdUsed(before: Snapshot, { next }: Outcome): boolean {
    const isTaken = (id: string, of: 'attempts' | 'refunds'): boolean =>
      [...this.orders.values()].some(
        (other) => other.order.id !== before.order.id && other[of].some((x) => x.id === id),
      );
    return (
      next.attempts.some(({ id }) => isTaken(id, 'attempts')) || next.refunds.some(({ id }) => isTaken(id, 'refunds'))
    );
  }

  #bucket({ ruleId, windowStart }: LimitMove['hold']): Bucket {
    const key = `${ruleId} ${windowStart}`;
    const bucket = this.buckets.get(key) ?? { reservedFen: 0, committedFen: 0, reservedCount: 0, committedCount: 0 };
    this.buckets.set(key, bucket);
    return bucket;
  }

  #hasRoom({ hold, amountFen }: LimitMove): boolean {
    const rule = this.rules.find(({ id }) => id === hold.ruleId);
    if (rule === undefined) return false;
    const bucket = this.#bucket(hold);
    const isFull = rule.maxFen !== null && bucket.reservedFen + bucket.committedFen + amountFen > rule.maxFen;
    const isCounted = rule.maxCount !== null && bucket.reservedCount + bucket.committedCount + 1 > rule.maxCount;
    return !isFull && !isCounted;
  }

  #move({ act, amountFen, hold }: LimitMove): void {
    const bucket = this.#bucket(hold);
    const sign = act === 'reserve' ? 1 : -1;
    bucket.reservedFen += sign * amountFen;
    bucket.reservedCount += sign;
    if (act !== 'commit') return;
    bucket.committedFen += amountFen;
    bucket.committedCount += 1;
  }
}
