import type { Context as HonoContext, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import { idSchema } from '../../protocol/http/common.ts';
import { jsonBodyMaxBytes, photoMaxBytes } from '../../protocol/http/limits.ts';
import { endpoints, type RouteName } from '../../protocol/http/paths.ts';
import type { ApiScope } from '../../protocol/http/merchant-api.ts';
import type { RouteSpec } from '../../protocol/http/route-spec.ts';
import { type RouteReply, routes } from '../../protocol/http/routes.ts';
import type { Actor, Answer } from '../answer.ts';
import type { IdempotencyService } from '../services/idempotency.ts';
import { errorResponse } from './errors.ts';
import type { RateLimit } from './rate-limit.ts';
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
  /** Who calls; nobody on public routes, and on routes of terminals and API keys. */
  readonly actor: Actor;
  /** The terminal whose app calls; nobody's on other routes. */
  readonly terminal: TerminalPrincipal;
  /** The API key that calls; nobody's on other routes. */
  readonly apiKey: ApiKeyPrincipal;
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

/** A terminal whose app is signed in. */
export interface TerminalPrincipal {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly appId: string;
  readonly label: string;
}

/** An API key of a merchant. `terminalIds`: the only terminals that it may use; all of the merchant's when absent. */
export interface ApiKeyPrincipal {
  readonly id: string;
  readonly label: string;
  readonly merchantId: string;
  readonly scopes: readonly ApiScope[];
  readonly terminalIds?: readonly string[];
}

/** Who a call comes from when it is no person: by its `Authorization` header. */
export interface Principals {
  terminalOf(c: HonoContext): Promise<TerminalPrincipal | undefined>;
  apiKeyOf(c: HonoContext): Promise<ApiKeyPrincipal | undefined>;
}

const noTerminal: TerminalPrincipal = { terminalId: '', merchantId: '', appId: '', label: '' };
const noApiKey: ApiKeyPrincipal = { id: '', label: '', merchantId: '', scopes: [] };
const nobody: Actor = { id: '', name: '', role: 'technician' };

/** What mounting works with. */
export interface MountTools {
  readonly sessions: Sessions;
  readonly principals: Principals;
  readonly keys: IdempotencyService;
  /** Calls of one API key. */
  readonly apiLimit: RateLimit;
}

/** Mounts every handler under its route's method and path, behind session, role, size and schema checks. */
export function mountRoutes(app: Hono, handlers: Handlers<RouteName>, tools: MountTools): void {
  for (const [name, handler] of Object.entries(handlers) as [RouteName, Handler<RouteName>][]) {
    const [method, path] = endpoints[name];
    const spec: RouteSpec = routes[name];
    const maxSize = spec.maxBytes ?? (spec.body === 'photo' ? photoMaxBytes : jsonBodyMaxBytes);
    app.on(method, path, bodyLimit({ maxSize, onError: () => errorResponse('too-large') }), (c) =>
      serve(c, spec, handler, tools),
    );
  }
}

/** Who calls, one of three kinds; the others are nobody. */
type Caller = Pick<Call<RouteName>, 'actor' | 'terminal' | 'apiKey'>;

const stranger: Caller = { actor: nobody, terminal: noTerminal, apiKey: noApiKey };

/** The caller, or the answer that refuses it. */
async function callerOf(c: HonoContext, spec: RouteSpec, tools: MountTools): Promise<Caller | Response> {
  const { access } = spec;
  if (access === 'public') return stranger;
  if (access === 'terminal') {
    const terminal = await tools.principals.terminalOf(c);
    return terminal === undefined ? errorResponse('unauthenticated') : { ...stranger, terminal };
  }
  if (typeof access === 'string' && access !== 'any') {
    const apiKey = await tools.principals.apiKeyOf(c);
    if (apiKey === undefined) return errorResponse('unauthenticated');
    if (!tools.apiLimit.take(apiKey.id)) return errorResponse('rate-limited');
    return apiKey.scopes.includes(access) ? { ...stranger, apiKey } : errorResponse('forbidden', 'scope');
  }
  const actor = await tools.sessions.actorOf(c, isWeighty(spec));
  if (actor === undefined || isForAnother(c, actor)) return errorResponse('unauthenticated');
  if (typeof access !== 'string' && !access.includes(actor.role)) return errorResponse('forbidden');
  return { ...stranger, actor };
}

async function serve(
  c: HonoContext,
  spec: RouteSpec,
  handler: Handler<RouteName>,
  tools: MountTools,
): Promise<Response> {
  const caller = await callerOf(c, spec, tools);
  if (caller instanceof Response) return caller;
  const params = c.req.param();
  const badParam = wrongParam(c.req.path, params);
  if (badParam !== undefined) return errorResponse('bad-request', badParam);
  const { actor, terminal, apiKey } = caller;
  // Keys of idempotent calls belong to whoever made them; a terminal or an API key is somebody too.
  const owner = [actor.id, terminal.appId, apiKey.id].find((id) => id !== '') ?? '';
  return onceForKey(c, { ...actor, id: owner }, tools.keys, () => act(c, spec, handler, caller, params));
}

async function act(
  c: HonoContext,
  spec: RouteSpec,
  handler: Handler<RouteName>,
  caller: Caller,
  params: Readonly<Record<string, string>>,
): Promise<Response> {
  const query = parsePart(spec.query, c.req.query(), 'query');
  if (query instanceof Response) return query;
  const body = await readBody(c, spec);
  if (body instanceof Response) return body;
  const call = { ...caller, params, query: query.value, body: body.value, http: c } as Call<RouteName>;
  const answer = await handler(call);
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

/** Ids of people and tokens are the libraries' own, receipts have numbers; all others are UUIDs. */
function wrongParam(path: string, params: Readonly<Record<string, string>>): string | undefined {
  if (/^\/api\/(people|invitations|merchant\/staff|fees\/results|terminal-app\/fees\/receipts)\//.test(path))
    return undefined;
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
