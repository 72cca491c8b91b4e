/**
 * What a test or the fault page makes a platform do wrong. `call` names the platform's operation (the stand-in's README
 * lists its names; `*` is any), `times` how often (1 when absent). Plans are taken in the order in which they were made.
 */
export type Fault =
  /** Notifications of the next payment: lost, after `delayMs`, sent twice, in reverse order, before the call's own answer. */
  | {
      readonly kind: 'notify';
      readonly how: 'lost' | 'late' | 'double' | 'reordered' | 'before-answer';
      readonly delayMs?: number;
      readonly times?: number;
    }
  /** A notification whose signature is wrong; the right one follows unless `only`. */
  | { readonly kind: 'notify-forged'; readonly only?: boolean; readonly times?: number }
  /** The platform does what it was asked and its answer never arrives. */
  | { readonly kind: 'answer-lost'; readonly call: string; readonly times?: number }
  /** The call fails with this HTTP status (or the acquirer's equivalent) and nothing was done. */
  | { readonly kind: 'status'; readonly call: string; readonly status: number; readonly times?: number }
  | { readonly kind: 'slow'; readonly call: string; readonly delayMs: number; readonly times?: number }
  | { readonly kind: 'wrong-signature'; readonly call: string; readonly times?: number }
  /** On a line of frames (TCP): the answer is cut in the middle, comes twice, or names another trace number. */
  | {
      readonly kind: 'wire';
      readonly how: 'cut' | 'double' | 'other-trace';
      readonly call: string;
      readonly times?: number;
    }
  /** The payer pays although the merchant has closed the payment. */
  | { readonly kind: 'pay-after-close'; readonly times?: number }
  /** The payer pays twice for one number, or for two numbers of one order. */
  | { readonly kind: 'double-pay'; readonly times?: number }
  /** Answers and notifications name this amount, in fen. */
  | { readonly kind: 'wrong-amount'; readonly amountFen: number; readonly times?: number };

/** A payment as the stand-in knows it. */
export interface StandInPayment {
  /** The merchant's number (out_trade_no, orderId, or trace for cards). */
  readonly number: string;
  readonly amountFen: number;
  readonly state: 'waiting' | 'paid' | 'closed' | 'declined' | 'reversed';
  readonly refundedFen: number;
  /** What the payer's wallet scans; absent for cards. */
  readonly code?: string;
  readonly description: string;
  /** Who is paid, as the payer reads it. */
  readonly merchant?: string;
}

/** What a payer does with a code that they see. */
export interface WalletAct {
  /** The code's text as scanned or typed. */
  readonly code: string;
  readonly act: 'pay' | 'decline' | 'stall';
  /** Six digits; the right one is `payPassword`. */
  readonly password?: string;
}

/** What a merchant's account at this stand-in is configured with, in the words of `server/channels`. */
export interface StandInAccount {
  readonly platformMerchantId: string;
  readonly config: Readonly<Record<string, string>>;
  readonly keys: readonly {
    readonly purpose: string;
    readonly keyId: string;
    readonly material: string;
    readonly notBeforeMs?: number;
    readonly notAfterMs?: number;
  }[];
}

/** A running stand-in of one platform. All are started together by `startPlatforms`, on one port with the wallet page. */
export interface PlatformStandIn {
  /** The channel's code. */
  readonly code: string;
  readonly name: { readonly zh: string; readonly en: string };
  /**
   * Makes a merchant's account with keys of its own; the same `seed` gives the same account after a restart. `shop` is the
   * name that payers read.
   */
  account(seed: string, shop?: string): StandInAccount;
  /** Newest first, at most 200. */
  payments(): readonly StandInPayment[];
  /** What the wallet did; a code of another platform is `not-mine`. */
  wallet(act: WalletAct): Promise<{
    readonly result:
      'paid' | 'declined' | 'stalled' | 'wrong-password' | 'expired' | 'closed' | 'paid-already' | 'not-mine';
  }>;
  /** A fresh code that the customer's wallet shows to be scanned; absent when the platform has none. */
  authCode?(behaviour?: 'pay' | 'password' | 'insufficient' | 'decline'): string;
  /** Takes a new key of the platform's own into use; absent when there is nothing to rotate. */
  rotateKeys?(): void;
  plan(fault: Fault): void;
  clearFaults(): void;
  /** The day's bill in the platform's real format and encoding. `day`: `yyyy-mm-dd` in Asia/Shanghai. */
  bill(day: string, kind: string): Uint8Array | undefined;
  /** Waits until every notification that is due was sent. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The pay password of every simulated wallet. */
export const payPassword = '135790';
