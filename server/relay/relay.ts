import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Hono } from 'hono';
import type { ClientAddress } from '../http/client-address.ts';
import type { Principals } from '../http/mount.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { joinsMax, joinWindowMs, lookupsMax, mailsOfSeatMax } from './limits.ts';
import { Mailboxes } from './mailboxes.ts';
import { mountRelay } from './routes.ts';
import { ShownCodes } from './shown-codes.ts';
import { mountShownCodes } from './shown-routes.ts';
import { RelaySockets } from './sockets.ts';

const sweepMs = 5_000;

/** The relay of phone links: mailboxes of sealed envelopes in this process, by socket or by calls. */
export interface Relay {
  /** Takes an upgrade; false when it is not for the relay. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Adds the relay's routes. */
  mount(app: Hono, principals: Principals): void;
  /** The address on the net of the phone that has joined this terminal's link here. */
  guestAddress(linkId: string, terminalId: string): string | undefined;
  /** Sends everybody away. */
  close(): void;
}

/** What a relay is made with. `joinsMax`: phones from one address in ten seconds, for tests that have only one. */
export interface RelayOptions {
  readonly origins: readonly string[];
  readonly clientAddress: ClientAddress;
  readonly requestAddress: (remote: string, forwardedFor: string) => string;
  readonly joinsMax?: number;
  readonly now?: () => number;
}

/** Makes the relay of this process. */
export function createRelay(options: RelayOptions): Relay {
  const mailboxes = new Mailboxes(options.now);
  const shown = {
    shown: new ShownCodes(options.now),
    openings: createRateLimit(options.joinsMax ?? joinsMax, joinWindowMs, options.now),
    lookups: createRateLimit(lookupsMax, joinWindowMs, options.now),
  };
  const allowed = new Set(options.origins);
  const limits = {
    joins: createRateLimit(options.joinsMax ?? joinsMax, joinWindowMs, options.now),
    mails: createRateLimit(mailsOfSeatMax, joinWindowMs, options.now),
  };
  const sockets = new RelaySockets({
    mailboxes,
    ...limits,
    addressOf: ({ socket, headers }) =>
      options.requestAddress(socket.remoteAddress ?? '', String(headers['x-forwarded-for'] ?? '')),
    // A page sends its origin with every socket; a program without a browser sends none and has no cookies to abuse.
    isAllowedOrigin: (origin) => origin === undefined || allowed.has(origin),
  });
  const timer = setInterval(() => {
    mailboxes.sweep();
  }, sweepMs);
  timer.unref();
  return {
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    mount: (app, principals) => {
      mountRelay(app, { mailboxes, ...limits, principals, addressOf: options.clientAddress });
      mountShownCodes(app, { ...shown, principals, addressOf: options.clientAddress });
    },
    guestAddress: (linkId, terminalId) => mailboxes.phoneAddress(linkId, terminalId),
    close: () => {
      clearInterval(timer);
      sockets.close();
    },
  };
}
