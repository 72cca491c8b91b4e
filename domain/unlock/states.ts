/** The states of a terminal's secure device, in the protocol's own words (docs/unlock-protocol.md, section 3). */
export const terminalStates = ['NORMAL', 'LOCKED', 'BLANK', 'PROBATION'] as const;
/** One state of a terminal's secure device. */
export type TerminalState = (typeof terminalStates)[number];

/** Why a terminal locked itself: name → bit in the reasons mask (docs/unlock-protocol.md, section 3). */
export const lockReasonBits = {
  case: 1,
  mesh: 2,
  temperature: 4,
  voltage: 8,
  'flat-cell': 16,
  'self-test': 32,
  'pin-tries': 64,
  policy: 128,
  drop: 256,
} as const;
/** One reason for a lock. */
export type LockReason = keyof typeof lockReasonBits;
/** Every reason, lowest bit first. */
export const lockReasons = Object.keys(lockReasonBits) as readonly LockReason[];

/** Reasons that keep the payment keys; all others erase them. */
export const softReasonsMask = lockReasonBits['pin-tries'] | lockReasonBits.policy;
/** Reasons that erase the device's identity key as well as the payment keys. */
export const identityErasingMask = lockReasonBits.mesh | lockReasonBits.voltage;
/** All bits that a reasons mask may have. */
export const allReasonsMask = 511;

/** The reasons whose bits are set in `mask`, lowest bit first. Unknown bits are left out. */
export function reasonsOf(mask: number): LockReason[] {
  return lockReasons.filter((reason) => (mask & lockReasonBits[reason]) !== 0);
}

/** The mask with the bits of `reasons` set. */
export function maskOf(reasons: readonly LockReason[]): number {
  return reasons.reduce((mask, reason) => mask | lockReasonBits[reason], 0);
}

/** What must be done, in this order, between BLANK and PROBATION (docs/unlock-protocol.md, section 8). */
export const commissionSteps = ['keys', 'parameters', 'self-test', 'test-payment'] as const;
/** One commissioning step. */
export type CommissionStep = (typeof commissionSteps)[number];

/** Step → bit in the `commissioned` mask of `lock.status`. */
export const commissionStepBits = {
  keys: 1,
  parameters: 2,
  'self-test': 4,
  'test-payment': 8,
} as const satisfies Record<CommissionStep, number>;
