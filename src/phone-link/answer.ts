import { base64UrlDecode } from '../../protocol/bytes.ts';
import { relayPath } from '../../protocol/phone-link/relay-path.ts';
import { namesOfShown, readShownCode, sealAnswer } from '../../protocol/phone-link/shown.ts';
import type { Subtle } from '../../protocol/phone-link/web-crypto.ts';
import type { HostOptions } from './contract.ts';

/**
 * What came of answering a phone's code. `not-a-phone`: what was scanned is no code of a phone. `expired`: the code is
 * too old. `not-this-phone`: who left its key at the relay does not own the code. `answered`: a terminal has answered it
 * already. `no-connection`: the relay cannot be reached. `no-code`: this terminal has no code of its own to give.
 * `too-old`: this browser lacks Web Crypto.
 */
export type Answered =
  'sent' | 'not-a-phone' | 'expired' | 'not-this-phone' | 'answered' | 'no-connection' | 'no-code' | 'too-old';

/** What a phone is answered with. */
export interface AnswerOptions extends Pick<HostOptions, 'pageUrl' | 'fetch'> {
  /** What scanner or camera read. */
  readonly text: string;
  /** The address in this terminal's own code; absent while there is none. */
  readonly own: string | undefined;
  readonly origin: string;
  readonly subtle: Subtle | undefined;
}

const callMs = 5_000;

/** Gives the phone whose code was scanned this terminal's own code, sealed for it; the phone goes on as if it had scanned. */
export async function answerPhone({ text, own, ...options }: AnswerOptions): Promise<Answered> {
  const { subtle, pageUrl, origin } = options;
  if (subtle === undefined) return 'too-old';
  const code = readShownCode(text);
  const names = code === undefined ? undefined : await namesOfShown(subtle, code);
  if (code === undefined || names === undefined) return 'not-a-phone';
  const ownHash = own?.split('#')[1];
  if (ownHash === undefined) return 'no-code';
  const call = (part: 'shown' | 'answer', init: RequestInit): Promise<Response> =>
    options.fetch(origin + relayPath(names.linkId, part), { ...init, signal: AbortSignal.timeout(callMs) });
  try {
    const found = await call('shown', { method: 'GET' });
    if (!found.ok) return found.status === 404 ? 'expired' : 'no-connection';
    const { hello } = (await found.json()) as { readonly hello?: unknown };
    const bytes = typeof hello === 'string' ? base64UrlDecode(hello) : undefined;
    const site = new URL(pageUrl).host;
    const body = bytes && (await sealAnswer(subtle, { code, hello: bytes, site, own: ownHash }));
    if (body === undefined) return 'not-this-phone';
    const headers = { 'content-type': 'application/octet-stream' };
    const taken = await call('answer', { method: 'POST', headers, body });
    if (taken.ok) return 'sent';
    return taken.status === 409 ? 'answered' : taken.status === 404 ? 'expired' : 'no-connection';
  } catch {
    return 'no-connection';
  }
}
