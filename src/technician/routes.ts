/** A screen of the technician. */
export type TechnicianRoute =
  { readonly screen: 'home' | 'not-found' } | { readonly screen: 'run'; readonly ticketId: string };

/** The technician's home. */
export const homePath = '/technician';

/** The path of a ticket's run. */
export function runPath(ticketId: string): string {
  return `${homePath}/tickets/${ticketId}`;
}

/** Which screen stands at `path`. */
export function technicianRoute(path: string): TechnicianRoute {
  const [, folder, ticketId, ...more] = path.split('/').filter((part) => part !== '');
  if (folder === undefined) return { screen: 'home' };
  if (folder === 'tickets' && ticketId !== undefined && more.length === 0) return { screen: 'run', ticketId };
  return { screen: 'not-found' };
}
