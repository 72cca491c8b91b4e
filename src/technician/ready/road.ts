import type { DelegationView } from '../../../protocol/http/field.ts';
import type { ShellCache } from '../../app/person.ts';
import type { OutboxEntry } from '../../outbox/entry.ts';
import { leftMs, soonMs, usedSoFar } from '../delegations/time-left.ts';
import type { CountedUse, KeptDelegation } from '../run/site-work.ts';
import { clockToleranceMs } from './checks.svelte.ts';
import type { KeyCheck, StorageCheck } from './checks.svelte.ts';

/** How one line stands. `open`: not looked at yet. */
export type LineState = 'ok' | 'do' | 'stop' | 'open';

/** What the page knows when it judges the lines. */
export interface RoadView {
  readonly kept: readonly KeptDelegation[];
  readonly uses: readonly CountedUse[];
  readonly views: readonly DelegationView[];
  readonly entries: readonly OutboxEntry[];
  readonly app: ShellCache | 'none' | undefined;
  readonly key: KeyCheck | undefined;
  readonly storage: StorageCheck | undefined;
  readonly offsetMs: number | undefined;
  readonly nowMs: number;
}

/** The lines of the check, in the order of the page. */
export const roadLines = ['delegations', 'queue', 'app', 'kits', 'key', 'storage'] as const;
/** One line of the check. */
export type RoadLine = (typeof roadLines)[number];

/** Delegations on this device that can still be used. */
export function usableViews({
  kept,
  uses,
  nowMs,
}: Pick<RoadView, 'kept' | 'uses' | 'nowMs'>): readonly DelegationView[] {
  return kept
    .map(({ pack }) => pack.delegation)
    .filter((view) => leftMs(view, nowMs) > 0 && usedSoFar(view, uses) < view.usesMax);
}

/** Those of them that end soon and for which no other was asked yet. */
export function endingSoon(view: RoadView): readonly DelegationView[] {
  const isAsked = ({ id }: DelegationView): boolean =>
    view.views.some(({ renews, state }) => renews === id && (state === 'waiting' || state === 'active'));
  return usableViews(view).filter((one) => leftMs(one, view.nowMs) < soonMs && !isAsked(one));
}

/** Labels of the usable delegations' terminals that have a kit, and of those that have none. */
export function kitLabels(view: RoadView): { readonly ready: readonly string[]; readonly bare: readonly string[] } {
  const listed = usableViews(view).flatMap(({ terminals }) => terminals);
  const labels = (hasKit: boolean): string[] => [
    ...new Set(listed.filter(({ kit }) => kit === hasKit).map(({ terminal }) => terminal.label)),
  ];
  return { ready: labels(true), bare: labels(false) };
}

/** Each line's state. */
export function judgeRoad(view: RoadView): Readonly<Record<RoadLine, LineState>> {
  const { app, key, storage, offsetMs, entries } = view;
  const usable = usableViews(view);
  const isClockOff = offsetMs !== undefined && Math.abs(offsetMs) > clockToleranceMs;
  return {
    delegations: usable.length === 0 ? 'stop' : endingSoon(view).length > 0 ? 'do' : 'ok',
    queue: entries.length === 0 ? 'ok' : entries.some(({ state }) => state === 'dead') ? 'stop' : 'do',
    app: app === undefined ? 'open' : app !== 'none' && app.files >= app.expected ? 'ok' : 'stop',
    kits: usable.length === 0 ? 'open' : kitLabels(view).bare.length === 0 ? 'ok' : 'do',
    key: key === undefined ? 'open' : key.state === 'none' ? 'stop' : key.state === 'never' ? 'do' : 'ok',
    storage: storage === undefined ? 'open' : isClockOff ? 'stop' : storage.isKept ? 'ok' : 'do',
  };
}

/** Things that the person can do before leaving; what only the server's data decide is not counted. */
export function thingsToDo(lines: Readonly<Record<RoadLine, LineState>>): number {
  return roadLines.filter((name) => name !== 'kits' && (lines[name] === 'do' || lines[name] === 'stop')).length;
}
