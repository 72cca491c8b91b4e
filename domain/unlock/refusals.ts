/** Why the server refuses a request, each with one plain next step. The reader's language comes from the code. */
export const refusalReasons = {
  stolen: 'Keep the terminal and call the office: it is reported stolen.',
  'ticket-not-open': 'Open a ticket for this terminal, then ask again.',
  'ticket-other-terminal': 'Take the ticket of the terminal on the cable, or plug in the terminal of this ticket.',
  'ticket-not-assigned': 'Claim the ticket, or ask the office to assign it to you.',
  'technician-limit': 'You have reached today’s number of unlocks. Ask the office for a colleague, or go on tomorrow.',
  'epoch-broken': 'Send the terminal to the depot: its counters went back, so it may be a copy.',
  'identity-dead': 'Send the terminal to the depot: its own identity key was erased.',
  'mesh-broken': 'Send the terminal to the depot: its security mesh or supply was attacked. Give the merchant a spare.',
  'repeated-tamper': 'Send the terminal to the depot: it was opened too often in 30 days. Give the merchant a spare.',
  'lifetime-limit': 'Send the terminal to the depot: it has used up its unlocks. Give the merchant a spare.',
  'no-reason': 'Read the terminal again: its request names no reason for a lock.',
  'refused-by-approver': 'Read the approver’s reason; put it right, then ask again.',
  'depot-by-approver': 'Send the terminal to the depot, as the approver decided. Give the merchant a spare.',
} as const;

/** Why the server refuses a request. */
export type RefusalReason = keyof typeof refusalReasons;
