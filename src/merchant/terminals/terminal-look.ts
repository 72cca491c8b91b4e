import type { MerchantTerminal } from '../../../protocol/http/merchant-acts.ts';
import type { ControlView } from '../../../protocol/http/control.ts';
import type { Look } from '../../ui/icons.ts';

/** What a terminal can do now; the first that holds. */
export type TerminalCondition = 'stopped' | 'locked' | 'paused' | 'unpaired' | 'silent' | 'running';

/** A terminal's app that was not heard for this long has no network, or no power. */
const silentAfterMs = 120_000;

const looks: Readonly<Record<TerminalCondition, Look>> = {
  stopped: { glyph: 'none', tint: 'stop' },
  locked: { glyph: 'locked', tint: 'stop' },
  paused: { glyph: 'half', tint: 'wait' },
  unpaired: { glyph: 'empty', tint: 'off' },
  silent: { glyph: 'wait', tint: 'wait' },
  running: { glyph: 'full', tint: 'ok' },
};

/** What keeps a terminal from taking payments, the strictest first, with its shape and tint. */
export function terminalCondition(
  { control, deviceState, isPaired, lastSeenAt }: MerchantTerminal,
  shop: ControlView,
  nowMs: number,
): Look & { readonly condition: TerminalCondition } {
  const isLocked = deviceState === 'LOCKED' || deviceState === 'BLANK';
  const isSilent = lastSeenAt === undefined || nowMs - Date.parse(lastSeenAt) > silentAfterMs;
  const marks: readonly (readonly [TerminalCondition, boolean])[] = [
    ['stopped', control.state === 'stopped' || shop.state === 'stopped'],
    ['locked', isLocked],
    ['paused', control.state === 'paused' || shop.state === 'paused'],
    ['unpaired', !isPaired],
    ['silent', isSilent],
  ];
  const condition = marks.find(([, holds]) => holds)?.[0] ?? 'running';
  return { condition, ...looks[condition] };
}
