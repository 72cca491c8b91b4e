import * as v from 'valibot';

/**
 * Header of a changing call that may be sent more than once: a UUID that the client made before the first attempt. The
 * same key with the same call gives the stored answer; the answer carries the key, so that the client knows that it
 * comes from the server and not from something in between.
 */
export const idempotencyKeyHeader = 'idempotency-key';
/** Header of an answer that was stored by an earlier attempt. */
export const replayedHeader = 'idempotency-replayed';
/** Header with the id of the person for whom the call was written down; anybody else's session gets `unauthenticated`. */
export const personHeader = 'tillkeeper-person';

/** An idempotency key. */
export const idempotencyKeySchema = v.pipe(v.string(), v.uuid(), v.toLowerCase());
