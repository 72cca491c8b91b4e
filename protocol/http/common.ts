import * as v from 'valibot';
import { nameMaxChars, noteMaxChars, pageMaxRows, unlockMessageMaxBytes } from './limits.ts';

/** The four kinds of staff account. */
export const roles = ['technician', 'merchant', 'operator', 'approver'] as const;
/** One kind of staff account. */
export type Role = (typeof roles)[number];

/** An id made by the client or the server: UUID in lower case, version 7 where it is new. */
export const idSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID in lower case'),
);
/** An account's id, as the sign-in library makes it. */
export const personIdSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
/** An instant: ISO 8601 in UTC with milliseconds, for example `2026-11-23T12:00:00.000Z`. */
export const instantSchema = v.pipe(v.string(), v.isoTimestamp('must be an ISO 8601 instant'));
/** A name, label, serial or seal number, 1 to 120 characters. */
export const nameSchema = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(nameMaxChars));
/** Free text up to 1,000 characters; may be empty. */
export const noteSchema = v.pipe(v.string(), v.maxLength(noteMaxChars));
/** A reason that a person must give: 3 to 1,000 characters. */
export const reasonSchema = v.pipe(v.string(), v.trim(), v.minLength(3, 'must say why'), v.maxLength(noteMaxChars));
/** Bytes as base64url without padding; `maxBytes` bounds the decoded length. */
export function base64urlSchema(maxBytes: number) {
  const maxChars = Math.ceil((maxBytes * 4) / 3);
  return v.pipe(v.string(), v.maxLength(maxChars), v.regex(/^[A-Za-z0-9_-]+$/, 'must be base64url without padding'));
}
/** One unlock protocol message as base64url. */
export const unlockMessageSchema = base64urlSchema(unlockMessageMaxBytes);
/** A number in a query string. */
export const limitQuerySchema = v.pipe(
  v.string(),
  v.regex(/^\d{1,3}$/, 'must be a whole number'),
  v.transform(Number),
  v.minValue(1),
  v.maxValue(pageMaxRows),
);
/** An opaque place in a list, as the last answer gave it in `nextCursor`. */
export const cursorSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,200}$/, 'must be a cursor from an earlier answer'),
);

/** Every error code of the HTTP interface, with what it means. The reader's sentence comes from the code. */
export const apiErrorCodes = {
  'bad-request': 'The body or query does not fit the schema; `field` names the place.',
  unauthenticated: 'Nobody is signed in, or the session is over.',
  forbidden: 'This role may not do that.',
  'bad-origin': 'A changing call came from another site.',
  'not-found': 'There is no such thing, or this person may not see it.',
  'not-in-state': 'The thing exists but is not in a state in which this is possible.',
  'already-exists': 'Something with this name, serial or id exists already.',
  'exists-with-different-body': 'This id was used before with another body.',
  'key-reused': 'This idempotency key was used before with another call.',
  'in-progress': 'The server is still at work on an earlier attempt with this key; ask again in a moment.',
  'too-large': 'The body is larger than the limit.',
  'bad-photo': 'The bytes are not a JPEG or PNG picture.',
  'rate-limited': 'Too many tries; wait and try again.',
  'factor-needed': 'This act needs a fresh second factor.',
  'factor-wrong': 'The code or passkey was not accepted.',
  'same-person': 'The person who asks may not also approve.',
  'already-decided': 'Somebody has already decided this case.',
  'ticket-not-yours': 'The ticket belongs to another technician, another terminal, or is closed.',
  'unknown-terminal': 'No registered terminal has this device id.',
  'request-unreadable': 'The sealed request cannot be opened or is malformed.',
  'bad-signature': 'A signature does not verify.',
  'wrong-terminal': 'The message is from another terminal than the case.',
  'wrong-size': '`requestBytes` is not the size of the request inside the seal.',
  'receipt-unknown': 'The receipt fits no grant of this case.',
  'too-many-keys': 'This person has as many field keys as one may have.',
  'report-refused': 'The commissioning report does not fit the order.',
  'terminal-busy': 'This terminal has a payment in progress; `field` is the id of its order.',
  paused: 'Payments are paused or stopped; `field` names the merchant or the terminal.',
  'channel-unavailable': 'This channel cannot take the payment; `field` says why.',
  'limit-reached': 'A limit of this channel leaves no room for the amount; `field` names the limit.',
  'fee-refused': 'A rule of fees refuses this; `field` names the reason.',
  expired: 'The time for this is over.',
  'timed-out': 'The server needed too long; try again, the id makes that safe.',
  internal: 'The server failed; the log has the details.',
} as const;
/** One error code of the HTTP interface. */
export type ApiErrorCode = keyof typeof apiErrorCodes;

/** Body of every answer that is not a success. `next` is one plain next step; `field` names the bad part of the input. */
export const errorBodySchema = v.object({
  error: v.object({
    code: v.picklist(Object.keys(apiErrorCodes) as [ApiErrorCode, ...ApiErrorCode[]]),
    message: v.string(),
    field: v.optional(v.string()),
    next: v.optional(v.string()),
  }),
});
/** Body of every answer that is not a success. */
export type ErrorBody = v.InferOutput<typeof errorBodySchema>;

/** One page of a list; `nextCursor` is absent on the last page. */
export function pageSchema<const TItem extends v.GenericSchema>(item: TItem) {
  return v.object({ items: v.array(item), nextCursor: v.optional(v.string()) });
}
/** An answer with nothing to say beyond its status. */
export const doneSchema = v.object({ done: v.literal(true) });
