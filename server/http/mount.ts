import type { Context as HonoContext, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import { idSchema } from '../../protocol/http/common.ts';
import { jsonBodyMaxBytes, photoMaxBytes } from '../../protocol/http/limits.ts';
import { endpoints, type RouteName } from '../../protocol/http/paths.ts';
import { type RouteReply, routes, type RouteSpec } from '../../protocol/http/routes.ts';
import type { Actor, Answer } from '../answer.ts';
import type { IdempotencyService } from '../services/idempotency.ts';
import { errorResponse } from './errors.ts';
import { isForAnother, onceForKey } from './idempotent.ts';
import type { Sessions } from './sessions.ts';

type Parsed<N extends RouteName, K extends string> =
  (typeof routes)[N] extends Record<K, infer S>
    ? S extends v.GenericSchema
      ? v.InferOutput<S>
      : Uint8Array
    : undefined;

/** One call that passed session, role and schema. */
export interface Call<N extends RouteName> {
  /** Who calls; nobody on public routes. */
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Parsed<N, 'query'>;
  /** Parsed JSON, or the bytes of a photo. */
  readonly body: Parsed<N, 'body'>;
  readonly http: HonoContext;
}

/** What a handler gives: an answer for the schema, or a response that is none of JSON. */
export type Handler<N extends RouteName> = (call: Call<N>) => Promise<Answer<RouteReply<N>> | Response>;
/** Handlers of some routes. */
export type Handlers<N extends RouteName> = { readonly [K in N]: Handler<K> };

const nobody: Actor = { id: '', name: '', role: 'technician' };

/** Mounts every handler under its route's method and path, behind session, role, size and schema checks. */
export function mountRoutes(
  app: Hono,
  handlers: Handlers<RouteName>,
  sessions: Sessions,
  keys: IdempotencyService,
): void {
  for (const [name, handler] of Object.entries(handlers) as [RouteName, Handler<RouteName>][]) {
    const [method, path] = endpoints[name];
    const spec: RouteSpec = routes[name];
    const maxSize = spec.body === 'photo' ? photoMaxBytes : jsonBodyMaxBytes;
    app.on(method, path, bodyLimit({ maxSize, onError: () => errorResponse('too-large') }), (c) =>
      serve(c, spec, handler, sessions, keys),
    );
  }
}

async function serve(
  c: HonoContext,
  spec: RouteSpec,
  handler: Handler<RouteName>,
  sessions: Sessions,
  keys: IdempotencyService,
): Promise<Response> {
  const actor = spec.access === 'public' ? nobody : await sessions.actorOf(c, isWeighty(spec));
  if (actor === undefined || isForAnother(c, actor)) return errorResponse('unauthenticated');
  if (Array.isArray(spec.access) && !spec.access.includes(actor.role)) return errorResponse('forbidden');
  const params = c.req.param();
  const badParam = wrongParam(c.req.path, params);
  if (badParam !== undefined) return errorResponse('bad-request', badParam);
  return onceForKey(c, actor, keys, () => act(c, spec, handler, actor, params));
}

async function act(
  c: HonoContext,
  spec: RouteSpec,
  handler: Handler<RouteName>,
  actor: Actor,
  params: Readonly<Record<string, string>>,
): Promise<Response> {
  const query = parsePart(spec.query, c.req.query(), 'query');
  if (query instanceof Response) return query;
  const body = await readBody(c, spec);
  if (body instanceof Response) return body;
  const answer = await handler({ actor, params, query: query.value, body: body.value, http: c } as Call<RouteName>);
  if (answer instanceof Response) return answer;
  if (!answer.ok) return errorResponse(answer.error, answer.detail);
  return c.json(answer.value, spec.status ?? 200);
}

/** Approvals and changes by operators: a role taken away must count at once. */
function isWeighty(spec: RouteSpec): boolean {
  return (
    Array.isArray(spec.access) && spec.access.length === 1 && spec.access[0] !== 'technician' && spec.body !== undefined
  );
}

/** Ids of people and tokens are the libraries' own; all others are UUIDs. */
function wrongParam(path: string, params: Readonly<Record<string, string>>): string | undefined {
  if (path.startsWith('/api/people/') || path.startsWith('/api/invitations/')) return undefined;
  return Object.keys(params).find((name) => !v.is(idSchema, params[name]));
}

interface Part {
  readonly value: unknown;
}

function parsePart(schema: RouteSpec['query'], input: unknown, where: string): Part | Response {
  if (schema === undefined) return { value: undefined };
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return { value: parsed.output };
  const [issue] = parsed.issues;
  return errorResponse('bad-request', v.getDotPath(issue) ?? where, issue.message);
}

async function readBody(c: HonoContext, spec: RouteSpec): Promise<Part | Response> {
  if (spec.body === undefined) return { value: undefined };
  if (spec.body === 'photo') return { value: new Uint8Array(await c.req.arrayBuffer()) };
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json(?:;|$)/i.test(type))
    return errorResponse('bad-request', 'content-type', 'must be application/json');
  let json: unknown;
  try {
    json = await c.req.json();
  } catch {
    return errorResponse('bad-request', 'body', 'is not JSON');
  }
  return parsePart(spec.body, json, 'body');
}
