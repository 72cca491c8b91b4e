import { softReasonsMask } from '../../../domain/unlock/states.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { Act } from './next-act.ts';
import { stepNames } from './observation.ts';
import type { Observation, RunRecord, StepName } from './observation.ts';
import { needsSiteInspection } from './site-act.ts';
import { kitOf } from './site-work.ts';

/** How a step stands. `wait`: it is this step's turn and somebody else's move. `skipped`: not needed this time. */
export type StepState = 'done' | 'now' | 'next' | 'wait' | 'stop' | 'skipped';

/** One step as it is drawn. */
export interface StepView {
  readonly name: StepName;
  readonly state: StepState;
  /** How long it took, or has taken so far; undefined before it began. */
  readonly tookMs: number | undefined;
  /** How long it will take, for steps to come; undefined when nobody can say. */
  readonly estimateMs: number | undefined;
}

/** What the machine's steps usually take; people's steps have no estimate. */
export const usualMs: Partial<Record<StepName, number>> = {
  unlock: 300,
  keys: 600,
  parameters: 500,
  'self-test': 2000,
  'test-payment': 800,
};

const stoppedActs: ReadonlySet<Act['do']> = new Set<Act['do']>(['stopped', 'ask-again', 'site-again']);
const waitingActs: ReadonlySet<Act['do']> = new Set<Act['do']>([
  'wait-approval',
  'wait-later',
  'wait-device',
  'site-wait',
]);
const commissionSteps: ReadonlySet<StepName> = new Set<StepName>(['keys', 'parameters', 'self-test', 'test-payment']);

/** The person is at photos and seals: a glance at terminal or server must not take the form away under their hands. */
export function isInspectionOpen({ record, case: unlock }: Pick<Observation, 'record' | 'case'>): boolean {
  const { site, inspection } = record;
  if (inspection?.isReady === true || site?.receipt !== undefined) return false;
  if (site === undefined) return unlock?.state === 'needs-inspection';
  return site.second === undefined && needsSiteInspection(site.request?.reasons ?? 0);
}

/** The step at which `act` works or waits. */
export function stepOfAct(act: Act, seen: Observation): StepName {
  switch (act.do) {
    case 'connect':
    case 'wait-cable':
      return stepOfCase(seen.case) ?? 'connect';
    case 'read-status':
      return isInspectionOpen(seen) ? 'inspect' : 'connect';
    case 'fetch-case':
    case 'read-request':
    case 'start':
      return stepOfCase(seen.case) ?? 'request';
    case 'ask':
    case 'keep-request':
      return needsInspection(seen) ? 'inspect' : 'approval';
    case 'load-delegation':
    case 'site-request':
    case 'site-confirm':
    case 'site-again':
    case 'wait-later':
      return 'approval';
    case 'site-unlock':
    case 'site-recover':
    case 'keep-record':
      return 'unlock';
    case 'carry-kit':
    case 'keep-report':
    case 'site-wait':
      return currentKitStep(seen);
    case 'inspect':
    case 'send-inspection':
      return 'inspect';
    case 'wait-approval':
    case 'ask-again':
    case 'give-abort':
      return 'approval';
    case 'give-keyset':
      return seen.case?.state === 'granted' ? 'unlock' : 'request';
    case 'give-grant':
    case 'wait-device':
    case 'recover-receipt':
    case 'post-receipt':
      return 'unlock';
    case 'exchange-order':
    case 'carry-order':
      return currentCommissionStep(seen.case);
    case 'wait-probation':
    case 'finished':
      return 'probation';
    case 'stopped':
      return act.why === 'depot' ? 'approval' : 'keys';
  }
}

function stepOfCase(unlock: UnlockCase | undefined): StepName | undefined {
  switch (unlock?.state) {
    case 'needs-inspection':
      return 'inspect';
    case 'waiting':
      return 'approval';
    case 'granted':
      return 'unlock';
    case 'unlocked':
    case 'commissioning':
      return currentCommissionStep(unlock);
    case 'probation':
      return 'probation';
    default:
      return undefined;
  }
}

/** The step of the order that was made ahead and comes next. */
function currentKitStep({ delegation, record }: Observation): StepName {
  const { site, terminal } = record;
  const step = site?.stuckAt ?? kitOf(delegation, terminal.id, site?.kitPart)[site?.kitAt ?? 0]?.step;
  return stepNames.find((name) => name === step) ?? 'keys';
}

function currentCommissionStep(unlock: UnlockCase | undefined): StepName {
  const todo = unlock?.commission?.steps.find(({ state }) => state !== 'done');
  const name = todo?.step === 'release' ? 'probation' : (todo?.step ?? 'keys');
  return unlock?.state === 'probation' ? 'probation' : name;
}

/** True for a lock that keeps the keys: it needs no setting up afterwards. */
export function isSoftLock(reasons: number): boolean {
  return reasons !== 0 && (reasons & ~softReasonsMask) === 0;
}

function isSoft(seen: Observation): boolean {
  const { device } = seen;
  if (device?.state === 'LOCKED') return isSoftLock(device.reasons);
  const reasons = seen.case?.request.reasons ?? [];
  return reasons.length > 0 && reasons.every((reason) => reason === 'pin-tries' || reason === 'policy');
}

function isNeeded(name: StepName, seen: Observation): boolean {
  if (isSoft(seen) && (commissionSteps.has(name) || name === 'probation')) return false;
  if (name === 'inspect') return needsInspection(seen);
  return true;
}

/** Whether the policy asks for an inspection is known from the case; before it, tamper reasons foretell it. */
function needsInspection({ case: unlock, record, device }: Observation): boolean {
  if (record.site?.request !== undefined) return needsSiteInspection(record.site.request.reasons);
  if (unlock === undefined)
    return device?.state === 'LOCKED' && !isSoftLock(device.reasons) && (device.reasons & 0b101111) !== 0;
  return unlock.state === 'needs-inspection' || unlock.inspection !== undefined || record.inspection?.isReady === true;
}

/** The steps as they stand, given what is seen and the act that was decided. */
export function stepViews(seen: Observation, act: Act, hasFailed: boolean): readonly StepView[] {
  const current = stepNames.indexOf(stepOfAct(act, seen));
  const isOver = act.do === 'finished' || act.do === 'wait-probation';
  return stepNames.map((name, index) => {
    const state = stateOf(name, index, current, isOver, seen, act, hasFailed);
    return { name, state, tookMs: tookMs(name, state, seen), estimateMs: state === 'next' ? usualMs[name] : undefined };
  });
}

function stateOf(
  name: StepName,
  index: number,
  current: number,
  isOver: boolean,
  seen: Observation,
  act: Act,
  hasFailed: boolean,
): StepState {
  if (!isNeeded(name, seen)) return 'skipped';
  if (act.do === 'finished') return act.how === 'not-locked' && index > 0 ? 'skipped' : 'done';
  if (name === 'connect' && index !== current)
    return seen.record.steps.connect?.endedAtMs === undefined && seen.device === undefined && !isOver ? 'next' : 'done';
  if (index < current) return 'done';
  if (index > current) return 'next';
  if (act.do === 'wait-probation') return 'wait';
  if (hasFailed || stoppedActs.has(act.do)) return 'stop';
  return waitingActs.has(act.do) ? 'wait' : 'now';
}

function tookMs(name: StepName, state: StepState, { record, case: unlock, nowMs }: Observation): number | undefined {
  if (state === 'next' || state === 'skipped') return undefined;
  // What was carried out without the server is stamped there when it arrives.
  const isOwn = record.site?.receipt !== undefined && record.steps[name]?.endedAtMs !== undefined;
  const onServer = isOwn ? undefined : unlock?.commission?.steps.find(({ step }) => step === name);
  const began = onServer?.startedAt === undefined ? record.steps[name]?.beganAtMs : Date.parse(onServer.startedAt);
  const ended = onServer?.finishedAt === undefined ? record.steps[name]?.endedAtMs : Date.parse(onServer.finishedAt);
  if (began === undefined) return undefined;
  return Math.max(0, (state === 'done' ? (ended ?? began) : nowMs) - began);
}

/** The record with `name` begun (and every earlier step ended) at `nowMs`; the same record when nothing changes. */
export function withStep(record: RunRecord, name: StepName, nowMs: number, isEnded = false): RunRecord {
  const steps = { ...record.steps };
  let isChanged = false;
  for (const step of stepNames) {
    const times = steps[step];
    if (step === name && times?.beganAtMs === undefined) {
      steps[step] = { beganAtMs: nowMs };
      isChanged = true;
    }
    const isPast = step === name ? isEnded : stepNames.indexOf(step) < stepNames.indexOf(name);
    const begun = steps[step];
    if (isPast && begun?.beganAtMs !== undefined && begun.endedAtMs === undefined) {
      steps[step] = { ...begun, endedAtMs: nowMs };
      isChanged = true;
    }
  }
  return isChanged ? { ...record, steps } : record;
}

/** The record as it stands once the run has come to `act`: steps begun and ended, and when it was all over. */
export function recordAt(before: RunRecord, act: Act, seen: Observation): RunRecord {
  const isStepOver = act.do === 'finished' || act.do === 'start';
  const record = act.do === 'connect' ? before : withStep(before, stepOfAct(act, seen), seen.nowMs, isStepOver);
  const isOver = act.do === 'finished' || act.do === 'wait-probation';
  const hasWork = seen.case !== undefined || record.site?.receipt !== undefined;
  return isOver && hasWork && record.finishedAtMs === undefined ? { ...record, finishedAtMs: seen.nowMs } : record;
}

/** The steps that are over in `after` and were not in `before`. */
export function endedSteps(before: RunRecord, after: RunRecord): readonly StepName[] {
  return stepNames.filter(
    (name) => after.steps[name]?.endedAtMs !== undefined && before.steps[name]?.endedAtMs === undefined,
  );
}
