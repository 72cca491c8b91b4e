import type { MerchantHome } from '../../protocol/http/merchant.ts';
import type { ApiClient } from '../api/client.ts';
import type { ServerEvents } from '../api/events.svelte.ts';
import { Resource } from '../api/resource.svelte.ts';
import { i18n } from '../i18n/i18n.svelte.ts';

/** The shop: its name, and the names of its channels and terminals, kept fresh. */
export class MerchantData {
  readonly #events: ServerEvents;
  readonly home: Resource<MerchantHome>;

  constructor(api: ApiClient, events: ServerEvents) {
    this.#events = events;
    this.home = new Resource((signal) => api.call('merchantHome', { signal }));
  }

  /** Fetches the names and follows their changes; returns the way to stop. */
  start(): () => void {
    const stops = [
      this.#events.on('channels', () => this.home.refreshSoon()),
      this.#events.on('terminal', () => this.home.refreshSoon()),
      this.#events.onReconnect(() => this.home.refreshSoon()),
    ];
    void this.home.refresh();
    return () => {
      for (const stop of stops) stop();
      this.home.stop();
    };
  }

  /** A channel's name in the page's language; its code while names are not known. */
  channelName(code: string): string {
    return this.home.value?.channels.find((channel) => channel.code === code)?.name[i18n.language] ?? code;
  }

  /** A terminal's label; empty while it is not known. */
  terminalLabel(id: string): string {
    return this.home.value?.terminals.find((terminal) => terminal.id === id)?.label ?? '';
  }
}
