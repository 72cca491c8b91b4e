import { sealLookup } from '../../../protocol/fees/lookup.ts';
import type {
  FeeMenu,
  FeePrinted,
  FeeReceiptView,
  HouseholdView,
  MakeQuote,
  PayQuote,
  PayQuoteReply,
  QuoteView,
} from '../../../protocol/http/fees-terminal.ts';
import type { ApiClient } from '../../api/client.ts';
import { failure } from '../../api/failures.ts';
import type { ApiResult } from '../../api/failures.ts';
import type { Entry } from './flow/fee-screens.ts';

/** What the fee desk asks the server. Every call may be repeated with the same ids. */
export interface FeeApi {
  menu(): Promise<ApiResult<FeeMenu>>;
  /** Number and secret leave the terminal sealed to the menu's key. */
  lookup(entry: Entry, key: FeeMenu['lookupKey']): Promise<ApiResult<HouseholdView>>;
  /** The household of a visit, as it is now. */
  household(visit: string): Promise<ApiResult<HouseholdView>>;
  makeQuote(body: MakeQuote): Promise<ApiResult<QuoteView>>;
  quote(quoteId: string): Promise<ApiResult<QuoteView>>;
  pay(quoteId: string, body: PayQuote): Promise<ApiResult<PayQuoteReply>>;
  /** Gives a quote up; a payment that was begun is ended at its platform as far as that still allows it. */
  end(quoteId: string): Promise<ApiResult<QuoteView>>;
  receipt(receiptNo: string, visit: string | undefined): Promise<ApiResult<FeeReceiptView>>;
  /** Tells that a receipt came out on paper. */
  printed(receiptNo: string, body: FeePrinted): Promise<ApiResult<FeeReceiptView>>;
}

/** The server's fees, through the terminal's own client. */
export class ServerFees implements FeeApi {
  readonly #api: Pick<ApiClient, 'call'>;
  readonly #subtle: SubtleCrypto | undefined;

  /** `subtle`: absent on a page that is not secure; nothing is looked up there. */
  constructor(api: Pick<ApiClient, 'call'>, subtle: SubtleCrypto | undefined) {
    this.#api = api;
    this.#subtle = subtle;
  }

  menu(): Promise<ApiResult<FeeMenu>> {
    return this.#api.call('feeMenu');
  }

  async lookup(entry: Entry, key: FeeMenu['lookupKey']): Promise<ApiResult<HouseholdView>> {
    const { service, payeeId, number, secret } = entry;
    if (this.#subtle === undefined) return failure('unreadable');
    const sealed = await sealLookup(this.#subtle, key, { service, payeeId }, { number, secret });
    if (sealed === undefined) return failure('unreadable');
    return this.#api.call('feeLookup', { body: { service, payeeId, sealed } });
  }

  household(visit: string): Promise<ApiResult<HouseholdView>> {
    return this.#api.call('feeHousehold', { query: { visit } });
  }

  makeQuote(body: MakeQuote): Promise<ApiResult<QuoteView>> {
    return this.#api.call('feeMakeQuote', { body });
  }

  quote(id: string): Promise<ApiResult<QuoteView>> {
    return this.#api.call('feeQuote', { params: { id } });
  }

  pay(id: string, body: PayQuote): Promise<ApiResult<PayQuoteReply>> {
    return this.#api.call('feePayQuote', { params: { id }, body });
  }

  end(id: string): Promise<ApiResult<QuoteView>> {
    return this.#api.call('feeEndQuote', { params: { id } });
  }

  receipt(receiptNo: string, visit: string | undefined): Promise<ApiResult<FeeReceiptView>> {
    return this.#api.call('feeReceipt', { params: { receiptNo }, query: { visit } });
  }

  printed(receiptNo: string, body: FeePrinted): Promise<ApiResult<FeeReceiptView>> {
    return this.#api.call('feePrinted', { params: { receiptNo }, body });
  }
}
