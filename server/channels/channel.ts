import type { Fen } from '../../domain/money.ts';
import type { PaidProof, PayResult, RefundResult } from '../../domain/payments/answers.ts';
import type { AttemptKind } from '../../domain/payments/states.ts';

export type { PaidProof, PayResult, RefundResult };

/** Small facts that a channel needs again for the same attempt (UnionPay's txnTime, a card's trace number). */
export type Memo = Readonly<Record<string, string>>;

/** Everything that a channel is told about an attempt. */
export interface AttemptFacts {
  /** Our number at the platform: `[0-9A-Za-z]`, 12 to 32 characters, unique for ever. */
  readonly attemptNo: string;
  readonly amountFen: Fen;
  readonly currency: 'CNY';
  /** What the payer reads, at most 40 characters. */
  readonly description: string;
  /** Goes to the platform, so that its bill can be grouped by terminal. */
  readonly terminal: { readonly id: string; readonly label: string };
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Address for notifications; https in production, no query. */
  readonly notifyUrl: string;
  readonly transactionId?: string;
  readonly memo: Memo;
}

/** Everything that a channel is told about a refund. */
export interface RefundFacts {
  /** Our number of the refund, the same in every repetition: `[0-9A-Za-z]`, 12 to 32 characters. */
  readonly refundNo: string;
  readonly amountFen: Fen;
  readonly reason: string;
  readonly createdAtMs: number;
  readonly notifyUrl: string;
  readonly memo: Memo;
  /**
   * The platform's number of the payment that goes back: our number may have been paid more than once. Only given to
   * channels with `refundsByTransaction`; the attempt's number names the payment when it is absent.
   */
  readonly transactionId?: string;
}

/** A card as the secure device hands it over: ciphertext only (see docs/card-security.md). */
export interface CardCiphertext {
  readonly entry: 'chip' | 'contactless' | 'magstripe';
  /** 12 bytes, hex: key serial number of the DUKPT key that encrypted the card's data (X9.24-3). */
  readonly ksn: string;
  /** Card data encrypted by the device, base64url. */
  readonly data: string;
  /** 12 bytes, hex, and 16 bytes, hex: ISO 9564 format 4 PIN block; absent when no PIN was asked for. */
  readonly pin?: { readonly ksn: string; readonly block: string };
  /** Last four digits, the only ones that leave the device in clear. */
  readonly tail: string;
}

/** Who pays by a link: where they are on the net, and where the platform sends them afterwards. */
export interface Payer {
  readonly address: string;
  readonly returnUrl: string;
  /** Their account at the bank, encrypted on their own phone to the key that `accountKey` gave. */
  readonly account?: { readonly certId: string; readonly ciphertext: string };
  /** What the page of `inAppPage` gave for them: single use. The link is then for the app's own browser. */
  readonly appCode?: string;
}

/** A platform whose app shows pages in a browser of its own, where its usual links do not open. */
export interface InAppPage {
  /** A word of that browser's User-Agent. */
  readonly browser: string;
  /** Leads back to the return address with `code` in its query. */
  readonly authorizeUrl: string;
}

/** A platform's key for accounts: RSA, RSAES-PKCS1-v1_5. Numbers as unsigned big-endian base64url (RFC 7518, section 6.3.1). */
export interface AccountKey {
  readonly certId: string;
  readonly modulus: string;
  readonly exponent: string;
}

/** One HTTP notification, as it came. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What goes back to the platform. */
export interface RawReply {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

/**
 * What a notification says once its signature holds. `onDone` is sent when we have it safely, `onFailure` when not.
 * `told`: its body as the story may keep it, where it holds more than a story may.
 */
export type Notification =
  | {
      readonly kind: 'payment';
      readonly id: string;
      readonly attemptNo: string;
      readonly result: PayResult;
      readonly told?: string;
      readonly onDone: RawReply;
      readonly onFailure: RawReply;
    }
  | {
      readonly kind: 'refund';
      readonly id: string;
      readonly refundNo: string;
      readonly result: RefundResult;
      readonly told?: string;
      readonly onDone: RawReply;
      readonly onFailure: RawReply;
    }
  /** Something that the platform tells and we have no use for. */
  | { readonly kind: 'other'; readonly id: string; readonly onDone: RawReply }
  /** Forged, stale, unreadable: nothing is changed. */
  | { readonly kind: 'refused'; readonly why: string; readonly reply: RawReply };

/** A day's bill as raw bytes (after decompression where the platform compresses the transport only). */
export type BillResult =
  | { readonly kind: 'bill'; readonly bytes: Uint8Array; readonly fileName: string }
  /** The platform says that there was nothing that day. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** The secure device that asks for the key of its card reader (docs/card-security.md). */
export interface CardKeyDevice {
  /** Device id, 8 bytes in hex. */
  readonly deviceId: string;
  /** X25519 package key of the device, 32 bytes in hex. */
  readonly publicKey: string;
}

/** The card reader's key as the acquirer wrapped it for one device; nobody on the way can open it. */
export type CardKeyResult =
  /** TR-31 version D key block, in upper-case ASCII. */
  | { readonly kind: 'key'; readonly keyBlock: string }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** What a channel can do, as data: routing, limits of the platform and the conformance suite read it. */
export interface ChannelCapabilities {
  readonly kinds: readonly AttemptKind[];
  /** Smallest and largest amount of one payment, in fen. */
  readonly minFen: number;
  readonly maxFen: number;
  /** Longest life of a code, in seconds. */
  readonly qrMaxSeconds: number;
  readonly refundDays: number;
  readonly refundsPerPayment: number;
  /** One of several payments under the same number can be given back, by the platform's own number of it. */
  readonly refundsByTransaction: boolean;
  /** False: no notification comes, one must ask. */
  readonly notifies: boolean;
  /** A customer's code of this channel. */
  readonly authCode?: RegExp;
  /** Bills that the platform offers. */
  readonly bills: readonly string[];
  /** `reverse` undoes a payment whose end is unknown, paid or not. */
  readonly reverses: boolean;
  /** The platform settles in batches that must be closed (`settle`). */
  readonly settles: boolean;
}

/** A secret or a public key of an account, as the office keeps it. */
export interface ChannelKey {
  /** What it is for, such as `merchant-private`, `platform-public`, `api-v3`; the channel's README lists its own. */
  readonly purpose: string;
  /** Serial or id by which the other side names it. */
  readonly keyId: string;
  /** PEM, or the secret's text. */
  readonly material: string;
  /** Unix milliseconds; absent when it does not end. */
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

/** A merchant's account with one platform. */
export interface ChannelAccount {
  readonly id: string;
  readonly platformMerchantId: string;
  /** Not secret: addresses, app ids, modes. Checked by `checkConfig`. */
  readonly config: Readonly<Record<string, string>>;
  /** Newest first; several of one purpose while a rotation runs. */
  readonly keys: readonly ChannelKey[];
}

/** One call to or from the platform, for the story of the payment. Secrets and card data must not be in it. */
export interface Exchange {
  readonly call: string;
  readonly request: string;
  readonly response: string;
  readonly ms: number;
}

/** What an account's channel may keep in the database between calls: counters, working keys, reversals that wait. */
export interface ChannelMemory {
  get(key: string): Promise<{ readonly value: string; readonly version: number } | undefined>;
  /** Writes when the version is still `version` (0: not there yet). False: somebody else was faster. Sealed at rest. */
  put(key: string, value: string, version: number): Promise<boolean>;
  /** Deletes when the version is still `version`. */
  remove(key: string, version: number): Promise<boolean>;
  /** Next number of a counter, 1 to `max`, then 1 again; never the same to two callers in between. */
  next(counter: string, max: number): Promise<number>;
  /** Keys that begin with `prefix`, in order, at most `limit`. */
  list(
    prefix: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: string; readonly version: number }[]>;
}

/** What a channel works with. It has no other way to the outside. */
export interface ChannelTools {
  /** Unix milliseconds. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly memory: ChannelMemory;
  /** Longest wait for one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Notes an exchange for the story of the payment in hand. */
  readonly record: (exchange: Exchange) => void;
  /** Stores a public key that the platform handed out (certificate download), so that others find it too. */
  readonly learnKey: (key: ChannelKey) => Promise<void>;
}

/**
 * One merchant's account with one platform, ready to be called. No method throws for anything that the network or the
 * platform does: that is `unknown`. The obligations are in server/channels/README.md and held by
 * tests/conformance/channels.
 */
export interface Channel {
  /** Facts that must be durable before the first call, such as a trace number. */
  prepare?(attempt: AttemptFacts): Promise<Memo>;
  createQr?(attempt: AttemptFacts): Promise<PayResult>;
  /**
   * A page of the platform for the payer's own phone; a link that must be posted, or handed to the app's bridge, is
   * written by `linkOfForm`.
   */
  createLink?(attempt: AttemptFacts, payer: Payer): Promise<PayResult>;
  /** The key to which a payer's phone may encrypt their account; `undefined` when they type it at the platform. */
  accountKey?(): AccountKey | undefined;
  /** Where a page inside the platform's own app fetches `Payer.appCode`; `undefined` when the account is not set up for it. */
  inAppPage?(returnUrl: string): InAppPage | undefined;
  payByAuthCode?(attempt: AttemptFacts, authCode: string): Promise<PayResult>;
  payByCard?(attempt: AttemptFacts, card: CardCiphertext): Promise<PayResult>;
  query(attempt: AttemptFacts): Promise<PayResult>;
  /** Ends an unpaid attempt at the platform. `paid` when it was paid after all. */
  close(attempt: AttemptFacts): Promise<PayResult>;
  /** Undoes an attempt whose end is unknown. `closed` when no money stays taken. */
  reverse?(attempt: AttemptFacts): Promise<PayResult>;
  prepareRefund?(attempt: AttemptFacts, refund: RefundFacts): Promise<Memo>;
  refund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult>;
  queryRefund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult>;
  parseNotification?(raw: RawRequest): Promise<Notification>;
  /** `day` is `yyyy-mm-dd` in Asia/Shanghai, `kind` one of the capabilities' bills. */
  fetchBill(day: string, kind: string): Promise<BillResult>;
  /** Work that must go on by itself: stored reversals, certificates to renew, sign-in. Called about once a minute. */
  tend?(): Promise<void>;
  /** Fetches a card key for a device; safe to repeat, every call gives a fresh key. Only channels that take cards have it. */
  cardKey?(device: CardKeyDevice): Promise<CardKeyResult>;
  /** Closes the platform's batch. The text says what agreed and what not. */
  settle?(): Promise<{ readonly kind: 'settled' | 'differs' | 'unknown'; readonly text: string }>;
}

/** A kind of channel: what one folder exports and the registry lists. */
export interface ChannelDefinition {
  /** `[a-z0-9-]`, for ever. */
  readonly code: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly capabilities: ChannelCapabilities;
  /** Names of config fields and key purposes, with what they are; the office's form is made from it. */
  readonly fields: readonly ChannelField[];
  /** The first fault of an account's settings: the field's name. */
  checkConfig(account: ChannelAccount): string | undefined;
  open(account: ChannelAccount, tools: ChannelTools): Channel;
}

/** One thing that an account needs. */
export interface ChannelField {
  readonly name: string;
  readonly in: 'config' | 'key';
  readonly isSecret: boolean;
  readonly isOptional: boolean;
  readonly label: { readonly zh: string; readonly en: string };
}
