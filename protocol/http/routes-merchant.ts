import * as merchant from './merchant.ts';
import type { RouteSpec } from './route-spec.ts';

/** Routes of the merchant's first screens. The merchant is always that of the session, never of the call. */
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
} as const satisfies Record<string, RouteSpec>;
