/** Header that names the seat of a caller without a socket. */
export const seatHeader = 'x-link-seat';
/** A call for mail is answered after this long when there is none. */
export const holdMs = 15_000;
/** What a socket says to hear whether the relay is there; the answer is the same. */
export const stillThere = 'p';

/** Where the relay of a link is; all below one path, so that a load balancer can keep a link on one server. */
export function relayPath(linkId: string, part: '' | 'close' | 'socket' | 'join' | 'mail' = ''): string {
  return `/api/link/${linkId}${part === '' ? '' : `/${part}`}`;
}
