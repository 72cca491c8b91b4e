import type { ChannelKey, ChannelTools } from '../channel.ts';
import { answerMaxBytes, callPlatform } from '../shared/call-platform.ts';
import type { CallOutcome } from '../shared/call-platform.ts';
import { readPublicKey } from '../shared/certificates.ts';
import { readJsonObject, textIn } from '../shared/json.ts';
import type { JsonObject } from '../shared/json.ts';
import { openCertificates, PlatformKeys } from './platform-keys.ts';
import type { Settings } from './settings.ts';
import { answerBytes, authorization, isSigned, skewSeconds } from './sign.ts';

/** Our name in the User-Agent, without which the platform refuses a call. */
const userAgent = 'Tillkeeper/1';

/** The only word of the platform that is taken without a signature: it says that nothing was done for us. */
const unsignedCode = 'SIGN_ERROR';

/** One call of API v3. */
export interface CallV3 {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly body?: JsonObject;
}

/** What a call of API v3 came to, once its signature was looked at. */
export type AnswerV3 =
  | { readonly kind: 'ok'; readonly status: number; readonly body: JsonObject | undefined }
  /** A signed no, or the unsigned 401 of a platform that does not know the caller and so has nothing to sign for. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** Signed calls of API v3 for one account, with verified answers. */
export class ApiV3 {
  readonly keys: PlatformKeys;
  readonly #settings: Settings;
  readonly #tools: ChannelTools;

  constructor(settings: Settings, tools: ChannelTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.keys = new PlatformKeys({
      given: settings.platformKeys,
      clock: tools.clock,
      learn: (key) => tools.learnKey(key),
      ...(settings.mode === 'certificate' ? { download: () => this.#download() } : {}),
    });
  }

  /** Calls, verifies and reads. Nothing of an answer is believed before its signature holds. */
  async call(call: CallV3): Promise<AnswerV3> {
    const outcome = await this.send(call, answerMaxBytes);
    if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
    const { status, bytes } = outcome;
    const whyNot = await this.whyNotSigned(outcome.headers, bytes);
    const body = readJsonObject(bytes);
    const code = textIn(body, 'code') ?? '';
    const message = textIn(body, 'message') ?? '';
    if (status === 401 && code === unsignedCode) return { kind: 'error', status, code, message };
    if (status >= 500) return { kind: 'unknown', why: `The platform answered ${String(status)} ${code}.` };
    if (whyNot !== undefined) return { kind: 'unknown', why: whyNot };
    if (status >= 200 && status < 300) return { kind: 'ok', status, body };
    return { kind: 'error', status, code, message };
  }

  /** Sends a signed call and returns the bare outcome: for bills, which are not signed. */
  async send(call: CallV3, maxBytes: number): Promise<CallOutcome> {
    const { mchid, serial, privateKey, apiBase } = this.#settings;
    const body = call.body === undefined ? '' : JSON.stringify(call.body);
    const request = {
      method: call.method,
      target: call.target,
      timestamp: Math.floor(this.#tools.clock() / 1000),
      nonce: Buffer.from(this.#tools.random(16)).toString('hex').toUpperCase(),
      body,
    };
    return callPlatform(this.#tools, {
      name: call.name,
      method: call.method,
      url: `${apiBase}${call.target}`,
      maxBytes,
      ...(body === '' ? {} : { body }),
      redact: withoutPayer,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        authorization: await authorization(request, mchid, serial, privateKey),
        ...(body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
        ...this.#serialHeader(),
      },
    });
  }

  /** Why an answer or a notification is not the platform's; `undefined` when its signature holds and its time is now. */
  async whyNotSigned(headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<string | undefined> {
    const shape = this.#signatureOf(headers);
    if (typeof shape === 'string') return shape;
    const key = await this.keys.find(shape.serial);
    if (key === undefined) return `The key ${shape.serial.slice(0, 64)} of the platform is not known.`;
    const isRight = isSigned(answerBytes(shape.timestamp, shape.nonce, body), shape.signature, key);
    return isRight ? undefined : 'The signature of the platform does not hold.';
  }

  /** In public-key mode the platform must be told which of its keys we hold, or it signs with a certificate. */
  #serialHeader(): Record<string, string> {
    const own = this.#settings.platformKeys.find(({ purpose }) => purpose === 'platform-public');
    return this.#settings.mode === 'public-key' && own !== undefined ? { 'wechatpay-serial': own.keyId } : {};
  }

  #signatureOf(
    headers: Readonly<Record<string, string>>,
  ):
    | { readonly serial: string; readonly timestamp: string; readonly nonce: string; readonly signature: string }
    | string {
    const [serial = '', timestamp = '', nonce = '', signature = ''] = ['serial', 'timestamp', 'nonce', 'signature'].map(
      (name) => headers[`wechatpay-${name}`] ?? '',
    );
    if (serial === '' || timestamp === '' || nonce === '' || signature === '') return 'The answer is not signed.';
    const type = headers['wechatpay-signature-type'];
    if (type !== undefined && type !== 'WECHATPAY2-SHA256-RSA2048') return 'The signature is of another kind.';
    const offset = Math.abs(this.#tools.clock() / 1000 - Number(timestamp));
    if (!/^\d{1,12}$/.test(timestamp) || offset > skewSeconds) return 'The time of the signature is not now.';
    return { serial, timestamp, nonce, signature };
  }

  /**
   * Certificates come sealed with the APIv3 key and signed with one of themselves, so that the first download needs no
   * certificate.
   */
  async #download(): Promise<readonly ChannelKey[] | undefined> {
    const outcome = await this.send(
      { name: 'certificates', method: 'GET', target: '/v3/certificates' },
      answerMaxBytes,
    );
    if (outcome.kind === 'no-answer' || outcome.status !== 200) return undefined;
    const certificates = openCertificates(outcome.bytes, this.#settings.apiV3Key);
    const shape = this.#signatureOf(outcome.headers);
    if (certificates === undefined || typeof shape === 'string') return undefined;
    const signer = certificates.find(({ keyId }) => keyId === shape.serial);
    const key = signer === undefined ? undefined : readPublicKey(signer.material);
    const bytes = answerBytes(shape.timestamp, shape.nonce, outcome.bytes);
    return key !== undefined && isSigned(bytes, shape.signature, key) ? certificates : undefined;
  }
}

/** Who paid is nobody's business: the payer's openid stays out of the story. */
function withoutPayer(text: string): string {
  return text.replaceAll(/("openid"\s*:\s*")[^"]*/g, '$1…');
}
