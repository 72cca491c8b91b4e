import { newPrivatePem } from '../frame/authority.ts';
import type { KeySource } from '../frame/authority.ts';
import type { MountedStandIn, StandInMaker, StandInTools } from '../frame/platforms.ts';
import { underFaults } from '../frame/wire.ts';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import { payPassword } from '../stand-in.ts';
import type { PlatformStandIn, StandInAccount, StandInPayment, WalletAct } from '../stand-in.ts';
import { accountOf } from './accounts.ts';
import { UnionPayBank } from './bank.ts';
import type { Behaviour } from './bank.ts';
import { calls } from './calls.ts';
import { backPath, frontPath, sendBack, showPage } from './front.ts';
import type { Trade } from './trades.ts';
import { age } from './trades.ts';
import { messageOf, readRequest, Refused, spoilAnswer, writeAnswer } from './wire.ts';
import type { Answer, Fields } from './wire.ts';

type WalletResult = Awaited<ReturnType<PlatformStandIn['wallet']>>['result'];

/** Addresses: of trades, of queries and of settlement files. */
const addresses: Readonly<Record<string, string>> = {
  '/gateway/api/backTransReq.do': 'backTransReq',
  '/gateway/api/queryTrans.do': 'queryTrans',
  '/unionpay/files/': 'files',
};
/** What an answer repeats of its request. */
const repeated = ['bizType', 'txnType', 'txnSubType', 'accessType', 'merId', 'orderId', 'txnTime'];

/** The stand-in for UnionPay's ACP 5.1.0 with its wallet 云闪付 and settlement files. */
class UnionPayStandIn implements MountedStandIn {
  readonly code = 'unionpay-qr';
  readonly name = { zh: '云闪付', en: 'UnionPay QR' };
  readonly paths = ['/gateway/api/', '/unionpay/'];
  readonly #tools: StandInTools;
  readonly #bank: UnionPayBank;

  constructor(tools: StandInTools, source: KeySource) {
    this.#tools = tools;
    this.#bank = new UnionPayBank(tools, source);
  }

  account(seed: string, shop?: string): StandInAccount {
    return accountOf(this.#bank.keys, this.#bank.merchant(seed, shop), this.#tools.origin);
  }

  rotateKeys(): void {
    this.#bank.rotate();
  }

  payments(): readonly StandInPayment[] {
    const payments = this.#bank.trades.all().filter(({ txnType }) => txnType === '01');
    return payments
      .toReversed()
      .slice(0, 200)
      .map((trade) => this.#paymentOf(trade));
  }

  wallet({ code, act, password }: WalletAct): Promise<{ readonly result: WalletResult }> {
    const trade = this.#bank.trades.byCode(code);
    const result = trade === undefined ? 'not-mine' : this.#act(trade, act, password);
    this.#bank.changed();
    return Promise.resolve({ result });
  }

  authCode(behaviour: Behaviour = 'pay'): string {
    return this.#bank.newAuthCode(behaviour);
  }

  plan(fault: Parameters<PlatformStandIn['plan']>[0]): void {
    this.#tools.faults.plan(fault);
  }

  clearFaults(): void {
    this.#tools.faults.clear();
  }

  /** The file of the merchant that was registered first. */
  bill(day: string, kind: string): Uint8Array | undefined {
    const merchant = this.#bank.keys.merchants[0];
    return merchant === undefined || kind !== 'settlement' ? undefined : this.#bank.file(merchant.merId, day);
  }

  settled(): Promise<void> {
    return this.#tools.notifier.settled();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async handle(request: WireRequest): Promise<WireAnswer> {
    const [path = '', search = ''] = request.target.split('?');
    if (path === backPath) return sendBack(this.#bank, new URLSearchParams(search));
    if (path === frontPath) return this.#front(request);
    const address = addresses[request.target];
    if (address === undefined) return text(404, 'not found');
    const form = new URLSearchParams(request.body.toString('utf8'));
    const call = calls[`${address} ${form.get('txnType') ?? ''} ${form.get('txnSubType') ?? ''}`];
    const shape = { call: call?.name ?? address, outOfOrder: (status: number) => text(status, ''), spoil: spoilAnswer };
    return underFaults(this.#tools.faults, this.#tools.clock, shape, async () => {
      const { answer, fields } = await this.#answer(request, call?.work);
      this.#bank.changed();
      return writeAnswer({ ...echo(fields), ...answer.more, ...codeOf(answer) }, this.#bank.signer);
    });
  }

  async #answer(
    request: WireRequest,
    work: (typeof calls)[string]['work'] | undefined,
  ): Promise<{ readonly answer: Answer; readonly fields: Fields }> {
    const unread: Fields = Object.fromEntries(new URLSearchParams(request.body.toString('utf8')));
    try {
      const asked = readRequest(this.#bank.keys, request);
      if (work === undefined) throw new Refused('10', 'txnType');
      return { answer: await work(this.#bank, asked), fields: asked.fields };
    } catch (error) {
      if (error instanceof Refused) return { answer: { respCode: error.respCode }, fields: unread };
      throw error;
    }
  }

  /** A payer's browser comes with the merchant's form; what is wrong with it they read on a page. */
  #front(request: WireRequest): WireAnswer {
    try {
      const answer = showPage(this.#bank, this.#tools.origin, readRequest(this.#bank.keys, request));
      this.#bank.changed();
      return answer;
    } catch (error) {
      if (error instanceof Refused) return text(400, `${messageOf(error.respCode)} ${error.message}`);
      throw error;
    }
  }

  #act(trade: Trade, act: WalletAct['act'], password: string | undefined): WalletResult {
    const nowMs = this.#bank.nowMs();
    age(trade, nowMs);
    if (trade.state === 'done') return trade.isCancelled === true ? 'closed' : 'paid-already';
    if (trade.state !== 'shown' && trade.state !== 'thinking') {
      const isPaidAfter = act === 'pay' && this.#tools.faults.take('pay-after-close') !== undefined;
      if (!isPaidAfter) return trade.respCode === '69' ? 'expired' : 'closed';
    } else if (nowMs > trade.codeEndsMs) return 'expired';
    if (act === 'stall') {
      trade.state = 'thinking';
      return 'stalled';
    }
    if (act === 'decline') return this.#decline(trade);
    if (password !== payPassword) return 'wrong-password';
    this.#bank.finish(trade);
    return 'paid';
  }

  /** A code that we show may be scanned by another; a code of the payer's own is over. */
  #decline(trade: Trade): WalletResult {
    if (trade.txnSubType === '06') {
      trade.state = 'failed';
      trade.respCode = '30';
    }
    return 'declined';
  }

  #paymentOf(trade: Trade): StandInPayment {
    const states = {
      shown: 'waiting',
      thinking: 'waiting',
      done: 'paid',
      failed: 'declined',
      reversed: 'reversed',
    } as const;
    return {
      number: trade.orderId,
      amountFen: trade.amountFen,
      state: trade.isCancelled === true ? 'reversed' : states[trade.state],
      refundedFen: this.#bank.trades.refundedFen(trade),
      code: trade.code,
      description: trade.orderDesc,
      merchant: this.#bank.shopOf(trade),
    };
  }
}

/** Makes the stand-in for UnionPay; `keys` says where RSA keys come from, new ones when absent. */
export function unionPayStandIn(keys: KeySource = newPrivatePem): StandInMaker {
  return { code: 'unionpay-qr', create: (tools) => Promise.resolve(new UnionPayStandIn(tools, keys)) };
}

function echo(fields: Fields): Fields {
  const own = Object.entries(fields).filter(([name]) => repeated.includes(name));
  return { version: '5.1.0', encoding: 'UTF-8', ...Object.fromEntries(own) };
}

function codeOf({ respCode }: Answer): Fields {
  return { respCode, respMsg: messageOf(respCode) };
}

function text(status: number, body: string): WireAnswer {
  return { status, headers: { 'content-type': 'text/html;charset=UTF-8' }, body };
}
