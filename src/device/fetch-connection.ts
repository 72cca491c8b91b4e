/** The cable protocol's own code: fetched behind the first screen, and before the first connection at the latest. */
export const fetchConnection = () => import('./connection.ts');
