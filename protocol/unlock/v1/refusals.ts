/** What a refusal does to the device's durable state. */
export interface RefusalEffect {
  /** The outstanding challenge is replaced, so the refused credential and all others for it are dead. */
  readonly burns: boolean;
  /** It counts as a failed attempt (docs/unlock-protocol.md, section 7). */
  readonly counts: boolean;
}

const wrong = { burns: true, counts: true } as const;
const early = { burns: false, counts: true } as const;
const harmless = { burns: false, counts: false } as const;

/**
 * Every refusal of UNLK/1: its number on the wire (REPORT, journal), and what it does. Numbers are never reused.
 * The comment says what it means and what to do next.
 */
export const refusals = {
  /** Not one of our messages: bad CBOR, wrong or unknown fields, wrong size. Fetch the message again. */
  malformed: { number: 1, ...wrong },
  /** Another protocol version. Update the server or the firmware. */
  'unsupported-version': { number: 2, ...wrong },
  /** Made for another terminal. Check the serial number; ask for this terminal. */
  'wrong-device': { number: 3, ...wrong },
  /** Made for an earlier or later lock of this terminal. Read the request again. */
  'wrong-epoch': { number: 4, ...wrong },
  /** Made for another challenge: used, burnt or superseded. Read the request again. */
  'wrong-nonce': { number: 5, ...wrong },
  /** The terminal is not locked; nothing to clear. */
  'not-locked': { number: 6, ...harmless },
  /** No challenge is outstanding. Ask the terminal for one first. */
  'no-challenge': { number: 7, ...harmless },
  /** A signature does not hold. Fetch the message again; if it stays, report it. */
  'bad-signature': { number: 8, ...wrong },
  /** Signed by a key that the device's keyset does not list. Update the keyset, ask again. */
  'unknown-key': { number: 9, ...wrong },
  /** A key was used for a duty that is not its own (issuer as approver or the reverse). Report it. */
  'wrong-class': { number: 10, ...wrong },
  /** Both signatures are by one key. Two persons must agree. */
  'same-signer': { number: 11, ...wrong },
  /** A signing key's own time is over. Update the keyset. */
  'key-expired': { number: 12, ...wrong },
  /** The credential's time is over. Ask again. */
  expired: { number: 13, ...wrong },
  /** The credential's time has not begun. Wait, or check the terminal's clock. */
  'not-yet-valid': { number: 14, ...early },
  /** notAfter lies more than the limit after notBefore, or before it. The server is wrong. */
  'span-too-long': { number: 15, ...wrong },
  /** A sequence number that was used already or is lower than the last. Ask again. */
  'stale-sequence': { number: 16, ...wrong },
  /** The device's policy leaves none of the actions asked for. Ask for the right action. */
  'nothing-allowed': { number: 17, ...wrong },
  /** The grant does not cover a reason for which the terminal is locked. Read the request again. */
  'reason-not-covered': { number: 18, ...wrong },
  /** Too many failed attempts: wait, or the depot (see retryAfterSeconds). */
  'too-many-attempts': { number: 19, ...harmless },
  /** The credential demands a newer keyset than the device has. Deliver the keyset, then the same credential. */
  'keyset-stale': { number: 20, ...harmless },
  /** The order does not fit the terminal's present state. Read the status again. */
  'wrong-state': { number: 21, ...harmless },
  /** A commissioning step that must come first is missing. */
  'step-missing': { number: 22, ...harmless },
  /** A sealed package does not open with the device's key. Ask for the package again. */
  'not-openable': { number: 23, ...harmless },
  /** The order was understood, and what it asked for failed on the device; the body says what. */
  'order-failed': { number: 24, ...harmless },
  /** The delegation does not list this terminal. Ask online, or fetch a delegation for it. */
  'not-listed': { number: 25, ...wrong },
  /** The delegation was made before a revocation that the terminal has heard of. Fetch a new one. */
  revoked: { number: 26, ...wrong },
  /** The delegation is used up, on this terminal or in all. Fetch a new one. */
  'uses-exhausted': { number: 27, ...wrong },
  /** The response, or the order made ahead, belongs to another delegation. Sign again under the right one. */
  'wrong-delegation': { number: 28, ...wrong },
  /** The second person is not among those whom the delegation names for this terminal. Ask one of them. */
  'wrong-second': { number: 29, ...wrong },
} as const satisfies Record<string, RefusalEffect & { readonly number: number }>;

/** The code of one refusal. */
export type RefusalCode = keyof typeof refusals;

/** Every refusal code. */
export const refusalCodes = Object.keys(refusals) as readonly RefusalCode[];

/** The code that has `number` on the wire, or `undefined`. */
export function refusalOfNumber(number: number): RefusalCode | undefined {
  return refusalCodes.find((code) => refusals[code].number === number);
}
