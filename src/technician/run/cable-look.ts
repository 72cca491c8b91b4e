import type { CableState } from '../../device/cable-state.ts';
import type { TransportKind } from '../../device/transport.ts';
import type { TechnicianText } from '../../i18n/technician.en.ts';
import type { Look } from '../../ui/icons.ts';

/** A cable from which nothing came for this long is quiet. */
const quietMs = 6000;

/** How the cable's state is drawn: word, shape and tint. */
export function cableLook(
  state: CableState,
  kind: TransportKind | undefined,
  lastByteAgeMs: number | undefined,
  t: TechnicianText['card'],
): Look & { readonly word: string } {
  if (state === 'ready' && kind === 'codes') return { glyph: 'full', tint: 'ok', word: t.byCodes };
  if (state === 'ready') {
    const isQuiet = (lastByteAgeMs ?? 0) > quietMs;
    return isQuiet ? { glyph: 'wait', tint: 'wait', word: t.quiet } : { glyph: 'full', tint: 'ok', word: t.alive };
  }
  if (state === 'failed') return { glyph: 'none', tint: 'stop', word: t.failed };
  if (state === 'idle') return { glyph: 'none', tint: 'off', word: t.none };
  return { glyph: 'wait', tint: 'wait', word: t.connecting };
}
