/** The office's screens. */
export type OfficeScreen = 'requests' | 'terminals' | 'tickets' | 'people' | 'alarms' | 'audit';

const screens: readonly OfficeScreen[] = ['requests', 'terminals', 'tickets', 'people', 'alarms', 'audit'];

/** Where in the office a path leads; `id` only below requests and terminals. */
export interface OfficeRoute {
  readonly screen: OfficeScreen | 'not-found';
  readonly id?: string;
}

/** Which screen of the office stands at `path`; `/office` itself is the requests. */
export function officeRoute(path: string): OfficeRoute {
  const [, name = 'requests', id, ...rest] = path.split('/').filter((part) => part !== '');
  const screen = screens.find((candidate) => candidate === name);
  if (screen === undefined || rest.length > 0) return { screen: 'not-found' };
  if (id === undefined) return { screen };
  return screen === 'requests' || screen === 'terminals' ? { screen, id } : { screen: 'not-found' };
}
