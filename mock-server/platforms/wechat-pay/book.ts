import { randomBytes, randomInt } from 'node:crypto';
import { shanghaiCompact } from '../frame/shanghai.ts';

/** Most payments that are kept; the oldest that have ended go first. */
const paymentsMax = 20_000;
/** Most payments that are written to the disk. */
const writtenMax = 500;
/** Most customers' codes that are known at once. */
const authCodesMax = 1_000;
/** How long a customer's code lives, in milliseconds. */
const authCodeMs = 120_000;

/** What the customer behind a code does. */
export type Behaviour = 'pay' | 'password' | 'insufficient' | 'decline';

/** Money that was taken. Twice when the payer paid twice. */
export interface Transaction {
  readonly id: string;
  readonly paidMs: number;
  /** What answers and notifications say; differs from the amount when a fault is planned. */
  readonly toldFen: number;
}

/** Money that is given back. */
export interface Refund {
  readonly no: string;
  readonly id: string;
  readonly amountFen: number;
  readonly reason: string;
  readonly notifyUrl: string | undefined;
  readonly createdMs: number;
  doneMs: number | undefined;
  readonly isReversal: boolean;
  /** The transaction that the merchant named; absent when only the order was named. */
  readonly transactionId?: string | undefined;
}

/** One order of a merchant. */
export interface Payment {
  readonly mchid: string;
  readonly number: string;
  readonly type: 'NATIVE' | 'MWEB' | 'JSAPI' | 'MICROPAY';
  readonly amountFen: number;
  readonly description: string;
  readonly attach: string;
  readonly device: string;
  readonly notifyUrl: string | undefined;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** What the wallet scans, or the customer's code that was scanned. */
  readonly code: string;
  readonly openid: string;
  /** What the order was made with, to compare repetitions. */
  readonly made: string;
  state: 'waiting' | 'paid' | 'closed' | 'declined' | 'reversed';
  transactions: Transaction[];
  refunds: Refund[];
}

/** A customer's code that is shown to be scanned. */
interface ShownCode {
  readonly behaviour: Behaviour;
  readonly untilMs: number;
  isUsed: boolean;
}

/** The platform's book: every order, by merchant and number. */
export class Book {
  readonly #payments = new Map<string, Payment>();
  readonly #byCode = new Map<string, Payment>();
  readonly #byRefund = new Map<string, Payment>();
  readonly #byTransaction = new Map<string, Payment>();
  readonly #shown = new Map<string, ShownCode>();
  readonly #changed: () => void;

  constructor(kept: readonly Payment[], changed: () => void) {
    for (const payment of kept) this.#keep(payment);
    this.#changed = changed;
  }

  find(mchid: string, number: string): Payment | undefined {
    return this.#payments.get(`${mchid}/${number}`);
  }

  findCode(code: string): Payment | undefined {
    return this.#byCode.get(code);
  }

  /** The order that a refund number belongs to. */
  findRefund(mchid: string, no: string): Payment | undefined {
    return this.#byRefund.get(`${mchid}/${no}`);
  }

  /** The order that the platform's own number belongs to. */
  findTransaction(mchid: string, id: string): Payment | undefined {
    const payment = this.#byTransaction.get(id);
    return payment?.mchid === mchid ? payment : undefined;
  }

  /** Takes an order's money. */
  pay(payment: Payment, nowMs: number, toldFen: number | undefined): Transaction {
    const transaction = {
      id: platformNumber('42000', nowMs),
      paidMs: nowMs,
      toldFen: toldFen ?? payment.amountFen,
    };
    payment.transactions.push(transaction);
    payment.state = 'paid';
    this.#byTransaction.set(transaction.id, payment);
    this.changed();
    return transaction;
  }

  /** Gives money back, at once or once it has been worked on. */
  giveBack(payment: Payment, refund: Omit<Refund, 'id' | 'doneMs'>, doneMs: number | undefined): Refund {
    const made = { ...refund, id: platformNumber('50300', refund.createdMs), doneMs };
    payment.refunds.push(made);
    this.#byRefund.set(`${payment.mchid}/${made.no}`, payment);
    this.changed();
    return made;
  }

  /** Newest first. */
  all(): readonly Payment[] {
    return [...this.#payments.values()].reverse();
  }

  /** What is written to the disk. */
  written(): readonly Payment[] {
    return this.all().slice(0, writtenMax).reverse();
  }

  add(payment: Payment): Payment {
    this.#keep(payment);
    this.changed();
    return payment;
  }

  changed(): void {
    this.#changed();
  }

  /** Shows a new customer's code: 18 digits that begin with 13. */
  show(behaviour: Behaviour, nowMs: number): string {
    const oldest = this.#shown.keys().next();
    if (this.#shown.size >= authCodesMax && oldest.done !== true) this.#shown.delete(oldest.value);
    const code = `13${String(randomInt(1e8)).padStart(8, '0')}${String(randomInt(1e8)).padStart(8, '0')}`;
    this.#shown.set(code, { behaviour, untilMs: nowMs + authCodeMs, isUsed: false });
    return code;
  }

  /** Takes a customer's code; it serves once. */
  take(code: string, nowMs: number): Behaviour | 'expired' | 'invalid' {
    const shown = this.#shown.get(code);
    if (shown === undefined) return 'invalid';
    if (shown.isUsed || nowMs > shown.untilMs) return 'expired';
    shown.isUsed = true;
    return shown.behaviour;
  }

  #keep(payment: Payment): void {
    if (this.#payments.size >= paymentsMax) this.#dropOldest();
    this.#payments.set(`${payment.mchid}/${payment.number}`, payment);
    this.#byCode.set(payment.code, payment);
    for (const { id } of payment.transactions) this.#byTransaction.set(id, payment);
    for (const { no } of payment.refunds) this.#byRefund.set(`${payment.mchid}/${no}`, payment);
  }

  #dropOldest(): void {
    for (const [key, payment] of this.#payments) {
      if (payment.state === 'waiting') continue;
      this.#payments.delete(key);
      this.#byCode.delete(payment.code);
      for (const { id } of payment.transactions) this.#byTransaction.delete(id);
      for (const { no } of payment.refunds) this.#byRefund.delete(`${payment.mchid}/${no}`);
      return;
    }
  }
}

/** What has been given back or is on its way back, in fen. */
export function refundedFen(payment: Payment): number {
  return payment.refunds.reduce((sum, { amountFen }) => sum + amountFen, 0);
}

/** A waiting order whose time is over is closed (API v3, time_expire). */
export function stateAt(payment: Payment, nowMs: number): Payment['state'] {
  return payment.state === 'waiting' && nowMs >= payment.expiresMs ? 'closed' : payment.state;
}

/** A payer's id at a merchant's app. */
export function newOpenid(): string {
  return `o${randomBytes(20).toString('base64url').replaceAll(/[-_]/g, 'x').slice(0, 27)}`;
}

/** A number of the platform's: 28 digits with the day in them. */
function platformNumber(beginning: string, ms: number): string {
  const day = shanghaiCompact(ms).slice(0, 8);
  const part = (count: number): string => String(randomInt(10 ** count)).padStart(count, '0');
  return `${beginning}${part(8)}${day}${part(7)}`;
}
