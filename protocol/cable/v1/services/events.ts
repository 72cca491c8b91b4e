import { terminalStates } from '../../../../domain/unlock/states.ts';
import { oneOf, text, uint } from '../fields.ts';
import { event } from './op.ts';

/** What a device tells without being asked (docs/cable-protocol.md, section 8.8). */
export const eventTable = {
  'state.changed': event(1, { state: oneOf(1, terminalStates), lockEpoch: uint(2), reasons: uint(3, 0xffff) }),
  progress: event(2, { op: uint(1, 0xffff), step: text(2, 64), percent: uint(3, 100) }),
  rebooting: event(3, { windowSeconds: uint(1, 600) }),
  /** How far a card is read. `digits` of the PIN are counted, never told. */
  'card.stage': event(5, {
    stage: oneOf(1, ['waiting', 'reading', 'enter-pin', 'remove-card', 'ended']),
    digits: uint(2, 12),
  }),
  log: event(4, { text: text(1, 400) }),
} as const;
