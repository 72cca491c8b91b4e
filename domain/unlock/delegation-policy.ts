import type { PolicyCheck } from './policy.ts';
import { identityErasingMask, type LockReason, maskOf } from './states.ts';

/** How much may be done without the network, by whom and with whom: plain data, versioned. */
export interface DelegationPolicy {
  readonly version: number;
  readonly terminalsMax: number;
  readonly hoursMax: number;
  /** Different second persons' keys in one delegation. */
  readonly secondsMax: number;
  /** Uses on one terminal. All terminals together have `usesMax`, or this many times their number when that is less. */
  readonly usesPerTerminalMax: number;
  readonly usesMax: number;
  /** Active delegations of one technician, not counting those that the new one replaces. */
  readonly activeMax: number;
  /** Delegations that one technician receives in one day. */
  readonly perDayMax: number;
  /** Reasons that may be cleared on site. */
  readonly reasonsOk: readonly LockReason[];
  /** Unlocks from which only the depot may unlock. */
  readonly unlocksLifetimeLimit: number;
  /** On-site unlocks at one merchant in seven days. */
  readonly siteWeekLimit: number;
  /** On-site unlocks that the same two persons make together in 30 days. */
  readonly pairMonthLimit: number;
  /** After the office revoked a delegation of the technician. */
  readonly coolDownHours: number;
  /** Watch and limit after an unlock on site; only the server lifts them. */
  readonly probationHours: number;
  readonly probationLimitFen: number;
}

/** A second person asked for on one terminal. */
export interface SecondFacts {
  readonly isTechnician: boolean;
  readonly isActive: boolean;
  readonly role: string;
  /** For a merchant's person: the terminal belongs to that merchant. */
  readonly ownMerchant: boolean;
  /** On-site unlocks that this person and the technician made together in 30 days. */
  readonly pairMonth: number;
}

/** One terminal asked for. */
export interface DelegatedTerminalFacts {
  readonly label: string;
  readonly ticketOpen: boolean;
  readonly ticketOwn: boolean;
  readonly stolen: boolean;
  /** The last decision sent it to the depot. */
  readonly forDepot: boolean;
  /** Reasons of its present lock as far as the server knows; 0 when it knows of none. */
  readonly reasons: number;
  readonly unlocksLifetime: number;
  /** Another technician's delegation, active or waiting, lists it. */
  readonly listedByOther: boolean;
  readonly siteWeek: number;
  readonly seconds: readonly SecondFacts[];
}

/** What is known when a technician asks, or an approver is about to sign. */
export interface DelegationFacts {
  readonly keyActive: boolean;
  readonly hours: number;
  readonly terminals: readonly DelegatedTerminalFacts[];
  readonly secondsCount: number;
  readonly active: number;
  readonly today: number;
  /** Use numbers of earlier delegations that nobody handed in although it is time. */
  readonly missing: number;
  /** Use numbers of earlier delegations that came for two different uses. */
  readonly doubled: number;
  readonly hoursSinceRevocation: number | undefined;
}

/** Why a delegation is refused, each with one plain next step. The reader's language comes from the code. */
export const delegationRefusals = {
  'key-revoked': 'Enrol a field key on this laptop, then ask again.',
  'hours-too-long': 'Ask for fewer hours.',
  'too-many-terminals': 'Ask for fewer terminals.',
  'too-many-seconds': 'Name fewer second persons.',
  'uses-doubled': 'Call the office: one use of your last delegation came twice.',
  'uses-missing': 'Bring the laptop online so that its unlocks arrive, or call the office.',
  'cool-down': 'Wait until the time after the revocation is over, or call the office.',
  'too-many-active': 'Give one of your delegations back, then ask again.',
  'too-many-today': 'You have had today’s delegations. Ask online, or go on tomorrow.',
  'ticket-not-open': 'Open a ticket for this terminal, then ask again.',
  'ticket-not-assigned': 'Claim the ticket, or ask the office to assign it to you.',
  stolen: 'Keep the terminal and call the office: it is reported stolen.',
  'depot-terminal': 'Send the terminal to the depot. Give the merchant a spare.',
  'lifetime-limit': 'Send the terminal to the depot: it has used up its unlocks. Give the merchant a spare.',
  'reason-not-on-site': 'Ask online: the reason of this lock is not cleared on site.',
  'terminal-listed': 'A colleague’s delegation lists this terminal. Ask the colleague to give it back.',
  'site-limit': 'Ask online: this merchant’s unlocks on site for the week are used up.',
  'same-person': 'Name somebody else: you cannot confirm your own unlock.',
  'second-not-active': 'Name somebody whose account and field key are in force.',
  'second-wrong-role': 'Name a colleague, or somebody of the merchant.',
  'second-other-merchant': 'Name somebody of the merchant to whom the terminal belongs.',
  'pair-limit': 'Name somebody else: the two of you have confirmed too often together.',
  'refused-by-approver': 'Read the approver’s reason; put it right, then ask again.',
} as const;
/** Why a delegation is refused. */
export type DelegationRefusal = keyof typeof delegationRefusals;

/** What the policy says, and what a delegation under it holds. */
export interface DelegationVerdict {
  /** Absent when an approver may be asked. */
  readonly refusal?: DelegationRefusal;
  readonly policyVersion: number;
  readonly checks: readonly PolicyCheck[];
  readonly reasonsOk: number;
  readonly usesMax: number;
  readonly usesPerTerminalMax: number;
  readonly probationHours: number;
  readonly probationLimitFen: number;
}

interface Test extends PolicyCheck {
  readonly refusal: DelegationRefusal;
}

/** Decides whether an approver may be asked; the first test that fails gives the refusal. */
export function judgeDelegation(policy: DelegationPolicy, facts: DelegationFacts): DelegationVerdict {
  const tests = [...requestTests(policy, facts), ...terminalTests(policy, facts), ...secondTests(policy, facts)];
  const failed = tests.find((test) => !test.ok);
  return {
    ...(failed === undefined ? {} : { refusal: failed.refusal }),
    policyVersion: policy.version,
    checks: tests.map(({ code, ok, detail }) => ({ code, ok, ...(detail === undefined ? {} : { detail }) })),
    reasonsOk: maskOf(policy.reasonsOk),
    usesMax: Math.min(policy.usesMax, policy.usesPerTerminalMax * Math.max(facts.terminals.length, 1)),
    usesPerTerminalMax: policy.usesPerTerminalMax,
    probationHours: policy.probationHours,
    probationLimitFen: policy.probationLimitFen,
  };
}

function requestTests(policy: DelegationPolicy, facts: DelegationFacts): Test[] {
  const since = facts.hoursSinceRevocation;
  return [
    { code: 'own-key', refusal: 'key-revoked', ok: facts.keyActive },
    upTo('hours', 'hours-too-long', facts.hours, policy.hoursMax),
    upTo('terminals', 'too-many-terminals', facts.terminals.length, policy.terminalsMax),
    upTo('seconds', 'too-many-seconds', facts.secondsCount, policy.secondsMax),
    { code: 'uses-once', refusal: 'uses-doubled', ...none(facts.doubled) },
    { code: 'uses-complete', refusal: 'uses-missing', ...none(facts.missing) },
    { code: 'cool-down', refusal: 'cool-down', ok: since === undefined || since >= policy.coolDownHours },
    below('active', 'too-many-active', facts.active, policy.activeMax),
    below('today', 'too-many-today', facts.today, policy.perDayMax),
  ];
}

function terminalTests(policy: DelegationPolicy, { terminals }: DelegationFacts): Test[] {
  const each = (
    code: string,
    refusal: DelegationRefusal,
    holds: (terminal: DelegatedTerminalFacts) => boolean,
  ): Test => ({ code, refusal, ...allOf(terminals, holds) });
  const allowed = maskOf(policy.reasonsOk);
  return [
    each('tickets-open', 'ticket-not-open', (terminal) => terminal.ticketOpen),
    each('tickets-own', 'ticket-not-assigned', (terminal) => terminal.ticketOwn),
    each('not-stolen', 'stolen', (terminal) => !terminal.stolen),
    each('no-depot', 'depot-terminal', ({ forDepot, reasons }) => !forDepot && (reasons & identityErasingMask) === 0),
    each('lifetime', 'lifetime-limit', (terminal) => terminal.unlocksLifetime < policy.unlocksLifetimeLimit),
    each('reasons-on-site', 'reason-not-on-site', (terminal) => (terminal.reasons & ~allowed) === 0),
    each('listed-once', 'terminal-listed', (terminal) => !terminal.listedByOther),
    each('site-week', 'site-limit', (terminal) => terminal.siteWeek < policy.siteWeekLimit),
  ];
}

const isMerchant = (second: SecondFacts): boolean => second.role === 'merchant';

interface SecondRule {
  readonly code: string;
  readonly refusal: DelegationRefusal;
  readonly holds: (second: SecondFacts, policy: DelegationPolicy) => boolean;
}

const secondRules: readonly SecondRule[] = [
  { code: 'two-persons', refusal: 'same-person', holds: (second) => !second.isTechnician },
  { code: 'seconds-active', refusal: 'second-not-active', holds: (second) => second.isActive },
  {
    code: 'seconds-role',
    refusal: 'second-wrong-role',
    holds: (second) => isMerchant(second) || second.role === 'technician',
  },
  {
    code: 'seconds-merchant',
    refusal: 'second-other-merchant',
    holds: (second) => !isMerchant(second) || second.ownMerchant,
  },
  {
    code: 'pair-month',
    refusal: 'pair-limit',
    holds: (second, policy) => second.pairMonth < policy.pairMonthLimit,
  },
];

function secondTests(policy: DelegationPolicy, { terminals }: DelegationFacts): Test[] {
  return secondRules.map(({ code, refusal, holds }) => ({
    code,
    refusal,
    ...allOf(terminals, (terminal) => terminal.seconds.every((second) => holds(second, policy))),
  }));
}

function allOf(
  terminals: readonly DelegatedTerminalFacts[],
  holds: (terminal: DelegatedTerminalFacts) => boolean,
): Pick<PolicyCheck, 'ok' | 'detail'> {
  const failing = terminals.filter((terminal) => !holds(terminal)).map((terminal) => terminal.label);
  return failing.length === 0 ? { ok: true } : { ok: false, detail: failing.join(', ') };
}

function none(count: number): Pick<PolicyCheck, 'ok' | 'detail'> {
  return count === 0 ? { ok: true } : { ok: false, detail: String(count) };
}

function upTo(code: string, refusal: DelegationRefusal, count: number, max: number): Test {
  return { code, refusal, ok: count <= max, detail: `${String(count)}/${String(max)}` };
}

function below(code: string, refusal: DelegationRefusal, count: number, limit: number): Test {
  return { code, refusal, ok: count < limit, detail: `${String(count)}/${String(limit)}` };
}

/** What may keep a person from confirming on a terminal beside this technician; `undefined` when nothing does. */
export function secondBlocked(policy: DelegationPolicy, second: SecondFacts): DelegationRefusal | undefined {
  return secondRules.find((rule) => !rule.holds(second, policy))?.refusal;
}

/** Use numbers from 1 to the highest known that nobody has handed in, and numbers that came for different uses. */
export function usesGaps(useIndexes: readonly number[]): { readonly missing: number[]; readonly doubled: number[] } {
  const counts = new Map<number, number>();
  for (const index of useIndexes) counts.set(index, (counts.get(index) ?? 0) + 1);
  const highest = Math.max(0, ...useIndexes);
  const missing = Array.from({ length: highest }, (_, i) => i + 1).filter((index) => !counts.has(index));
  const doubled = [...counts].filter(([, count]) => count > 1).map(([index]) => index);
  return { missing, doubled: doubled.sort((a, b) => a - b) };
}
