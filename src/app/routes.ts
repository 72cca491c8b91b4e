import type { Role } from '../../protocol/http/common.ts';

/** The screens that the shell itself knows; `person` leads to a person's app. */
export type ShellRoute =
  | { readonly screen: 'home' | 'sign-in' | 'account' | 'confirm' | 'terminal' | 'not-found' }
  | { readonly screen: 'invitation'; readonly token: string }
  | { readonly screen: 'person'; readonly person: PersonName };

/** The persons' apps by the first part of their paths. */
export const personNames = ['technician', 'office', 'merchant'] as const;
/** One person's app. */
export type PersonName = (typeof personNames)[number];

/** Which app is whose. */
export const personOfRole = {
  technician: 'technician',
  operator: 'office',
  approver: 'office',
  merchant: 'merchant',
} as const satisfies Record<Role, PersonName>;

const fixedScreens: Readonly<Record<string, 'home' | 'sign-in' | 'account' | 'confirm' | 'terminal'>> = {
  '': 'home',
  'sign-in': 'sign-in',
  account: 'account',
  confirm: 'confirm',
  // A device's app: it belongs to a terminal, and nobody signs in.
  terminal: 'terminal',
};

/** Which screen of the shell stands at `path`. */
export function shellRoute(path: string): ShellRoute {
  const parts = path.split('/').filter((part) => part !== '');
  const [first = '', second] = parts;
  if (parts.length <= 1 && Object.hasOwn(fixedScreens, first)) return { screen: fixedScreens[first] ?? 'not-found' };
  if (first === 'invitation' && second !== undefined && parts.length === 2)
    return { screen: 'invitation', token: second };
  const person = personNames.find((name) => name === first);
  return person === undefined ? { screen: 'not-found' } : { screen: 'person', person };
}

/** Who may sign on site with a key of their own: the technician, and who confirms as a second person. */
export function signsOnSite(role: Role): boolean {
  return role === 'technician' || role === 'merchant';
}

/** Where somebody of `role` starts. */
export function homePath(role: Role): string {
  const person = personOfRole[role];
  return person === 'office' ? '/office/requests' : `/${person}`;
}

/**
 * Where to go after a sign-in: back to `wanted` when it is a path of ours that `role` may see, otherwise home.
 * Anything that could lead to another site is refused.
 */
export function pathAfterSignIn(wanted: string | null, role: Role): string {
  if (wanted === null || !/^\/(?![/\\])/.test(wanted)) return homePath(role);
  const route = shellRoute(wanted.split('?')[0] ?? '');
  const isOwn = route.screen === 'person' && route.person === personOfRole[role];
  const mayGo = route.screen === 'account' || (route.screen === 'confirm' && signsOnSite(role)) || isOwn;
  return mayGo ? wanted : homePath(role);
}
