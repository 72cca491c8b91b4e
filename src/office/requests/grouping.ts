import type { UnlockCase } from '../../../protocol/http/unlocks.ts';

/** The groups of the list, what needs a hand first. */
export type GroupName = 'waiting' | 'underWay' | 'probation';

/** One group and its cases in the order in which they came. */
export interface CaseGroup {
  readonly name: GroupName;
  readonly cases: readonly UnlockCase[];
}

/** Sorts cases into the groups of the list. */
export function groupsOf(cases: readonly UnlockCase[]): readonly CaseGroup[] {
  const names: readonly GroupName[] = ['waiting', 'underWay', 'probation'];
  return names.map((name) => ({ name, cases: cases.filter((unlock) => groupOf(unlock) === name) }));
}

function groupOf(unlock: UnlockCase): GroupName {
  if (unlock.state === 'waiting' || unlock.state === 'probation') return unlock.state;
  return 'underWay';
}

/** Decisions of one day. */
export interface DayCount {
  readonly approved: number;
  readonly refused: number;
  readonly byPolicy: number;
}

/** What `approverId` and the policy decided since midnight (the reader's) before `nowMs`. */
export function dayCount(cases: readonly UnlockCase[], approverId: string, nowMs: number): DayCount {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const today = cases.flatMap(({ decision }) =>
    decision !== undefined && new Date(decision.at).getTime() >= midnight ? [decision] : [],
  );
  const mine = today.filter((decision) => decision.by === 'person' && decision.approver?.id === approverId);
  return {
    approved: mine.filter((decision) => decision.outcome === 'grant').length,
    refused: mine.filter((decision) => decision.outcome !== 'grant').length,
    byPolicy: today.filter((decision) => decision.by === 'policy' && decision.outcome === 'grant').length,
  };
}
