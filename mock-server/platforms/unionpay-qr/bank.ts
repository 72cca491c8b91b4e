import { randomBytes, randomInt } from 'node:crypto';
import type { KeySource } from '../frame/authority.ts';
import type { Certified } from '../frame/authority.ts';
import type { Notice } from '../frame/notifier.ts';
import type { StandInTools } from '../frame/platforms.ts';
import { shanghaiCompact } from '../frame/shanghai.ts';
import { newEncryption, newKeys, newMerchant, newPlatformCertificate, serialOf } from './accounts.ts';
import type { Merchant, UnionPayKeys } from './accounts.ts';
import { settlementFile } from './settlement-file.ts';
import { settleDayOf, Trades } from './trades.ts';
import type { Trade } from './trades.ts';
import { messageOf, signFields } from './wire.ts';
import type { Fields } from './wire.ts';

/** What a customer's code does when it is scanned. */
export type Behaviour = 'pay' | 'password' | 'insufficient' | 'decline';

/** How long a customer's code is good, in milliseconds, and how many are kept. */
const [authCodeLivesMs, authCodesMax] = [5 * 60_000, 500];
/** UnionPay's waits between tries: 1, 2, 4 and 5 minutes. */
const retryMs = [1, 2, 4, 5].map((minutes) => minutes * 60_000);
/** Hour of the next day from which a settlement file is there. */
const fileHour = 9;

interface Kept {
  readonly keys: UnionPayKeys;
  readonly trades: readonly Trade[];
}

/** Everything that the stand-in knows: merchants, trades, codes. */
export class UnionPayBank {
  readonly trades: Trades;
  readonly #tools: StandInTools;
  readonly #source: KeySource;
  #keys: UnionPayKeys;
  readonly #authCodes = new Map<string, { readonly behaviour: Behaviour; readonly endsMs: number }>();

  constructor(tools: StandInTools, source: KeySource) {
    this.#tools = tools;
    this.#source = source;
    const kept = tools.state.load() as Kept | undefined;
    this.#keys = withEncryption(kept?.keys, source, tools.clock.now()) ?? newKeys(source, tools.clock.now());
    this.trades = new Trades(kept?.trades ?? []);
  }

  get keys(): UnionPayKeys {
    return this.#keys;
  }

  /** The certificate that signs now. */
  get signer(): Certified {
    const last = this.#keys.platform.at(-1);
    if (last === undefined) throw new Error('the platform has no certificate');
    return last;
  }

  /** `encryptCertId`: serial of the certificate to which accounts are encrypted. */
  get encryptCertId(): string {
    return serialOf(this.#keys.encryption.certificatePem);
  }

  nowMs(): number {
    return this.#tools.clock.now();
  }

  /** The merchant of a seed, registered when it is new; its shop's name is the seed when none is given. */
  merchant(seed: string, shop: string = seed): Merchant {
    const known = this.#keys.merchants.find((merchant) => merchant.seed === seed);
    if (known !== undefined) return known;
    const made = newMerchant(this.#keys, this.#source, { seed, shop }, this.nowMs());
    this.#keys = { ...this.#keys, merchants: [...this.#keys.merchants, made] };
    this.changed();
    return made;
  }

  rotate(): void {
    const { authority, platform } = this.#keys;
    const next = newPlatformCertificate(authority, this.#source, platform.length + 1, this.nowMs());
    this.#keys = { ...this.#keys, platform: [...platform, next] };
    this.changed();
  }

  /** Name of the shop that a trade pays. */
  shopOf(trade: Trade): string {
    return this.#keys.merchants.find(({ merId }) => merId === trade.merId)?.shop ?? '';
  }

  open(trade: Omit<Trade, 'queryIds' | 'traceNo' | 'respCode' | 'state'>): Trade {
    const opened: Trade = {
      ...trade,
      state: 'shown',
      respCode: '',
      queryIds: [],
      traceNo: String(randomInt(1e6)).padStart(6, '0'),
    };
    this.trades.add(opened);
    this.changed();
    return opened;
  }

  newQr(): string {
    return `https://qr.95516.com/00010000/${randomBytes(16).toString('hex').slice(0, 32)}`;
  }

  newAuthCode(behaviour: Behaviour): string {
    const code = `62${String(randomInt(1e8)).padStart(8, '0')}${String(randomInt(1e9)).padStart(9, '0')}`;
    const oldest = this.#authCodes.size >= authCodesMax ? this.#authCodes.keys().next().value : undefined;
    if (oldest !== undefined) this.#authCodes.delete(oldest);
    this.#authCodes.set(code, { behaviour, endsMs: this.nowMs() + authCodeLivesMs });
    return code;
  }

  /** A code is good once, and for a while. */
  takeAuthCode(code: string): Behaviour | 'unknown' | 'expired' {
    const known = this.#authCodes.get(code);
    this.#authCodes.delete(code);
    if (known === undefined) return 'unknown';
    return this.nowMs() <= known.endsMs ? known.behaviour : 'expired';
  }

  /** A trade is done: money has moved, and the merchant is told. */
  finish(trade: Trade): void {
    this.#finish(trade);
    if (trade.backUrl === '') return;
    for (const queryId of trade.queryIds) this.#tools.notifier.send(this.#notice(trade, queryId));
  }

  /** With a `before-answer` fault the payer is faster than the answer to the merchant. */
  async payBeforeAnswer(trade: Trade): Promise<void> {
    if (trade.state !== 'shown') return;
    if (this.#tools.faults.takeIf('notify', ({ how }) => how === 'before-answer') === undefined) return;
    this.#finish(trade);
    for (const queryId of trade.queryIds) await this.#tools.notifier.sendNow(this.#notice(trade, queryId));
  }

  /** What is said about a trade that is done. */
  factsOf(trade: Trade, queryId: string): Fields {
    const doneMs = trade.doneMs ?? this.nowMs();
    const amount = String(trade.toldFen ?? trade.amountFen);
    return {
      queryId,
      traceNo: trade.traceNo,
      traceTime: shanghaiCompact(doneMs).slice(4),
      settleDate: settleDayOf(doneMs).slice(5).replace('-', ''),
      settleAmt: amount,
      settleCurrencyCode: '156',
      currencyCode: '156',
      txnAmt: amount,
      ...(trade.txnType === '01'
        ? { accNo: maskOf(trade.account ?? '6216000000000018'), payCardType: '01' }
        : { origQryId: trade.origQueryId }),
    };
  }

  /** The zip of a settlement day; `undefined` when there was nothing or it is not there yet. */
  file(merId: string, day: string): Buffer | undefined {
    const trades = this.trades.all().filter((trade) => trade.merId === merId);
    return settlementFile(merId, trades, this.trades, day);
  }

  isFileReady(day: string): boolean {
    return this.nowMs() >= Date.parse(`${day}T00:00:00+08:00`) + (24 + fileHour) * 3_600_000;
  }

  changed(): void {
    this.#tools.state.changed((): Kept => ({ keys: this.#keys, trades: this.trades.all().slice(-2_000) }));
  }

  #finish(trade: Trade): void {
    trade.state = 'done';
    trade.respCode = '00';
    trade.doneMs = this.nowMs();
    trade.queryIds = [this.#newQueryId()];
    if (trade.txnType === '01') {
      trade.toldFen = this.#tools.faults.take('wrong-amount')?.amountFen ?? trade.amountFen;
      if (this.#tools.faults.take('double-pay') !== undefined) trade.queryIds.push(this.#newQueryId());
    }
    this.changed();
  }

  #notice(trade: Trade, queryId: string): Notice {
    const fields: Fields = {
      version: '5.1.0',
      encoding: 'UTF-8',
      bizType: '000000',
      accessType: '0',
      txnType: trade.txnType,
      txnSubType: trade.txnSubType,
      merId: trade.merId,
      orderId: trade.orderId,
      txnTime: trade.txnTime,
      respCode: '00',
      respMsg: messageOf('00'),
      ...this.factsOf(trade, queryId),
    };
    return {
      url: trade.backUrl,
      retryMs,
      isTaken: (status) => status === 200 || status === 302,
      make: (isForged) => ({
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
        body: new URLSearchParams(signFields(fields, this.signer, isForged)).toString(),
      }),
    };
  }

  #newQueryId(): string {
    const now = shanghaiCompact(this.nowMs());
    return `${now.slice(2)}${String(randomInt(1e9)).padStart(9, '0')}`;
  }
}

/** Keys that were kept before accounts could be encrypted get a key for it. */
function withEncryption(
  kept: (Omit<UnionPayKeys, 'encryption'> & Partial<Pick<UnionPayKeys, 'encryption'>>) | undefined,
  source: KeySource,
  nowMs: number,
): UnionPayKeys | undefined {
  if (kept === undefined) return undefined;
  return { ...kept, encryption: kept.encryption ?? newEncryption(kept.authority, source, nowMs) };
}

function maskOf(account: string): string {
  return `${account.slice(0, 4)}********${account.slice(-4)}`;
}
