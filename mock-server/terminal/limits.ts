/** Every number that bounds the emulated device, with its reason. Those of the protocol stand in `unlockLimits`. */
export const deviceLimits = {
  /** Records kept in the journal's ring. */
  journalRecords: 128,
  /** Longest one read of the journal answers, in bytes of records; keeps the reply within one cable body. */
  journalReadBytes: 900,
  /** On-site records kept: many times what one delegation allows on one device. */
  siteRecords: 16,
  /** PIN tries in a row before the device locks itself. */
  pinTries: 3,
  /** Longest parameter text in characters. */
  parametersMaxLength: 650,
  /** Objects that were written over the cable, kept at the same time. */
  writtenObjects: 8,
  /** Lines kept on the paper that hangs out of the printer. */
  paperLinesKept: 300,
  /** Card keys that one device takes in its life; each needs a tamper, a new acquirer or 2^31 payments before. */
  cardKeys: 64,
  /** How long a person may take for the PIN or for confirming a pairing, in milliseconds. */
  promptMs: 60_000,
  /** Digits that the keypad takes. */
  keypadDigits: 12,
} as const;
