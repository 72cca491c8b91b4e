import { ok } from '../../../domain/result.ts';
import type { QuoteDocument } from '../../../protocol/fees/documents.ts';
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
import { failure } from '../../../src/api/failures.ts';
import type { ApiFailure, ApiResult } from '../../../src/api/failures.ts';
import type { FeeApi } from '../../../src/terminal/fees/fee-api.ts';
import type { Entry } from '../../../src/terminal/fees/flow/fee-screens.ts';
import { here, household, menu, quoteDocument, receiptOf, sign } from './make.ts';

interface Quote {
  view: QuoteView;
  document: QuoteDocument;
}

/** The server's fees in memory: what it says follows from what a test lets the platform do. */
export class FakeFees implements FeeApi {
  home: HouseholdView = household();
  /** Number and secret that find the household. */
  right = { number: '10023176', secret: '4321' };
  isOffline = false;
  /** Answers the next lookup, quote or payment in place of what would happen. */
  next: Partial<Record<'lookup' | 'makeQuote' | 'pay', ApiFailure>> = {};
  /** The platform knows at once whether what is ended was paid. */
  isCertain = true;
  /** What the next quotes differ by. */
  change: Partial<QuoteDocument> = {};
  /** The next payment finds its quote too old: it is answered with one that costs so much. */
  replaceWithFen: number | undefined;
  /** Channels whose code the terminal can show. */
  here: NonNullable<QuoteView['here']> = here;
  /** Until when a channel's code can be paid. */
  codeUntil = '2026-11-24T06:40:00.000Z';
  /** Somebody else pays the bills at this moment. */
  isHeld = false;
  readonly quotes = new Map<string, Quote>();
  readonly calls: string[] = [];
  readonly prints = new Map<string, number>();
  readonly payIds: string[] = [];

  get last(): Quote {
    const last = [...this.quotes.values()].at(-1);
    if (last === undefined) throw new Error('There is no quote');
    return last;
  }

  menu(): Promise<ApiResult<FeeMenu>> {
    return this.#answer('menu', () => ok(menu));
  }

  lookup(entry: Entry): Promise<ApiResult<HouseholdView>> {
    return this.#answer('lookup', () => {
      const isRight = entry.number === this.right.number && entry.secret === this.right.secret;
      return isRight ? ok(this.home) : failure('not-found', { status: 404 });
    });
  }

  household(visit: string): Promise<ApiResult<HouseholdView>> {
    return this.#answer('household', () => (visit === this.home.visit ? ok(this.home) : failure('expired')));
  }

  makeQuote({ id, billIds, topUpFen, visit }: MakeQuote): Promise<ApiResult<QuoteView>> {
    return this.#answer('makeQuote', () => {
      if (visit !== this.home.visit) return failure('expired', { field: 'visit' });
      const bills = this.home.bills.filter((bill) => billIds?.includes(bill.id) ?? false);
      return ok(
        this.#put(id, quoteDocument(id, bills, { ...(topUpFen === undefined ? {} : { topUpFen }), ...this.change })),
      );
    });
  }

  quote(quoteId: string): Promise<ApiResult<QuoteView>> {
    return this.#answer('quote', () => {
      const known = this.quotes.get(quoteId);
      return known === undefined ? failure('not-found') : ok(known.view);
    });
  }

  pay(quoteId: string, body: PayQuote): Promise<ApiResult<PayQuoteReply>> {
    return this.#answer('pay', () => {
      const quote = this.quotes.get(quoteId);
      if (quote === undefined) return failure('not-found');
      if (this.replaceWithFen !== undefined) return ok({ quote: this.#replace(quote, this.replaceWithFen) });
      if (this.isHeld) return ok({ quote: { ...quote.view, reason: 'being-paid' } });
      if (!this.payIds.includes(body.payId)) this.payIds.push(body.payId);
      const { payId, channel, kind } = body;
      this.tell({ state: 'paying', stage: 'at-platform', payId, channel, here: undefined });
      if (kind === 'link') {
        const way = { v: 1, quoteId, payId, url: 'https://wallet.example/pay', token: 'token-1' } as const;
        return ok({ quote: this.last.view, way: sign(way) });
      }
      const times = { createdAt: '2026-11-24T06:34:00.000Z', expiresAt: this.codeUntil };
      this.tell({ code: { text: `${channel}:${this.payIds.length}`, ...times } });
      return ok({ quote: this.last.view });
    });
  }

  end(quoteId: string): Promise<ApiResult<QuoteView>> {
    return this.#answer('end', () => {
      const quote = this.quotes.get(quoteId);
      if (quote === undefined) return failure('not-found');
      if (quote.view.state !== 'paid' && this.isCertain) this.close('expired');
      return ok(quote.view.state === 'paid' ? quote.view : this.last.view);
    });
  }

  receipt(receiptNo: string): Promise<ApiResult<FeeReceiptView>> {
    return this.#answer('receipt', () => {
      const document = sign(
        receiptOf(quoteDocument('00000000-0000-0000-0000-000000000001', this.home.bills), { receiptNo }),
      );
      return ok({ document, prints: this.prints.get(receiptNo) ?? 0 });
    });
  }

  printed(receiptNo: string, _body: FeePrinted): Promise<ApiResult<FeeReceiptView>> {
    this.prints.set(receiptNo, (this.prints.get(receiptNo) ?? 0) + 1);
    return this.receipt(receiptNo);
  }

  /** What the server knows of the last quote from now on. */
  tell(change: Partial<QuoteView>): void {
    const { last } = this;
    last.view = { ...last.view, ...change };
  }

  /** The platform says that nobody paid the last quote: of a code whose time is over the order stays `open`. */
  close(state: 'open' | 'expired'): void {
    this.tell({ state, stage: 'closed', code: undefined, here: this.here });
  }

  /** The platform says that the last quote is paid. */
  settle(): void {
    this.tell({ state: 'paid', stage: 'paid', code: undefined, receipt: sign(receiptOf(this.last.document)) });
  }

  #put(id: string, document: QuoteDocument, change: Partial<QuoteView> = {}): QuoteView {
    const view: QuoteView = { quoteId: id, document: sign(document), state: 'open', here: this.here, ...change };
    this.quotes.set(id, { view, document });
    return view;
  }

  #replace({ document }: Quote, totalFen: number): QuoteView {
    this.replaceWithFen = undefined;
    const id = document.quoteId.replace(/.$/, 'f');
    const changed = [{ zh: '违约金多了一天', en: 'One more day of late fee' }];
    const next = this.#put(id, { ...document, quoteId: id, totalFen }, { changed });
    return { ...next, state: 'replaced' };
  }

  async #answer<T>(name: string, act: () => ApiResult<T>): Promise<ApiResult<T>> {
    this.calls.push(name);
    if (this.isOffline) return failure('offline');
    const planned = this.next[name as keyof FakeFees['next']];
    if (planned === undefined) return act();
    this.next = { ...this.next, [name]: undefined };
    return planned;
  }
}
