/** States of an unlock case on the server and where each may go. */
export const caseTransitions = {
  'needs-inspection': ['waiting', 'refused', 'withdrawn'],
  waiting: ['granted', 'refused', 'withdrawn'],
  granted: ['unlocked', 'done', 'void', 'expired', 'withdrawn'],
  refused: [],
  withdrawn: ['unlocked', 'done'],
  expired: ['unlocked', 'done'],
  void: ['unlocked', 'done'],
  unlocked: ['commissioning', 'void'],
  commissioning: ['probation', 'void'],
  probation: ['done', 'void'],
  done: [],
} as const satisfies Record<string, readonly string[]>;

/** One state of an unlock case. */
export type CaseState = keyof typeof caseTransitions;

/** Whether a case may go from one state to the other. A late receipt moves a case on that was given up. */
export function mayMove(from: CaseState, to: CaseState): boolean {
  return (caseTransitions[from] as readonly CaseState[]).includes(to);
}

/** Whether nothing more is expected of a case in this state. */
export function isOver(state: CaseState): boolean {
  return ['refused', 'withdrawn', 'expired', 'void', 'done'].includes(state);
}
