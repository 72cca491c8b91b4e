import * as v from 'valibot';
import { authBasePath } from '../../protocol/http/paths.ts';
import { meSchema } from '../../protocol/http/people.ts';
import type { Me } from '../../protocol/http/people.ts';
import type { ApiClient } from '../api/client.ts';
import { keep, readKept } from './storage.ts';

const jsonHeaders = { 'content-type': 'application/json' };
const rememberedKey = 'tillkeeper.me';

/**
 * `loading`: not known yet. `in`: signed in, or remembered while the server cannot be reached. `over`: the session
 * ended while somebody was working; their screen stays under the sign-in. `out`: nobody. `unreachable`: nobody is
 * remembered and the server does not answer.
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

  /** Asks the server who is signed in. */
  async load(): Promise<void> {
    const answer = await this.#api.call('me');
    if (answer.ok) return this.enter(answer.value);
    if (answer.error === 'unauthenticated') return this.ended();
    const remembered = rememberedMe();
    this.me ??= remembered;
    this.isRemembered = this.me !== undefined;
    this.state = this.me === undefined ? 'unreachable' : 'in';
  }

  /** Somebody has signed in. */
  enter(me: Me): void {
    this.me = me;
    this.isRemembered = false;
    this.state = 'in';
    keep(rememberedKey, JSON.stringify(me));
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
