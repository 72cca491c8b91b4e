import * as v from 'valibot';
import {
  attemptKinds,
  attemptStates,
  failureReasons,
  orderStates,
  refundStates,
} from '../../domain/payments/states.ts';
import { orderMaxFen } from '../../domain/money.ts';
import { idSchema, instantSchema, nameSchema } from './common.ts';

/** An amount that is owed: whole fen, 0.01 to 10,000,000.00 yuan. */
export const amountFenSchema = v.pipe(
  v.number(),
  v.safeInteger('must be whole fen'),
  v.minValue(1),
  v.maxValue(orderMaxFen),
);
/** Any amount in fen, also 0 or below. */
export const fenSchema = v.pipe(v.number(), v.safeInteger());
/** A channel's code, such as `wechat-pay`. */
export const channelCodeSchema = v.pipe(v.string(), v.regex(/^[a-z0-9-]{2,30}$/, 'must be a channel’s code'));
/** A name in both languages of the screens. */
export const bilingualSchema = v.object({ zh: v.string(), en: v.string() });

/** One attempt to take money. `qr` is the text of the code to show. `reason` and `platformCode` say why it failed. */
export const attemptViewSchema = v.object({
  id: idSchema,
  number: v.number(),
  attemptNo: v.string(),
  channel: channelCodeSchema,
  kind: v.picklist(attemptKinds),
  state: v.picklist(attemptStates),
  /** The server is ending it at the platform. */
  isEnding: v.boolean(),
  amountFen: amountFenSchema,
  refundedFen: fenSchema,
  qr: v.optional(v.string()),
  link: v.optional(v.string()),
  transactionId: v.optional(v.string()),
  /** The paying bank or wallet, or the card's last four digits. */
  payer: v.optional(v.string()),
  reason: v.optional(v.picklist(failureReasons)),
  platformCode: v.optional(v.string()),
  createdAt: instantSchema,
  expiresAt: instantSchema,
  paidAt: v.optional(instantSchema),
});
/** One attempt to take money. */
export type AttemptView = v.InferOutput<typeof attemptViewSchema>;

/** One refund. `cause`: RefundCause of domain/payments/records.ts says what each is. */
export const refundViewSchema = v.object({
  id: idSchema,
  refundNo: v.string(),
  attemptId: idSchema,
  channel: channelCodeSchema,
  state: v.picklist(refundStates),
  cause: v.picklist(['merchant', 'late', 'part', 'api', 'reconciliation', 'surplus']),
  amountFen: amountFenSchema,
  /** Of `surplus`: the platform's number of the payment that goes back. */
  transactionId: v.optional(v.string()),
  reason: v.string(),
  by: v.optional(v.string()),
  platformCode: v.optional(v.string()),
  createdAt: instantSchema,
  doneAt: v.optional(instantSchema),
});
/** One refund. */
export type RefundView = v.InferOutput<typeof refundViewSchema>;

/** An order with its attempts and refunds, oldest first. `leftFen` is what is still owed. */
export const orderViewSchema = v.object({
  id: idSchema,
  merchantId: idSchema,
  terminalId: idSchema,
  orderNo: v.string(),
  receiptNo: v.optional(v.string()),
  state: v.picklist(orderStates),
  /** A cancellation is on its way. */
  isEnding: v.boolean(),
  amountFen: amountFenSchema,
  paidFen: fenSchema,
  refundedFen: fenSchema,
  leftFen: fenSchema,
  note: v.string(),
  source: v.picklist(['terminal', 'api', 'fee']),
  externalRef: v.optional(v.string()),
  attempts: v.array(attemptViewSchema),
  refunds: v.array(refundViewSchema),
  createdAt: instantSchema,
  expiresAt: instantSchema,
  paidAt: v.optional(instantSchema),
  version: v.number(),
});
/** An order with its attempts and refunds. */
export type OrderView = v.InferOutput<typeof orderViewSchema>;

/** Why a channel cannot take an amount. `leftFen` says how much it could, `resumesAt` when the limit begins anew. */
export const routeReasons = [
  'transaction-limit',
  'day-limit',
  'month-limit',
  'count-limit',
  'below-minimum',
  'above-maximum',
  'paused',
  'not-configured',
  'terminal-not-ready',
] as const;
/** One channel as a choice. */
export const routeViewSchema = v.object({
  channel: channelCodeSchema,
  name: bilingualSchema,
  kinds: v.array(v.picklist(attemptKinds)),
  isAvailable: v.boolean(),
  reason: v.optional(v.picklist(routeReasons)),
  /** The most that one payment can be now; absent when nothing limits it. */
  leftFen: v.optional(fenSchema),
  /** The day's limit and what of it is taken or reserved, when there is one. */
  day: v.optional(v.object({ maxFen: fenSchema, usedFen: fenSchema })),
  resumesAt: v.optional(instantSchema),
  /** Prefix rule of customers' codes, as the source of a regular expression. */
  authCode: v.optional(v.string()),
});
/** One channel as a choice. */
export type RouteView = v.InferOutput<typeof routeViewSchema>;
/** Every channel in the merchant's order, the one to preselect, and a split when none takes the whole amount. */
export const routesViewSchema = v.object({
  routes: v.array(routeViewSchema),
  preselected: v.optional(channelCodeSchema),
  split: v.optional(v.array(v.object({ channel: channelCodeSchema, amountFen: amountFenSchema }))),
});
/** Every channel in the merchant's order. */
export type RoutesView = v.InferOutput<typeof routesViewSchema>;

/** Card data as the secure device hands it over; `CardCiphertext` of server/channels says what each part is. */
export const cardCiphertextSchema = v.strictObject({
  entry: v.picklist(['chip', 'contactless', 'magstripe']),
  ksn: v.pipe(v.string(), v.regex(/^[0-9a-f]{24}$/, 'must be 12 bytes in hex')),
  data: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{20,1400}$/, 'must be base64url')),
  pin: v.optional(
    v.strictObject({
      ksn: v.pipe(v.string(), v.regex(/^[0-9a-f]{24}$/, 'must be 12 bytes in hex')),
      block: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'must be 16 bytes in hex')),
    }),
  ),
  tail: v.pipe(v.string(), v.regex(/^\d{4}$/, 'must be four digits')),
});

/** A customer's code as scanned: digits. */
export const authCodeSchema = v.pipe(v.string(), v.regex(/^\d{16,24}$/, 'must be 16 to 24 digits'));

/** Body of a new attempt. */
export const startAttemptSchema = v.strictObject({
  id: idSchema,
  channel: channelCodeSchema,
  kind: v.picklist(attemptKinds),
  amountFen: v.optional(amountFenSchema),
  authCode: v.optional(authCodeSchema),
  card: v.optional(cardCiphertextSchema),
});
/** Body of a new attempt. */
export type StartAttempt = v.InferOutput<typeof startAttemptSchema>;

/** Body of a new order from a terminal; with `attempt` the first attempt starts at once. */
export const createOrderSchema = v.strictObject({
  id: idSchema,
  amountFen: amountFenSchema,
  note: v.optional(v.pipe(v.string(), v.maxLength(200)), ''),
  attempt: v.optional(startAttemptSchema),
});
/** Body of a new order. */
export type CreateOrder = v.InferInput<typeof createOrderSchema>;

/** Body of a refund; everything that is left when `amountFen` is absent. */
export const refundSchema = v.strictObject({
  id: idSchema,
  amountFen: v.optional(amountFenSchema),
  attemptId: v.optional(idSchema),
  reason: nameSchema,
});
/** Body of a refund. */
export type Refund = v.InferOutput<typeof refundSchema>;
