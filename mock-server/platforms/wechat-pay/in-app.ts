import { createHash, createPublicKey, createVerify, randomBytes } from 'node:crypto';
import type { PlatformClock } from '../frame/clock.ts';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import { type Book, newOpenid, stateAt } from './book.ts';
import type { Merchant } from './keys.ts';

/** How long a payer's code is good, in milliseconds; and most codes and identities that are kept. */
const [codeMs, keptMax] = [300_000, 1_000];
/** A page's parameters are good for so long, in milliseconds. */
const paramsMs = 300_000;

/** Paths of the app's side: asking who pays, exchanging the answer, and the bridge that a page calls. */
export const inAppPaths = ['/connect/oauth2/authorize', '/sns/oauth2/access_token', '/wechat/bridge'] as const;

/** Secret of a merchant's app: follows from its keys, so that it stays over a restart. */
export function appSecretOf({ appId, apiV3Key }: Pick<Merchant, 'appId' | 'apiV3Key'>): string {
  return createHash('md5').update(`app secret ${appId} ${apiV3Key}`).digest('hex');
}

/** The app around the wallet: who its users are to each merchant's app, and the bridge of its own browser. */
export class InApp {
  readonly #clock: PlatformClock;
  readonly #book: Book;
  readonly #merchants: () => readonly Merchant[];
  readonly #codes = new Map<string, { readonly appId: string; readonly untilMs: number }>();
  readonly #openids = new Set<string>();

  constructor(clock: PlatformClock, book: Book, merchants: () => readonly Merchant[]) {
    this.#clock = clock;
    this.#book = book;
    this.#merchants = merchants;
  }

  /** Whether an openid was given out for this app. */
  knows(appId: string, openid: string): boolean {
    return this.#openids.has(`${appId} ${openid}`);
  }

  handle({ method, target }: WireRequest): WireAnswer {
    const url = new URL(target, 'http://app.invalid');
    if (method !== 'GET') return text(405, 'GET only');
    if (url.pathname === '/connect/oauth2/authorize') return this.#authorize(url.searchParams);
    if (url.pathname === '/sns/oauth2/access_token') return this.#exchange(url.searchParams);
    return this.#bridge(url.searchParams);
  }

  #authorize(query: URLSearchParams): WireAnswer {
    const appId = query.get('appid') ?? '';
    const back = query.get('redirect_uri') ?? '';
    const isRight = query.get('response_type') === 'code' && query.get('scope') === 'snsapi_base';
    if (!isRight || !URL.canParse(back) || this.#merchantOf(appId) === undefined) return text(400, '参数错误');
    const code = randomBytes(16).toString('hex');
    keep(this.#codes, code, { appId, untilMs: this.#clock.now() + codeMs });
    const location = new URL(back);
    location.searchParams.set('code', code);
    location.searchParams.set('state', query.get('state') ?? '');
    return redirect(location.toString());
  }

  #exchange(query: URLSearchParams): WireAnswer {
    const merchant = this.#merchantOf(query.get('appid') ?? '');
    if (merchant === undefined) return wrong(40013, 'invalid appid');
    if (query.get('secret') !== appSecretOf(merchant)) return wrong(40125, 'invalid appsecret');
    const code = query.get('code') ?? '';
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    if (known?.appId !== merchant.appId || known.untilMs < this.#clock.now()) return wrong(40029, 'invalid code');
    const openid = newOpenid();
    if (this.#openids.size >= keptMax) this.#openids.clear();
    this.#openids.add(`${merchant.appId} ${openid}`);
    return json({ access_token: randomBytes(24).toString('hex'), expires_in: 7200, openid, scope: 'snsapi_base' });
  }

  /**
   * getBrandWCPayRequest: what a page hands to the bridge. In the real app it stays on the page; here the browser is led
   * into the wallet and back, for a script that stands in for the bridge.
   */
  #bridge(query: URLSearchParams): WireAnswer {
    const of = (name: string): string => query.get(name) ?? '';
    const merchant = this.#merchantOf(of('appId'));
    const signed = `${of('appId')}\n${of('timeStamp')}\n${of('nonceStr')}\n${of('package')}\n`;
    const isSigned =
      merchant !== undefined &&
      of('signType') === 'RSA' &&
      createVerify('sha256').update(signed).verify(createPublicKey(merchant.api.certificate), of('paySign'), 'base64');
    const age = Math.abs(this.#clock.now() - Number(of('timeStamp')) * 1000);
    const payment = this.#book.findCode(`weixin://jsapi/pay?prepayid=${of('package').replace('prepay_id=', '')}`);
    if (!isSigned || !(age <= paramsMs) || payment?.mchid !== merchant.mchid) return text(400, '支付验证签名失败');
    if (stateAt(payment, this.#clock.now()) === 'closed') return text(400, '订单已关闭');
    const back = encodeURIComponent(of('redirect_url'));
    return redirect(`/?code=${encodeURIComponent(payment.code)}&redirect_url=${back}`);
  }

  #merchantOf(appId: string): Merchant | undefined {
    return this.#merchants().find((merchant) => merchant.appId === appId);
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  const oldest = map.size >= keptMax ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

function redirect(location: string): WireAnswer {
  return { status: 302, headers: { location, 'cache-control': 'no-store' }, body: '' };
}

function json(value: object): WireAnswer {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: JSON.stringify(value) };
}

function wrong(errcode: number, errmsg: string): WireAnswer {
  return json({ errcode, errmsg });
}

function text(status: number, body: string): WireAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
