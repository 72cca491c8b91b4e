import { createHmac, timingSafeEqual } from 'node:crypto';
import { fen, type Fen } from '../../../domain/money.ts';
import type {
  AttemptFacts,
  Channel,
  ChannelAccount,
  ChannelCapabilities,
  ChannelDefinition,
  ChannelTools,
  PayResult,
  RawRequest,
  RefundFacts,
  RefundResult,
} from '../../../server/channels/channel.ts';

/** Calls of the toy platform. */
export type ToyCall = 'create' | 'pay-by-code' | 'query' | 'close' | 'reverse' | 'refund' | 'query-refund';
/** What becomes of a call: done and answered, done with the answer lost, not done and no answer, a channel that throws. */
export type ToyFate = 'ok' | 'lost' | 'not-done' | 'throw';

interface ToyPayment {
  readonly attemptNo: string;
  readonly amountFen: Fen;
  state: 'waiting' | 'paid' | 'closed' | 'reversed';
  paidAtMs: number;
  paidTimes: number;
  readonly refunds: Map<string, { readonly amountFen: Fen; readonly transactionId: string }>;
}

const secret = 'toy secret';

/** A platform of our own, honest by itself: what it is told to do wrong comes from the test. */
export class ToyPlatform {
  readonly payments = new Map<string, ToyPayment>();
  /** Decides about each call before it is done. */
  fate: (call: ToyCall, attemptNo: string) => ToyFate | Promise<ToyFate> = () => 'ok';
  /** Scanned codes: what the payer does. Pays at once when absent. */
  scan: (authCode: string) => 'pay' | 'ask' | 'decline' = () => 'pay';
  /** What proofs say instead of the truth. */
  lie: Partial<{ amountFen: Fen; currency: string; platformMerchantId: string; attemptNo: string }> = {};
  /** Refuses first calls and everything about refunds, as when our keys are wrong. */
  refusal: { readonly code: string; readonly message: string } | undefined;
  /** Refuses to undo, as when an account has no keys for it. */
  refusesToUndo = false;
  readonly calls: { call: ToyCall; attemptNo: string }[] = [];
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The payer pays. `isForced`: although the payment was closed. @returns whether money was taken. */
  pay(attemptNo: string, isForced = false): boolean {
    const payment = this.payments.get(attemptNo);
    if (payment === undefined) return false;
    if (payment.state !== 'waiting' && !(isForced && payment.state === 'closed')) return false;
    payment.state = 'paid';
    payment.paidAtMs = this.#clock();
    payment.paidTimes += 1;
    return true;
  }

  /** A fault of the platform: what was paid is taken once more. @returns whether it was. */
  payAgain(attemptNo: string): boolean {
    const payment = this.payments.get(attemptNo);
    if (payment?.state !== 'paid') return false;
    payment.paidTimes += 1;
    return true;
  }

  /** Money that the platform holds for us now. */
  heldFen(attemptNo: string): number {
    const payment = this.payments.get(attemptNo);
    if (payment?.state !== 'paid') return 0;
    return payment.amountFen * payment.paidTimes - refundedOf(payment);
  }

  /** A notification as the platform would send it now: of the newest payment, or of an earlier one. */
  notice(attemptNo: string, id = `n-${attemptNo}`, which?: number): RawRequest {
    const newest = Math.max(1, this.payments.get(attemptNo)?.paidTimes ?? 1);
    return signed({ kind: 'payment', id, attemptNo, result: this.#told(attemptNo, which ?? newest) });
  }

  refundNotice(refundNo: string, id = `r-${refundNo}`): RawRequest {
    const payment = [...this.payments.values()].find(({ refunds }) => refunds.has(refundNo));
    return signed({ kind: 'refund', id, refundNo, result: this.#refunded(payment, refundNo) });
  }

  async call<T>(call: ToyCall, attemptNo: string, act: () => T): Promise<T | { kind: 'unknown'; why: string }> {
    this.calls.push({ call, attemptNo });
    const fate = await this.fate(call, attemptNo);
    if (fate === 'throw') throw new Error('the toy broke');
    if (fate === 'not-done') return { kind: 'unknown', why: 'no connection' };
    const result = act();
    return fate === 'lost' ? { kind: 'unknown', why: 'the answer was lost' } : result;
  }

  /** A payment that is there before its call was answered. */
  make(attemptNo: string, amountFen: number): void {
    this.#make({ attemptNo, amountFen: fen(amountFen) });
  }

  create(facts: AttemptFacts): PayResult {
    if (this.refusal !== undefined) return { kind: 'refused', ...this.refusal };
    const known = this.payments.get(facts.attemptNo);
    if (known === undefined) this.#make(facts);
    return this.#told(facts.attemptNo);
  }

  payByCode(facts: AttemptFacts, authCode: string): PayResult {
    if (!this.payments.has(facts.attemptNo)) this.#make(facts);
    const act = this.scan(authCode);
    if (act === 'pay') this.pay(facts.attemptNo);
    if (act === 'decline') {
      this.payments.delete(facts.attemptNo);
      return { kind: 'failed', reason: 'declined', code: 'DECLINED', message: 'The payer’s bank said no.' };
    }
    return this.#told(facts.attemptNo);
  }

  query(facts: AttemptFacts): PayResult {
    return this.#told(facts.attemptNo);
  }

  close(facts: AttemptFacts): PayResult {
    const payment = this.payments.get(facts.attemptNo);
    if (payment === undefined) return { kind: 'not-found' };
    if (payment.state === 'waiting') payment.state = 'closed';
    return this.#told(facts.attemptNo);
  }

  reverse(facts: AttemptFacts): PayResult {
    if (this.refusesToUndo) return { kind: 'refused', code: 'NO_AUTH', message: 'no keys for it' };
    const payment = this.payments.get(facts.attemptNo);
    if (payment === undefined) return { kind: 'not-found' };
    if (payment.refunds.size === 0) payment.state = 'reversed';
    return { kind: 'closed' };
  }

  refund(facts: AttemptFacts, refund: RefundFacts): RefundResult {
    if (this.refusal !== undefined) return { kind: 'refused', ...this.refusal };
    const payment = this.payments.get(facts.attemptNo);
    if (payment === undefined) return { kind: 'not-found' };
    if (!payment.refunds.has(refund.refundNo)) {
      const transactionId = refund.transactionId ?? transactionOf(payment, 1);
      const isTooMuch = refundedOf(payment, transactionId) + refund.amountFen > payment.amountFen;
      if (payment.state !== 'paid' || isTooMuch)
        return { kind: 'failed', code: 'TOO_MUCH', message: 'nothing is left' };
      payment.refunds.set(refund.refundNo, { amountFen: refund.amountFen, transactionId });
    }
    return this.#refunded(payment, refund.refundNo);
  }

  queryRefund(facts: AttemptFacts, refund: RefundFacts): RefundResult {
    if (this.refusal !== undefined) return { kind: 'refused', ...this.refusal };
    return this.#refunded(this.payments.get(facts.attemptNo), refund.refundNo);
  }

  #make({ attemptNo, amountFen }: Pick<AttemptFacts, 'attemptNo' | 'amountFen'>): void {
    const payment: ToyPayment = {
      attemptNo,
      amountFen,
      state: 'waiting',
      paidAtMs: 0,
      paidTimes: 0,
      refunds: new Map(),
    };
    this.payments.set(attemptNo, payment);
  }

  /** Asked about a number, the platform tells its first payment. */
  #told(attemptNo: string, which = 1): PayResult {
    const payment = this.payments.get(attemptNo);
    if (payment === undefined) return { kind: 'not-found' };
    if (payment.state === 'closed' || payment.state === 'reversed') return { kind: 'closed' };
    if (payment.state === 'waiting') return { kind: 'pending', qr: `toy:${attemptNo}` };
    const { amountFen, paidAtMs } = payment;
    const transactionId = transactionOf(payment, which);
    const proof = {
      attemptNo,
      amountFen,
      currency: 'CNY',
      platformMerchantId: 'toy-merchant',
      transactionId,
      paidAtMs,
    };
    const refundedFen = refundedOf(payment, transactionId);
    return { kind: 'paid', proof: { ...proof, ...this.lie }, ...(refundedFen === 0 ? {} : { refundedFen }) };
  }

  #refunded(payment: ToyPayment | undefined, refundNo: string): RefundResult {
    const refund = payment?.refunds.get(refundNo);
    if (refund === undefined) return { kind: 'not-found' };
    const { amountFen } = refund;
    return { kind: 'done', refundId: `toy-${refundNo}`, refundNo, amountFen, atMs: this.#clock() };
  }
}

function transactionOf({ attemptNo }: Pick<ToyPayment, 'attemptNo'>, which: number): string {
  return `toy-${attemptNo}-${String(which)}`;
}

/** What went back: of everything under the number, or of one payment. */
function refundedOf({ refunds }: ToyPayment, transactionId?: string): Fen {
  const own = [...refunds.values()].filter((one) => transactionId === undefined || one.transactionId === transactionId);
  return fen(own.reduce((sum, { amountFen }) => sum + amountFen, 0));
}

function signatureOf(body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

function signed(message: unknown): RawRequest {
  const body = JSON.stringify(message);
  return {
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json', 'x-toy-signature': signatureOf(body) },
    body: Buffer.from(body),
  };
}

const capabilities: ChannelCapabilities = {
  kinds: ['qr', 'scan'],
  minFen: 1,
  maxFen: 5_000_000,
  qrMaxSeconds: 7_200,
  refundDays: 365,
  refundsPerPayment: 50,
  refundsByTransaction: true,
  notifies: true,
  bills: [],
  reverses: false,
  settles: false,
};

/** A channel over a toy platform. */
export function toyChannel(
  code: string,
  platform: ToyPlatform,
  more: Partial<ChannelCapabilities> = {},
): ChannelDefinition {
  const can = { ...capabilities, ...more };
  return {
    code,
    name: { zh: code, en: code },
    capabilities: can,
    fields: [],
    checkConfig: () => undefined,
    open: (_account: ChannelAccount, tools: ChannelTools) => openToy(platform, tools, can),
  };
}

/** The toy's calls as a channel. */
export function openToy(
  platform: ToyPlatform,
  tools: Pick<ChannelTools, 'record'>,
  can: Pick<ChannelCapabilities, 'reverses'>,
): Channel {
  const told = async <T>(call: ToyCall, attemptNo: string, act: () => T) => {
    const result = await platform.call(call, attemptNo, act);
    tools.record({ call, request: attemptNo, response: JSON.stringify(result), ms: 1 });
    return result;
  };
  return {
    createQr: (facts) => told('create', facts.attemptNo, () => platform.create(facts)),
    payByAuthCode: (facts, code) => told('pay-by-code', facts.attemptNo, () => platform.payByCode(facts, code)),
    query: (facts) => told('query', facts.attemptNo, () => platform.query(facts)),
    close: (facts) => told('close', facts.attemptNo, () => platform.close(facts)),
    ...(can.reverses
      ? { reverse: (facts: AttemptFacts) => told('reverse', facts.attemptNo, () => platform.reverse(facts)) }
      : {}),
    refund: (facts, refund) => told('refund', facts.attemptNo, () => platform.refund(facts, refund)),
    queryRefund: (facts, refund) => told('query-refund', facts.attemptNo, () => platform.queryRefund(facts, refund)),
    fetchBill: async () => ({ kind: 'empty' }),
    parseNotification: async (raw) => {
      const text = Buffer.from(raw.body).toString('utf8');
      const given = Buffer.from(raw.headers['x-toy-signature'] ?? '');
      const right = Buffer.from(signatureOf(text));
      const isRight = given.length === right.length && timingSafeEqual(given, right);
      if (!isRight) return { kind: 'refused', why: 'signature', reply: { status: 401 } };
      const message = JSON.parse(text) as
        | { kind: 'payment'; id: string; attemptNo: string; result: PayResult }
        | { kind: 'refund'; id: string; refundNo: string; result: RefundResult };
      return { ...message, onDone: { status: 200, body: 'done' }, onFailure: { status: 500, body: 'again' } };
    },
  };
}
