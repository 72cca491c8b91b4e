import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { TransportKind } from '../../device/transport.ts';
import type { Formats } from '../../i18n/format.ts';
import type { TechnicianText } from '../../i18n/technician.en.ts';
import type { RunRecord } from './observation.ts';
import type { StepView } from './steps.ts';

/** What the line beside a step is made from. */
export interface StepFacts {
  readonly record: RunRecord;
  readonly case: UnlockCase | undefined;
  readonly kind: TransportKind | undefined;
}

/** The short line beside a step's name; empty when there is nothing to add. */
export function stepDetail(step: StepView, facts: StepFacts, t: TechnicianText, formats: Formats): string {
  const { record, case: unlock, kind } = facts;
  const isDone = step.state === 'done';
  switch (step.name) {
    case 'connect':
      return isDone && kind !== undefined ? t.connectDetail[kind] : '';
    case 'request':
      if (record.request === undefined) return t.stepHint.request;
      return t.requestDetail(formats.bytes(record.request.requestBytes), record.request.isSigned);
    case 'approval':
      if (isDone && record.site?.receipt !== undefined) return record.site.number;
      return isDone ? decidedBy(unlock, t) : '';
    case 'unlock':
      return isSoftCase(unlock) ? t.stepHintSoft.unlock : t.stepHint.unlock;
    default:
      return t.stepHint[step.name];
  }
}

function decidedBy(unlock: UnlockCase | undefined, t: TechnicianText): string {
  const { decision } = unlock ?? {};
  if (decision === undefined || decision.outcome === 'person') return '';
  if (decision.by === 'policy') return t.approval.byPolicy(decision.rule);
  return decision.approver === undefined ? '' : t.approval.byPerson(decision.approver.name);
}

function isSoftCase(unlock: UnlockCase | undefined): boolean {
  const reasons = unlock?.request.reasons ?? [];
  return reasons.length > 0 && reasons.every((reason) => reason === 'pin-tries' || reason === 'policy');
}
