/** Sizes, times and counts of UNLK/1 (docs/unlock-protocol.md, section 7). Device and server hold the same numbers. */
export const unlockLimits = {
  /** Any message, signatures included. A device has one fixed buffer for it. */
  messageBytesMax: 1024,
  /** A signed REQUEST: fits one QR code that a phone reads off a small screen. */
  requestBytesMax: 160,
  /** A GRANT with both signatures, for the same reason. */
  grantBytesMax: 230,
  /** A DELEGATION with both signatures, as large as the lists below allow. */
  delegationBytesMax: 460,
  /** A RESPONSE with the signatures of technician and second person. */
  responseBytesMax: 260,
  /** DELEGATION and RESPONSE together, as the device takes them. */
  siteBundleBytesMax: 720,
  /** From notBefore to notAfter of a delegation: a working day and its night. */
  delegationSpanSecondsMax: 86_400,
  /** Terminals that one delegation lists: a day's tickets, and what a stolen laptop could reach. */
  delegationDevicesMax: 8,
  /** Second persons that one delegation lists: at most one shop for each terminal. */
  delegationSecondsMax: 8,
  /** Uses of one delegation, all terminals together. */
  delegationUsesMax: 16,
  /** Uses of one delegation on one terminal: the unlock, and another when it trips again under the screwdriver. */
  delegationUsesPerDeviceMax: 3,
  /** The body of one ORDER or REPORT. */
  bodyBytesMax: 700,
  /** Lines of one self-test report, and the bytes of their texts: together they fit in one body. */
  selfTestLinesMax: 10,
  selfTestNameBytesMax: 20,
  selfTestDetailBytesMax: 40,
  /** How long a grant lives whose technician stands by the terminal: long enough for a slow site. */
  grantSpanSeconds: 900,
  /** From notBefore to notAfter of any grant: one that answers a request from a queue waits until the next visit. */
  grantSpanSecondsMax: 604_800,
  /** How far a trusted clock may be off before "not yet valid" or "expired" is said. */
  clockSkewSeconds: 60,
  /** Keys in one KEYSET: two classes, old and new of each, and room for a second region. */
  keysetKeysMax: 8,
  /** Between two challenges asked for with `fresh`. */
  challengeIntervalSeconds: 10,
  /** Wrong credentials that cost nothing but the challenge. */
  freeAttempts: 5,
  /** Wait after the first attempt beyond the free ones; doubles each time. */
  firstDelaySeconds: 10,
  /** Longest wait between two attempts. */
  delaySecondsMax: 3600,
  /** Wrong credentials in one day of device time. */
  attemptsPerDayMax: 20,
  /** Wrong credentials in the whole life of a device; then only the depot helps. */
  attemptsPerLifeMax: 200,
  /** Unlocks from which the server warns. */
  lifetimeUnlocksWarn: 5,
  /** Unlocks from which only the depot may unlock. */
  lifetimeUnlocksDepot: 10,
} as const;
