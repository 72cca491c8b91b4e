import * as v from 'valibot';
import * as channels from './channels.ts';
import { doneSchema } from './common.ts';
import * as control from './control.ts';
import { orderViewSchema } from './payments.ts';
import * as reviews from './reviews.ts';
import type { RouteSpec } from './route-spec.ts';

const office = ['operator', 'approver'] as const;

/** Routes of the office about payments: accounts, keys, limits, terminals' apps, the live board. */
export const officeRoutes = {
  listChannels: { summary: 'Kinds of channel', access: office, reply: channels.channelsSchema },
  inspectKey: {
    summary: 'What a pasted key is; nothing of it is kept',
    access: ['operator'],
    body: channels.inspectKeySchema,
    reply: channels.keyFactsSchema,
  },
  listAccounts: {
    summary: 'A merchant’s accounts with platforms, and their keys',
    access: office,
    reply: channels.channelAccountsSchema,
  },
  createAccount: {
    summary: 'Register an account; it begins paused',
    access: ['operator'],
    body: channels.createAccountSchema,
    reply: channels.channelAccountSchema,
    status: 201,
  },
  changeAccount: {
    summary: 'Change, pause or start an account',
    access: ['operator'],
    body: channels.changeAccountSchema,
    reply: channels.channelAccountSchema,
  },
  addKey: {
    summary: 'Add a key beside those that are there',
    access: ['operator'],
    body: channels.addKeySchema,
    reply: channels.channelAccountSchema,
    status: 201,
  },
  retireKey: {
    summary: 'Take a key out of use',
    access: ['operator'],
    body: v.strictObject({}),
    reply: channels.channelAccountSchema,
  },
  listLimits: {
    summary: 'A merchant’s limits and what of them is used',
    access: office,
    reply: channels.limitRulesSchema,
  },
  createLimit: {
    summary: 'Set a limit',
    access: ['operator'],
    body: channels.createLimitSchema,
    reply: channels.limitRuleSchema,
    status: 201,
  },
  changeLimit: {
    summary: 'Change a limit, or let it rest',
    access: ['operator'],
    body: channels.changeLimitSchema,
    reply: channels.limitRuleSchema,
  },
  shopSettings: {
    summary: 'What a merchant’s receipts say',
    access: office,
    reply: channels.merchantSettingsSchema,
  },
  changeShopSettings: {
    summary: 'Change what a merchant’s receipts say',
    access: ['operator'],
    body: channels.changeSettingsSchema,
    reply: channels.merchantSettingsSchema,
  },
  controlShop: {
    summary: 'Pause, stop or resume all terminals of a merchant',
    access: ['operator'],
    body: control.setControlSchema,
    reply: control.controlViewSchema,
  },
  controlTerminal: {
    summary: 'Pause, stop or resume a terminal',
    access: ['operator'],
    body: control.setControlSchema,
    reply: control.controlViewSchema,
  },
  terminalPayments: {
    summary: 'A terminal’s app, activation code and control',
    access: office,
    reply: control.terminalPaymentsSchema,
  },
  makeActivationCode: {
    summary: 'A code that pairs one app with the terminal; earlier ones end',
    access: ['operator'],
    body: v.strictObject({}),
    reply: control.madeCodeSchema,
    status: 201,
  },
  revokeApp: {
    summary: 'Take the terminal’s app out of service',
    access: ['operator'],
    body: v.strictObject({}),
    reply: doneSchema,
  },
  board: {
    summary: 'Every terminal: its app, what it shows, its payment in progress',
    access: office,
    query: control.boardQuerySchema,
    reply: control.boardSchema,
  },
  listReviews: { summary: 'Payments that a person must look at', access: office, reply: reviews.reviewsSchema },
  getReview: {
    summary: 'A payment with both sides: what we asked and what the platform said',
    access: office,
    reply: reviews.reviewSchema,
  },
  decideReview: {
    summary: 'Decide what becomes of a payment in review',
    access: ['operator'],
    body: reviews.decideReviewSchema,
    reply: orderViewSchema,
  },
} as const satisfies Record<string, RouteSpec>;
