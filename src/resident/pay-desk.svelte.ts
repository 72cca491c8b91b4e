import type { QuoteDocument } from '../../protocol/fees/documents.ts';
import type { ResidentPage } from './page.svelte.ts';
import { profileIsHere } from './profile/presence.ts';
import { mayNotOpen } from './wallets.ts';

type Channel = QuoteDocument['channels'][number];

/** What is typed to pay: the account of a bank channel. It is kept nowhere, and leaves only encrypted to the bank. */
export class PayDesk {
  readonly #page: ResidentPage;
  readonly #userAgent: string;
  account = $state('');
  problem = $state<'missing' | 'wrong' | 'notLoaded'>();
  readonly channel: Channel | undefined = $derived.by(() => {
    const { quote, channel } = this.#page.state;
    return quote?.content.channels.find(({ code }) => code === channel);
  });
  readonly needsAccount = $derived(this.channel?.account !== undefined);
  /** Another wallet's browser shows this page, and the chosen channel may not open in it. */
  readonly isForeign = $derived.by(() => {
    return this.channel !== undefined && mayNotOpen(this.channel.code, this.#userAgent);
  });
  /** A profile on this phone may know the account. */
  readonly canFill = profileIsHere();

  constructor(page: ResidentPage, userAgent: string = navigator.userAgent) {
    this.#page = page;
    this.#userAgent = userAgent;
  }

  /** Pays, or says what is missing. */
  async pay(): Promise<void> {
    const key = this.channel?.account;
    this.problem = undefined;
    if (key === undefined) {
      const inApp = this.channel?.inApp;
      if (inApp !== undefined && this.#userAgent.includes(inApp.browser)) this.#page.askPayer(inApp.authorizeUrl);
      else this.#page.pay();
      return;
    }
    // Only a bank channel needs it: 0.6 kB that most phones never fetch.
    const cipher = await import('../../protocol/fees/account-cipher.ts').catch(() => undefined);
    if (cipher === undefined) {
      this.problem = 'notLoaded';
      return;
    }
    // A second tap while it was fetched.
    if (this.#page.state.payment !== undefined) return;
    const digits = this.account.replace(/[\s-]/g, '');
    if (!cipher.isAccount(digits)) {
      this.problem = digits === '' ? 'missing' : 'wrong';
      document.getElementById('account')?.focus();
      return;
    }
    const ciphertext = cipher.encryptAccount(digits, key, (length) => crypto.getRandomValues(new Uint8Array(length)));
    if (ciphertext === undefined) {
      this.problem = 'wrong';
      return;
    }
    this.account = '';
    this.#page.pay({ account: { certId: key.certId, ciphertext } });
  }
}
