import type { TerminalState } from '../../../domain/unlock/states.ts';
import type { UnlockState } from '../../../protocol/http/unlocks.ts';

const states: Readonly<Record<UnlockState, TerminalState>> = {
  'needs-inspection': 'LOCKED',
  waiting: 'LOCKED',
  granted: 'LOCKED',
  refused: 'LOCKED',
  withdrawn: 'LOCKED',
  expired: 'LOCKED',
  void: 'LOCKED',
  unlocked: 'BLANK',
  commissioning: 'BLANK',
  probation: 'PROBATION',
  done: 'NORMAL',
};

/** The state in which a terminal of a case in `caseState` was last known. */
export function presentState(caseState: UnlockState): TerminalState {
  return states[caseState];
}
