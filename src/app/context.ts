import * as v from 'valibot';
import { demoSchema } from '../../protocol/http/system.ts';
import type { Demo } from '../../protocol/http/system.ts';
import { ApiClient } from '../api/client.ts';
import { ServerEvents } from '../api/events.svelte.ts';
import { NetworkState } from '../api/network.svelte.ts';
import { Toasts } from '../ui/toasts.svelte.ts';
import { Jobs } from './jobs.svelte.ts';
import { Preferences } from './preferences.svelte.ts';
import { Router } from './router.svelte.ts';
import { keep, readKept } from './storage.ts';
import { Session } from './session.svelte.ts';
import { Updates } from './updates.svelte.ts';

/** Everything that the shell's screens share, wired once. */
export interface ShellContext {
  readonly api: ApiClient;
  readonly events: ServerEvents;
  readonly session: Session;
  readonly router: Router;
  readonly jobs: Jobs;
  readonly toasts: Toasts;
  readonly preferences: Preferences;
  readonly updates: Updates;
  /** The demo's accounts and terminals; undefined outside of demo mode. Asked of the server once. */
  demo(): Promise<Demo | undefined>;
}

/** Wires the shell to the browser. */
export function createShell(): ShellContext {
  const network = new NetworkState();
  const callFetch = (input: string, init: RequestInit): Promise<Response> => fetch(input, init);
  const api = new ApiClient({
    fetch: callFetch,
    network,
    now: () => performance.now(),
    onSignedOut: () => session.ended(),
  });
  const session = new Session(api);
  return {
    api,
    session,
    events: new ServerEvents({ fetch: callFetch, network, now: Date.now, random: Math.random }),
    router: new Router(),
    jobs: new Jobs(),
    toasts: new Toasts(),
    preferences: new Preferences(),
    updates: new Updates(),
    demo: askOnce(api),
  };
}

/** Kept, so that the demo's simulated cables are there without a network too. */
const demoKey = 'tillkeeper.demo';

function askOnce(api: ApiClient): () => Promise<Demo | undefined> {
  let known: { readonly demo: Demo | undefined } | undefined;
  return async () => {
    if (known !== undefined) return known.demo;
    const answer = await api.call('demo');
    if (!answer.ok && answer.error !== 'not-found') return keptDemo();
    const demo = answer.ok ? answer.value : undefined;
    keep(demoKey, demo && JSON.stringify(demo));
    known = { demo };
    return demo;
  };
}

function keptDemo(): Demo | undefined {
  try {
    const parsed = v.safeParse(demoSchema, JSON.parse(readKept(demoKey) ?? 'null'));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
