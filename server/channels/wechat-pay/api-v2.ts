import type { Agent } from 'node:https';
import { XMLParser } from 'fast-xml-parser';
import type { ChannelTools } from '../channel.ts';
import { callPlatform, mutualAgent } from '../shared/call-platform.ts';
import type { Settings } from './settings.ts';
import { isSignedV2, signV2 } from './sign.ts';

/** Most fields of one answer. */
const fieldsMax = 200;

/** What a call of API v2 came to. */
export type AnswerV2 =
  | { readonly kind: 'signed'; readonly fields: Readonly<Record<string, string>> }
  /** `return_code` FAIL: API v2 signs none of these. It says that nothing was done, and is not proof of it. */
  | { readonly kind: 'unsigned-no'; readonly message: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** Signed XML calls of API v2 for one account: scanned codes and their reversal. */
export class ApiV2 {
  readonly #settings: Settings;
  readonly #tools: ChannelTools;
  readonly #key: string;
  readonly #agent: Agent | undefined;

  constructor(settings: Settings, tools: ChannelTools, key: string) {
    this.#settings = settings;
    this.#tools = tools;
    this.#key = key;
    const { merchantCertificate, privateKeyPem, authority } = settings;
    this.#agent =
      merchantCertificate === undefined
        ? undefined
        : mutualAgent({
            certificate: merchantCertificate,
            privateKey: privateKeyPem,
            ...(authority === undefined ? {} : { authority }),
          });
  }

  /** Calls over TLS as everybody. */
  call(name: string, path: string, fields: Readonly<Record<string, string>>): Promise<AnswerV2> {
    return this.#call(name, `${this.#settings.apiBase}${path}`, fields, undefined);
  }

  /** Calls with the merchant's certificate (mutual authentication). */
  callAsMerchant(name: string, path: string, fields: Readonly<Record<string, string>>): Promise<AnswerV2> {
    return this.#call(name, `${this.#settings.secureBase}${path}`, fields, this.#agent);
  }

  async #call(
    name: string,
    url: string,
    fields: Readonly<Record<string, string>>,
    agent: Agent | undefined,
  ): Promise<AnswerV2> {
    const outcome = await callPlatform(this.#tools, {
      name,
      method: 'POST',
      url,
      body: writeXml(this.#sealed(fields)),
      headers: { 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', 'user-agent': 'Tillkeeper/1' },
      redact: (text) => text.replaceAll(/<auth_code>\d*(\d{4})<\/auth_code>/g, '<auth_code>…$1</auth_code>'),
      ...(agent === undefined ? {} : { agent }),
    });
    if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
    if (outcome.status !== 200) return { kind: 'unknown', why: `The platform answered ${String(outcome.status)}.` };
    const answer = readXml(outcome.bytes);
    if (answer === undefined) return { kind: 'unknown', why: 'The answer is not the XML of API v2.' };
    if (answer['return_code'] !== 'SUCCESS') return { kind: 'unsigned-no', message: answer['return_msg'] ?? '' };
    return isSignedV2(answer, this.#key, 'HMAC-SHA256')
      ? { kind: 'signed', fields: answer }
      : { kind: 'unknown', why: 'The signature of the platform does not hold.' };
  }

  #sealed(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const whole = {
      appid: this.#settings.appId,
      mch_id: this.#settings.mchid,
      nonce_str: Buffer.from(this.#tools.random(16)).toString('hex'),
      sign_type: 'HMAC-SHA256',
      ...fields,
    };
    return { ...whole, sign: signV2(whole, this.#key, 'HMAC-SHA256') };
  }
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** Writes fields as the flat XML of API v2. */
export function writeXml(fields: Readonly<Record<string, string>>): string {
  const escape = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const parts = Object.entries(fields).map(([name, value]) => `<${name}>${escape(value)}</${name}>`);
  return `<xml>${parts.join('')}</xml>`;
}

/** Reads the flat XML of API v2. Document types and entities of its own are refused. @returns `undefined` when it is not. */
export function readXml(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (/<!(DOCTYPE|ENTITY)/i.test(text)) return undefined;
    const parser = new XMLParser({
      ignoreDeclaration: true,
      parseTagValue: false,
      processEntities: false,
      trimValues: false,
      cdataPropName: '#cdata',
    });
    const parsed = parser.parse(text, true) as { readonly xml?: unknown };
    if (typeof parsed.xml !== 'object' || parsed.xml === null) return undefined;
    const entries = Object.entries(parsed.xml).filter(([name]) => name !== '#text');
    if (entries.length > fieldsMax) return undefined;
    return Object.fromEntries(entries.map(([name, value]) => [name, textOf(value)]));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string')
    return value.replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? '');
  const cdata: unknown = typeof value === 'object' && value !== null && '#cdata' in value ? value['#cdata'] : undefined;
  if (typeof cdata === 'string') return cdata;
  throw new RangeError('an answer of API v2 is flat');
}
