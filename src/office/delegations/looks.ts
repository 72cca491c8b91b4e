import type { DelegationState } from '../../../protocol/http/field.ts';
import type { Look } from '../../ui/icons.ts';

/** How each state of a delegation is drawn. */
export const delegationLooks = {
  waiting: { glyph: 'wait', tint: 'wait' },
  active: { glyph: 'half', tint: 'now' },
  refused: { glyph: 'stop', tint: 'stop' },
  revoked: { glyph: 'none', tint: 'stop' },
  ended: { glyph: 'full', tint: 'off' },
} as const satisfies Record<DelegationState, Look>;
