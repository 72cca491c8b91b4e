import { ok } from '../../../domain/result.ts';
import type { Ticket } from '../../../protocol/http/tickets.ts';
import { failure } from '../../api/failures.ts';
import type { ApiResult } from '../../api/failures.ts';
import type { RunRecord } from './observation.ts';
import { UnlockRun } from './unlock-run.svelte.ts';
import type { RunDependencies } from './unlock-run.svelte.ts';

/** The journal's first entry for a ticket. */
export function newRecord(ticket: Pick<Ticket, 'id' | 'number' | 'terminal'>, nowMs: number): RunRecord {
  return {
    ticketId: ticket.id,
    ticketNumber: ticket.number,
    terminal: ticket.terminal,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    steps: {},
  };
}

type TicketFacts = Pick<Ticket, 'id' | 'number' | 'terminal'>;

/** A ticket that a delegation on this device lists: enough to begin its run without the server. */
async function delegatedTicket({ field }: RunDependencies, ticketId: string): Promise<TicketFacts | undefined> {
  const kept = await field.store.delegations().catch(() => []);
  const listed = kept.flatMap(({ pack }) => pack.delegation.terminals).find((one) => one.ticketId === ticketId);
  return listed && { id: listed.ticketId, number: listed.ticketNumber, terminal: listed.terminal };
}

/** The run of a ticket: from the journal or a delegation, which work without network, otherwise from the server. */
export async function openRun(dependencies: RunDependencies, ticketId: string): Promise<ApiResult<UnlockRun>> {
  const kept = await dependencies.journal.read(ticketId).catch(() => undefined);
  if (kept !== undefined) return ok(new UnlockRun(dependencies, kept));
  const ticket = await dependencies.api.call('getTicket', { params: { id: ticketId } });
  const known = ticket.ok ? ticket.value : await delegatedTicket(dependencies, ticketId);
  if (known === undefined) return ticket.ok ? failure('not-found') : ticket;
  return ok(new UnlockRun(dependencies, newRecord(known, dependencies.wallNow())));
}
