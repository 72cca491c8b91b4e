import { yuanFromFen } from '../../../domain/money.ts';
import type { Fen } from '../../../domain/money.ts';
import type {
  AttemptFacts,
  BillResult,
  Channel,
  ChannelAccount,
  ChannelTools,
  Notification,
  Payer,
  PayResult,
  RawRequest,
  RefundFacts,
  RefundResult,
} from '../channel.ts';
import { writeForm } from '../shared/form.ts';
import { textIn } from '../shared/json.ts';
import type { JsonObject } from '../shared/json.ts';
import { Reversals } from '../shared/reversals.ts';
import { msFromShanghai, shanghaiText } from '../shared/shanghai-time.ts';
import { ShownCodes } from '../shared/shown-codes.ts';
import { fetchAlipayBill } from './bill.ts';
import { AlipayGateway, noKey } from './gateway.ts';
import { parseAlipayNotification } from './notification.ts';
import { fenIn, proofIn, refundOfError, resultOfError, resultOfStatus } from './outcomes.ts';
import { settingsOf } from './settings.ts';
import type { AlipaySettings } from './settings.ts';

/** Shortest and longest life that Alipay takes for a code and an order, in minutes. */
const lifeMinutes = { least: 1, most: 120 };
/** How long after a code's end a buyer who scanned in time may still pay, in milliseconds: the platforms' clocks differ. */
const graceMs = 60_000;
/** Repetitions of `alipay.trade.cancel` that its `retry_flag` asks for. */
const cancelTries = 3;

/** Alipay (支付宝) for one app: see README.md for what is peculiar to it. */
export class AlipayChannel implements Channel {
  readonly #tools: ChannelTools;
  readonly #gateway: AlipayGateway;
  readonly #settings: AlipaySettings;
  readonly #reversals: Reversals;
  readonly #shown = new ShownCodes();

  constructor(account: ChannelAccount, tools: ChannelTools) {
    this.#tools = tools;
    this.#reversals = new Reversals(tools.memory);
    this.#gateway = new AlipayGateway(account, tools);
    this.#settings = settingsOf(account);
  }

  /** alipay.trade.precreate: the trade itself comes to be only when a buyer scans. */
  async createQr(attempt: AttemptFacts): Promise<PayResult> {
    const life = this.#life(attempt);
    const content = { ...this.#order(attempt), timeout_express: life, qr_code_timeout_express: life };
    const answer = await this.#gateway.call('alipay.trade.precreate', content, attempt.notifyUrl);
    if (answer.kind !== 'answer' || answer.code !== '10000') return this.#settle(attempt, resultOfError(answer));
    const qr = textIn(answer.fields, 'qr_code');
    if (qr === undefined || textIn(answer.fields, 'out_trade_no') !== attempt.attemptNo) {
      return { kind: 'unknown', why: 'The answer has no code for this number.' };
    }
    this.#shown.show(attempt.attemptNo, attempt.expiresAtMs + graceMs);
    return { kind: 'pending', qr };
  }

  /** alipay.trade.wap.pay: no call is made, the payer's browser carries the signed request. */
  createLink(attempt: AttemptFacts, payer: Payer): Promise<PayResult> {
    const content = {
      ...this.#order(attempt),
      product_code: 'QUICK_WAP_WAY',
      time_expire: shanghaiText(attempt.expiresAtMs),
      quit_url: payer.returnUrl,
    };
    const urls = { notify_url: attempt.notifyUrl, return_url: payer.returnUrl };
    const fields = this.#gateway.sign('alipay.trade.wap.pay', content, urls);
    if (fields === undefined) return Promise.resolve(noKey);
    return Promise.resolve({ kind: 'pending', link: `${this.#settings.gateway}?${writeForm(fields)}` });
  }

  /** alipay.trade.pay with the code that the customer's wallet shows. */
  async payByAuthCode(attempt: AttemptFacts, authCode: string): Promise<PayResult> {
    const content = {
      ...this.#order(attempt),
      scene: 'bar_code',
      auth_code: authCode,
      timeout_express: this.#life(attempt),
    };
    const answer = await this.#gateway.call('alipay.trade.pay', content, attempt.notifyUrl);
    if (answer.kind === 'answer' && answer.code === '10000') {
      const proof = proofIn(answer.fields, 'gmt_payment', this.#settings.sellerId);
      return proof === undefined
        ? { kind: 'unknown', why: 'The answer does not say what was paid.' }
        : { kind: 'paid', proof };
    }
    if (answer.kind === 'answer' && answer.code === '10003') {
      const transactionId = textIn(answer.fields, 'trade_no');
      return { kind: 'pending', ...(transactionId === undefined ? {} : { transactionId }) };
    }
    return this.#settle(attempt, resultOfError(answer));
  }

  /** alipay.trade.query. While a code that was shown may still be scanned, “no such trade” is not the end. */
  async query({ attemptNo }: AttemptFacts): Promise<PayResult> {
    const answer = await this.#gateway.call('alipay.trade.query', { out_trade_no: attemptNo });
    if (answer.kind === 'answer' && answer.code === '10000') {
      const told = resultOfStatus(answer.fields, 'send_pay_date', this.#settings.sellerId);
      return this.#reversals.weigh(attemptNo, told);
    }
    const result = resultOfError(answer);
    if (result === 'ask') return { kind: 'unknown', why: 'Alipay answered a query with the state of another call.' };
    const isWaiting = result.kind === 'not-found' && this.#shown.isWaiting(attemptNo, this.#tools.clock());
    return isWaiting ? { kind: 'pending' } : result;
  }

  /**
   * alipay.trade.close. A code that nobody scanned has no trade to close; alipay.trade.cancel then ends the number, so
   * that a scan finds nothing.
   */
  async close(attempt: AttemptFacts): Promise<PayResult> {
    const answer = await this.#gateway.call('alipay.trade.close', { out_trade_no: attempt.attemptNo });
    if (answer.kind === 'answer' && answer.code === '10000') return this.#ended(attempt);
    const result = resultOfError(answer);
    if (result === 'ask') return this.query(attempt);
    return result.kind === 'not-found' ? this.#cancel(attempt) : result;
  }

  /** alipay.trade.cancel: closes what is unpaid and gives back what was paid. */
  reverse(attempt: AttemptFacts): Promise<PayResult> {
    return this.#cancel(attempt);
  }

  async #cancel(attempt: AttemptFacts): Promise<PayResult> {
    for (let tried = 1; tried <= cancelTries; tried += 1) {
      const answer = await this.#gateway.call('alipay.trade.cancel', { out_trade_no: attempt.attemptNo });
      if (answer.kind !== 'answer' || answer.code !== '10000') {
        const result = resultOfError(answer);
        return result === 'ask' ? this.query(attempt) : result;
      }
      if (textIn(answer.fields, 'retry_flag') !== 'Y') return this.#cancelled(attempt, answer.fields);
    }
    return { kind: 'unknown', why: 'Alipay asks to cancel again.' };
  }

  /** `action` is absent when there was no trade: nobody had scanned. */
  async #cancelled(attempt: AttemptFacts, fields: JsonObject): Promise<PayResult> {
    const action = textIn(fields, 'action');
    if (action !== undefined && action !== 'refund' && action !== 'close') {
      return { kind: 'unknown', why: `Alipay answered a cancel with the action "${action}".` };
    }
    if (action === 'refund') await this.#reversals.settle(attempt.attemptNo, textIn(fields, 'trade_no'));
    return this.#ended(attempt);
  }

  #ended({ attemptNo }: AttemptFacts): PayResult {
    this.#shown.end(attemptNo);
    return { kind: 'closed' };
  }

  /** alipay.trade.refund; the same `out_request_no` is the same refund, however often it is sent. */
  async refund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const answer = await this.#gateway.call('alipay.trade.refund', {
      ...tradeOf(attempt, refund),
      refund_amount: yuanFromFen(refund.amountFen),
      out_request_no: refund.refundNo,
      refund_reason: refund.reason.slice(0, 256),
      ...this.#place(attempt),
    });
    if (answer.kind !== 'answer' || answer.code !== '10000') return refundOfError(answer);
    if (textIn(answer.fields, 'fund_change') === 'Y') {
      // Its `refund_fee` is the sum of all refunds of the trade: what this one came to, only the query tells.
      const sum = fenIn(answer.fields, 'refund_fee');
      const done = this.#refundDone(answer.fields, refund, sum === refund.amountFen ? sum : undefined);
      if (done !== undefined) return done;
    }
    // fund_change N: nothing moved in this call, either because it moved before or because it has not moved yet.
    const told = await this.queryRefund(attempt, refund);
    return told.kind === 'refused' ? { kind: 'unknown', why: `The question was refused: ${told.message}` } : told;
  }

  /** alipay.trade.fastpay.refund.query. An answer without `refund_status` means that the refund is not there (yet). */
  async queryRefund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const answer = await this.#gateway.call('alipay.trade.fastpay.refund.query', {
      ...tradeOf(attempt, refund),
      out_request_no: refund.refundNo,
      query_options: ['gmt_refund_pay'],
    });
    if (answer.kind !== 'answer' || answer.code !== '10000') return refundOfError(answer);
    const status = textIn(answer.fields, 'refund_status');
    if (status === undefined && textIn(answer.fields, 'refund_amount') === undefined) return { kind: 'not-found' };
    if (status !== undefined && status !== 'REFUND_SUCCESS') {
      return { kind: 'unknown', why: `Alipay answered the refund's state "${status}".` };
    }
    return (
      this.#refundDone(answer.fields, refund, fenIn(answer.fields, 'refund_amount')) ?? {
        kind: 'unknown',
        why: 'The answer does not say what was given back.',
      }
    );
  }

  async parseNotification(raw: RawRequest): Promise<Notification> {
    const told = parseAlipayNotification(this.#settings, this.#gateway, raw);
    if (told.kind !== 'payment') return told;
    return { ...told, result: await this.#reversals.weigh(told.attemptNo, told.result) };
  }

  fetchBill(day: string, kind: string): Promise<BillResult> {
    return fetchAlipayBill(this.#gateway, this.#tools, day, kind);
  }

  /** What every way to pay says about an order: amount in yuan, and the place for Alipay's bill. */
  #order(attempt: AttemptFacts): JsonObject {
    return {
      out_trade_no: attempt.attemptNo,
      total_amount: yuanFromFen(attempt.amountFen),
      subject: subjectOf(attempt.description),
      seller_id: this.#settings.sellerId,
      ...this.#place(attempt),
    };
  }

  #place({ terminal }: AttemptFacts): JsonObject {
    const { storeId, operatorId } = this.#settings;
    return {
      terminal_id: terminal.id.slice(0, 32),
      ...(storeId === undefined ? {} : { store_id: storeId }),
      ...(operatorId === undefined ? {} : { operator_id: operatorId }),
    };
  }

  /** Whole minutes, rounded up: a code may outlive the screen by some seconds, never die before it. */
  #life({ expiresAtMs }: AttemptFacts): string {
    const minutes = Math.ceil((expiresAtMs - this.#tools.clock()) / 60_000);
    return `${String(Math.min(lifeMinutes.most, Math.max(lifeMinutes.least, minutes)))}m`;
  }

  /** `ask`: Alipay has the trade. A question that is refused then does not say that nothing was taken. */
  async #settle(attempt: AttemptFacts, result: PayResult | 'ask'): Promise<PayResult> {
    if (result !== 'ask') return result;
    const told = await this.query(attempt);
    return told.kind === 'refused' ? { kind: 'unknown', why: `The question was refused: ${told.message}` } : told;
  }

  /** The number of a refund at Alipay is the trade's with our own; Alipay gives refunds no number of theirs. */
  #refundDone(fields: JsonObject, refund: RefundFacts, amountFen: Fen | undefined): RefundResult | undefined {
    const tradeNo = textIn(fields, 'trade_no');
    const atMs = msFromShanghai(textIn(fields, 'gmt_refund_pay') ?? '') ?? this.#tools.clock();
    if (amountFen === undefined || tradeNo === undefined) return undefined;
    return { kind: 'done', refundId: tradeNo, refundNo: refund.refundNo, amountFen, atMs };
  }
}

/** Which trade a refund is of: by our number, or by Alipay's own where that number was paid more than once. */
function tradeOf({ attemptNo }: AttemptFacts, { transactionId }: RefundFacts): JsonObject {
  return transactionId === undefined ? { out_trade_no: attemptNo } : { trade_no: transactionId };
}

/** `subject` may hold none of the characters that break older cash registers and Alipay's own checks. */
function subjectOf(description: string): string {
  const text = description.replaceAll(/[/=&]/g, ' ').trim();
  return text === '' ? '-' : text.slice(0, 256);
}
