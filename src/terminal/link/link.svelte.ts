import { ApiClient } from '../../api/client.ts';
import { ServerEvents } from '../../api/events.svelte.ts';
import { failure } from '../../api/failures.ts';
import type { ApiFailure, ApiResult } from '../../api/failures.ts';
import { NetworkState } from '../../api/network.svelte.ts';
import { endpoints } from '../../../protocol/http/paths.ts';
import type { AppSession } from '../../../protocol/http/terminal-app.ts';
import { signNonce } from './app-key.ts';
import type { Identity } from './kept.ts';

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** What the link is wired to. */
export interface LinkOptions {
  readonly fetch: Fetch;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
  readonly random: () => number;
  /** Called once when the server no longer knows this app. */
  readonly onRevoked: () => void;
}

/** A token is renewed when less than this is left of it, ms. */
const renewBeforeMs = 60_000;
/** Where this device's clock is ahead of the server's, a token is over as soon as it comes: it is tried for so long anyway. */
const keepAtLeastMs = 60_000;

/**
 * The way from the app to the server: signs itself in with the app's own key, keeps the token in memory only, and
 * renews it. `api` is the typed client; a call that finds the token over is repeated once with a new one.
 */
export class TerminalLink {
  readonly #options: LinkOptions;
  readonly network: NetworkState;
  /** Calls as this terminal. */
  readonly api: ApiClient;
  readonly events: ServerEvents;
  /** Calls as nobody: pairing and sign-in. */
  readonly #open: ApiClient;
  #identity: Identity | undefined;
  #session: AppSession | undefined;
  /** When it is renewed, by this device's clock. */
  #renewAtMs = 0;
  #signingIn: Promise<ApiResult<AppSession>> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.network = new NetworkState(options.now);
    const shared = { network: this.network, now: options.monotonic };
    this.#open = new ApiClient({ ...shared, fetch: options.fetch });
    this.api = new ApiClient({ ...shared, fetch: (input, init) => this.#fetch(input, init) });
    this.events = new ServerEvents({
      fetch: (input, init) => this.#fetch(input, init),
      network: this.network,
      path: endpoints.appEvents[1],
      now: options.now,
      random: options.random,
    });
  }

  /** Whoever has paired. `undefined` ends everything. */
  use(identity: Identity | undefined): void {
    this.#identity = identity;
    this.#session = undefined;
    if (identity === undefined) this.events.stop();
  }

  /** Calls that need no pairing. */
  get open(): ApiClient {
    return this.#open;
  }

  /** `fetch` as this terminal, for what is no call of ours: the phone link's mailbox. */
  get fetch(): Fetch {
    return (input, init) => this.#fetch(input, init);
  }

  /** Adds the token; with a new one where it was refused. Rejects like `fetch` when nothing gets through. */
  async #fetch(input: string, init: RequestInit): Promise<Response> {
    const first = await this.#token();
    if (!first.ok) return this.#unsent(first);
    const response = await this.#send(input, init, first.value);
    if (response.status !== 401 || this.#identity === undefined) return response;
    if (this.#session === first.value) this.#session = undefined;
    const second = await this.#token();
    return second.ok ? this.#send(input, init, second.value) : this.#unsent(second);
  }

  #send(input: string, init: RequestInit, session: AppSession): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${session.token}` };
    return this.#options.fetch(input, { ...init, headers });
  }

  /** What a call comes to that could not be signed in. */
  #unsent(cause: ApiFailure): Response {
    if (cause.status === undefined) throw new TypeError(`sign-in: ${cause.error}`);
    const body = { error: { code: cause.error, message: cause.detail ?? '' } };
    return new Response(JSON.stringify(body), { status: cause.status });
  }

  async #token(): Promise<ApiResult<AppSession>> {
    const session = this.#session;
    if (session !== undefined && this.#options.now() < this.#renewAtMs) return { ok: true, value: session };
    // Calls that come together share one sign-in.
    this.#signingIn ??= this.#signIn().finally(() => (this.#signingIn = undefined));
    return this.#signingIn;
  }

  async #signIn(): Promise<ApiResult<AppSession>> {
    const identity = this.#identity;
    if (identity === undefined) return failure('unauthenticated', { status: 401 });
    const challenge = await this.#open.call('appChallenge');
    if (!challenge.ok) return challenge;
    const { appId, privateKey } = identity;
    const { nonce } = challenge.value;
    const signature = await signNonce(privateKey, appId, nonce);
    const answer = await this.#open.call('appSignIn', { body: { appId, nonce, signature } });
    if (answer.ok) this.#take(answer.value);
    else if (this.#identity === identity && isRevocation(answer)) {
      this.use(undefined);
      this.#options.onRevoked();
    }
    return answer;
  }

  #take(session: AppSession): void {
    const nowMs = this.#options.now();
    const leftMs = Date.parse(session.expiresAt) - nowMs - renewBeforeMs;
    this.#session = session;
    this.#renewAtMs = nowMs + Math.max(leftMs, keepAtLeastMs);
  }
}

/** The server does not know the app or its key any more. A nonce that came too late is another matter: it is asked again. */
function isRevocation({ error, field }: ApiFailure): boolean {
  return error === 'unauthenticated' && field === 'signature';
}
