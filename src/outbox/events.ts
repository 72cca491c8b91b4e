import type { WaitReason } from './entry.ts';

/**
 * What the tabs and the worker of one browser tell each other. `queued`: something is due. `attempted`: an attempt of
 * an entry has ended. `stopped`: nothing can be sent now. `changed`: entries were changed otherwise. `signed-in`: a
 * session began, whoever's it is.
 */
export type OutboxEvent =
  | { readonly type: 'queued' | 'changed'; readonly personId: string }
  | { readonly type: 'attempted'; readonly personId: string; readonly id: string; readonly lane: string }
  | { readonly type: 'stopped'; readonly personId: string; readonly reason: WaitReason }
  | { readonly type: 'signed-in'; readonly personId: string };

/** Name of the channel, of the lock, and of the Background Sync tag. */
export const outboxName = 'tillkeeper-outbox';

/** The part of BroadcastChannel that is needed. */
export interface Channel {
  postMessage(event: OutboxEvent): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

/** Tells this context and all others, and hears both. */
export class OutboxEvents {
  readonly #channel: Channel | undefined;
  readonly #listeners = new Set<(event: OutboxEvent, isOwn: boolean) => void>();

  constructor(channel: Channel | undefined) {
    this.#channel = channel;
    channel?.addEventListener('message', ({ data }) => {
      if (isOutboxEvent(data)) for (const listener of [...this.#listeners]) listener(data, false);
    });
  }

  tell(event: OutboxEvent): void {
    this.#channel?.postMessage(event);
    for (const listener of [...this.#listeners]) listener(event, true);
  }

  /** Calls `listener` with each event; `isOwn` is false for those of other tabs. Returns the way to stop. */
  on(listener: (event: OutboxEvent, isOwn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#channel?.close();
    this.#listeners.clear();
  }
}

/** The browser's channel between its tabs and the worker; undefined where there is none. */
export function openChannel(): Channel | undefined {
  return typeof BroadcastChannel === 'undefined' ? undefined : (new BroadcastChannel(outboxName) as Channel);
}

function isOutboxEvent(data: unknown): data is OutboxEvent {
  return typeof data === 'object' && data !== null && 'type' in data && 'personId' in data;
}
