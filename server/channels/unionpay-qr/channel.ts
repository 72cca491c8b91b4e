import type {
  AccountKey,
  AttemptFacts,
  BillResult,
  Channel,
  ChannelAccount,
  ChannelTools,
  Memo,
  Notification,
  Payer,
  PayResult,
  RawRequest,
  RefundFacts,
  RefundResult,
} from '../channel.ts';
import type { FormFields } from '../shared/form.ts';
import { Reversals } from '../shared/reversals.ts';
import { shanghaiDigits } from '../shared/shanghai-time.ts';
import { ShownCodes } from '../shared/shown-codes.ts';
import { fetchUnionPayBill } from './bill.ts';
import { frontAccountKey, frontFields, frontLink } from './front.ts';
import { UnionPayGateway } from './gateway.ts';
import { parseUnionPayNotification } from './notification.ts';
import { settingsOf } from './settings.ts';
import { meaningOf, refundOfQuery, resultOfQuery, resultOfTrade } from './outcomes.ts';

/** How long after a code's end a payer who scanned in time may still pay, in milliseconds: the platforms' clocks differ. */
const graceMs = 60_000;
/** 产品类型 of QR payments, and 渠道类型 mobile. */
const product = { bizType: '000000', channelType: '08' };

type Paid = Extract<PayResult, { kind: 'paid' }>;

/** UnionPay QR (云闪付) over ACP 5.1.0: see README.md for what is peculiar to it. */
export class UnionPayQrChannel implements Channel {
  readonly #tools: ChannelTools;
  readonly #gateway: UnionPayGateway;
  readonly #reversals: Reversals;
  readonly #shown = new ShownCodes();
  readonly #account: ChannelAccount;

  constructor(account: ChannelAccount, tools: ChannelTools) {
    this.#account = account;
    this.#tools = tools;
    this.#gateway = new UnionPayGateway(account, tools);
    this.#reversals = new Reversals(tools.memory);
  }

  /** A trade is found by `orderId` and `txnTime` together, so the time must be durable before the first call. */
  prepare(attempt: AttemptFacts): Promise<Memo> {
    return Promise.resolve({ txnTime: attempt.memo['txnTime'] ?? shanghaiDigits(this.#tools.clock()) });
  }

  /** 申请二维码（主扫）: 01/07. */
  async createQr(attempt: AttemptFacts): Promise<PayResult> {
    const answer = await this.#gateway.trade('apply-code', {
      ...this.#payment(attempt),
      txnSubType: '07',
      payTimeout: shanghaiDigits(attempt.expiresAtMs),
    });
    if (answer.kind !== 'answer') return answer;
    if (answer.respCode !== '00')
      return this.#settle(attempt, resultOfTrade(answer.respCode, messageOf(answer.fields)));
    const qr = answer.fields['qrCode'];
    if (qr === undefined || qr === '' || answer.fields['orderId'] !== attempt.attemptNo) {
      return { kind: 'unknown', why: 'The answer has no code for this number.' };
    }
    this.#shown.show(attempt.attemptNo, attempt.expiresAtMs + graceMs);
    return { kind: 'pending', qr };
  }

  /** 消费 by a page on the payer's phone: 01/01 over 前台交易. No call is made, the payer's browser posts the fields. */
  createLink(attempt: AttemptFacts, payer: Payer): Promise<PayResult> {
    const fields = frontFields(this.#payment(attempt), attempt, payer, shanghaiDigits(attempt.expiresAtMs));
    this.#shown.show(attempt.attemptNo, attempt.expiresAtMs + graceMs);
    return Promise.resolve(frontLink(settingsOf(this.#account).gateway, this.#gateway.sign(fields)));
  }

  accountKey(): AccountKey | undefined {
    return frontAccountKey(this.#account, this.#tools.clock());
  }

  /** 二维码消费（被扫）: 01/06. Its own answer is no proof (README.md): a success is asked about before it is believed. */
  async payByAuthCode(attempt: AttemptFacts, authCode: string): Promise<PayResult> {
    const answer = await this.#gateway.trade('consume', {
      ...this.#payment(attempt),
      txnSubType: '06',
      qrNo: authCode,
    });
    if (answer.kind !== 'answer') return answer;
    return this.#settle(attempt, resultOfTrade(answer.respCode, messageOf(answer.fields)));
  }

  async query(attempt: AttemptFacts): Promise<PayResult> {
    const told = await this.#ask(attempt.attemptNo, txnTimeOf(attempt));
    const isWaiting = told.kind === 'not-found' && this.#shown.isWaiting(attempt.attemptNo, this.#tools.clock());
    return isWaiting ? { kind: 'pending' } : this.#weigh(attempt.attemptNo, told);
  }

  /**
   * ACP closes no code. `closed` is therefore answered only when its time has passed and UnionPay knows of no trade, or
   * when UnionPay itself has ended the trade; until then `not-found` (nobody scanned, somebody still may) or `pending`.
   */
  async close(attempt: AttemptFacts): Promise<PayResult> {
    const told = await this.#ask(attempt.attemptNo, txnTimeOf(attempt));
    const result = await this.#weigh(attempt.attemptNo, told);
    const isOver = this.#tools.clock() > attempt.expiresAtMs + graceMs;
    if (result.kind === 'failed' || (result.kind === 'not-found' && isOver)) return { kind: 'closed' };
    return result;
  }

  /**
   * Undoes a payment: 消费撤销 (31/00) for one that is paid, 冲正 (99/01) for one whose end is unknown. Both hold only until
   * the settlement day ends (23:00); `paid` is answered when it is too late, and only a refund gives back then.
   */
  async reverse(attempt: AttemptFacts): Promise<PayResult> {
    const told = await this.#ask(attempt.attemptNo, txnTimeOf(attempt));
    if (told.kind === 'refused') return told;
    return told.kind === 'paid' ? this.#cancel(attempt, told) : this.#revert(attempt);
  }

  prepareRefund(_attempt: AttemptFacts, refund: RefundFacts): Promise<Memo> {
    return Promise.resolve({ txnTime: refund.memo['txnTime'] ?? shanghaiDigits(this.#tools.clock()) });
  }

  /** 退货: 04/00. UnionPay only accepts it here; whether it is done, the query or the notification says. */
  async refund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const origQryId = refund.transactionId ?? (await this.#queryIdOf(attempt));
    if (typeof origQryId !== 'string') return origQryId;
    const answer = await this.#gateway.trade('refund', {
      ...product,
      txnType: '04',
      txnSubType: '00',
      orderId: refund.refundNo,
      txnTime: txnTimeOf(refund),
      txnAmt: String(refund.amountFen),
      origQryId,
      backUrl: refund.notifyUrl,
      termId: termIdOf(attempt),
    });
    if (answer.kind !== 'answer') return answer;
    const result = resultOfTrade(answer.respCode, messageOf(answer.fields));
    if (result === 'ask') return this.#acceptedRefund(attempt, refund);
    if (result.kind === 'pending') return { kind: 'processing' };
    return refundOfQuery('00', { origRespCode: answer.respCode, origRespMsg: messageOf(answer.fields) });
  }

  async queryRefund(_attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const answer = await this.#gateway.query(asking(refund.refundNo, txnTimeOf(refund)));
    return answer.kind === 'answer' ? refundOfQuery(answer.respCode, answer.fields) : answer;
  }

  async parseNotification(raw: RawRequest): Promise<Notification> {
    const told = parseUnionPayNotification(this.#gateway, settingsOf(this.#account).merId, raw);
    if (told.kind !== 'payment') return told;
    return { ...told, result: await this.#weigh(told.attemptNo, told.result) };
  }

  fetchBill(day: string, kind: string): Promise<BillResult> {
    return fetchUnionPayBill(this.#account, this.#gateway, this.#tools, day, kind);
  }

  #payment(attempt: AttemptFacts): FormFields {
    return {
      ...product,
      txnType: '01',
      orderId: attempt.attemptNo,
      txnTime: txnTimeOf(attempt),
      txnAmt: String(attempt.amountFen),
      currencyCode: '156',
      orderDesc: attempt.description.replaceAll(/[&={}[\]"']/g, ' ').slice(0, 32),
      termId: termIdOf(attempt),
      backUrl: attempt.notifyUrl,
    };
  }

  async #ask(orderId: string, txnTime: string): Promise<PayResult> {
    const answer = await this.#gateway.query(asking(orderId, txnTime));
    return answer.kind === 'answer' ? resultOfQuery(answer.respCode, answer.fields) : answer;
  }

  /** `ask`: accepted, or the number was used before. A query that knows nothing of it or is refused then is no answer. */
  async #settle(attempt: AttemptFacts, result: PayResult | 'ask'): Promise<PayResult> {
    if (result !== 'ask') return result;
    const told = await this.query(attempt);
    if (told.kind === 'refused') return { kind: 'unknown', why: `The question was refused: ${told.message}` };
    if (told.kind !== 'not-found') return told;
    return { kind: 'unknown', why: 'UnionPay took the number and does not find it yet.' };
  }

  async #acceptedRefund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const told = await this.queryRefund(attempt, refund);
    return told.kind === 'not-found' || told.kind === 'refused' ? { kind: 'processing' } : told;
  }

  /** 消费撤销, under a number of its own that is the same in every repetition. */
  async #cancel(attempt: AttemptFacts, paid: Paid): Promise<PayResult> {
    const orderId = cancelIdOf(attempt.attemptNo);
    const txnTime = await this.#cancelTime(attempt.attemptNo);
    const answer = await this.#gateway.trade('cancel', {
      ...product,
      txnType: '31',
      txnSubType: '00',
      orderId,
      txnTime,
      txnAmt: String(paid.proof.amountFen),
      origQryId: paid.proof.transactionId,
      backUrl: attempt.notifyUrl,
      termId: termIdOf(attempt),
    });
    if (answer.kind !== 'answer') return answer;
    const { kind } = meaningOf(answer.respCode);
    if (kind === 'failed') return paid;
    if (kind === 'refused') return { kind: 'refused', code: answer.respCode, message: messageOf(answer.fields) };
    const told = await this.#ask(orderId, txnTime);
    if (told.kind === 'paid') return this.#undone(attempt.attemptNo, paid.proof.transactionId);
    return told.kind === 'failed' ? paid : { kind: 'unknown', why: 'The cancel was sent and its end is not known.' };
  }

  /** 冲正, under the payment's own number and time. It holds whether or not the payment ever arrived. */
  async #revert(attempt: AttemptFacts): Promise<PayResult> {
    const answer = await this.#gateway.trade('reverse', {
      ...product,
      txnType: '99',
      txnSubType: '01',
      orderId: attempt.attemptNo,
      txnTime: txnTimeOf(attempt),
    });
    if (answer.kind !== 'answer') return answer;
    if (meaningOf(answer.respCode).kind === 'success') {
      // Where the payment had gone through meanwhile, its number tells it from one that might still come.
      const told = await this.#ask(attempt.attemptNo, txnTimeOf(attempt));
      return this.#undone(attempt.attemptNo, told.kind === 'paid' ? told.proof.transactionId : undefined);
    }
    const result = resultOfTrade(answer.respCode, messageOf(answer.fields));
    if (result === 'ask' || result.kind === 'failed') return this.query(attempt);
    return result;
  }

  async #undone(attemptNo: string, transactionId: string | undefined): Promise<PayResult> {
    this.#shown.end(attemptNo);
    await this.#reversals.settle(attemptNo, transactionId);
    return { kind: 'closed' };
  }

  /** A payment stays a success at UnionPay after its cancel, so a cancel that was sent is asked about as well. */
  async #weigh(attemptNo: string, told: PayResult): Promise<PayResult> {
    const weighed = await this.#reversals.weigh(attemptNo, told);
    if (weighed.kind !== 'paid') return weighed;
    const sent = await this.#tools.memory.get(cancelKeyOf(attemptNo));
    if (sent === undefined) return weighed;
    const cancel = await this.#ask(cancelIdOf(attemptNo), sent.value);
    if (cancel.kind === 'paid') return this.#undone(attemptNo, weighed.proof.transactionId);
    const isOpen = cancel.kind === 'pending' || cancel.kind === 'unknown';
    return isOpen ? { kind: 'unknown', why: 'A cancel was sent and its end is not known.' } : weighed;
  }

  async #cancelTime(attemptNo: string): Promise<string> {
    const key = cancelKeyOf(attemptNo);
    await this.#tools.memory.put(key, shanghaiDigits(this.#tools.clock()), 0);
    return (await this.#tools.memory.get(key))?.value ?? shanghaiDigits(this.#tools.clock());
  }

  /** UnionPay's number of the payment, which a refund must name; asked for when the caller does not have it. */
  async #queryIdOf(attempt: AttemptFacts): Promise<string | RefundResult> {
    if (attempt.transactionId !== undefined) return attempt.transactionId;
    const told = await this.query(attempt);
    switch (told.kind) {
      case 'paid':
        return told.proof.transactionId;
      case 'unknown':
      case 'refused':
      case 'not-found':
        return told;
      default:
        return { kind: 'failed', code: 'not-paid', message: `The payment is ${told.kind}.` };
    }
  }
}

/** The number of an attempt's cancel, and where its time is kept. */
function cancelIdOf(attemptNo: string): string {
  return `${attemptNo}V`;
}

function cancelKeyOf(attemptNo: string): string {
  return `cancel:${attemptNo}`;
}

/** 交易状态查询: 00/00. */
function asking(orderId: string, txnTime: string): FormFields {
  return { bizType: product.bizType, txnType: '00', txnSubType: '00', orderId, txnTime };
}

/** Facts without a memo come from before `prepare` was durable; their time of creation was sent by nobody. */
function txnTimeOf({ memo, createdAtMs }: { readonly memo: Memo; readonly createdAtMs: number }): string {
  return memo['txnTime'] ?? shanghaiDigits(createdAtMs);
}

/** `termId` has eight characters: the last of ours. */
function termIdOf({ terminal }: AttemptFacts): string {
  return terminal.id
    .replaceAll(/[^0-9A-Za-z]/g, '')
    .slice(-8)
    .padStart(8, '0');
}

function messageOf(fields: FormFields): string {
  return fields['respMsg'] ?? '';
}
