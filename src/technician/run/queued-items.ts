import type { RouteName } from '../../../protocol/http/paths.ts';
import type { OutboxEntry } from '../../outbox/entry.ts';

/** What an entry carries, in the person's words. */
export type QueuedKind = 'request' | 'photo' | 'inspection' | 'receipt' | 'report' | 'site' | 'other';

const kinds: Partial<Record<RouteName, QueuedKind>> = {
  createUnlock: 'request',
  putPhoto: 'photo',
  submitInspection: 'inspection',
  submitReceipt: 'receipt',
  commission: 'report',
  submitSiteRecord: 'site',
};

/** Entries that are sent within this time are not shown as waiting: they are only passing through, ms. */
const passingMs = 1_500;

/** What an entry carries. */
export function kindOf({ route }: OutboxEntry): QueuedKind {
  return kinds[route] ?? 'other';
}

/** What waits or needs a person, in order; what is only passing through on a working network is left out. */
export function waitingItems(entries: readonly OutboxEntry[], nowMs: number): readonly OutboxEntry[] {
  return entries.filter(({ state, attempts, reason, createdAtMs }) => {
    const isPassing = attempts <= 1 && reason === 'new' && nowMs - createdAtMs < passingMs;
    return state === 'dead' || !isPassing;
  });
}
