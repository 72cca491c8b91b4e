import * as v from 'valibot';
import { idSchema, instantSchema, nameSchema, reasonSchema } from './common.ts';
import { controlViewSchema } from './control.ts';
import { daySchema } from './merchant.ts';
import { amountFenSchema, channelCodeSchema, fenSchema, orderViewSchema } from './payments.ts';
import { confirmSchema, factorSchema, invitationSchema, personSchema } from './people.ts';
import { receiptViewSchema } from './receipts.ts';

/** One line of a posting: a debit is above zero, a credit below. */
export const postingSchema = v.object({
  id: idSchema,
  at: instantSchema,
  kind: v.picklist(['payment', 'refund', 'late', 'surplus', 'reversal', 'settlement', 'difference']),
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
export const inviteStaffSchema = v.strictObject({
  email: personEmail(),
  name: nameSchema,
  confirm: v.optional(confirmSchema),
});
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

function personEmail() {
  return v.pipe(v.string(), v.trim(), v.email('must be an e-mail address'), v.maxLength(200));
}
