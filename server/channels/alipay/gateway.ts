import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ChannelAccount, ChannelTools } from '../channel.ts';
import { callPlatform } from '../shared/call-platform.ts';
import { chainFault, isInDate, readBundle } from '../shared/chain.ts';
import type { FormFields } from '../shared/form.ts';
import { writeForm } from '../shared/form.ts';
import { readJsonObject, textIn } from '../shared/json.ts';
import type { JsonObject } from '../shared/json.ts';
import { shanghaiText } from '../shared/shanghai-time.ts';
import { certificateSn } from './certificates.ts';
import { platformCertificatesOf, platformKeysOf, rootsOf, settingsOf, signerOf } from './settings.ts';
import { isRsa2, rawMembers, requestText, signRsa2 } from './sign.ts';

/** What the gateway answered, once its signature holds. */
export type GatewayAnswer =
  | { readonly kind: 'answer'; readonly code: string; readonly subCode: string; readonly fields: JsonObject }
  /** The gateway does not know the app and so cannot sign for it, or we have no key to sign with: nothing was done. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** Errors that the gateway answers before it knows for which app it would have to sign. */
const unsignedCodes: ReadonlySet<string> = new Set(['isv.invalid-app-id', 'isv.missing-app-id']);
/** Where the answer stands when the gateway refuses before any method. */
const errorMember = 'error_response';
/** Call by which an unknown certificate of the platform is fetched. */
const downloadMethod = 'alipay.open.app.alipaycert.download';

/**
 * Calls Alipay's gateway (开放平台 OpenAPI 2.0): signs, posts, and believes an answer only after its signature holds over
 * the raw text of its member.
 */
export class AlipayGateway {
  readonly #account: ChannelAccount;
  readonly #tools: ChannelTools;
  /** Certificates that were fetched and checked since this channel was opened, by Alipay's serial. */
  readonly #fetched = new Map<string, X509Certificate>();

  constructor(account: ChannelAccount, tools: ChannelTools) {
    this.#account = account;
    this.#tools = tools;
  }

  /** Calls a method with its `biz_content`. */
  async call(method: string, content: JsonObject, notifyUrl?: string): Promise<GatewayAnswer> {
    const fields = this.sign(method, content, notifyUrl === undefined ? {} : { notify_url: notifyUrl });
    if (fields === undefined) return noKey;
    const { biz_content: body = '', ...common } = fields;
    const outcome = await callPlatform(this.#tools, {
      name: method,
      method: 'POST',
      url: `${settingsOf(this.#account).gateway}?${writeForm(common)}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
      body: writeForm({ biz_content: body }),
      redact: hideAuthCode,
    });
    if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
    if (outcome.status !== 200) return { kind: 'unknown', why: `The gateway answered HTTP ${String(outcome.status)}.` };
    return this.#read(method, outcome.bytes);
  }

  /** The signed fields of a call; `undefined` without a key in date. */
  sign(method: string, content: JsonObject, more: FormFields): FormFields | undefined {
    const nowMs = this.#tools.clock();
    const signer = signerOf(this.#account, nowMs);
    if (signer === undefined) return undefined;
    const fields = {
      app_id: settingsOf(this.#account).appId,
      method,
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: shanghaiText(nowMs),
      version: '1.0',
      ...more,
      ...(signer.certificateSn === undefined ? {} : { app_cert_sn: signer.certificateSn }),
      ...(signer.rootSn === undefined ? {} : { alipay_root_cert_sn: signer.rootSn }),
      biz_content: JSON.stringify(content),
    };
    return { ...fields, sign: signRsa2(requestText(fields), signer.key) };
  }

  /**
   * Whether a notification's signature holds with one of the platform's keys; in certificate mode with that of `sn`. Only
   * keys that are known count: anybody may send a notification, and must not make us call Alipay with it.
   */
  isFromPlatform(text: string, signature: string, sn: string | undefined): boolean {
    return this.#pinnedKeys(sn).some((key) => isRsa2(text, signature, key));
  }

  async #read(method: string, bytes: Buffer): Promise<GatewayAnswer> {
    const fields = readJsonObject(bytes);
    const members = fields === undefined ? undefined : rawMembers(bytes.toString('utf8'));
    if (fields === undefined || members === undefined) return { kind: 'unknown', why: 'The answer is no JSON object.' };
    const own = `${method.replaceAll('.', '_')}_response`;
    const name = members.has(own) ? own : errorMember;
    const raw = members.get(name);
    if (raw === undefined) return { kind: 'unknown', why: `The answer has no ${own}.` };
    const answer = readJsonObject(Buffer.from(raw)) ?? {};
    const [code, subCode] = [textIn(answer, 'code') ?? '', textIn(answer, 'sub_code') ?? ''];
    const signature = textIn(fields, 'sign');
    if (signature === undefined && name === errorMember && unsignedCodes.has(subCode)) {
      return { kind: 'refused', code: subCode, message: messageOf(answer) };
    }
    const isHeld =
      signature !== undefined &&
      (await this.#isAnswerHeld(method, raw, signature, textIn(fields, 'alipay_cert_sn'), answer));
    if (!isHeld) return { kind: 'unknown', why: `The answer's signature does not hold${said(code, subCode)}.` };
    return { kind: 'answer', code, subCode, fields: answer };
  }

  /** A certificate that was asked for signs its own delivery: the chain, not the signature, makes it trusted. */
  async #isAnswerHeld(
    method: string,
    raw: string,
    signature: string,
    sn: string | undefined,
    answer: JsonObject,
  ): Promise<boolean> {
    if (method === downloadMethod) {
      const certificate = this.#checked(textIn(answer, 'alipay_cert_content') ?? '', sn);
      if (certificate !== undefined) return isRsa2(raw, signature, certificate.publicKey);
      return this.#pinnedKeys(sn).some((key) => isRsa2(raw, signature, key));
    }
    return (await this.#keysFor(sn)).some((key) => isRsa2(raw, signature, key));
  }

  async #keysFor(sn: string | undefined): Promise<readonly KeyObject[]> {
    const pinned = this.#pinnedKeys(sn);
    const { mode } = settingsOf(this.#account);
    if (mode === 'key' || sn === undefined || pinned.length > 0 || !/^[0-9a-f]{32}$/.test(sn)) return pinned;
    const fetched = await this.#fetchCertificate(sn);
    return fetched === undefined ? [] : [fetched.publicKey];
  }

  /** Without a serial, as in notifications of old apps, any certificate in date may have signed. */
  #pinnedKeys(sn: string | undefined): readonly KeyObject[] {
    const nowMs = this.#tools.clock();
    if (settingsOf(this.#account).mode === 'key') return platformKeysOf(this.#account, nowMs);
    return [...platformCertificatesOf(this.#account, nowMs), ...this.#fetched.values()]
      .filter((certificate) => isInDate(certificate, nowMs))
      .filter((certificate) => sn === undefined || certificateSn(certificate) === sn)
      .map(({ publicKey }) => publicKey);
  }

  /** Fetches a certificate that is not known yet (rotation), checks its chain, and has it kept. */
  async #fetchCertificate(sn: string): Promise<X509Certificate | undefined> {
    const answer = await this.call(downloadMethod, { alipay_cert_sn: sn });
    if (answer.kind !== 'answer' || answer.code !== '10000') return undefined;
    const certificate = this.#checked(textIn(answer.fields, 'alipay_cert_content') ?? '', sn);
    if (certificate === undefined) return undefined;
    this.#fetched.set(sn, certificate);
    await this.#tools.learnKey({
      purpose: 'platform-certificate',
      keyId: sn,
      material: Buffer.from(textIn(answer.fields, 'alipay_cert_content') ?? '', 'base64').toString('utf8'),
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    });
    return certificate;
  }

  /** The leaf of a delivered bundle (base64 of PEM), when it is the one that was asked for and chains to a pinned root. */
  #checked(content: string, sn: string | undefined): X509Certificate | undefined {
    const bundle = readBundle(Buffer.from(content, 'base64').toString('utf8'));
    const leaf = bundle[0];
    if (leaf === undefined || leaf.ca || certificateSn(leaf) !== sn) return undefined;
    const nowMs = this.#tools.clock();
    return chainFault(leaf, bundle, rootsOf(this.#account, nowMs), nowMs) === undefined ? leaf : undefined;
  }
}

/** The answer when there is nothing to sign with. */
export const noKey = {
  kind: 'refused',
  code: 'merchant-private',
  message: 'No private key of this account is in date.',
} as const satisfies GatewayAnswer;

/** What an answer says went wrong, in Alipay's words. */
export function messageOf(answer: JsonObject): string {
  return textIn(answer, 'sub_msg') ?? textIn(answer, 'msg') ?? '';
}

function said(code: string, subCode: string): string {
  return code === '' ? '' : ` (it says ${code}${subCode === '' ? '' : ` ${subCode}`})`;
}

/** A customer's code pays once; it is kept out of the story all the same. */
function hideAuthCode(text: string): string {
  return text.replaceAll(/(auth_code%22%3A%22\d{2})\d+/g, '$1…');
}
