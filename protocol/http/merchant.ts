import * as v from 'valibot';
import { historyKinds, historyStates } from '../../domain/payments/history.ts';
import { orderStates, refundStates } from '../../domain/payments/states.ts';
import { cursorSchema, idSchema, instantSchema, limitQuerySchema, nameSchema, reasonSchema } from './common.ts';
import { controlViewSchema } from './control.ts';
import { amountFenSchema, bilingualSchema, channelCodeSchema, fenSchema, orderViewSchema } from './payments.ts';
import { factorSchema, invitationSchema, personSchema } from './people.ts';
import { receiptViewSchema } from './receipts.ts';

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

/** One line of a posting: a debit is above zero, a credit below. */
export const postingSchema = v.object({
  id: idSchema,
  at: instantSchema,
  kind: v.picklist(['payment', 'refund', 'late', 'reversal', 'settlement', 'difference']),
  note: v.string(),
  lines: v.array(v.object({ account: v.string(), amountFen: fenSchema })),
});
/** A posting in the books. */
export type Posting = v.InferOutput<typeof postingSchema>;
/** One event of a payment, as it was written down. */
export const paymentEventSchema = v.object({
  id: idSchema,
  at: instantSchema,
  kind: v.string(),
  by: v.optional(v.string()),
  attemptId: v.optional(idSchema),
  refundId: v.optional(idSchema),
  facts: v.record(v.string(), v.unknown()),
});
/** One event of a payment. */
export type PaymentEvent = v.InferOutput<typeof paymentEventSchema>;

/** GET /api/merchant/orders/:id: everything about one payment, oldest first. `billDay`: the platform's bill of that day has it. */
export const storySchema = v.object({
  order: orderViewSchema,
  terminal: v.object({ id: idSchema, label: v.string() }),
  events: v.array(paymentEventSchema),
  postings: v.array(postingSchema),
  receipts: v.array(v.object({ ...receiptViewSchema.entries, lastPrintAt: v.optional(instantSchema) })),
  /** When bills that have this payment are expected, per paid attempt; past ones are left out. */
  bills: v.array(v.object({ channel: channelCodeSchema, day: daySchema, expectedAt: instantSchema })),
  /** A refund of more than this in all needs a second factor. */
  refundFactorAboveFen: fenSchema,
});
/** Everything about one payment. */
export type Story = v.InferOutput<typeof storySchema>;

/** POST /api/merchant/orders/:id/refunds. The challenge of a passkey is made for the refund's `id`. */
export const merchantRefundSchema = v.strictObject({
  id: idSchema,
  amountFen: v.optional(amountFenSchema),
  attemptId: v.optional(idSchema),
  reason: nameSchema,
  factor: v.optional(factorSchema),
});
/** A refund that a person of the merchant asks for. */
export type MerchantRefund = v.InferOutput<typeof merchantRefundSchema>;

/** GET /api/merchant/balance: what is owed at an instant; now when absent. */
export const balanceQuerySchema = v.strictObject({ at: v.optional(instantSchema) });
/** By channel: what the platform owes, its fees, what of it is due to the merchant; and the books' own total. */
export const balanceSchema = v.object({
  at: instantSchema,
  channels: v.array(
    v.object({ channel: channelCodeSchema, clearingFen: fenSchema, feesFen: fenSchema, otherFen: fenSchema }),
  ),
  /** Due to the merchant in all: the account `payable` with its sign turned. */
  payableFen: fenSchema,
});
/** What is owed to the merchant. */
export type Balance = v.InferOutput<typeof balanceSchema>;

/** A terminal of the shop. */
export const merchantTerminalSchema = v.object({
  id: idSchema,
  label: v.string(),
  serial: v.string(),
  place: v.string(),
  deviceState: v.picklist(['NORMAL', 'LOCKED', 'BLANK', 'PROBATION', 'unknown']),
  control: controlViewSchema,
  isPaired: v.boolean(),
  lastSeenAt: v.optional(instantSchema),
  today: v.object({ amountFen: fenSchema, payments: v.number() }),
  /** The payment in progress. */
  order: v.optional(v.object({ id: idSchema, orderNo: v.string(), amountFen: fenSchema, since: instantSchema })),
});
/** A terminal of the shop. */
export type MerchantTerminal = v.InferOutput<typeof merchantTerminalSchema>;
/** Terminals by label, and in which state the whole shop is. */
export const merchantTerminalsSchema = v.object({ shop: controlViewSchema, items: v.array(merchantTerminalSchema) });
/** POST /api/merchant/terminals/:id/control. */
export const merchantControlSchema = v.variant('state', [
  v.strictObject({ state: v.literal('paused'), reason: v.pipe(reasonSchema, v.maxLength(200)) }),
  v.strictObject({ state: v.literal('active') }),
]);
/** What a merchant may do with a terminal. */
export type MerchantControl = v.InferOutput<typeof merchantControlSchema>;

/** POST /api/merchant/staff: invites a colleague of the same shop. */
export const inviteStaffSchema = v.strictObject({ email: personEmail(), name: nameSchema });
/** PATCH /api/merchant/staff/:id. */
export const changeStaffSchema = v.strictObject({ disabled: v.boolean() });
/** Accounts of the shop. */
export const staffSchema = v.object({ items: v.array(personSchema) });
/** Answer to an invitation. */
export const staffInvitationSchema = invitationSchema;

/** What the merchant decides: words on receipts, and from which refunded amount a second factor is asked. */
export const merchantSettingsSchema = v.object({
  receiptTitle: v.string(),
  receiptFooter: v.string(),
  refundFactorAboveFen: fenSchema,
});
/** What the merchant decides. */
export type MerchantSettings = v.InferOutput<typeof merchantSettingsSchema>;
/**
 * PATCH /api/merchant/settings. Raising the amount needs a second factor; the challenge of a passkey is made for `id`,
 * which names this change.
 */
export const changeMerchantSettingsSchema = v.strictObject({
  id: idSchema,
  receiptTitle: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(40))),
  receiptFooter: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(200))),
  refundFactorAboveFen: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000_000_000))),
  factor: v.optional(factorSchema),
});
/** A change of the settings. */
export type ChangeMerchantSettings = v.InferOutput<typeof changeMerchantSettingsSchema>;

function isRealDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

function personEmail() {
  return v.pipe(v.string(), v.trim(), v.email('must be an e-mail address'), v.maxLength(200));
}
