import * as v from 'valibot';
import { authBasePath } from '../../protocol/http/paths.ts';
import { meSchema } from '../../protocol/http/people.ts';
import type { Me } from '../../protocol/http/people.ts';
import type { ApiClient } from '../api/client.ts';
import type { ApiResult } from '../api/failures.ts';
import { openChannel } from '../outbox/events.ts';
import { keep, readKept } from './storage.ts';

const jsonHeaders = { 'content-type': 'application/json' };
const rememberedKey = 'tillkeeper.me';
/** How long a remembered person waits for the server at start-up, ms: in a basement it may never say anything. */
const patienceMs = 150;
/** How long anybody else looks at an empty page before it says that the server does not answer, ms. */
const strangerPatienceMs = 3_000;

/**
 * `loading`: not known yet. `in`: signed in, or remembered while the server cannot be reached. `over`: the session
 * ended while somebody was working; their screen stays under the sign-in. `out`: nobody. `unreachable`: nobody is
 * remembered and the server has not answered (yet).
 */
export type SessionState = 'loading' | 'in' | 'over' | 'out' | 'unreachable';

/** Who is signed in. The name and role are remembered in this browser, so that the app opens without a network. */
export class Session {
  readonly #api: ApiClient;

  state = $state<SessionState>('loading');
  me = $state.raw<Me>();
  /** True when `me` is only remembered: the server has not confirmed it in this page. */
  isRemembered = $state(false);

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /**
   * Asks the server who is signed in. Without an answer whoever is remembered is let in after `patienceMs`, and to
   * nobody remembered the page says so after `strangerPatienceMs`; the answer counts when it comes.
   */
  async load(): Promise<void> {
    const call = this.#api.call('me').then((answer) => this.#heard(answer));
    if (this.state !== 'loading') return call;
    const waitMs = rememberedMe() === undefined ? strangerPatienceMs : patienceMs;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#enterRemembered();
        resolve();
      }, waitMs);
    });
    await Promise.race([call, patience]);
    clearTimeout(timer);
  }

  /** Somebody has signed in. */
  enter(me: Me): void {
    this.me = me;
    this.isRemembered = false;
    this.state = 'in';
    keep(rememberedKey, JSON.stringify(me));
    // What waited for the session is sent again, in every tab.
    const channel = openChannel();
    channel?.postMessage({ type: 'signed-in', personId: me.id });
    channel?.close();
  }

  /** The server knows nobody here (any more). */
  ended(): void {
    const wasWorking = this.state === 'in' && this.me !== undefined;
    this.state = wasWorking || this.state === 'over' ? 'over' : 'out';
    if (this.state === 'out') this.#forget();
  }

  /** Signs out, also when the server cannot be told. */
  async leave(): Promise<void> {
    await this.#api.raw({
      method: 'POST',
      path: `${authBasePath}/sign-out`,
      body: '{}',
      headers: jsonHeaders,
      isSignIn: true,
    });
    this.#forget();
    this.state = 'out';
  }

  #heard(answer: ApiResult<Me>): void {
    if (answer.ok) this.enter(answer.value);
    else if (answer.error === 'unauthenticated') this.ended();
    else this.#enterRemembered();
  }

  #enterRemembered(): void {
    this.me ??= rememberedMe();
    this.isRemembered = this.me !== undefined;
    this.state = this.me === undefined ? 'unreachable' : 'in';
  }

  #forget(): void {
    this.me = undefined;
    keep(rememberedKey, undefined);
  }
}

function rememberedMe(): Me | undefined {
  try {
    const parsed = v.safeParse(meSchema, JSON.parse(readKept(rememberedKey) ?? 'null'));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
