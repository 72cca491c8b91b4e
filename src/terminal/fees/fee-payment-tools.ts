import type { QuoteView } from '../../../protocol/http/fees-terminal.ts';
import type { ApiResult } from '../../api/failures.ts';
import type { KeptStore } from '../link/kept.ts';
import type { FeeApi } from './fee-api.ts';
import type { FeeLinkTools } from './fee-link.svelte.ts';

/** What a payment of fees takes from its surroundings. */
export interface FeePaymentTools extends Omit<FeeLinkTools, 'onMessage'> {
  readonly api: FeeApi;
  readonly kept: KeptStore;
  /** The server's time, epoch ms. */
  serverNow(): number;
  newId(): string;
  /** How long to wait before the server is asked again without an event, ms. */
  pollMs(): number;
  /** Makes the quote anew: the visit, the same bills. */
  requote(): Promise<ApiResult<QuoteView>>;
  /** The visit is known, so that a quote can be made anew. */
  hasVisit(): boolean;
  /** The phone said something: somebody is there. */
  onAlive(): void;
  /** It became paid just now, and its receipt is there. */
  onPaid(): void;
}
