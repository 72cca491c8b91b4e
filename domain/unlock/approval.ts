import { err, ok, type Result } from '../result.ts';

/** What is known when somebody answers a waiting case. */
export interface ApprovalFacts {
  readonly caseState: string;
  readonly technicianId: string;
  readonly approverId: string;
  readonly approverRole: string;
  /** A second factor was checked at this moment, for this case. */
  readonly factorFresh: boolean;
  readonly decision: 'approve' | 'refuse' | 'depot';
}

/**
 * Whether this person may give this answer now.
 * `forbidden` wrong role · `same-person` the technician of the case · `already-decided` / `not-in-state` the case does
 * not wait · `factor-needed` an approval without a fresh second factor.
 */
export function mayDecide(
  facts: ApprovalFacts,
): Result<void, 'forbidden' | 'same-person' | 'already-decided' | 'not-in-state' | 'factor-needed'> {
  if (facts.approverRole !== 'approver') return err('forbidden');
  if (facts.approverId === facts.technicianId) return err('same-person');
  if (facts.caseState === 'needs-inspection') return facts.decision === 'approve' ? err('not-in-state') : ok(undefined);
  if (facts.caseState !== 'waiting') return err('already-decided');
  if (facts.decision === 'approve' && !facts.factorFresh) return err('factor-needed');
  return ok(undefined);
}
