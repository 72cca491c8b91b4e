import type { CloseWord } from '../../../protocol/phone-link/failures.ts';
import type { Bytes } from '../../../protocol/phone-link/web-crypto.ts';

/** What the relay said when it would not, or no longer, have us. */
export type RelayWord = CloseWord | 'unknown' | 'replaced' | 'forbidden';

/** Which end of which link a line is for. `key`: the mailbox's, of its terminal only. */
export interface LineEnd {
  readonly linkId: string;
  readonly key: string | undefined;
}

/** What a line tells. After `down` or `over` it tells nothing more. */
export interface LineEvents {
  readonly up: (hello: Bytes) => void;
  readonly frame: (frame: Bytes) => void;
  /** `wasOpen`: the relay had answered before. */
  readonly down: (wasOpen: boolean) => void;
  readonly over: (why: RelayWord) => void;
}

/** One connection to the relay, of one kind, for as long as it holds. */
export interface Line {
  readonly kind: 'relay' | 'poll';
  send(frame: Bytes): void;
  /** Asks for a sign of life; without one soon the line is down. */
  ask(): void;
  /** Closes the mailbox behind everything that was sent. */
  shut(why: CloseWord): void;
  close(): void;
}
