import type { RouteName } from '../../protocol/http/paths.ts';

/**
 * `queued`: waits to be sent. `sending`: a runner has it, until its lease ends. `done`: it took effect and the answer
 * is kept. `dead`: the server said no for good; a person decides what becomes of it.
 */
export type EntryState = 'queued' | 'sending' | 'done' | 'dead';

/** Why an entry still waits. */
export const waitReasons = [
  'new',
  'offline',
  'timeout',
  'portal',
  'signed-out',
  'in-progress',
  'rate-limited',
  'server',
] as const;
/**
 * Why an entry still waits. `new`: it was not tried yet. `portal`: something answered, but it was not our server.
 * `in-progress`: the server is still at work on an earlier attempt. `server`: the server failed.
 */
export type WaitReason = (typeof waitReasons)[number];

/** The photo that an entry uploads; its bytes lie in the store `photos` under `id`. */
export interface EntryPhoto {
  readonly id: string;
  readonly kind: 'rear' | 'seal' | 'other';
}

/** One changing call that is sent until it has taken effect exactly once. */
export interface OutboxEntry {
  /** UUIDv7, made by the caller before the first attempt and kept with its own record. */
  readonly id: string;
  /** The idempotency key: `id`, until a person has a dead entry, or one with another body, sent as a new call. */
  readonly key: string;
  /** Entries of one lane go one after the other; lanes go side by side. It is the terminal's id. */
  readonly lane: string;
  readonly personId: string;
  readonly route: RouteName;
  readonly params: Readonly<Record<string, string>>;
  /** The JSON body as data; undefined for photos and for routes without a body. */
  readonly body?: unknown;
  readonly photo?: EntryPhoto;
  /** Money or an unlock hangs on it: it is tried for ever, and no dead entry before it holds it back. */
  readonly isWeighty: boolean;
  /** Order within the lane. */
  readonly place: number;
  readonly createdAtMs: number;
  readonly state: EntryState;
  /** Attempts so far. */
  readonly attempts: number;
  /** Not tried again before, epoch ms. */
  readonly nextAtMs: number;
  /** While `sending`: a runner that is still silent then is taken for dead, epoch ms. */
  readonly leaseUntilMs: number;
  readonly reason: WaitReason;
  readonly lastAtMs?: number;
  /** HTTP status of the last answer. */
  readonly lastStatus?: number;
  /** The server's error code in the last answer. */
  readonly lastCode?: string;
  readonly lastDetail?: string;
  /** The answer, once `done`. */
  readonly reply?: unknown;
  /** The answer is one that the server had kept from an earlier attempt: the world may have moved on since. */
  readonly isStored?: boolean;
  readonly doneAtMs?: number;
}

/** What becomes of the lane when a call is dead. `hold`: later calls wait for a person, except weighty ones. */
interface RoutePolicy {
  readonly isWeighty: boolean;
  readonly ifDead: 'go-on' | 'hold';
}

const policies: Partial<Record<RouteName, RoutePolicy>> = {
  createUnlock: { isWeighty: true, ifDead: 'hold' },
  putPhoto: { isWeighty: false, ifDead: 'hold' },
  submitInspection: { isWeighty: true, ifDead: 'go-on' },
  submitReceipt: { isWeighty: true, ifDead: 'go-on' },
  commission: { isWeighty: true, ifDead: 'go-on' },
};

/** What hangs on a route, when the caller says nothing else. */
export function policyOf(route: RouteName): RoutePolicy {
  return policies[route] ?? { isWeighty: false, ifDead: 'go-on' };
}
