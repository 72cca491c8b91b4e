import type { TerminalState } from '../../../domain/unlock/states.ts';

/** The only version this folder speaks. A device accepts exactly one; nothing is negotiated. */
export const unlockVersion = 1;

/** Message name → number, field 0 of every payload and part of the signed tag. */
export const messageTypes = {
  request: 1,
  grant: 2,
  delegation: 3,
  response: 4,
  receipt: 5,
  abort: 6,
  keyset: 7,
  order: 8,
  report: 9,
} as const;
/** One kind of message. */
export type MessageName = keyof typeof messageTypes;

/** What a grant may allow: name → bit in the actions mask (docs/unlock-protocol.md, section 4.3). */
export const actionBits = {
  /** Read diagnosis data and the journal. */
  diagRead: 1,
  /** LOCKED → NORMAL with the keys kept; only when every reason is soft. */
  clearSoft: 2,
  /** LOCKED → BLANK; payment keys are (again) erased. */
  clearTamper: 4,
  /** Erase parameters and stored objects too. */
  wipeReinit: 8,
  /** Accept parameters. */
  setParameters: 16,
  /** Accept a signed firmware image. */
  reflashSigned: 32,
  /** Accept a new owner; never together with clearTamper. */
  changeOwner: 64,
} as const;
/** One action that a grant may allow. */
export type UnlockAction = keyof typeof actionBits;
/** Every bit that an actions mask may have. */
export const allActionsMask = 127;
/** What work on site may do at most; the rest needs the server at that very moment. */
export const siteActionsMask = actionBits.diagRead | actionBits.clearSoft | actionBits.clearTamper;

/** Device facts in REQUEST and RECEIPT: name → bit in the flags mask. */
export const flagBits = {
  /** The identity key survived, so what the device says is signed. */
  identityAlive: 1,
  /** The clock kept running and was set by a trusted source. */
  clockTrusted: 2,
  /** The tamper cell is above its low mark. */
  batteryOk: 4,
} as const;
/** Every bit that a flags mask may have. */
export const allFlagsMask = 7;

/** Who may use a key of the keyset: class name → number in KEYSET. */
export const keyClasses = { issuer: 1, approver: 2 } as const;
/** The class of a signing key. */
export type KeyClass = keyof typeof keyClasses;

/** What an ORDER asks for: name → number (docs/unlock-protocol.md, section 8). */
export const orderActions = {
  installKeys: 1,
  setParameters: 2,
  selfTest: 3,
  testPayment: 4,
  enterProbation: 5,
  release: 6,
} as const;
/** One commissioning order. */
export type OrderAction = keyof typeof orderActions;

/** In which states the device carries out each order. */
export const orderStates: Readonly<Record<OrderAction, readonly TerminalState[]>> = {
  installKeys: ['BLANK'],
  setParameters: ['BLANK'],
  selfTest: ['BLANK'],
  testPayment: ['BLANK'],
  enterProbation: ['BLANK'],
  release: ['PROBATION'],
};

/** Terminal state → number in RECEIPT and REPORT. */
export const stateNumbers = { NORMAL: 1, LOCKED: 2, BLANK: 3, PROBATION: 4 } as const satisfies Record<
  TerminalState,
  number
>;

/** What a RECEIPT is for: name → number. */
export const receiptResults = {
  /** The grant was used. */
  unlocked: 0,
  /** The challenge was burnt by an ABORT. */
  aborted: 1,
  /** A delegation was used on site. */
  unlockedOnSite: 2,
} as const;
/** What a receipt is for. */
export type ReceiptResult = keyof typeof receiptResults;

/** Payment key slot → number in the key package. */
export const keySlots = { pin: 1, mac: 2, data: 3 } as const;
/** One payment key slot. */
export type KeySlot = keyof typeof keySlots;
