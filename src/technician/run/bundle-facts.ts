import type { BundleFacts } from '../../device/support-bundle.ts';
import type { UnlockRun } from './unlock-run.svelte.ts';

/** What a support bundle says of the run: states, times and sizes; no message, photo or seal number. */
export function bundleFacts(run: UnlockRun, serverVersion: string): BundleFacts {
  const { record, case: unlock, act, failure } = run;
  return {
    serverVersion,
    ticket: record.ticketNumber,
    terminal: record.terminal.serial,
    act,
    failure,
    steps: record.steps,
    request: record.request && {
      caseId: record.request.caseId,
      lockEpoch: record.request.lockEpoch,
      bytes: record.request.requestBytes,
      readAt: new Date(record.request.readAtMs).toISOString(),
    },
    case: unlock && { id: unlock.id, state: unlock.state, updatedAt: unlock.updatedAt, commission: unlock.commission },
    waiting: { receipt: record.receipt !== undefined, report: record.report !== undefined },
    grantRefusal: record.grantRefusal,
  };
}
