import { base64UrlDecode, base64UrlEncode } from '../../protocol/bytes.ts';
import { codeLifeMs } from '../../protocol/phone-link/limits.ts';
import { holdMs, relayPath, shownKeyHeader } from '../../protocol/phone-link/relay-path.ts';
import { makeShownCode, openAnswer, type ShownCode } from '../../protocol/phone-link/shown.ts';
import type { Subtle } from '../../protocol/phone-link/web-crypto.ts';
import { browserEnvironment, type LinkEnvironment } from './environment.ts';

/** Codes that are shown one after the other; then a hand asks for the next. */
const codesMax = 8;
const callMs = 5_000;
const pauseMs = 1_000;
const pauseMaxMs = 8_000;
/** Rest of a minute's code that is not worth another call. */
const hardlyMs = 1_000;

/** What goes wrong while a code is shown: no server, too many codes from this address, or an answer that is not genuine. */
export type ShowProblem = 'no-connection' | 'busy' | 'forged' | 'too-old';

/** What a page shows. `resting`: no code until a hand asks for one. */
export interface ShowState {
  readonly phase: 'making' | 'showing' | 'resting';
  /** The address that stands in the picture. */
  readonly url?: string;
  readonly problem?: ShowProblem;
}

/** What is done with it. `onCode` gets the 64 characters of the terminal's own code, once; nothing follows. */
export interface ShowEvents {
  readonly onState: (state: ShowState) => void;
  readonly onCode: (code: string) => void;
}

/** Shows codes of this phone until a terminal has answered one. The answer ends it. */
export function showOwnCode(events: ShowEvents, environment: LinkEnvironment = browserEnvironment()): () => void {
  const ends = new AbortController();
  const { subtle } = environment;
  if (subtle === undefined) events.onState({ phase: 'resting', problem: 'too-old' });
  else void new Shower(events, environment, subtle, ends.signal).run();
  return () => {
    ends.abort();
  };
}

class Shower {
  readonly #events: ShowEvents;
  readonly #environment: LinkEnvironment;
  readonly #subtle: Subtle;
  readonly #end: AbortSignal;
  #problem: ShowProblem | undefined;
  #failures = 0;

  constructor(events: ShowEvents, environment: LinkEnvironment, subtle: Subtle, end: AbortSignal) {
    this.#events = events;
    this.#environment = environment;
    this.#subtle = subtle;
    this.#end = end;
  }

  async run(): Promise<void> {
    for (let codes = 0; codes < codesMax && !this.#end.aborted; codes += 1) {
      const answered = await this.#one();
      if (this.#end.aborted) return;
      if (answered !== undefined) {
        this.#events.onCode(answered);
        return;
      }
    }
    this.#say({ phase: 'resting' });
  }

  /** One code for its minute; the terminal's code if there was a genuine answer. */
  async #one(): Promise<string | undefined> {
    const { now, origin, random } = this.#environment;
    this.#say({ phase: 'making' });
    const code = await makeShownCode(this.#subtle, random(32));
    const hello = base64UrlEncode(code.hello);
    const opened = await this.#call(code.id, 'shown', { method: 'PUT', body: JSON.stringify({ hello }) }, callMs);
    if (opened?.key === undefined) return void (await this.#failed(opened?.status === 429 ? 'busy' : 'no-connection'));
    const showing = { phase: 'showing', url: `${origin}/l${code.hash}` } as const;
    this.#isFine(showing);
    for (const untilMs = now() + codeLifeMs - hardlyMs; now() < untilMs && !this.#end.aborted;) {
      const reply = await this.#wait(code, opened.key, untilMs - now());
      if (reply === 'unknown') return undefined;
      if (reply === 'lost') await this.#failed('no-connection', showing);
      else if (typeof reply === 'object') return this.#open(code, reply.answer);
      else this.#isFine(showing);
    }
    return undefined;
  }

  /** The server answers; what somebody else did to the code before is still said. */
  #isFine(showing: ShowState): void {
    this.#failures = 0;
    if (this.#problem !== 'forged') this.#problem = undefined;
    this.#say(showing);
  }

  async #open(code: ShownCode, answer: string): Promise<string | undefined> {
    const bytes = base64UrlDecode(answer) ?? new Uint8Array(0);
    const site = new URL(this.#environment.origin).host;
    const own = await openAnswer(this.#subtle, code, site, bytes);
    this.#problem = own === undefined ? 'forged' : undefined;
    return own;
  }

  async #wait(
    { id }: ShownCode,
    key: string,
    leftMs: number,
  ): Promise<'none' | 'unknown' | 'lost' | { readonly answer: string }> {
    const timeoutMs = Math.min(leftMs, holdMs + callMs);
    const reply = await this.#call(id, 'answer', { headers: { [shownKeyHeader]: key } }, timeoutMs);
    if (reply?.status === 404) return 'unknown';
    // At the end of its minute a call is cut off; that is no trouble of the network.
    if (reply?.status !== 200) return reply === undefined && timeoutMs === leftMs ? 'none' : 'lost';
    return reply.answer === undefined ? 'none' : { answer: reply.answer };
  }

  async #failed(problem: ShowProblem, shown?: ShowState): Promise<void> {
    this.#problem = problem;
    this.#say(shown ?? { phase: 'making' });
    const ms = Math.min(pauseMs * 2 ** this.#failures, pauseMaxMs);
    this.#failures += 1;
    await new Promise<void>((done) => {
      this.#environment.later(done, ms);
    });
  }

  /** `undefined`: nothing came back. */
  async #call(
    id: string,
    part: 'shown' | 'answer',
    init: RequestInit,
    timeoutMs: number,
  ): Promise<{ readonly status: number; readonly key?: string; readonly answer?: string } | undefined> {
    const ends = new AbortController();
    const abort = (): void => {
      ends.abort();
    };
    const stop = this.#environment.later(abort, timeoutMs);
    this.#end.addEventListener('abort', abort, { once: true });
    try {
      const headers = { ...init.headers, 'content-type': 'application/json' };
      const { signal } = ends;
      const response = await this.#environment.fetch(this.#environment.origin + relayPath(id, part), {
        ...init,
        headers,
        signal,
      });
      const body = (await response.json()) as Readonly<Record<string, unknown>>;
      const texts = ['key', 'answer'].filter((name) => typeof body[name] === 'string');
      return { status: response.status, ...Object.fromEntries(texts.map((name) => [name, body[name]])) };
    } catch {
      return undefined;
    } finally {
      stop();
      this.#end.removeEventListener('abort', abort);
    }
  }

  #say(state: ShowState): void {
    if (this.#end.aborted) return;
    this.#events.onState(this.#problem === undefined ? state : { ...state, problem: this.#problem });
  }
}
