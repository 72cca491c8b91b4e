/** Header that names the seat of a caller without a socket. */
export const seatHeader = 'x-link-seat';
/** A call for mail is answered after this long when there is none. */
export const holdMs = 15_000;
/** What a socket says to hear whether the relay is there; the answer is the same. */
export const stillThere = 'p';

/** Stands before the code that a phone shows, so that nobody takes it for a terminal's. */
export const shownMark = '#~';
/** Header with the key of who opened a mailbox for a code that a phone shows. */
export const shownKeyHeader = 'x-link-key';

/** What is below a link's address; empty: the link itself. */
type RelayPart = '' | 'close' | 'socket' | 'join' | 'mail' | 'shown' | 'answer';

/** Where the relay of a link is; all below one path, so that a load balancer can keep a link on one server. */
export function relayPath(linkId: string, part: RelayPart = ''): string {
  return `/api/link/${linkId}${part === '' ? '' : `/${part}`}`;
}
