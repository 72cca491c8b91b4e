import { newPrivatePem } from '../frame/authority.ts';
import type { KeySource } from '../frame/authority.ts';
import type { MountedStandIn, StandInMaker, StandInTools } from '../frame/platforms.ts';
import { underFaults } from '../frame/wire.ts';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import { payPassword } from '../stand-in.ts';
import type { PlatformStandIn, StandInAccount, StandInPayment, WalletAct } from '../stand-in.ts';
import { accountOf } from './accounts.ts';
import { AlipayBank } from './bank.ts';
import type { Behaviour } from './bank.ts';
import { methods } from './calls.ts';
import { CallRefused, orderOf } from './fields.ts';
import { age, refundedFen } from './trades.ts';
import type { Trade } from './trades.ts';
import { invalid, parametersOf, readCall, spoilAnswer, writeAnswer } from './wire.ts';
import type { Answer, Call } from './wire.ts';

type WalletResult = Awaited<ReturnType<PlatformStandIn['wallet']>>;

/** The stand-in for Alipay's gateway, wallet and bills. */
class AlipayStandIn implements MountedStandIn {
  readonly code = 'alipay';
  readonly name = { zh: '支付宝', en: 'Alipay' };
  readonly paths = ['/gateway.do', '/alipay/'];
  readonly #tools: StandInTools;
  readonly #bank: AlipayBank;

  constructor(tools: StandInTools, source: KeySource) {
    this.#tools = tools;
    this.#bank = new AlipayBank(tools, source);
  }

  account(seed: string, shop?: string): StandInAccount {
    return accountOf(this.#bank.keys, this.#bank.app(seed, shop), `${this.#tools.origin}/gateway.do`);
  }

  rotateKeys(): void {
    this.#bank.rotate();
  }

  payments(): readonly StandInPayment[] {
    return this.#bank.trades
      .all()
      .toReversed()
      .slice(0, 200)
      .map((trade) => this.#paymentOf(trade));
  }

  wallet({ code, act, password }: WalletAct): Promise<WalletResult> {
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

  /** The bill of the app that was registered first. */
  bill(day: string, kind: string): Uint8Array | undefined {
    const app = this.#bank.keys.apps[0];
    return app === undefined ? undefined : this.#bank.bill(app.appId, day, kind);
  }

  settled(): Promise<void> {
    return this.#tools.notifier.settled();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async handle(request: WireRequest): Promise<WireAnswer> {
    const [path = '', query = ''] = request.target.split('?');
    if (path === '/alipay/bill.zip') return this.#download(new URLSearchParams(query).get('token') ?? '');
    if (path !== '/gateway.do') return text(404, 'not found');
    const parameters = parametersOf(request);
    const method = parameters?.get('method') ?? '';
    if (method === 'alipay.trade.wap.pay') return this.#page(parameters ?? new Map());
    if (request.method !== 'POST') return text(405, 'POST only');
    const shape = {
      call: method.replace(/^alipay\./, ''),
      outOfOrder: (status: number) => text(status, '<html>系统繁忙</html>'),
      spoil: spoilAnswer,
    };
    return underFaults(this.#tools.faults, this.#tools.clock, shape, () => this.#answer(parameters));
  }

  async #answer(parameters: ReadonlyMap<string, string> | undefined): Promise<WireAnswer> {
    if (parameters === undefined) {
      return writeAnswer('error_response', invalid('isv.invalid-parameter', '参数重复'), undefined, false);
    }
    const read = readCall(this.#bank.keys, parameters, this.#bank.nowMs());
    const name = parameters.get('method') ?? '';
    const method = methods[name];
    const member = method === undefined ? 'error_response' : `${name.replaceAll('.', '_')}_response`;
    if (!('call' in read)) {
      return writeAnswer(read.app === undefined ? 'error_response' : member, read.answer, read.app, read.isCertified);
    }
    const { call } = read;
    const answer =
      method === undefined ? invalid('isv.invalid-method', '不存在的方法名') : await this.#do(method, call);
    this.#bank.changed();
    return writeAnswer(member, answer, this.#bank.app(call.app.seed), call.isCertified);
  }

  async #do(method: NonNullable<(typeof methods)[string]>, call: Call): Promise<Answer> {
    try {
      return await method(this.#bank, call);
    } catch (error) {
      if (error instanceof CallRefused) return error.answer;
      throw error;
    }
  }

  /** The page of alipay.trade.wap.pay: the trade is there at once, and the wallet takes its code from the page. */
  #page(parameters: ReadonlyMap<string, string>): WireAnswer {
    const read = readCall(this.#bank.keys, parameters, this.#bank.nowMs());
    if (!('call' in read)) return text(400, `${String(read.answer.sub_code)}: ${String(read.answer.sub_msg)}`);
    try {
      const order = orderOf(read.call);
      const known = this.#bank.trades.find(read.call.app.appId, order.number);
      const trade = known ?? this.#bank.open(read.call, order, this.#bank.newQr());
      this.#bank.scan(trade);
      const back = parameters.get('return_url') ?? '';
      const location = `/?code=${encodeURIComponent(trade.code)}&redirect_url=${encodeURIComponent(back)}`;
      return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
    } catch (error) {
      if (error instanceof CallRefused) return text(400, String(error.answer.sub_msg));
      throw error;
    }
  }

  #download(token: string): Promise<WireAnswer> {
    const shape = { call: 'bill download', outOfOrder: (status: number) => text(status, '') };
    return underFaults(this.#tools.faults, this.#tools.clock, shape, () => {
      const body = this.#bank.billAt(token);
      if (body === undefined) return Promise.resolve(text(403, 'expired'));
      return Promise.resolve({ status: 200, headers: { 'content-type': 'application/octet-stream' }, body });
    });
  }

  #paymentOf(trade: Trade): StandInPayment {
    return {
      number: trade.number,
      amountFen: trade.amountFen,
      state: trade.state === 'shown' ? 'waiting' : trade.state,
      refundedFen: refundedFen(trade),
      code: trade.code,
      description: trade.subject,
      merchant: this.#bank.shopOf(trade),
    };
  }

  #act(trade: Trade, act: WalletAct['act'], password: string | undefined): WalletResult['result'] {
    if (trade.state === 'paid') return 'paid-already';
    const isLive = age(trade, this.#bank.nowMs()) === 'live';
    if (!isLive) {
      if (trade.state === 'shown') return 'expired';
      const isPaidAfter = act === 'pay' && this.#tools.faults.take('pay-after-close') !== undefined;
      if (!isPaidAfter) return 'closed';
    }
    this.#bank.scan(trade);
    if (act === 'stall') return 'stalled';
    if (act === 'decline') return 'declined';
    if (password !== payPassword) return 'wrong-password';
    this.#bank.take(trade);
    return 'paid';
  }
}

/** Makes the stand-in for Alipay; `keys` says where RSA keys come from, new ones when absent. */
export function alipayStandIn(keys: KeySource = newPrivatePem): StandInMaker {
  return { code: 'alipay', create: (tools) => Promise.resolve(new AlipayStandIn(tools, keys)) };
}

function text(status: number, body: string): WireAnswer {
  return { status, headers: { 'content-type': 'text/html;charset=utf-8' }, body };
}
