import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { shanghaiCompact } from '../frame/shanghai.ts';
import type { KeySource } from '../frame/authority.ts';
import type { StandInTools } from '../frame/platforms.ts';
import { newApp, newKeys, newPlatformCertificate, snOf } from './accounts.ts';
import type { AlipayApp, AlipayKeys } from './accounts.ts';
import { alipayBill } from './bill.ts';
import type { Order } from './fields.ts';
import { noticeOf } from './notices.ts';
import { Trades } from './trades.ts';
import type { Trade } from './trades.ts';
import type { Call } from './wire.ts';

/** What a customer's code does when it is scanned. */
export type Behaviour = 'pay' | 'password' | 'insufficient' | 'decline';

/** How long a customer's code is good, and a bill's address, in milliseconds. */
const authCodeLivesMs = 5 * 60_000;
const addressLivesMs = 30_000;
/** Hour of the next day from which a bill is there. */
const billHour = 9;
/** Most customers' codes and bill addresses that are kept. */
const keptMax = 500;

interface Kept {
  readonly keys: AlipayKeys;
  readonly trades: readonly Trade[];
}

/** Everything that the stand-in knows: apps, trades, codes, bills. */
export class AlipayBank {
  readonly trades: Trades;
  readonly #tools: StandInTools;
  readonly #source: KeySource;
  #keys: AlipayKeys;
  readonly #authCodes = new Map<string, { readonly behaviour: Behaviour; readonly endsMs: number }>();
  readonly #addresses = new Map<
    string,
    { readonly appId: string; readonly day: string; readonly kind: string; readonly endsMs: number }
  >();

  constructor(tools: StandInTools, source: KeySource) {
    this.#tools = tools;
    this.#source = source;
    const kept = tools.state.load() as Kept | undefined;
    this.#keys = kept?.keys ?? newKeys(source, tools.clock.now());
    this.trades = new Trades(kept?.trades ?? []);
  }

  get keys(): AlipayKeys {
    return this.#keys;
  }

  nowMs(): number {
    return this.#tools.clock.now();
  }

  /** The app of a seed, registered when it is new; its shop's name is the seed when none is given. */
  app(seed: string, shop: string = seed): AlipayApp {
    const known = this.#keys.apps.find((app) => app.seed === seed);
    if (known !== undefined) return known;
    const made = newApp(this.#keys, this.#source, seed, shop, this.nowMs());
    this.#keys = { ...this.#keys, apps: [...this.#keys.apps, made] };
    this.changed();
    return made;
  }

  /** Alipay takes a new certificate for every app. */
  rotate(): void {
    const apps = this.#keys.apps.map((app) => ({
      ...app,
      platform: [...app.platform, newPlatformCertificate(this.#keys, this.#source, app.sellerId, this.nowMs())],
    }));
    this.#keys = { ...this.#keys, apps };
    this.changed();
  }

  /** A certificate of Alipay's with the one that issued it, as PEM. */
  certificateOf(app: AlipayApp, sn: string): string | undefined {
    const found = app.platform.find(({ certificatePem }) => snOf(certificatePem) === sn);
    return found === undefined ? undefined : found.certificatePem + this.#keys.authority.middle.certificatePem;
  }

  /** Name of the shop that a trade pays. */
  shopOf(trade: Trade): string {
    return this.#keys.apps.find(({ appId }) => appId === trade.appId)?.shop ?? '';
  }

  open(call: Call, order: Order, code: string): Trade {
    const { codeLivesMs, ...own } = order;
    const trade: Trade = {
      ...own,
      appId: call.app.appId,
      notifyUrl: call.notifyUrl,
      isCertified: call.isCertified,
      code,
      codeEndsMs: this.nowMs() + codeLivesMs,
      madeMs: this.nowMs(),
      state: 'shown',
      tradeNos: [],
      refunds: [],
    };
    this.trades.add(trade);
    this.changed();
    return trade;
  }

  newQr(): string {
    return `https://qr.alipay.com/bax${randomBytes(12).toString('hex').slice(0, 19)}`;
  }

  /** A wallet looks at the code: now there is a trade. */
  scan(trade: Trade): void {
    if (trade.tradeNos.length > 0) return;
    trade.tradeNos.push(this.#newTradeNo());
    trade.scannedMs = this.nowMs();
    if (trade.state === 'shown') trade.state = 'waiting';
    this.changed();
  }

  /** Money is taken and the merchant is told. */
  take(trade: Trade): void {
    this.#take(trade);
    for (const tradeNo of trade.tradeNos) this.#tell(trade, tradeNo);
  }

  /** With a `before-answer` fault the payer is faster than the answer to the merchant. */
  async payBeforeAnswer(trade: Trade): Promise<void> {
    if (trade.state !== 'shown') return;
    if (this.#tools.faults.takeIf('notify', ({ how }) => how === 'before-answer') === undefined) return;
    this.scan(trade);
    this.#take(trade);
    for (const tradeNo of trade.tradeNos) await this.#tools.notifier.sendNow(this.#notice(trade, tradeNo));
  }

  giveBack(trade: Trade, requestNo: string, amountFen: number, tradeNo?: string): void {
    const of = tradeNo === undefined ? {} : { tradeNo };
    trade.refunds.push({ requestNo, amountFen, atMs: this.nowMs(), ...of });
    this.changed();
  }

  newAuthCode(behaviour: Behaviour): string {
    const code = `28${String(randomInt(1e8)).padStart(8, '0')}${String(randomInt(1e8)).padStart(8, '0')}`;
    const oldest = this.#authCodes.size >= keptMax ? this.#authCodes.keys().next().value : undefined;
    if (oldest !== undefined) this.#authCodes.delete(oldest);
    this.#authCodes.set(code, { behaviour, endsMs: this.nowMs() + authCodeLivesMs });
    return code;
  }

  /** A code is good once, and for a while. */
  takeAuthCode(code: string): Behaviour | undefined {
    const known = this.#authCodes.get(code);
    this.#authCodes.delete(code);
    return known !== undefined && this.nowMs() <= known.endsMs ? known.behaviour : undefined;
  }

  billAddress(app: AlipayApp, day: string, kind: string): string | undefined {
    const isReady = this.nowMs() >= Date.parse(`${day}T00:00:00+08:00`) + (24 + billHour) * 3_600_000;
    if (!isReady || this.bill(app.appId, day, kind) === undefined) return undefined;
    const token = randomUUID();
    const oldest = this.#addresses.size >= keptMax ? this.#addresses.keys().next().value : undefined;
    if (oldest !== undefined) this.#addresses.delete(oldest);
    this.#addresses.set(token, { appId: app.appId, day, kind, endsMs: this.nowMs() + addressLivesMs });
    return `${this.#tools.origin}/alipay/bill.zip?downloadFileName=${day}.zip&token=${token}`;
  }

  /** The file behind an address that is still good. */
  billAt(token: string): Buffer | undefined {
    const known = this.#addresses.get(token);
    return known !== undefined && this.nowMs() <= known.endsMs
      ? this.bill(known.appId, known.day, known.kind)
      : undefined;
  }

  bill(appId: string, day: string, kind: string): Buffer | undefined {
    const app = this.#keys.apps.find((known) => known.appId === appId);
    if (app === undefined || kind !== 'trade') return undefined;
    const trades = this.trades.all().filter((trade) => trade.appId === appId);
    return alipayBill(app.sellerId, trades, day, this.nowMs());
  }

  changed(): void {
    this.#tools.state.changed((): Kept => ({ keys: this.#keys, trades: this.trades.all().slice(-2_000) }));
  }

  #take(trade: Trade): void {
    trade.state = 'paid';
    trade.paidMs = this.nowMs();
    trade.toldFen = this.#tools.faults.take('wrong-amount')?.amountFen ?? trade.amountFen;
    if (this.#tools.faults.take('double-pay') !== undefined) trade.tradeNos.push(this.#newTradeNo());
    this.changed();
  }

  #tell(trade: Trade, tradeNo: string): void {
    if (trade.notifyUrl !== '') this.#tools.notifier.send(this.#notice(trade, tradeNo));
  }

  #notice(trade: Trade, tradeNo: string): ReturnType<typeof noticeOf> {
    const app = this.#keys.apps.find(({ appId }) => appId === trade.appId);
    if (app === undefined) throw new Error(`${trade.appId}: no such app`);
    return noticeOf(app, trade, tradeNo, () => this.nowMs());
  }

  #newTradeNo(): string {
    const day = shanghaiCompact(this.nowMs()).slice(0, 8);
    return `${day}22001${String(randomInt(1e8)).padStart(8, '0')}${String(randomInt(1e7)).padStart(7, '0')}`;
  }
}
