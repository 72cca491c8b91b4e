import { createContext } from 'svelte';
import type { ServerEvents } from '../api/events.svelte.ts';
import type { NetworkState } from '../api/network.svelte.ts';

/** The way to the server, where `StreamNote` says above the page how it is. */
export interface ServerLink {
  readonly network: NetworkState;
  readonly events: ServerEvents;
}

/** Reads and sets the way to the server in components, and whether anybody set it. */
export const [serverLink, provideServerLink, hasServerLink] = createContext<ServerLink>();
