import { type LockReason, maskOf, softReasonsMask, identityErasingMask, lockReasonBits } from './states.ts';
import { type RefusalReason } from './refusals.ts';

/** What a rule leads to. `depot` and `refuse` both end the case; `depot` also tells the merchant to swap the terminal. */
export type PolicyOutcome = 'grant' | 'person' | 'depot' | 'refuse';

/** When a rule applies: every entry that is present must hold. Counts are "at least". An empty condition always holds. */
export interface PolicyCondition {
  readonly stolen?: boolean;
  readonly ticketOpen?: boolean;
  readonly ticketForTerminal?: boolean;
  readonly ticketAssigned?: boolean;
  readonly requestSigned?: boolean;
  readonly identityAlive?: boolean;
  readonly epochContinues?: boolean;
  readonly logContinues?: boolean;
  /** At least one of these is set. */
  readonly reasonsAny?: readonly LockReason[];
  /** Nothing beyond these is set, and at least one is. */
  readonly reasonsOnly?: readonly LockReason[];
  /** `true`: the request names no reason at all. */
  readonly reasonsNone?: boolean;
  readonly unlocks30DaysMin?: number;
  readonly tamperUnlocks30DaysMin?: number;
  readonly unlocksLifetimeMin?: number;
  readonly technicianUnlocksTodayMin?: number;
}

/** One numbered rule. Numbers are never reused for another meaning within a policy. */
export interface PolicyRule {
  readonly number: number;
  readonly text: string;
  readonly when: PolicyCondition;
  readonly outcome: PolicyOutcome;
  /** For `person`: photos and a seal number must come before anybody is asked. */
  readonly inspection?: boolean;
  /** For `refuse` and `depot`: the code that the reader's sentence is made from. */
  readonly refusal?: RefusalReason;
  /** Alarm that the rule raises when it decides. */
  readonly alarm?: 'stolen' | 'repeated-tamper' | 'log-broken' | 'technician-limit';
}

/** How long a terminal is watched after an unlock and what it may take meanwhile; the first entry that fits counts. */
export interface ProbationTerm {
  /** Fits when the case has no reason beyond these. */
  readonly reasonsOnly: readonly LockReason[];
  readonly hours: number;
  readonly transactionLimitFen: number;
}

/** An unlock policy: plain data, versioned; the first rule whose condition holds decides. */
export interface UnlockPolicy {
  readonly version: number;
  /** Limits that the checks show; the rules carry the same numbers in their conditions. */
  readonly technicianDailyLimit: number;
  readonly unlocksLifetimeLimit: number;
  readonly tamperUnlocks30DaysLimit: number;
  readonly rules: readonly PolicyRule[];
  readonly probation: readonly ProbationTerm[];
}

/** What is known about one request at the moment of deciding. Counts leave out the request itself. */
export interface UnlockFacts {
  /** Reasons mask of the request. */
  readonly reasons: number;
  readonly requestSigned: boolean;
  readonly identityAlive: boolean;
  /** The lock epoch and boot count are not behind what this device has shown before. */
  readonly epochContinues: boolean;
  /** The log head is not one that this device had already left behind. */
  readonly logContinues: boolean;
  readonly stolen: boolean;
  readonly ticketOpen: boolean;
  readonly ticketForTerminal: boolean;
  readonly ticketAssigned: boolean;
  readonly unlocks30Days: number;
  readonly tamperUnlocks30Days: number;
  readonly unlocksLifetime: number;
  readonly technicianUnlocksToday: number;
}

/** One thing that was looked at; `ok` false speaks against granting without a person. */
export interface PolicyCheck {
  readonly code: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/** What the policy says. `actions` and `probation` hold for the grant that follows now or after a person's yes. */
export interface PolicyDecision {
  readonly outcome: PolicyOutcome;
  readonly rule: number;
  readonly policyVersion: number;
  readonly inspection: boolean;
  readonly checks: readonly PolicyCheck[];
  readonly refusal?: RefusalReason;
  readonly alarm?: NonNullable<PolicyRule['alarm']>;
  /** Actions mask for the grant; 0 when nothing is granted. */
  readonly actions: number;
  readonly probationHours: number;
  readonly probationLimitFen: number;
}

/** Actions that a grant may name (docs/unlock-protocol.md). */
export const unlockActionBits = { clearSoft: 2, clearTamper: 4 } as const;

/** Reasons that speak of somebody at work on the terminal, as against an accident or a forgotten PIN. */
export const tamperReasonsMask = maskOf(['case', 'mesh', 'temperature', 'voltage', 'self-test']);

/** Decides one request by the first rule that holds. Throws when the policy has no rule for it: it must end in a rule without condition. */
export function decideUnlock(policy: UnlockPolicy, facts: UnlockFacts): PolicyDecision {
  const rule = policy.rules.find((candidate) => holds(candidate.when, facts));
  if (rule === undefined) throw new Error('policy.rules: no rule holds; the last one must have an empty condition');
  const allowed = rule.outcome === 'grant' || rule.outcome === 'person';
  const probation = probationFor(policy, facts.reasons);
  return {
    outcome: rule.outcome,
    rule: rule.number,
    policyVersion: policy.version,
    inspection: rule.inspection === true,
    checks: checksOf(policy, facts),
    ...(rule.refusal === undefined ? {} : { refusal: rule.refusal }),
    ...(rule.alarm === undefined ? {} : { alarm: rule.alarm }),
    actions: allowed ? actionsFor(facts.reasons) : 0,
    probationHours: allowed ? probation.hours : 0,
    probationLimitFen: allowed ? probation.transactionLimitFen : 0,
  };
}

/** The smallest actions mask that clears these reasons: soft reasons keep the keys, all others end in BLANK. */
export function actionsFor(reasons: number): number {
  const soft = (reasons & softReasonsMask) !== 0 ? unlockActionBits.clearSoft : 0;
  const hard = (reasons & ~softReasonsMask) !== 0 ? unlockActionBits.clearTamper : 0;
  return soft | hard;
}

function probationFor(policy: UnlockPolicy, reasons: number): ProbationTerm {
  const term = policy.probation.find((candidate) => (reasons & ~maskOf(candidate.reasonsOnly)) === 0);
  if (term === undefined) throw new Error('policy.probation: no term fits; the last one must list every reason');
  return term;
}

const flagConditions = [
  'stolen',
  'ticketOpen',
  'ticketForTerminal',
  'ticketAssigned',
  'requestSigned',
  'identityAlive',
  'epochContinues',
  'logContinues',
] as const;

function holds(when: PolicyCondition, facts: UnlockFacts): boolean {
  const flagsHold = flagConditions.every((name) => when[name] === undefined || when[name] === facts[name]);
  return flagsHold && reasonsHold(when, facts.reasons) && countsHold(when, facts);
}

function reasonsHold(when: PolicyCondition, reasons: number): boolean {
  if (when.reasonsNone !== undefined && when.reasonsNone !== (reasons === 0)) return false;
  if (when.reasonsAny !== undefined && (reasons & maskOf(when.reasonsAny)) === 0) return false;
  if (when.reasonsOnly === undefined) return true;
  return reasons !== 0 && (reasons & ~maskOf(when.reasonsOnly)) === 0;
}

function countsHold(when: PolicyCondition, facts: UnlockFacts): boolean {
  return (
    facts.unlocks30Days >= (when.unlocks30DaysMin ?? 0) &&
    facts.tamperUnlocks30Days >= (when.tamperUnlocks30DaysMin ?? 0) &&
    facts.unlocksLifetime >= (when.unlocksLifetimeMin ?? 0) &&
    facts.technicianUnlocksToday >= (when.technicianUnlocksTodayMin ?? 0)
  );
}

function checksOf(policy: UnlockPolicy, facts: UnlockFacts): PolicyCheck[] {
  const counted = (code: string, count: number, limit: number): PolicyCheck => ({
    code,
    ok: count < limit,
    detail: `${String(count)}/${String(limit)}`,
  });
  return [
    { code: 'not-stolen', ok: !facts.stolen },
    { code: 'ticket-open', ok: facts.ticketOpen },
    { code: 'ticket-for-terminal', ok: facts.ticketForTerminal },
    { code: 'ticket-assigned', ok: facts.ticketAssigned },
    { code: 'identity-alive', ok: facts.identityAlive && facts.requestSigned },
    { code: 'mesh-whole', ok: (facts.reasons & identityErasingMask) === 0 },
    { code: 'case-closed', ok: (facts.reasons & lockReasonBits.case) === 0 },
    { code: 'epoch-continues', ok: facts.epochContinues },
    { code: 'log-continues', ok: facts.logContinues },
    counted('tamper-30-days', facts.tamperUnlocks30Days, policy.tamperUnlocks30DaysLimit),
    counted('lifetime', facts.unlocksLifetime, policy.unlocksLifetimeLimit),
    counted('technician-today', facts.technicianUnlocksToday, policy.technicianDailyLimit),
  ];
}
