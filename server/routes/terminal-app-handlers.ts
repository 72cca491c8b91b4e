import { ok } from '../../domain/result.ts';
import type { terminalAppRoutes } from '../../protocol/http/routes-terminal-app.ts';
import type { ServerContext } from '../context.ts';
import { addressBlock } from '../http/address-block.ts';
import { errorResponse } from '../http/errors.ts';
import type { Handlers, TerminalPrincipal } from '../http/mount.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { pageQuery } from '../services/paging.ts';

/** Pairings and sign-ins from one address in ten minutes: a market hall's terminals behind one router, and some more. */
const pairingsMax = 30;
const signInsMax = 600;
const windowMs = 600_000;

const idOf = (params: Readonly<Record<string, string>>): string => params['id'] ?? '';

/** A terminal's own orders only: another's do not exist for it. */
function receiptsOf({ services }: ServerContext, terminal: TerminalPrincipal, orderId: string) {
  return services.terminalApps
    .order(terminal, orderId)
    .then((order) => (order.ok ? services.receipts.ofOrder({ merchantId: terminal.merchantId, orderId }) : order));
}

/** What a terminal's app may do. */
export function terminalAppHandlers(context: ServerContext) {
  const { services, streams, clientAddress: addressOf } = context;
  const { terminalApps: apps, receipts } = services;
  const pairings = createRateLimit(pairingsMax, windowMs);
  const signIns = createRateLimit(signInsMax, windowMs);
  return {
    pairApp: async ({ body, http }) =>
      pairings.take(addressBlock(addressOf(http))) ? apps.pair(body) : errorResponse('rate-limited'),
    appChallenge: async ({ http }) =>
      signIns.take(addressBlock(addressOf(http))) ? ok(apps.challenge()) : errorResponse('rate-limited'),
    appSignIn: async ({ body, http }) =>
      signIns.take(addressBlock(addressOf(http))) ? apps.signIn(body) : errorResponse('rate-limited'),
    appHome: ({ terminal }) => apps.home(terminal),
    appEvents: async ({ terminal }) => streams.openTerminal(terminal) ?? errorResponse('rate-limited'),
    appRoutes: async ({ terminal, query }) => ok(await apps.routes(terminal, query.amountFen)),
    appAuthCode: ({ terminal, body }) => apps.channelOfCode(terminal, body.authCode),
    appCreateOrder: ({ terminal, body }) => apps.createOrder(terminal, body),
    appOrders: async ({ terminal, query }) => ok(await apps.orders(terminal, { ...pageQuery(query), q: query.q })),
    appOrder: ({ terminal, params }) => apps.order(terminal, idOf(params)),
    appStartAttempt: ({ terminal, params, body }) => apps.startAttempt(terminal, idOf(params), body),
    appCancelOrder: ({ terminal, params }) => apps.cancelOrder(terminal, idOf(params)),
    appRefund: ({ terminal, params, body }) => apps.refund(terminal, idOf(params), body),
    appReceipts: ({ terminal, params }) => receiptsOf(context, terminal, idOf(params)),
    appPrinted: ({ terminal, params, body }) =>
      receipts.printed(terminal.merchantId, idOf(params), body, `terminal:${terminal.terminalId}`),
    appSettle: ({ terminal }) => apps.settle(terminal),
    appCardKey: ({ terminal }) => apps.cardKey(terminal),
    appScreen: ({ terminal, body }) => apps.reportScreen(terminal, body),
  } satisfies Handlers<keyof typeof terminalAppRoutes>;
}
