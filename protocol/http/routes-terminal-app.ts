import * as v from 'valibot';
import * as common from './common.ts';
import * as payments from './payments.ts';
import * as receipts from './receipts.ts';
import type { RouteSpec } from './route-spec.ts';
import * as terminalApp from './terminal-app.ts';

/** Routes of a terminal's app. */
export const terminalAppRoutes = {
  pairApp: {
    summary: 'Pair a terminal’s app with its secure device, by an activation code from the office',
    access: 'public',
    body: terminalApp.pairSchema,
    reply: terminalApp.pairedSchema,
    status: 201,
  },
  appChallenge: { summary: 'A nonce for the app’s sign-in', access: 'public', reply: terminalApp.appChallengeSchema },
  appSignIn: {
    summary: 'Sign a terminal’s app in with its own key',
    access: 'public',
    body: terminalApp.appSignInSchema,
    reply: terminalApp.appSessionSchema,
  },
  appHome: { summary: 'What the channel list needs', access: 'terminal', reply: terminalApp.appHomeSchema },
  appEvents: { summary: 'Server-sent events about this terminal', access: 'terminal', reply: 'events' },
  appRoutes: {
    summary: 'Every channel for an amount, with reasons, and a split when none takes it',
    access: 'terminal',
    query: terminalApp.routesQuerySchema,
    reply: payments.routesViewSchema,
  },
  appAuthCode: {
    summary: 'The channel of a customer’s code',
    access: 'terminal',
    body: terminalApp.authCodeQuerySchema,
    reply: terminalApp.authCodeChannelSchema,
  },
  appCreateOrder: {
    summary: 'Create an order, and start its first attempt',
    access: 'terminal',
    body: payments.createOrderSchema,
    reply: payments.orderViewSchema,
    status: 201,
  },
  appOrders: {
    summary: 'Orders of this terminal, newest first, by receipt or order number',
    access: 'terminal',
    query: terminalApp.appOrdersQuerySchema,
    reply: common.pageSchema(payments.orderViewSchema),
  },
  appOrder: { summary: 'What became of an order', access: 'terminal', reply: payments.orderViewSchema },
  appStartAttempt: {
    summary: 'Start an attempt; a live one is ended at its platform first',
    access: 'terminal',
    body: payments.startAttemptSchema,
    reply: payments.orderViewSchema,
  },
  appCancelOrder: { summary: 'End an order', access: 'terminal', reply: payments.orderViewSchema },
  appRefund: {
    summary: 'Refund an order of this terminal',
    access: 'terminal',
    body: terminalApp.appRefundSchema,
    reply: payments.orderViewSchema,
  },
  appReceipts: {
    summary: 'Receipts of an order',
    access: 'terminal',
    reply: v.object({ items: v.array(receipts.receiptViewSchema) }),
  },
  appPrinted: {
    summary: 'Tell that a receipt was printed',
    access: 'terminal',
    body: terminalApp.printedSchema,
    reply: receipts.receiptViewSchema,
  },
  appSettle: {
    summary: 'Close the batches of the channels that settle',
    access: 'terminal',
    reply: terminalApp.settledSchema,
  },
  appCardKey: {
    summary: 'A key for the secure device’s card reader, wrapped for this device by the acquirer',
    access: 'terminal',
    reply: terminalApp.cardKeySchema,
  },
  appScreen: {
    summary: 'What the terminal shows now',
    access: 'terminal',
    body: terminalApp.appScreenSchema,
    reply: common.doneSchema,
  },
} as const satisfies Record<string, RouteSpec>;
