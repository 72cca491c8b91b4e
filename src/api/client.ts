import * as v from 'valibot';
import { errorBodySchema } from '../../protocol/http/common.ts';
import { endpoints, routePath } from '../../protocol/http/paths.ts';
import type { RouteName } from '../../protocol/http/paths.ts';
import type { RouteSpec } from '../../protocol/http/route-spec.ts';
import { photoKindHeader } from '../../protocol/http/photos.ts';
import type { RouteBody, RouteQuery, RouteReply } from '../../protocol/http/routes.ts';
import { failure } from './failures.ts';
import { fetchSpec, knownSpec } from './route-specs.ts';
import type { ApiFailure, ApiResult } from './failures.ts';
import type { NetworkState } from './network.svelte.ts';

/** How long a call may take before it fails with `timeout`, unless the caller says otherwise. */
export const callTimeoutMs = 15_000;
/** How long the upload of a photo may take. */
export const photoTimeoutMs = 60_000;
/** Largest answer that is read, in characters. */
export const answerMaxChars = 2_000_000;
/** Largest plain text that is read, in characters: a case file. */
const textMaxChars = 8_000_000;

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** What a call carries besides its name. */
export interface CallOptions<N extends RouteName> {
  /** The `:name` parts of the path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Partial<Record<keyof RouteQuery<N>, string | undefined>>;
  readonly body?: RouteBody<N>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** What the client is wired to. */
export interface ApiClientOptions {
  readonly fetch: Fetch;
  readonly network: NetworkState;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called when any call finds nobody signed in. */
  readonly onSignedOut?: () => void;
}

/** One prepared HTTP call below the typed ones. */
export interface RawCall {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Blob;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** The answer is plain text, not JSON. */
  readonly isText?: boolean;
  /** A call that signs in: its 401 means a wrong password, not a session that is over. */
  readonly isSignIn?: boolean;
}

/** What came back: the status and the parsed JSON (undefined when the body is empty), or the text of a text route. */
export interface RawAnswer {
  readonly status: number;
  readonly json: unknown;
}

/**
 * The typed client of protocol/http. Every call returns an `ApiResult`, never throws or rejects, has a time limit and
 * can be aborted; every answer is checked against the route's schema.
 */
export class ApiClient {
  readonly #options: ApiClientOptions;
  /** The way to the server, as the calls see it. */
  readonly network: NetworkState;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.network = options.network;
  }

  /** Calls route `name`; the answer has the type that the route's schema gives. */
  async call<N extends RouteName>(name: N, options: CallOptions<N> = {}): Promise<ApiResult<RouteReply<N>>> {
    const [method] = endpoints[name];
    const spec = knownSpec(name) ?? (await fetchSpec(name));
    // Without what the answer must look like there is no call; it comes with the next try.
    if (spec === undefined) return failure('offline');
    const answer = await this.raw({
      method,
      path: routePath(name, options.params) + queryText(options.query),
      ...(options.body === undefined
        ? {}
        : { body: JSON.stringify(options.body), headers: { 'content-type': 'application/json' } }),
      isText: spec.reply === 'text',
      signal: options.signal,
      timeoutMs: options.timeoutMs,
    });
    return answer.ok ? parseReply<N>(spec, answer.value) : answer;
  }

  /** Uploads one inspection photo; the same id and bytes may be sent again. */
  async putPhoto(
    caseId: string,
    photoId: string,
    kind: 'rear' | 'seal' | 'other',
    photo: Blob,
    signal?: AbortSignal,
  ): Promise<ApiResult<RouteReply<'putPhoto'>>> {
    const answer = await this.raw({
      method: 'PUT',
      path: routePath('putPhoto', { id: caseId, photoId }),
      body: photo,
      headers: { 'content-type': photo.type || 'image/jpeg', [photoKindHeader]: kind },
      signal,
      timeoutMs: photoTimeoutMs,
    });
    if (!answer.ok) return answer;
    const spec = await fetchSpec('putPhoto');
    return spec === undefined ? failure('offline') : parseReply<'putPhoto'>(spec, answer.value);
  }

  /** The address of a photo, for an `img`. */
  photoUrl(caseId: string, photoId: string): string {
    return routePath('getPhoto', { id: caseId, photoId });
  }

  /** One call without a schema; a status that is no success is already an `ApiFailure`. */
  async raw(call: RawCall): Promise<ApiResult<RawAnswer>> {
    const { fetch, now, network, onSignedOut } = this.#options;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), call.timeoutMs ?? callTimeoutMs);
    const signal = call.signal === undefined ? deadline.signal : AbortSignal.any([call.signal, deadline.signal]);
    const startedAt = now();
    const ended = network.tried();
    try {
      const response = await fetch(call.path, {
        method: call.method,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        headers: { accept: 'application/json', ...call.headers },
        signal,
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      const text = await response.text();
      network.heard(now() - startedAt);
      const isText = call.isText === true && response.ok && text.length <= textMaxChars;
      const result: ApiResult<RawAnswer> = isText
        ? { ok: true, value: { status: response.status, json: text } }
        : readAnswer(response.status, text);
      if (!result.ok && result.error === 'unauthenticated' && call.isSignIn !== true) onSignedOut?.();
      return result;
    } catch {
      if (call.signal?.aborted) return failure('aborted');
      network.missed();
      return failure(deadline.signal.aborted ? 'timeout' : 'offline');
    } finally {
      clearTimeout(timer);
      ended();
    }
  }
}

function queryText(query: object | undefined): string {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const text = new URLSearchParams(pairs).toString();
  return text === '' ? '' : `?${text}`;
}

/** Maps a status and body to an answer or a typed failure. */
export function readAnswer(status: number, text: string): ApiResult<RawAnswer> {
  const json = text.length > answerMaxChars ? undefined : parseJson(text);
  if (status >= 200 && status < 300) {
    return json === undefined && text !== ''
      ? failure('unreadable', { status })
      : { ok: true, value: { status, json } };
  }
  const body = v.safeParse(errorBodySchema, json);
  if (body.success) {
    const { code, message, field, next } = body.output.error;
    return failure(code, withoutUndefined({ status, detail: message, field, next }));
  }
  // A captive portal's own 401 says nothing about our session.
  if (status === 401 && json === undefined && text !== '') return failure('unreadable', { status });
  return failureOfStatus(status, json);
}

function failureOfStatus(status: number, json: unknown): ApiFailure {
  const code = textAt(json, 'code');
  const detail = code === undefined ? {} : { detail: code };
  if (status === 401) return failure('unauthenticated', { status, ...detail });
  if (status === 403) return failure('forbidden', { status, ...detail });
  if (status === 429) return failure('rate-limited', { status, ...detail });
  if (status >= 500) return failure('unavailable', { status, ...detail });
  if (code !== undefined) return failure('bad-request', { status, ...detail });
  return failure(status === 404 ? 'not-found' : 'unreadable', { status });
}

function textAt(json: unknown, key: string): string | undefined {
  const value = typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function parseReply<N extends RouteName>({ reply: schema }: RouteSpec, answer: RawAnswer): ApiResult<RouteReply<N>> {
  if (typeof schema === 'string') return { ok: true, value: answer.json as RouteReply<N> };
  const parsed = v.safeParse(schema as unknown as v.GenericSchema<unknown, RouteReply<N>>, answer.json);
  if (parsed.success) return { ok: true, value: parsed.output };
  return failure('unreadable', { status: answer.status, detail: v.getDotPath(parsed.issues[0]) ?? '' });
}
