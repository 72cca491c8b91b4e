import type { OfficeText } from '../../i18n/office.en.ts';
import type { IconName } from '../../ui/icons.ts';
import type { OfficeData } from '../office-data.svelte.ts';
import type { OfficeScreen } from '../routes.ts';

/** One place of the office, as its rail and its bar lead to it. */
export interface OfficePlace {
  readonly to: OfficeScreen;
  readonly icon: IconName;
  readonly label: string;
  /** How much waits there. */
  readonly count: number;
  readonly tint?: 'wait' | 'stop';
  /** On phones it stands in the bar itself: work waits there, the others are looked up. */
  readonly isWork?: boolean;
}

/** Unlock requests that a person must decide. */
export function waitingRequests(data: OfficeData): number {
  return data.active.value?.filter((unlock) => unlock.state === 'waiting').length ?? 0;
}

/** The places in the order of the rail. Reactive: the counts are those of `data`. */
export function officePlaces(data: OfficeData, t: OfficeText['rail']): readonly OfficePlace[] {
  const [delegations, tickets, alarms] = [data.waitingDelegations, data.openTickets, data.openAlarms].map(
    (list) => (list.value as readonly unknown[] | undefined)?.length ?? 0,
  ) as [number, number, number];
  return [
    { to: 'requests', icon: 'pos', label: t.terminals, count: waitingRequests(data), tint: 'wait', isWork: true },
    { to: 'delegations', icon: 'key', label: t.delegations, count: delegations, tint: 'wait', isWork: true },
    { to: 'board', icon: 'pulse', label: t.board, count: 0 },
    { to: 'channels', icon: 'sliders', label: t.channels, count: 0 },
    { to: 'fees', icon: 'receipt', label: t.fees, count: 0 },
    { to: 'tickets', icon: 'ticket', label: t.tickets, count: tickets, isWork: true },
    { to: 'alarms', icon: 'shield', label: t.alarms, count: alarms, tint: 'stop', isWork: true },
    { to: 'people', icon: 'users', label: t.people, count: 0 },
    { to: 'audit', icon: 'list', label: t.audit, count: 0 },
  ];
}

/** Whether the screen `current` belongs to the place `to`. */
export function isPlaceOf(to: OfficeScreen, current: OfficeScreen | undefined): boolean {
  return to === current || (to === 'requests' && current === 'terminals');
}
