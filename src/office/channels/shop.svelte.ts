import type {
  ChannelAccountView,
  ChannelView,
  LimitRuleView,
  MerchantSettings,
} from '../../../protocol/http/channels.ts';
import type { BoardRow } from '../../../protocol/http/control.ts';
import type { ApiResult } from '../../api/failures.ts';
import { Resource } from '../../api/resource.svelte.ts';
import type { OfficeContext } from '../context.ts';

/** Everything about one merchant's payments, kept fresh while it is shown. */
export class Shop {
  readonly #context: OfficeContext;
  readonly id: string;
  readonly kinds: Resource<readonly ChannelView[]>;
  readonly accounts: Resource<readonly ChannelAccountView[]>;
  readonly limits: Resource<readonly LimitRuleView[]>;
  readonly settings: Resource<MerchantSettings>;
  /** Its terminals, and how they and the merchant are controlled. */
  readonly terminals: Resource<readonly BoardRow[]>;

  constructor(context: OfficeContext, id: string) {
    this.#context = context;
    this.id = id;
    const { api } = context;
    const params = { id };
    this.kinds = itemsOf((signal) => api.call('listChannels', { signal }));
    this.accounts = itemsOf((signal) => api.call('listAccounts', { params, signal }));
    this.limits = itemsOf((signal) => api.call('listLimits', { params, signal }));
    this.settings = new Resource((signal) => api.call('shopSettings', { params, signal }));
    this.terminals = itemsOf((signal) => api.call('board', { query: { merchantId: id }, signal }));
  }

  /** Fetches everything and follows the changes; returns the way to stop. */
  follow(): () => void {
    const { events } = this.#context;
    const own = [this.accounts, this.limits, this.settings];
    const all = [...own, this.kinds, this.terminals];
    const soon = (resources: readonly { refreshSoon(): void }[]): void => {
      for (const resource of resources) resource.refreshSoon();
    };
    const stops = [
      events.on('channels', (id) => id === this.id && soon(own)),
      events.on('control', () => this.terminals.refreshSoon()),
      events.onReconnect(() => soon(all)),
    ];
    for (const resource of all) void resource.refresh();
    return () => {
      for (const stop of stops) stop();
      for (const resource of all) resource.stop();
    };
  }
}

function itemsOf<T>(
  load: (signal: AbortSignal) => Promise<ApiResult<{ readonly items: readonly T[] }>>,
): Resource<readonly T[]> {
  return new Resource(async (signal) => {
    const answer = await load(signal);
    return answer.ok ? { ok: true, value: answer.value.items } : answer;
  });
}
