import type { Context as HonoContext, MiddlewareHandler } from 'hono';
import * as v from 'valibot';
import {
  idempotencyKeyHeader,
  idempotencyKeySchema,
  personHeader,
  replayedHeader,
} from '../../protocol/http/idempotency.ts';
import { photoKindHeader } from '../../protocol/http/photos.ts';
import type { Actor } from '../answer.ts';
import { fingerprintOf, type IdempotencyService, isFinal, type KeyedCall } from '../services/idempotency.ts';
import { errorResponse } from './errors.ts';

/** Puts the caller's key on every answer, so that the caller knows that it was us who answered. */
export function echoKey(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const key = c.req.header(idempotencyKeyHeader);
    if (key !== undefined && v.is(idempotencyKeySchema, key)) c.res.headers.set(idempotencyKeyHeader, key);
  };
}

/** True when the call was written down for somebody else than who is signed in now. */
export function isForAnother(c: HonoContext, actor: Actor): boolean {
  const person = c.req.header(personHeader);
  return person !== undefined && person !== actor.id;
}

/** Does a changing call once for its key; without a key it is simply done. */
export async function onceForKey(
  c: HonoContext,
  actor: Actor,
  keys: IdempotencyService,
  act: () => Promise<Response>,
): Promise<Response> {
  const header = c.req.header(idempotencyKeyHeader);
  if (header === undefined || c.req.method === 'GET' || actor.id === '') return act();
  const key = v.safeParse(idempotencyKeySchema, header);
  if (!key.success) return errorResponse('bad-request', idempotencyKeyHeader, 'must be a UUID');
  const { pathname, search } = new URL(c.req.url);
  const body = new Uint8Array(await c.req.arrayBuffer());
  const more = c.req.header(photoKindHeader) ?? '';
  const fingerprint = fingerprintOf(c.req.method, pathname + search, more, body);
  const call: KeyedCall = { actorId: actor.id, key: key.output, fingerprint };
  const begun = await keys.begin(call);
  switch (begun.is) {
    case 'reused':
      return errorResponse('key-reused');
    case 'in-progress':
      return errorResponse('in-progress');
    case 'kept': {
      const { status, contentType, bytes } = begun.answer;
      return new Response(new Uint8Array(bytes), {
        status,
        headers: { 'content-type': contentType, [replayedHeader]: 'true' },
      });
    }
    case 'run':
      return run(call, keys, act);
  }
}

async function run(call: KeyedCall, keys: IdempotencyService, act: () => Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await act();
  } catch (error) {
    await keys.release(call);
    throw error;
  }
  if (!isFinal(response.status)) {
    await keys.release(call);
    return response;
  }
  const bytes = new Uint8Array(await response.clone().arrayBuffer());
  if (isToBeAskedAgain(response.status, bytes)) {
    await keys.release(call);
    return response;
  }
  const contentType = response.headers.get('content-type') ?? 'application/json';
  await keys.keep(call, { status: response.status, contentType, bytes });
  return response;
}

const conflict = 409;

/** A handler that says "send the same call again" must see it again, and not what it said before. */
function isToBeAskedAgain(status: number, bytes: Uint8Array): boolean {
  return status === conflict && /"code":"in-progress"/.test(Buffer.from(bytes).toString('utf8'));
}
