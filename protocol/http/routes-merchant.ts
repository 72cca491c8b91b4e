import * as merchant from './merchant.ts';
import { orderViewSchema } from './payments.ts';
import { personSchema } from './people.ts';
import type { RouteSpec } from './route-spec.ts';

/** Routes of the merchant's people. The merchant is always that of the session, never of the call. */
export const merchantRoutes = {
  merchantHome: {
    summary: 'The shop, its channels and its terminals',
    access: ['merchant'],
    reply: merchant.merchantHomeSchema,
  },
  merchantToday: {
    summary: 'A day at a glance',
    access: ['merchant'],
    query: merchant.todayQuerySchema,
    reply: merchant.todaySchema,
  },
  merchantHistory: {
    summary: 'Payments and refunds, newest first',
    access: ['merchant'],
    query: merchant.historyQuerySchema,
    reply: merchant.historyPageSchema,
  },
  merchantHistoryCount: {
    summary: 'How many payments and refunds fit, up to a cap',
    access: ['merchant'],
    query: merchant.historyFilterSchema,
    reply: merchant.historyCountSchema,
  },
  merchantExport: {
    summary: 'Payments and refunds as CSV or XLSX',
    access: ['merchant'],
    query: merchant.exportQuerySchema,
    reply: 'file',
  },
  merchantStory: { summary: 'Everything about one payment', access: ['merchant'], reply: merchant.storySchema },
  merchantRefund: {
    summary: 'Refund a payment, in whole or in part',
    access: ['merchant'],
    body: merchant.merchantRefundSchema,
    reply: orderViewSchema,
  },
  merchantBalance: {
    summary: 'What is owed to the merchant at an instant',
    access: ['merchant'],
    query: merchant.balanceQuerySchema,
    reply: merchant.balanceSchema,
  },
  merchantTerminals: {
    summary: 'Terminals of the shop',
    access: ['merchant'],
    reply: merchant.merchantTerminalsSchema,
  },
  merchantControl: {
    summary: 'Pause a terminal of the shop, or let it go on',
    access: ['merchant'],
    body: merchant.merchantControlSchema,
    reply: merchant.merchantTerminalSchema,
  },
  merchantStaff: { summary: 'Accounts of the shop', access: ['merchant'], reply: merchant.staffSchema },
  inviteStaff: {
    summary: 'Invite a colleague of the same shop',
    access: ['merchant'],
    body: merchant.inviteStaffSchema,
    reply: merchant.staffInvitationSchema,
    status: 201,
  },
  changeStaff: {
    summary: 'Disable a colleague’s account, or enable it again',
    access: ['merchant'],
    body: merchant.changeStaffSchema,
    reply: personSchema,
  },
  merchantSettings: {
    summary: 'What the merchant decides',
    access: ['merchant'],
    reply: merchant.merchantSettingsSchema,
  },
  changeMerchantSettings: {
    summary: 'Change what the merchant decides',
    access: ['merchant'],
    body: merchant.changeMerchantSettingsSchema,
    reply: merchant.merchantSettingsSchema,
  },
} as const satisfies Record<string, RouteSpec>;
