import type { FeeReceipt, PayWay, QuoteDocument, SignedDocument } from '../../../protocol/fees/documents.ts';
import type { FeeResult } from '../../../protocol/http/fees-terminal.ts';
import type { PayRefusal, PhoneMessage, TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { GuestState, LinkFailure } from '../../phone-link/contract.ts';

/** A document as it was signed, and what it says. */
export interface Shown<T> {
  readonly document: SignedDocument;
  readonly content: T;
}

/**
 * What came of checking a document. `forged`: the signature does not hold. `unreadable`: signed, but not as this page
 * knows such documents: the page is older than the server. `no-keys`: the server's keys could not be fetched.
 */
export type CheckFailure = 'forged' | 'unreadable' | 'no-keys';
/** A document's content, or why there is none. */
export type Checked<T> = { readonly content: T } | { readonly failure: CheckFailure };

/** How the page was opened. `code`: by a terminal's code. `kept`: again, with what this tab keeps. `plain`: without any. */
export type Entry = 'code' | 'kept' | 'plain' | 'lost-back' | 'other-tab';

/** Why there is nothing to pay here; each has its own screen. */
export type EndReason =
  LinkFailure | CheckFailure | 'other-tab' | 'lost-back' | 'cancelled' | 'idle' | 'off' | 'not-mine';

/** Where to go to pay: an address, with fields where the platform wants a form posted. */
export interface Destination {
  readonly url: string;
  readonly form?: Readonly<Record<string, string>>;
}

/**
 * A payment that was begun. `asked`: the terminal prepares it. `away`: the phone went to the platform. `checking`: it is
 * back, and nobody has said yet what became of the money. `unknown`: asked for long enough; a person asks again.
 */
export interface Payment {
  readonly payId: string;
  readonly quoteId: string;
  readonly channel: string;
  readonly totalFen: number;
  readonly step: 'asked' | 'away' | 'checking' | 'unknown';
  /** Since when, epoch ms. */
  readonly sinceMs: number;
  readonly account?: { readonly certId: string; readonly ciphertext: string };
  /** Where to go, while its signature is checked or cannot be for want of keys. */
  readonly way?: { readonly document: SignedDocument; readonly failure?: 'no-keys' };
  readonly token?: string;
  readonly destination?: Destination;
  /** How often the server was asked for the result, and when it is asked next (epoch ms). */
  readonly asks: number;
  readonly nextAskMs?: number;
}

/** The terminal's word on the paper receipt. */
export type PrintState = 'printing' | 'printed' | 'no-paper';

/** Everything the page knows. Only `reduce` makes a new one. */
export interface PageState {
  readonly entry: Entry;
  readonly language: 'zh' | 'en';
  /** Names the code that was opened; without one nothing is kept. */
  readonly code?: string;
  readonly openedMs: number;
  readonly nowMs: number;
  readonly isOnline: boolean;
  readonly link: GuestState;
  readonly quote?: Shown<QuoteDocument>;
  /** The bill whose signature is being checked, or why it cannot be shown. */
  readonly check?: { readonly document: SignedDocument; readonly failure?: CheckFailure };
  readonly mustConfirm: boolean;
  readonly isConfirmed: boolean;
  /** The channel that is chosen. */
  readonly channel?: string;
  readonly payment?: Payment;
  /** How the last try to pay ended without money having moved, or with the money given back. */
  readonly refusal?: PayRefusal | 'failed' | 'closed' | 'expired' | 'reversed' | 'false-way';
  /** The try that the terminal did not answer: another press is the same payment, should the first still arrive. */
  readonly unanswered?: Pick<Payment, 'payId' | 'channel' | 'totalFen'>;
  /** The quote before this one, when it was made anew, and what became different. */
  readonly before?: QuoteDocument;
  readonly changed?: readonly { readonly zh: string; readonly en: string }[];
  readonly receipt?: Shown<FeeReceipt>;
  /** A receipt whose signature is being checked, or cannot be while there are no keys; it proves nothing yet. */
  readonly proof?: SignedDocument;
  readonly print?: PrintState;
  readonly end?: EndReason;
}

/** What happens to the page. */
export type PageEvent =
  | { readonly type: 'link'; readonly state: GuestState }
  | { readonly type: 'message'; readonly message: TerminalMessage }
  | { readonly type: 'quote-checked'; readonly document: SignedDocument; readonly checked: Checked<QuoteDocument> }
  | { readonly type: 'receipt-checked'; readonly document: SignedDocument; readonly checked: Checked<FeeReceipt> }
  | { readonly type: 'way-checked'; readonly document: SignedDocument; readonly checked: Checked<PayWay> }
  | { readonly type: 'choose'; readonly channel: string }
  /** `appCode`: what the app in whose browser the page stands gave for its payer; good once. */
  | { readonly type: 'pay'; readonly payId: string; readonly account?: Payment['account']; readonly appCode?: string }
  /** The phone is at the page again after the platform. */
  | { readonly type: 'returned' }
  | { readonly type: 'result'; readonly result: FeeResult | 'unreachable' | 'unknown-token' }
  | { readonly type: 'ask-again' }
  /** The wallet was left; the resident wants to choose again. */
  | { readonly type: 'other-way' }
  | { readonly type: 'not-mine' }
  | { readonly type: 'check-again' }
  | { readonly type: 'online'; readonly isOnline: boolean }
  | { readonly type: 'language'; readonly language: 'zh' | 'en' }
  | { readonly type: 'tick'; readonly nowMs: number };

/** What must be done because of it, in this order. */
export type PageEffect =
  | { readonly type: 'send'; readonly message: PhoneMessage }
  | { readonly type: 'check-quote'; readonly document: SignedDocument }
  | { readonly type: 'check-receipt'; readonly document: SignedDocument }
  | { readonly type: 'check-way'; readonly document: SignedDocument }
  | { readonly type: 'ask-result'; readonly token: string }
  | { readonly type: 'leave'; readonly destination: Destination }
  | { readonly type: 'close-link'; readonly reason: 'done' | 'cancelled' | 'not-mine' };

/** What is seen. */
export type View =
  | { readonly name: 'plain' }
  | { readonly name: 'joining'; readonly pace: 'quick' | 'named' | 'slow' | 'offline' }
  | { readonly name: 'over'; readonly reason: EndReason }
  | { readonly name: 'bill' }
  | { readonly name: 'checking'; readonly step: Payment['step'] }
  | { readonly name: 'paid' };

/** Why the one button cannot be pressed now; each has a sentence beside it. */
export type PayBlock = 'confirm' | 'offline' | 'no-carrier' | 'no-channel';
