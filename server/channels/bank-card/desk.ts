import type { ChannelTools } from '../channel.ts';
import { decodeMessage, encodeMessage } from './iso8583.ts';
import { HostLine } from './line.ts';
import { isMessageSigned, signMessage } from './mac.ts';
import { answerMti, profileFields } from './profile.ts';
import type { Settings } from './settings.ts';

/** Fields of a message by number. */
export type Fields = Readonly<Record<number, string>>;

/** A request as the acts of this channel make it; terminal, merchant and MAC are added here. */
export interface HostRequest {
  /** Name for the story of the payment, such as `purchase`. */
  readonly call: string;
  readonly mti: string;
  readonly fields: Fields;
}

/** What the host said. Only `answered` may be believed: its MAC holds. */
export type HostAnswer =
  | { readonly kind: 'answered'; readonly code: string; readonly fields: Fields }
  /** Certain: the host has nothing of it. */
  | { readonly kind: 'not-sent'; readonly why: string }
  | { readonly kind: 'no-answer'; readonly why: string }
  /** An answer without a right MAC, or unreadable. `code` is what it claims in field 39. */
  | { readonly kind: 'unverified'; readonly code?: string; readonly why: string };

/** What every act of the channel works with: settings, tools, and the line to the host. */
export class Desk {
  readonly settings: Settings;
  readonly tools: ChannelTools;
  readonly #line: HostLine;

  constructor(settings: Settings, tools: ChannelTools) {
    this.settings = settings;
    this.tools = tools;
    const { host, port, usesTls, authority, certificate, privateKey } = settings;
    const tls = {
      ...(authority === undefined ? {} : { authority }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(privateKey === undefined ? {} : { privateKey }),
    };
    this.#line = new HostLine({ host, port, ...(usesTls ? { tls } : {}) }, answerKey);
  }

  /** The next system trace number, six digits; not used by anybody else before a million more. */
  async nextTrace(): Promise<string> {
    return String(await this.tools.memory.next('trace', 999_999)).padStart(6, '0');
  }

  /**
   * Sends a request and takes its answer. With `macKey` both carry a MAC in field 64, and an answer whose MAC does not
   * hold under it or under `otherKey` is not believed. Records the exchange without keys, card data or MACs.
   */
  async ask(
    request: HostRequest,
    macKey: Buffer | undefined,
    otherKey: () => Promise<Buffer | undefined> = () => Promise.resolve(undefined),
  ): Promise<HostAnswer> {
    const { terminalId, merchantId, tpdu, header } = this.settings;
    const fields = { ...request.fields, 41: terminalId, 42: merchantId };
    const plain = { tpdu, header, mti: request.mti, fields };
    const bytes =
      macKey === undefined
        ? encodeMessage(profileFields, plain)
        : signMessage(macKey, encodeMessage(profileFields, { ...plain, fields: { ...fields, 64: '0'.repeat(16) } }));
    const startedMs = this.tools.clock();
    const key = `${answerMti(request.mti)} ${terminalId} ${request.fields[11] ?? ''}`;
    const outcome = await this.#line.exchange(bytes, key, this.tools.timeoutMs);
    const answer =
      outcome.kind === 'answered' ? await readAnswer(outcome.bytes, merchantId, macKey, otherKey) : outcome;
    this.tools.record({
      call: request.call,
      request: describeMessage(request.mti, fields),
      response: describeAnswer(request.mti, answer),
      ms: this.tools.clock() - startedMs,
    });
    return answer;
  }
}

async function readAnswer(
  bytes: Buffer,
  merchantId: string,
  macKey: Buffer | undefined,
  otherKey: () => Promise<Buffer | undefined>,
): Promise<HostAnswer> {
  const message = decodeMessage(profileFields, bytes);
  if (!message.ok)
    return { kind: 'unverified', why: `Unreadable answer: ${message.error} at ${message.detail ?? ''}.` };
  const { fields } = message.value;
  const code = fields[39];
  if (code === undefined || fields[42] !== merchantId)
    return { kind: 'unverified', why: 'An answer of somebody else.' };
  if (macKey === undefined) return { kind: 'answered', code, fields };
  const isSigned = fields[64] !== undefined && (isMessageSigned(macKey, bytes) || isSignedBy(await otherKey(), bytes));
  return isSigned
    ? { kind: 'answered', code, fields }
    : { kind: 'unverified', code, why: `The MAC of the answer (code ${code}) does not hold.` };
}

function isSignedBy(key: Buffer | undefined, bytes: Buffer): boolean {
  return key !== undefined && isMessageSigned(key, bytes);
}

/** What an answer belongs to: its type, terminal and trace number. */
function answerKey(bytes: Buffer): string | undefined {
  const message = decodeMessage(profileFields, bytes);
  if (message.ok) return `${message.value.mti} ${message.value.fields[41] ?? ''} ${message.value.fields[11] ?? ''}`;
  return undefined;
}

/** Fields that may be written down as they are; of every other only its length is. */
const tellable: ReadonlySet<number> = new Set([
  3, 4, 11, 12, 13, 15, 22, 25, 26, 32, 37, 38, 39, 41, 42, 44, 48, 49, 60, 61, 63,
]);

function describeMessage(mti: string, fields: Fields): string {
  const lines = Object.entries(fields).map(([number, value]) =>
    tellable.has(Number(number)) ? `${number} ${value}` : `${number} (${String(value.length / 2)} bytes)`,
  );
  return [mti, ...lines].join('\n');
}

function describeAnswer(mti: string, answer: HostAnswer): string {
  return answer.kind === 'answered' ? describeMessage(answerMti(mti), answer.fields) : answer.why;
}
