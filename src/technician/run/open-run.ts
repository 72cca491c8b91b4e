import { ok } from '../../../domain/result.ts';
import type { Ticket } from '../../../protocol/http/tickets.ts';
import type { ApiResult } from '../../api/failures.ts';
import type { RunRecord } from './observation.ts';
import { UnlockRun } from './unlock-run.svelte.ts';
import type { RunDependencies } from './unlock-run.svelte.ts';

/** The journal's first entry for a ticket. */
export function newRecord(ticket: Ticket, nowMs: number): RunRecord {
  return {
    ticketId: ticket.id,
    ticketNumber: ticket.number,
    terminal: ticket.terminal,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    steps: {},
  };
}

/** The run of a ticket: from the journal, which works without network, otherwise from the server. */
export async function openRun(dependencies: RunDependencies, ticketId: string): Promise<ApiResult<UnlockRun>> {
  const kept = await dependencies.journal.read(ticketId).catch(() => undefined);
  if (kept !== undefined) return ok(new UnlockRun(dependencies, kept));
  const ticket = await dependencies.api.call('getTicket', { params: { id: ticketId } });
  if (!ticket.ok) return ticket;
  return ok(new UnlockRun(dependencies, newRecord(ticket.value, dependencies.wallNow())));
}
