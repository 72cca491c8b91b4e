import type { ChannelAccount, ChannelTools } from '../channel.ts';
import { callPlatform } from '../shared/call-platform.ts';
import { writeForm } from '../shared/form.ts';
import type { FormFields } from '../shared/form.ts';
import { anchorsOf, settingsOf, signerOf } from './settings.ts';
import { readAnswer, serialOf, signFields, signatureFault } from './sign.ts';
import { shorten } from './tell.ts';

/** What UnionPay answered, once its certificate and signature hold. */
export type UnionPayAnswer =
  | { readonly kind: 'answer'; readonly respCode: string; readonly fields: FormFields }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** One call: its name for the story, its address, and what is peculiar to it. */
export interface UnionPayCall {
  readonly name: string;
  readonly url: string;
  readonly fields: FormFields;
  readonly maxBytes?: number;
}

/** Calls UnionPay (ACP 5.1.0): signs, posts a form, and believes an answer only after `signatureFault` found none. */
export class UnionPayGateway {
  readonly #account: ChannelAccount;
  readonly #tools: ChannelTools;

  constructor(account: ChannelAccount, tools: ChannelTools) {
    this.#account = account;
    this.#tools = tools;
  }

  /** 后台交易 (`backTransReq.do`): payments, refunds, cancels, reversals. */
  trade(name: string, fields: FormFields): Promise<UnionPayAnswer> {
    return this.call({ name, url: `${settingsOf(this.#account).gateway}/gateway/api/backTransReq.do`, fields });
  }

  /** 交易状态查询 (`queryTrans.do`). */
  query(fields: FormFields): Promise<UnionPayAnswer> {
    return this.call({ name: 'query', url: `${settingsOf(this.#account).gateway}/gateway/api/queryTrans.do`, fields });
  }

  async call({ name, url, fields, maxBytes }: UnionPayCall): Promise<UnionPayAnswer> {
    const signed = this.sign(fields);
    if (signed === undefined)
      return { kind: 'refused', code: 'merchant-certificate', message: 'No certificate of this account is in date.' };
    const outcome = await callPlatform(this.#tools, {
      name,
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body: writeForm(signed),
      redact: shorten,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
    if (outcome.status !== 200) return { kind: 'unknown', why: `UnionPay answered HTTP ${String(outcome.status)}.` };
    const answer = readAnswer(outcome.bytes);
    if (answer === undefined) return { kind: 'unknown', why: 'The answer cannot be read.' };
    const fault = this.faultOf(answer);
    if (fault !== undefined) return { kind: 'unknown', why: `${fault} (It says ${answer['respCode'] ?? 'nothing'}.)` };
    if (answer['merId'] !== settingsOf(this.#account).merId)
      return { kind: 'unknown', why: 'The answer is for another merchant.' };
    return { kind: 'answer', respCode: answer['respCode'] ?? '', fields: answer };
  }

  /** Why fields are not from UnionPay. */
  faultOf(fields: FormFields): string | undefined {
    return signatureFault(fields, anchorsOf(this.#account, this.#tools.clock()));
  }

  /** The same in every message, and the signature over all; `undefined` when no certificate is in date. */
  sign(fields: FormFields): FormFields | undefined {
    const signer = signerOf(this.#account, this.#tools.clock());
    if (signer === undefined) return undefined;
    const all = {
      version: '5.1.0',
      encoding: 'UTF-8',
      signMethod: '01',
      certId: serialOf(signer.certificate),
      accessType: '0',
      merId: settingsOf(this.#account).merId,
      ...fields,
    };
    return { ...all, signature: signFields(all, signer.key) };
  }
}
