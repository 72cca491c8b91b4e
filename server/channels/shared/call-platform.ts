import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https, { Agent } from 'node:https';
import type { Exchange } from '../channel.ts';

/** Longest JSON, XML or form answer that is read (README, obligation 6). */
export const answerMaxBytes = 256 * 1024;
/** Longest bill that is read. */
export const billMaxBytes = 64 * 1024 * 1024;
/** Longest text of one side that is kept for the story of a payment (README, obligation 7). */
const recordMaxBytes = 8 * 1024;

/** Who we are to a platform that asks for a certificate, and whom we take it for. */
export interface TlsIdentity {
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  /** PEM of the authority that the platform's certificate must come from; the system's own when absent. */
  readonly authority?: string;
}

/** One call to a platform over HTTP. */
export interface PlatformCall {
  /** Name for the story of the payment, such as `native`. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent byte for byte. */
  readonly body?: string;
  /** `answerMaxBytes` when absent. */
  readonly maxBytes?: number;
  readonly agent?: Agent;
  /** Takes secrets out of what is recorded. */
  readonly redact?: (text: string) => string;
}

/** What came of a call. An answer of any status is an answer; what it means is the channel's to say. */
export type CallOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly bytes: Buffer;
    }
  /** Time-out, cut, too long: the platform may have done it or not. */
  | { readonly kind: 'no-answer'; readonly why: string };

/** What a call needs of `ChannelTools`. */
export interface CallTools {
  readonly clock: () => number;
  readonly timeoutMs: number;
  readonly record: (exchange: Exchange) => void;
}

/** An agent for calls with a client certificate (mutual authentication). Keep one for each account: it holds connections. */
export function mutualAgent(identity: TlsIdentity): Agent {
  return new Agent({
    keepAlive: true,
    cert: identity.certificate,
    key: identity.privateKey,
    minVersion: 'TLSv1.2',
    ...(identity.authority === undefined ? {} : { ca: identity.authority }),
  });
}

/**
 * Calls a platform once: at most `timeoutMs` from start to the last byte, at most `maxBytes` of answer, no redirects
 * followed, and the exchange recorded. Never throws for what the network does.
 */
export async function callPlatform(tools: CallTools, call: PlatformCall): Promise<CallOutcome> {
  const startedMs = tools.clock();
  const outcome = await send(call, tools.timeoutMs).catch((error: unknown): CallOutcome => ({
    kind: 'no-answer',
    why: reasonOf(error, tools.timeoutMs),
  }));
  const redact = call.redact ?? ((text: string) => text);
  tools.record({
    call: call.name,
    request: cut(redact(`${call.method} ${call.url}\n${call.body ?? ''}`)),
    response: cut(redact(describe(outcome))),
    ms: tools.clock() - startedMs,
  });
  return outcome;
}

function send(call: PlatformCall, timeoutMs: number): Promise<CallOutcome> {
  return new Promise((resolve, reject) => {
    // Through the module's object, so that msw can take the call in tests.
    const start = call.url.startsWith('https:') ? https : http;
    const request = start.request(call.url, {
      method: call.method,
      headers: {
        ...call.headers,
        ...(call.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(call.body)) }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(call.agent === undefined ? {} : { agent: call.agent }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      readAnswer(response, call.maxBytes ?? answerMaxBytes).then(resolve, reject);
    });
    request.end(call.body);
  });
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<CallOutcome> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      return { kind: 'no-answer', why: `The answer is longer than ${String(maxBytes)} bytes.` };
    }
    chunks.push(chunk);
  }
  if (!response.complete) return { kind: 'no-answer', why: 'The answer was cut off.' };
  return {
    kind: 'answered',
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    ),
    bytes: Buffer.concat(chunks),
  };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'The connection failed.';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `No answer within ${String(timeoutMs)} ms.`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `The connection failed: ${code}.`;
}

function describe(outcome: CallOutcome): string {
  if (outcome.kind === 'no-answer') return outcome.why;
  const type = outcome.headers['content-type'] ?? '';
  const isText = outcome.bytes.length === 0 || /json|xml|text|form/.test(type);
  const body = isText
    ? outcome.bytes.toString('utf8', 0, recordMaxBytes)
    : `${String(outcome.bytes.length)} bytes ${type}`;
  return `${String(outcome.status)}\n${body}`;
}

/** Cuts to the bytes that are kept; a character cut in two is dropped. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= recordMaxBytes) return text;
  return `${bytes.toString('utf8', 0, recordMaxBytes - 16).replace(/\uFFFD+$/, '')}…`;
}
