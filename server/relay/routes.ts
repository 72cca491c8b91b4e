import { randomBytes } from 'node:crypto';
import type { Context as HonoContext, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import { base64UrlEncode } from '../../protocol/bytes.ts';
import type { CloseWord } from '../../protocol/phone-link/failures.ts';
import { frameMaxBytes } from '../../protocol/phone-link/limits.ts';
import { closeLinkSchema, joinLinkSchema, linkIdPattern, openLinkSchema } from '../../protocol/phone-link/relay.ts';
import { holdMs, seatHeader } from '../../protocol/phone-link/relay-path.ts';
import { addressBlock } from '../http/address-block.ts';
import { errorResponse } from '../http/errors.ts';
import type { Principals } from '../http/mount.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import type { Mailboxes, Seat, Side } from './mailboxes.ts';

/** What the routes work with. */
export interface RelayRouteTools {
  readonly mailboxes: Mailboxes;
  readonly joins: RateLimit;
  readonly mails: RateLimit;
  readonly principals: Principals;
  readonly addressOf: (c: HonoContext) => string;
}

/** The seat of a caller without a socket: `terminal.…` or `phone.…`. */
class FetchSeat implements Seat {
  readonly id: string;
  #wake: (() => void) | undefined;

  constructor(side: Side) {
    this.id = `${side}.${randomBytes(16).toString('base64url')}`;
  }

  /** Never takes: envelopes stay until the next call says that they have arrived. */
  give(): boolean {
    this.#wake?.();
    return false;
  }

  replaced(): void {
    this.#wake?.();
  }

  over(): void {
    this.#wake?.();
  }

  /** Resolves when something happens, or after a while. A second call at once ends the first. */
  wait(ms: number): Promise<void> {
    this.#wake?.();
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}

const seatPattern = /^(terminal|phone)\.[A-Za-z0-9_-]{22}$/;

/** The relay for who cannot open a socket, and the terminal's opening and closing of mailboxes. */
export function mountRelay(app: Hono, tools: RelayRouteTools): void {
  const seats = new Map<string, FetchSeat>();
  const limit = bodyLimit({ maxSize: frameMaxBytes, onError: () => errorResponse('too-large') });
  const path = '/api/link/:id';
  app.put(path, limit, (c) => open(c, tools));
  app.post(`${path}/close`, limit, (c) => close(c, tools));
  app.post(`${path}/join`, limit, (c) => join(c, tools, seats));
  app.get(`${path}/mail`, (c) => fetchMail(c, tools, seats));
  app.post(`${path}/mail`, limit, (c) => postMail(c, tools));
}

function idOf(c: HonoContext): string | undefined {
  const id = c.req.param('id') ?? '';
  return linkIdPattern.test(id) ? id : undefined;
}

async function bodyOf<S extends v.GenericSchema>(c: HonoContext, schema: S): Promise<v.InferOutput<S> | undefined> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const parsed = v.safeParse(schema, body);
  return parsed.success ? parsed.output : undefined;
}

async function open(c: HonoContext, { mailboxes, principals }: RelayRouteTools): Promise<Response> {
  const terminal = await principals.terminalOf(c);
  if (terminal === undefined) return errorResponse('unauthenticated');
  const [id, body] = [idOf(c), await bodyOf(c, openLinkSchema)];
  if (id === undefined || body === undefined) return errorResponse('bad-request');
  const opened = mailboxes.open(id, terminal.terminalId, body.hello);
  return opened === undefined ? errorResponse('rate-limited') : c.json({ key: opened.key });
}

async function close(c: HonoContext, { mailboxes }: RelayRouteTools): Promise<Response> {
  const [id, body] = [idOf(c), await bodyOf(c, closeLinkSchema)];
  if (id === undefined || body === undefined) return errorResponse('bad-request');
  return mailboxes.close(id, body.key, body.why) ? c.json({ closed: true }) : errorResponse('not-found');
}

async function join(c: HonoContext, tools: RelayRouteTools, seats: Map<string, FetchSeat>): Promise<Response> {
  const [id, body] = [idOf(c), await bodyOf(c, joinLinkSchema)];
  if (id === undefined || body === undefined) return errorResponse('bad-request');
  const { mailboxes, joins } = tools;
  const address = tools.addressOf(c);
  const seat = new FetchSeat(body.key === undefined ? 'phone' : 'terminal');
  if (body.key === undefined && !joins.take(addressBlock(address))) return errorResponse('rate-limited');
  const answer =
    body.key === undefined ? mailboxes.joinAsPhone(id, seat, address) : mailboxes.joinAsTerminal(id, seat, body.key);
  if ('refused' in answer) return c.json({ over: answer.refused });
  forgetOld(seats, mailboxes);
  seats.set(`${id} ${seat.id}`, seat);
  return c.json({ seat: seat.id, hello: answer.hello });
}

const seatsKeptMax = 2_000;

/** Seats of mailboxes that are gone, or that somebody else has. */
function forgetOld(seats: Map<string, FetchSeat>, mailboxes: Mailboxes): void {
  if (seats.size < seatsKeptMax) return;
  for (const name of seats.keys()) {
    const [linkId = '', seatId = ''] = name.split(' ');
    if (!mailboxes.isSeated(linkId, sideOf(seatId), seatId)) seats.delete(name);
  }
}

function sideOf(seatId: string): Side {
  return seatId.startsWith('terminal.') ? 'terminal' : 'phone';
}

/** The caller's link and seat, or why it has none. */
function seatOf(c: HonoContext, mailboxes: Mailboxes): { id: string; seatId: string; side: Side } | Response {
  const [id, seatId] = [idOf(c), c.req.header(seatHeader) ?? ''];
  if (id === undefined || !seatPattern.test(seatId)) return errorResponse('bad-request');
  const side = sideOf(seatId);
  return mailboxes.use(id, side, seatId) ? { id, seatId, side } : over(c, mailboxes, id);
}

function over(c: HonoContext, mailboxes: Mailboxes, id: string): Response {
  const why: CloseWord | 'unknown' | undefined = mailboxes.whyClosed(id);
  return c.json({ over: why ?? 'replaced' });
}

async function fetchMail(c: HonoContext, tools: RelayRouteTools, seats: Map<string, FetchSeat>): Promise<Response> {
  const { mailboxes } = tools;
  const found = seatOf(c, mailboxes);
  if (found instanceof Response) return found;
  const { id, seatId, side } = found;
  const after = Number(c.req.query('after') ?? '0');
  if (!Number.isSafeInteger(after)) return errorResponse('bad-request', 'after');
  const seat = seats.get(`${id} ${seatId}`);
  let mails = mailboxes.fetch(id, side, after);
  if (mails.length === 0 && seat !== undefined) {
    await seat.wait(holdMs);
    mails = mailboxes.fetch(id, side, after);
  }
  if (mails.length === 0 && !mailboxes.isSeated(id, side, seatId)) return over(c, mailboxes, id);
  return c.json({ mails: mails.map(({ number, bytes }) => [number, base64UrlEncode(bytes)]) });
}

async function postMail(c: HonoContext, { mailboxes, mails }: RelayRouteTools): Promise<Response> {
  const found = seatOf(c, mailboxes);
  if (found instanceof Response) return found;
  if (!mails.take(found.seatId)) return errorResponse('rate-limited');
  mailboxes.put(found.id, found.side, new Uint8Array(await c.req.arrayBuffer()));
  return c.json({ taken: true });
}
