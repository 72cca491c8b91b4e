import type { SignedDocument } from '../../protocol/fees/documents.ts';
import type { GuestState, LinkGuest } from '../phone-link/contract.ts';
import { DocumentChecker } from './documents.ts';
import { askResult } from './environment.ts';
import type { PageEnvironment } from './environment.ts';
import { keepBill, keptOf, readBill } from './state/kept.ts';
import type { Destination, PageEffect, PageEvent, PageState, Payment } from './state/page-types.ts';
import { reduce } from './state/reduce.ts';
import { startState } from './state/start-state.ts';
import { isPastValid, payBlock, viewOf } from './state/view.ts';

/** How the page was opened, as its address says. */
export interface PageAddress {
  /** What stood after `#`. */
  readonly hash: string;
  /** The platform sent the phone back (`?back=1`). */
  readonly isBack: boolean;
  /** What the app in whose browser the page stands gave for its payer, when it was asked. */
  readonly appCode?: string;
}

/** First part of a code: names it, and is public (16 bytes of a hash). */
const codeNameChars = 22;

/**
 * The resident's page: holds the state, does what each step asks for, and tells the link's news. Obligations: every
 * event goes through `reduce`; what is kept in the tab is written before an effect runs, so that leaving for the wallet
 * never loses the payment; after `stop` nothing happens any more.
 */
export class ResidentPage {
  readonly #environment: PageEnvironment;
  readonly #checker: DocumentChecker | undefined;
  #state: PageState = $state.raw(startState({ entry: 'plain', language: 'zh', nowMs: 0, isOnline: true }).state);
  #link: LinkGuest | undefined;
  /** Waits until the bill and the link are there again. */
  #appCode: string | undefined;
  readonly view = $derived(viewOf(this.#state));
  readonly block = $derived(payBlock(this.#state));
  readonly isPastValid = $derived(isPastValid(this.#state));

  constructor(environment: PageEnvironment) {
    this.#environment = environment;
    if (environment.subtle !== undefined)
      this.#checker = new DocumentChecker(environment.fetchJson, environment.subtle);
  }

  /** Everything that the screens show. */
  get state(): PageState {
    return this.#state;
  }

  /** Opens the page: by a code, or with what this tab keeps. Fetches the keys while the link is being made. */
  async start(address: PageAddress, language: 'zh' | 'en', isOnline: boolean): Promise<void> {
    const { now, tab, claim } = this.#environment;
    const name = address.hash.slice(0, codeNameChars);
    const before = readBill(tab);
    // The code that this tab has open already, once more: that is no other phone.
    const kept = name === '' || before?.code === name ? before : undefined;
    const code = kept?.code ?? (name === '' ? undefined : name);
    this.#appCode = kept?.channel === undefined ? undefined : address.appCode;
    const entry = kept !== undefined ? 'kept' : code !== undefined ? 'code' : address.isBack ? 'lost-back' : 'plain';
    const opened = startState({ entry, language, nowMs: now(), isOnline, code, kept });
    this.#state = opened.state;
    if (code === undefined) return;
    if (this.#checker === undefined) {
      this.#apply({ type: 'link', state: { phase: 'over', carrier: 'none', failure: 'too-old' } });
      return;
    }
    void this.#checker.prepare();
    // Sent back into its tab it goes on in any case: some browsers keep the page before it, and that page's claim, alive.
    if (!(await claim(code)) && !(address.isBack && kept !== undefined)) {
      const { code: _, ...rest } = this.#state;
      this.#state = { ...rest, entry: 'other-tab' };
      return;
    }
    this.#join(address.hash, kept !== undefined);
    for (const effect of opened.effects) this.#do(effect);
    if (kept?.payment !== undefined) this.#apply({ type: 'returned' });
  }

  /** Tells the page what happened; see `PageEvent`. */
  tell(event: PageEvent): void {
    this.#apply(event);
  }

  /** Pays with the chosen channel. `account` is already encrypted to the bank; `appCode` is the app's word for its payer. */
  pay(payer: { readonly account?: Payment['account']; readonly appCode?: string } = {}): void {
    if (this.block !== undefined) return;
    this.#apply({ type: 'pay', payId: this.#environment.newId(), ...payer });
  }

  /** In the app's own browser: leaves to ask the app who pays. The page comes back by itself and goes on paying. */
  askPayer(authorizeUrl: string): void {
    if (this.block === undefined) this.#environment.leave({ url: authorizeUrl }, () => undefined);
  }

  /** Goes to the platform once more; the same payment. */
  goAgain(): void {
    const destination = this.#state.payment?.destination;
    if (destination !== undefined) this.#leave(destination);
  }

  #leave(destination: Destination): void {
    this.#environment.leave(destination, () => {
      this.#apply({ type: 'returned' });
    });
  }

  async #checkQuote(document: SignedDocument): Promise<void> {
    const isFirst = this.#state.channel === undefined;
    const checked = await this.#checker?.check('quote', document);
    if (checked === undefined) return;
    this.#apply({ type: 'quote-checked', document, checked });
    const own = 'content' in checked ? this.#environment.ownChannel(checked.content.channels) : undefined;
    if (isFirst && own !== undefined) this.#apply({ type: 'choose', channel: own });
  }

  #join(hash: string, isKept: boolean): void {
    this.#link = this.#environment.makeLink({
      ...(hash === '' ? {} : { hash }),
      isKept,
      onState: (state: GuestState) => {
        this.#apply({ type: 'link', state });
      },
      onMessage: (message) => {
        this.#apply({ type: 'message', message });
      },
    });
    this.#apply({ type: 'link', state: this.#link.state });
  }

  #apply(event: PageEvent): void {
    const { state, effects } = reduce(this.#state, event);
    const mayBeKept = state !== this.#state && event.type !== 'tick';
    this.#state = state;
    if (mayBeKept || effects.length > 0) keepBill(this.#environment.tab, keptOf(state));
    for (const effect of effects) this.#do(effect);
    this.#goOnPaying();
  }

  /** Back from asking the app who pays: what was begun goes on as soon as it can. */
  #goOnPaying(): void {
    const { quote, link, payment, end } = this.#state;
    if (this.#appCode === undefined || quote === undefined || link.phase !== 'joined' || end !== undefined) return;
    if (payBlock(this.#state) !== undefined) return;
    const appCode = this.#appCode;
    this.#appCode = undefined;
    if (payment === undefined) this.pay({ appCode });
  }

  #do(effect: PageEffect): void {
    switch (effect.type) {
      case 'send':
        this.#link?.send(effect.message);
        return;
      case 'check-quote':
        void this.#checkQuote(effect.document);
        return;
      case 'check-receipt':
        void this.#checker?.check('receipt', effect.document).then((checked) => {
          this.#apply({ type: 'receipt-checked', document: effect.document, checked });
        });
        return;
      case 'check-way':
        void this.#checker?.check('way', effect.document).then((checked) => {
          this.#apply({ type: 'way-checked', document: effect.document, checked });
        });
        return;
      case 'ask-result':
        void askResult(this.#environment.fetchJson, effect.token).then((result) => {
          this.#apply({ type: 'result', result });
        });
        return;
      case 'leave':
        this.#leave(effect.destination);
        return;
      case 'close-link':
        this.#link?.close(effect.reason);
    }
  }
}
