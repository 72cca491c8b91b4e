import type { Story } from '../../../protocol/http/merchant-acts.ts';
import { Resource } from '../../api/resource.svelte.ts';
import type { MerchantContext } from '../context.ts';

/** The story of one payment, kept fresh. Call `follow` in an effect. */
export class StoryState {
  readonly #context: Pick<MerchantContext, 'api' | 'events'>;
  readonly #id: string;
  readonly story: Resource<Story>;

  constructor(context: Pick<MerchantContext, 'api' | 'events'>, id: string) {
    this.#context = context;
    this.#id = id;
    this.story = new Resource((signal) => context.api.call('merchantStory', { params: { id }, signal }));
  }

  /** Fetches the story and follows its changes; returns the way to stop. */
  follow(): () => void {
    const stops = [
      this.#context.events.on('payments', (id) => {
        if (id === this.#id) this.story.refreshSoon();
      }),
      this.#context.events.onReconnect(() => this.story.refreshSoon()),
    ];
    void this.story.refresh();
    return () => {
      for (const stop of stops) stop();
      this.story.stop();
    };
  }
}

/** Fen of one order that can be given back: what was paid, less all refunds that did not fail. Of one part with `attemptId`. */
export function refundableFen({ order }: Story, attemptId?: string): number {
  const parts = order.attempts.filter(
    ({ id, state }) => state === 'paid' && (attemptId === undefined || id === attemptId),
  );
  const ids = parts.map(({ id }) => id);
  const back = order.refunds.filter(
    ({ state, transactionId, attemptId: of }) => state !== 'failed' && transactionId === undefined && ids.includes(of),
  );
  const sum = (items: readonly { readonly amountFen: number }[]): number =>
    items.reduce((total, { amountFen }) => total + amountFen, 0);
  return sum(parts) - sum(back);
}

/** Fen that persons and systems of the merchant gave back already: what counts against the second factor's amount. */
export function givenBackFen({ order }: Story): number {
  return order.refunds
    .filter(({ state, cause }) => state !== 'failed' && (cause === 'merchant' || cause === 'api'))
    .reduce((sum, refund) => sum + refund.amountFen, 0);
}
