import * as v from 'valibot';
import { historyKinds, historyStates } from '../../domain/payments/history.ts';
import { orderStates, refundStates } from '../../domain/payments/states.ts';
import { cursorSchema, idSchema, instantSchema, limitQuerySchema } from './common.ts';
import { bilingualSchema, channelCodeSchema, fenSchema } from './payments.ts';

/** A day in Asia/Shanghai: `2026-11-24`. */
export const daySchema = v.pipe(
  v.string(),
  v.isoDate('must be a day like 2026-11-24'),
  v.check((day) => isRealDay(day), 'must be a day that exists'),
);

/** GET /api/merchant/home: the shop, its channels in its own order, and its terminals; what filters and names need. */
export const merchantHomeSchema = v.object({
  merchant: v.object({ id: idSchema, name: v.string() }),
  channels: v.array(v.object({ code: channelCodeSchema, name: bilingualSchema })),
  terminals: v.array(v.object({ id: idSchema, label: v.string() })),
  refundFactorAboveFen: fenSchema,
});
/** The shop, its channels and its terminals. */
export type MerchantHome = v.InferOutput<typeof merchantHomeSchema>;

/** GET /api/merchant/today: the day in Asia/Shanghai; the present one when absent. */
export const todayQuerySchema = v.strictObject({ day: v.optional(daySchema) });

/** The one thing of a day that is worth a sentence; the first that holds. `orderId` leads to an example. */
export const todayNoteSchema = v.object({
  kind: v.picklist(['review', 'refund-failed', 'unknown', 'late']),
  count: v.number(),
  orderId: idSchema,
  amountFen: fenSchema,
  channel: v.optional(channelCodeSchema),
  at: instantSchema,
  /** `late`: the money is back already. */
  isOver: v.boolean(),
});

/** What one channel took on the day, and how much of its limit of that day is left. */
export const todayChannelSchema = v.object({
  channel: channelCodeSchema,
  amountFen: fenSchema,
  payments: v.number(),
  limit: v.optional(v.object({ maxFen: fenSchema, usedFen: fenSchema, resumesAt: instantSchema })),
});

/**
 * GET /api/merchant/today. `hours` has 24 amounts in fen, `usualHours` the medians of the last four same weekdays;
 * `usualFen` is the median of what those days had taken by the same time. Amounts are what payers paid, before refunds.
 */
export const todaySchema = v.object({
  day: daySchema,
  isToday: v.boolean(),
  until: instantSchema,
  amountFen: fenSchema,
  payments: v.number(),
  refunds: v.object({ count: v.number(), amountFen: fenSchema }),
  usualFen: v.optional(fenSchema),
  hours: v.pipe(v.array(fenSchema), v.length(24)),
  usualHours: v.optional(v.pipe(v.array(fenSchema), v.length(24))),
  channels: v.array(todayChannelSchema),
  note: v.optional(todayNoteSchema),
});
/** A day at a glance. */
export type Today = v.InferOutput<typeof todaySchema>;

const fenQuerySchema = v.pipe(v.string(), v.regex(/^\d{1,10}$/, 'must be whole fen'), v.transform(Number));

const historyFilterEntries = {
  kind: v.optional(v.picklist(historyKinds)),
  state: v.optional(v.picklist(historyStates)),
  channel: v.optional(channelCodeSchema),
  terminalId: v.optional(idSchema),
  /** First and last day, both included. */
  from: v.optional(daySchema),
  to: v.optional(daySchema),
  minFen: v.optional(fenQuerySchema),
  maxFen: v.optional(fenQuerySchema),
  /** A receipt's, order's or refund's number, its last digits, a reference, an amount, a card's last four digits. */
  search: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(64))),
};
/** Filters of the history, for its count. */
export const historyFilterSchema = v.strictObject(historyFilterEntries);
/** Filters of the history. */
export type HistoryFilter = v.InferOutput<typeof historyFilterSchema>;
/**
 * GET /api/merchant/history: one page, older than the cursor, or newer than it. Without a cursor it begins at the newest
 * row, or at the instant `before`. Items are always newest first.
 */
export const historyQuerySchema = v.strictObject({
  ...historyFilterEntries,
  cursor: v.optional(cursorSchema),
  before: v.optional(instantSchema),
  direction: v.optional(v.picklist(['older', 'newer'])),
  limit: v.optional(limitQuerySchema),
});
/** GET /api/merchant/export: the filtered rows as a file, at most 100,000. */
export const exportQuerySchema = v.strictObject({
  ...historyFilterEntries,
  format: v.picklist(['csv', 'xlsx']),
  language: v.optional(v.picklist(['zh', 'en'])),
});
/** Query of an export. */
export type ExportQuery = v.InferOutput<typeof exportQuerySchema>;

/**
 * One line of the history: an order, or a refund of one. `cursor` is its place. An order that is open says in `waiting`
 * how: nothing sent, the payer is asked, or the platform gave no clear answer.
 */
export const historyRowSchema = v.object({
  kind: v.picklist(['payment', 'refund']),
  id: idSchema,
  orderId: idSchema,
  orderNo: v.string(),
  at: instantSchema,
  amountFen: fenSchema,
  channel: v.optional(channelCodeSchema),
  /** Paid parts; above 1 for a split. */
  parts: v.number(),
  /** The card's last four digits. */
  tail: v.optional(v.string()),
  terminalId: idSchema,
  state: v.picklist([...orderStates, ...refundStates]),
  waiting: v.optional(v.picklist(['payer', 'platform'])),
  cause: v.optional(v.picklist(['merchant', 'late', 'part', 'api', 'reconciliation'])),
  refundedFen: fenSchema,
  cursor: v.string(),
});
/** One line of the history. */
export type HistoryRow = v.InferOutput<typeof historyRowSchema>;

/**
 * A page. `older` and `newer` lead on; absent where nothing more is. With filters that fit few rows a page may be short
 * or empty and still lead on: the server looks through a bounded number of rows for one answer, back to `lookedTo`.
 */
export const historyPageSchema = v.object({
  items: v.array(historyRowSchema),
  older: v.optional(v.string()),
  newer: v.optional(v.string()),
  lookedTo: v.optional(instantSchema),
});
/** A page of the history. */
export type HistoryPage = v.InferOutput<typeof historyPageSchema>;
/** How many rows fit, counted up to a cap; `isCapped`: at least as many. */
export const historyCountSchema = v.object({ count: v.number(), isCapped: v.boolean() });

function isRealDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
