/** The office's screens. */
export type OfficeScreen =
  | 'requests'
  | 'delegations'
  | 'terminals'
  | 'board'
  | 'channels'
  | 'fees'
  | 'tickets'
  | 'people'
  | 'alarms'
  | 'reviews'
  | 'audit'
  | 'cases';

const screens: readonly OfficeScreen[] = [
  'requests',
  'delegations',
  'terminals',
  'board',
  'channels',
  'fees',
  'tickets',
  'people',
  'alarms',
  'reviews',
  'audit',
  'cases',
];

/** Screens that open one thing below their own path. */
const withDetails: readonly OfficeScreen[] = [
  'requests',
  'delegations',
  'terminals',
  'channels',
  'people',
  'reviews',
  'cases',
];

/** Where in the office a path leads; `id` only below some screens. */
export interface OfficeRoute {
  readonly screen: OfficeScreen | 'not-found';
  readonly id?: string;
  /** Of the fees: the parts of the path behind the screen's own. */
  readonly parts?: readonly string[];
}

/** Which screen of the office stands at `path`; `/office` itself is the requests. */
export function officeRoute(path: string): OfficeRoute {
  const [, name = 'requests', id, ...rest] = path.split('/').filter((part) => part !== '');
  const screen = screens.find((candidate) => candidate === name);
  if (screen === 'fees' && rest.length <= 2) return { screen, parts: id === undefined ? [] : [id, ...rest] };
  if (screen === undefined || rest.length > 0) return { screen: 'not-found' };
  if (id === undefined) return screen === 'cases' ? { screen: 'requests' } : { screen };
  return withDetails.includes(screen) ? { screen, id } : { screen: 'not-found' };
}
