import type { Context as HonoContext, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import { base64UrlEncode } from '../../protocol/bytes.ts';
import { linkIdPattern, openLinkSchema } from '../../protocol/phone-link/relay.ts';
import { holdMs, shownKeyHeader } from '../../protocol/phone-link/relay-path.ts';
import { addressBlock } from '../http/address-block.ts';
import { errorResponse } from '../http/errors.ts';
import type { Principals } from '../http/mount.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import { answerMaxBytes } from './limits.ts';
import type { ShownCodes } from './shown-codes.ts';

/** What these routes work with. */
export interface ShownRouteTools {
  readonly shown: ShownCodes;
  /** Openings of one address. */
  readonly openings: RateLimit;
  /** Look-ups of one terminal. */
  readonly lookups: RateLimit;
  readonly principals: Principals;
  readonly addressOf: (c: HonoContext) => string;
}

/** The relay for codes that a phone shows: the phone leaves its hello, one terminal leaves one answer. */
export function mountShownCodes(app: Hono, tools: ShownRouteTools): void {
  const limit = bodyLimit({ maxSize: answerMaxBytes, onError: () => errorResponse('too-large') });
  const path = '/api/link/:id';
  app.put(`${path}/shown`, limit, (c) => open(c, tools));
  app.get(`${path}/shown`, (c) => look(c, tools));
  app.post(`${path}/answer`, limit, (c) => answer(c, tools));
  app.get(`${path}/answer`, (c) => wait(c, tools));
}

function idOf(c: HonoContext): string | undefined {
  const id = c.req.param('id') ?? '';
  return linkIdPattern.test(id) ? id : undefined;
}

async function open(c: HonoContext, { shown, openings, addressOf }: ShownRouteTools): Promise<Response> {
  const address = addressBlock(addressOf(c));
  if (!openings.take(address)) return errorResponse('rate-limited');
  const id = idOf(c);
  const body = v.safeParse(openLinkSchema, await c.req.json().catch(() => undefined));
  if (id === undefined || !body.success) return errorResponse('bad-request');
  const opened = shown.open(id, body.output.hello, address);
  return opened === undefined ? errorResponse('rate-limited') : c.json(opened);
}

async function look(c: HonoContext, { shown, lookups, principals }: ShownRouteTools): Promise<Response> {
  const terminal = await principals.terminalOf(c);
  if (terminal === undefined) return errorResponse('unauthenticated');
  if (!lookups.take(terminal.terminalId)) return errorResponse('rate-limited');
  const hello = shown.hello(idOf(c) ?? '');
  return hello === undefined ? errorResponse('not-found') : c.json({ hello });
}

async function answer(c: HonoContext, { shown, principals }: ShownRouteTools): Promise<Response> {
  if ((await principals.terminalOf(c)) === undefined) return errorResponse('unauthenticated');
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  if (bytes.length === 0) return errorResponse('bad-request');
  const put = shown.put(idOf(c) ?? '', bytes);
  if (put === 'unknown') return errorResponse('not-found');
  return put === 'answered' ? errorResponse('already-exists') : c.json({ taken: true });
}

async function wait(c: HonoContext, { shown }: ShownRouteTools): Promise<Response> {
  const waited = await shown.wait(idOf(c) ?? '', c.req.header(shownKeyHeader) ?? '', holdMs);
  if (waited === 'unknown') return errorResponse('not-found');
  return c.json(waited === 'none' ? {} : { answer: base64UrlEncode(waited.answer) });
}
