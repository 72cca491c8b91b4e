import * as v from 'valibot';
import { idSchema, instantSchema } from './common.ts';
import { bilingualSchema, fenSchema } from './payments.ts';

/**
 * A receipt as data. The picture on a screen and the bytes for a printer are both made from it by
 * `protocol/receipt/layout.ts`, so that they agree to the character.
 */
export const receiptDocumentSchema = v.object({
  id: idSchema,
  receiptNo: v.string(),
  kind: v.picklist(['payment', 'refund']),
  title: v.string(),
  merchantName: v.string(),
  merchantAddress: v.string(),
  platformMerchantId: v.string(),
  terminalLabel: v.string(),
  terminalSerial: v.string(),
  orderNo: v.string(),
  attemptNo: v.optional(v.string()),
  /** Of a refund: its own number, and the receipt of the payment that it gives back. */
  refundNo: v.optional(v.string()),
  ofReceiptNo: v.optional(v.string()),
  transactionId: v.optional(v.string()),
  channel: v.string(),
  channelName: bilingualSchema,
  payer: v.optional(v.string()),
  amountFen: fenSchema,
  orderAmountFen: fenSchema,
  at: instantSchema,
  /** Parts of a split that were paid before this one. */
  others: v.array(v.object({ channelName: bilingualSchema, amountFen: fenSchema })),
  reason: v.optional(v.string()),
  needsSignature: v.boolean(),
  footer: v.string(),
});
/** A receipt as data. */
export type ReceiptDocument = v.InferOutput<typeof receiptDocumentSchema>;

/** A receipt with how often it was printed; the next print is a duplicate when `prints` of that copy is above 0. */
export const receiptViewSchema = v.object({
  document: receiptDocumentSchema,
  prints: v.object({ merchant: v.number(), customer: v.number() }),
});
/** A receipt with how often it was printed. */
export type ReceiptView = v.InferOutput<typeof receiptViewSchema>;

/** Which copy of a receipt. */
export const receiptCopies = ['merchant', 'customer'] as const;
/** Which copy of a receipt. */
export type ReceiptCopy = (typeof receiptCopies)[number];
