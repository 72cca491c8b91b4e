import type { NetworkState } from '../../api/network.svelte.ts';
import type { UnlockRun } from './unlock-run.svelte.ts';

/** One thing that waits to be sent. */
export interface QueuedItem {
  readonly kind: 'request' | 'photo' | 'inspection' | 'receipt' | 'report';
  readonly sinceMs: number;
}

/** What of a run has not reached the server yet, oldest first. */
export function queuedItems(run: UnlockRun, network: NetworkState): readonly QueuedItem[] {
  const { record, act, case: unlock, failure } = run;
  const sinceMs = network.downSinceMs ?? record.updatedAtMs;
  const items: QueuedItem[] = [];
  if (act.do === 'ask' && failure !== undefined)
    items.push({ kind: 'request', sinceMs: record.startedAtMs ?? sinceMs });
  if (record.inspection?.isReady === true && unlock?.state === 'needs-inspection') {
    for (const photo of record.inspection.photos) {
      if (photo.uploadedTo !== unlock.id) items.push({ kind: 'photo', sinceMs: photo.takenAtMs });
    }
    items.push({ kind: 'inspection', sinceMs });
  }
  if (record.receipt !== undefined) items.push({ kind: 'receipt', sinceMs });
  if (record.report !== undefined) items.push({ kind: 'report', sinceMs });
  return items;
}
