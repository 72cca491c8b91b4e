/** A screen of the technician. */
export type TechnicianRoute =
  | { readonly screen: 'home' | 'not-found' | 'delegations' | 'ask-delegation' | 'ready' }
  | { readonly screen: 'run'; readonly ticketId: string };

/** The technician's home. */
export const homePath = '/technician';

/** The technician's delegations. */
export const delegationsPath = `${homePath}/delegations`;
/** The form that asks for one; `?renews=<id>` fills it with an earlier one. */
export const askDelegationPath = `${delegationsPath}/ask`;
/** What this device can do without a network. */
export const readyPath = `${homePath}/ready`;

/** The path of a ticket's run. */
export function runPath(ticketId: string): string {
  return `${homePath}/tickets/${ticketId}`;
}

/** Which screen stands at `path`. */
export function technicianRoute(path: string): TechnicianRoute {
  const [, folder, ticketId, ...more] = path.split('/').filter((part) => part !== '');
  if (folder === undefined) return { screen: 'home' };
  if (folder === 'ready' && ticketId === undefined) return { screen: 'ready' };
  if (folder === 'delegations' && more.length === 0) {
    if (ticketId === undefined) return { screen: 'delegations' };
    if (ticketId === 'ask') return { screen: 'ask-delegation' };
  }
  if (folder === 'tickets' && ticketId !== undefined && more.length === 0) return { screen: 'run', ticketId };
  return { screen: 'not-found' };
}
