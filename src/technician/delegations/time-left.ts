import type { DelegationView } from '../../../protocol/http/field.ts';
import type { CountedUse, KeptDelegation } from '../run/site-work.ts';

/** A delegation that has less left than this ends soon: not enough for a trip there and back, ms. */
export const soonMs = 2 * 3_600_000;

/** Milliseconds that a delegation still holds; 0 when it is over or was never signed. */
export function leftMs({ state, notAfter }: DelegationView, nowMs: number): number {
  return state === 'active' && notAfter !== undefined ? Math.max(0, Date.parse(notAfter) - nowMs) : 0;
}

/** The share of its time that a delegation still has, 0 to 1. */
export function leftShare(view: DelegationView, nowMs: number): number {
  const { notBefore, notAfter } = view;
  if (notBefore === undefined || notAfter === undefined) return 0;
  const spanMs = Date.parse(notAfter) - Date.parse(notBefore);
  return spanMs <= 0 ? 0 : Math.min(1, leftMs(view, nowMs) / spanMs);
}

/** Uses so far, as far as the server and this device know. */
export function usedSoFar(view: DelegationView, uses: readonly CountedUse[]): number {
  const here = uses.filter(({ delegationId }) => delegationId === view.id).map(({ useIndex }) => useIndex);
  return new Set([...here, ...view.uses.map(({ useIndex }) => useIndex)]).size;
}

/** When work without the network would end, over what lies on this device: the latest end, and those that end before it. */
export function workUntil(
  kept: readonly KeptDelegation[],
  uses: readonly CountedUse[],
  nowMs: number,
): { readonly untilMs: number; readonly shorter: readonly DelegationView[] } | undefined {
  const usable = kept
    .map(({ pack }) => pack.delegation)
    .filter((view) => leftMs(view, nowMs) > 0 && usedSoFar(view, uses) < view.usesMax)
    .sort((a, b) => Date.parse(b.notAfter ?? '') - Date.parse(a.notAfter ?? ''));
  const [longest, ...others] = usable;
  if (longest?.notAfter === undefined) return undefined;
  const untilMs = Date.parse(longest.notAfter);
  return { untilMs, shorter: others.filter(({ notAfter }) => Date.parse(notAfter ?? '') < untilMs - 60_000) };
}

/** The places of a delegation, each once: what people call it by. */
export function placesOf(view: DelegationView): readonly string[] {
  return [...new Set(view.terminals.map(({ terminal }) => terminal.merchantName))];
}
