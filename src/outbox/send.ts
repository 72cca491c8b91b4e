import * as v from 'valibot';
import { idempotencyKeyHeader, personHeader, replayedHeader } from '../../protocol/http/idempotency.ts';
import { endpoints, routePath } from '../../protocol/http/paths.ts';
import { meSchema } from '../../protocol/http/people.ts';
import { baseRoute } from '../../protocol/http/routes-base.ts';
import { photoKindHeader } from '../../protocol/http/photos.ts';
import type { OutboxEntry, WaitReason } from './entry.ts';
import { answerMaxChars, attemptTimeoutMs } from './limits.ts';

/** `fetch`, as far as it is needed. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/**
 * What one attempt gave. `done` only when the server itself said so: success, JSON of the route's schema, and our key
 * in the answer. `wait`: it may have taken effect or not; the same call goes out again under the same key.
 */
export type Verdict =
  | { readonly is: 'done'; readonly reply: unknown; readonly isStored: boolean }
  | { readonly is: 'wait'; readonly reason: WaitReason; readonly status?: number }
  | { readonly is: 'dead'; readonly status: number; readonly code: string; readonly detail?: string };

/** Who the server says is signed in, or why nobody knows. */
export type WhoIsIn =
  | { readonly is: 'person'; readonly id: string }
  | { readonly is: 'nobody' }
  | { readonly is: 'unknown'; readonly reason: WaitReason };

/** An error of our server; any code, because the server may be newer than this page. */
const errorSchema = v.object({
  error: v.object({
    code: v.string(),
    message: v.string(),
    field: v.optional(v.string()),
    next: v.optional(v.string()),
  }),
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** Sends an entry once. `photo` are the bytes of an entry that uploads one. */
export async function send(
  entry: OutboxEntry,
  photo: Blob | undefined,
  fetch: Fetch,
  timeoutMs: number,
): Promise<Verdict> {
  const [method] = endpoints[entry.route];
  const hasPhoto = entry.photo !== undefined;
  if (hasPhoto && photo === undefined) return { is: 'dead', status: 0, code: 'bad-photo', detail: entry.photo.id };
  const body = hasPhoto ? photo : entry.body === undefined ? undefined : JSON.stringify(entry.body);
  const answer = await attempt(fetch, routePath(entry.route, entry.params), timeoutMs, {
    method,
    headers: {
      accept: 'application/json',
      [idempotencyKeyHeader]: entry.key,
      [personHeader]: entry.personId,
      ...(body === undefined ? {} : { 'content-type': contentType(photo, hasPhoto) }),
      ...(hasPhoto ? { [photoKindHeader]: entry.photo.kind } : {}),
    },
    ...(body === undefined ? {} : { body }),
  });
  return typeof answer === 'string' ? { is: 'wait', reason: answer } : judge(entry, answer);
}

/** Asks the server who is signed in. */
export async function whoIsIn(fetch: Fetch): Promise<WhoIsIn> {
  const [method, path] = endpoints.me;
  const answer = await attempt(fetch, path, attemptTimeoutMs, { method, headers: { accept: 'application/json' } });
  if (typeof answer === 'string') return { is: 'unknown', reason: answer };
  const me = v.safeParse(meSchema, answer.json);
  if (answer.status === 200 && me.success) return { is: 'person', id: me.output.id };
  if (answer.status === 401 && errorOf(answer.json) !== undefined) return { is: 'nobody' };
  return { is: 'unknown', reason: answer.status >= 500 ? 'server' : 'portal' };
}

function contentType(photo: Blob | undefined, hasPhoto: boolean): string {
  if (!hasPhoto) return 'application/json';
  return photo === undefined || photo.type === '' ? 'image/jpeg' : photo.type;
}

async function attempt(
  fetch: Fetch,
  path: string,
  timeoutMs: number,
  init: RequestInit,
): Promise<Answer | Extract<WaitReason, 'offline' | 'timeout' | 'portal'>> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const response = await fetch(path, {
      ...init,
      credentials: 'same-origin',
      cache: 'no-store',
      // Our server never redirects; a network's sign-in page does.
      redirect: 'manual',
      signal: deadline.signal,
    });
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) return 'portal';
    return { status: response.status, headers: response.headers, json: parsed(await response.text()) };
  } catch {
    return deadline.signal.aborted ? 'timeout' : 'offline';
  } finally {
    clearTimeout(timer);
  }
}

function parsed(text: string): unknown {
  if (text.length > answerMaxChars) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What an answer means for the entry. */
function judge(entry: OutboxEntry, { status, headers, json }: Answer): Verdict {
  const isOurs = headers.get(idempotencyKeyHeader) === entry.key;
  if (status >= 200 && status < 300) {
    if (!isOurs || !fits(entry, json)) return { is: 'wait', reason: 'portal', status };
    return { is: 'done', reply: json, isStored: headers.has(replayedHeader) };
  }
  if (status >= 500) return { is: 'wait', reason: 'server', status };
  const error = errorOf(json);
  if (error === undefined || !isOurs) return { is: 'wait', reason: 'portal', status };
  const reason = waitsFor(status, error.code);
  if (reason !== undefined) return { is: 'wait', reason, status };
  const detail = [error.field, error.next].filter((part) => part !== undefined).join(' ');
  return { is: 'dead', status, code: error.code, ...(detail === '' ? {} : { detail }) };
}

function waitsFor(status: number, code: string): WaitReason | undefined {
  if (code === 'in-progress') return 'in-progress';
  if (status === 401) return 'signed-out';
  if (status === 429) return 'rate-limited';
  return status === 408 || status === 425 ? 'server' : undefined;
}

function errorOf(json: unknown): v.InferOutput<typeof errorSchema>['error'] | undefined {
  const body = v.safeParse(errorSchema, json);
  return body.success ? body.output.error : undefined;
}

/** True when the JSON is an answer of this route. */
export function fits(entry: Pick<OutboxEntry, 'route'>, json: unknown): boolean {
  const { reply } = baseRoute(entry.route);
  return typeof reply === 'string' || v.is(reply as v.GenericSchema, json);
}
