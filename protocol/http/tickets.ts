import * as v from 'valibot';
import { cursorSchema, idSchema, instantSchema, limitQuerySchema, noteSchema, personIdSchema } from './common.ts';
import { personRefSchema } from './people.ts';
import { lockReasonSchema, terminalRefSchema, terminalStateSchema } from './registry.ts';

/** States of a ticket: nobody's yet, somebody's, over. */
export const ticketStates = ['open', 'assigned', 'closed'] as const;

/** A piece of work on one terminal. `number` is what people say, such as `U-1124-031`. */
export const ticketSchema = v.object({
  id: idSchema,
  number: v.string(),
  kind: v.picklist(['unlock']),
  state: v.picklist(ticketStates),
  note: v.string(),
  terminal: terminalRefSchema,
  terminalState: v.optional(terminalStateSchema),
  reasons: v.array(lockReasonSchema),
  assignee: v.optional(personRefSchema),
  openedBy: v.optional(personRefSchema),
  openedAt: instantSchema,
  closedAt: v.optional(instantSchema),
  outcome: v.optional(v.string()),
  caseId: v.optional(idSchema),
  caseState: v.optional(v.string()),
});
/** A piece of work on one terminal. */
export type Ticket = v.InferOutput<typeof ticketSchema>;

/** Query of GET /api/tickets: `mine=true` leaves those assigned to the caller and those nobody has. */
export const ticketQuerySchema = v.strictObject({
  mine: v.optional(v.picklist(['true', 'false'])),
  state: v.optional(v.picklist(ticketStates)),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});
/** POST /api/tickets; the client makes the id. A technician's own ticket is assigned to them at once. */
export const createTicketSchema = v.strictObject({
  id: idSchema,
  terminalId: idSchema,
  note: noteSchema,
  assigneeId: v.optional(personIdSchema),
});
/** POST /api/tickets. */
export type CreateTicket = v.InferOutput<typeof createTicketSchema>;
/** POST /api/tickets/:id/assign. */
export const assignTicketSchema = v.strictObject({ assigneeId: personIdSchema });
/** POST /api/tickets/:id/assign. */
export type AssignTicket = v.InferOutput<typeof assignTicketSchema>;
/** POST /api/tickets/:id/close. */
export const closeTicketSchema = v.strictObject({ outcome: noteSchema });
/** POST /api/tickets/:id/close. */
export type CloseTicket = v.InferOutput<typeof closeTicketSchema>;
