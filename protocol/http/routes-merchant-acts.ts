import * as acts from './merchant-acts.ts';
import { orderViewSchema } from './payments.ts';
import { personSchema, reinvitePersonSchema } from './people.ts';
import { receiptViewSchema } from './receipts.ts';
import { printedSchema } from './terminal-app.ts';
import { decideReviewSchema, reviewSchema } from './reviews.ts';
import type { RouteSpec } from './route-spec.ts';

/** Routes of what the merchant's people open and do. The merchant is always that of the session, never of the call. */
export const merchantActRoutes = {
  merchantStory: { summary: 'Everything about one payment', access: ['merchant'], reply: acts.storySchema },
  merchantRefund: {
    summary: 'Refund a payment, in whole or in part',
    access: ['merchant'],
    body: acts.merchantRefundSchema,
    reply: orderViewSchema,
  },
  merchantReview: {
    summary: 'A payment in review with both sides',
    access: ['merchant'],
    reply: reviewSchema,
  },
  decideMerchantReview: {
    summary: 'Decide what becomes of a payment in review',
    access: ['merchant'],
    body: decideReviewSchema,
    reply: orderViewSchema,
  },
  merchantPrinted: {
    summary: 'Note that a receipt was printed or saved by a person of the shop',
    access: ['merchant'],
    body: printedSchema,
    reply: receiptViewSchema,
  },
  merchantBalance: {
    summary: 'What is owed to the merchant at an instant',
    access: ['merchant'],
    query: acts.balanceQuerySchema,
    reply: acts.balanceSchema,
  },
  merchantTerminals: {
    summary: 'Terminals of the shop',
    access: ['merchant'],
    reply: acts.merchantTerminalsSchema,
  },
  merchantControl: {
    summary: 'Pause a terminal of the shop, or let it go on',
    access: ['merchant'],
    body: acts.merchantControlSchema,
    reply: acts.merchantTerminalSchema,
  },
  merchantStaff: { summary: 'Accounts of the shop', access: ['merchant'], reply: acts.staffSchema },
  inviteStaff: {
    summary: 'Invite a colleague of the same shop',
    access: ['merchant'],
    body: acts.inviteStaffSchema,
    reply: acts.staffInvitationSchema,
    status: 201,
  },
  reinviteStaff: {
    summary: 'Invite a colleague again who missed the invitation',
    access: ['merchant'],
    body: reinvitePersonSchema,
    reply: acts.staffInvitationSchema,
    status: 201,
  },
  changeStaff: {
    summary: 'Disable a colleague’s account, or enable it again',
    access: ['merchant'],
    body: acts.changeStaffSchema,
    reply: personSchema,
  },
  merchantSettings: {
    summary: 'What the merchant decides',
    access: ['merchant'],
    reply: acts.merchantSettingsSchema,
  },
  changeMerchantSettings: {
    summary: 'Change what the merchant decides',
    access: ['merchant'],
    body: acts.changeMerchantSettingsSchema,
    reply: acts.merchantSettingsSchema,
  },
} as const satisfies Record<string, RouteSpec>;
