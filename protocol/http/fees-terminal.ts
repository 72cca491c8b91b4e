import * as v from 'valibot';
import { feeServices } from '../../domain/tariffs/rating.ts';
import { signedDocumentSchema } from '../fees/documents.ts';
import { base64urlSchema, idSchema, instantSchema } from './common.ts';
import { bilingualSchema, channelCodeSchema, fenSchema } from './payments.ts';

const day = v.pipe(v.string(), v.isoDate());

/** GET /api/terminal-app/fees: what can be asked for at this terminal. `lookupKey`: the number is sealed to it. */
export const feeMenuSchema = v.object({
  services: v.array(
    v.object({
      service: v.picklist(feeServices),
      payees: v.array(v.object({ id: idSchema, name: v.string() })),
      /** Digits of the household's number and of what was agreed with the office; what the screen asks for. */
      numberDigits: v.object({ min: v.number(), max: v.number() }),
      secretDigits: v.number(),
      /** What the resident knows the two as: "household number", "last four of your identity card". */
      numberName: bilingualSchema,
      secretName: bilingualSchema,
      topUp: v.optional(v.object({ minFen: fenSchema, maxFen: fenSchema, usual: v.array(fenSchema) })),
    }),
  ),
  lookupKey: v.object({ kid: v.string(), publicKey: base64urlSchema(65) }),
  /** The page that a phone opens, at the server's public address: the terminal itself may know it by another one. */
  pageUrl: v.string(),
});
/** What can be asked for at this terminal. */
export type FeeMenu = v.InferOutput<typeof feeMenuSchema>;

/**
 * POST /api/terminal-app/fees/lookup. `sealed`: number and secret as JSON `{"number","secret"}`, sealed to the menu's key
 * (protocol/fees/lookup.ts), so that no log, proxy or dump of the wire has them. A wrong number and a wrong secret give
 * the same answer, `not-found`, after the same time; too many of them `rate-limited`. The `field` of either may say how
 * far the limit is (`lookupField`): tries are counted alike for a number that nobody has.
 */
export const feeLookupSchema = v.strictObject({
  service: v.picklist(feeServices),
  payeeId: idSchema,
  sealed: base64urlSchema(400),
});
/** Asks for a household. */
export type FeeLookup = v.InferOutput<typeof feeLookupSchema>;

/** How far the limit of wrong tries is. */
export interface LookupLimit {
  /** Tries that are left before this number is locked; told when they are few. */
  readonly left?: number;
  /** Nothing is looked up before this instant. */
  readonly until?: string;
}

/** The `field` of a lookup that found nothing or was not allowed. */
export function lookupField({ left, until }: LookupLimit): string {
  if (until !== undefined) return `household until ${until}`;
  return left === undefined ? 'household' : `household left ${String(left)}`;
}

/** What the `field` of a failed lookup says of the limit. */
export function readLookupField(field: string | undefined): LookupLimit {
  const [, what, value = ''] = /^household (left|until) (\S{1,40})$/.exec(field ?? '') ?? [];
  if (what === 'left') return /^\d{1,3}$/.test(value) ? { left: Number(value) } : {};
  return what === 'until' && Number.isFinite(Date.parse(value)) ? { until: value } : {};
}

/** One unpaid bill in the list. */
export const openBillSchema = v.object({
  id: idSchema,
  version: v.number(),
  title: bilingualSchema,
  from: day,
  to: day,
  dueOn: v.optional(day),
  isOverdue: v.boolean(),
  /** With the late fee as of now. */
  totalFen: fenSchema,
  lateFeeFen: fenSchema,
  /** Somebody is paying it at this moment. */
  isBeingPaid: v.boolean(),
});
/** A household, as far as a terminal may show it. `visit` is good for ten minutes at this terminal. */
export const householdViewSchema = v.object({
  visit: v.string(),
  label: v.string(),
  tail: v.string(),
  payee: v.object({ id: idSchema, name: v.string() }),
  bills: v.array(openBillSchema),
  /** Paid in advance. */
  balanceFen: fenSchema,
  /** Up to twelve months, oldest first. */
  months: v.array(
    v.object({ month: v.string(), quantity: v.optional(v.string()), unit: bilingualSchema, fen: fenSchema }),
  ),
  receipts: v.array(
    v.object({
      receiptNo: v.string(),
      title: bilingualSchema,
      totalFen: fenSchema,
      at: instantSchema,
      isReversed: v.boolean(),
    }),
  ),
  asOf: instantSchema,
});
/** A household, as far as a terminal may show it. */
export type HouseholdView = v.InferOutput<typeof householdViewSchema>;

/** POST /api/terminal-app/fees/quotes: bills, or a payment in advance. */
export const makeQuoteSchema = v.strictObject({
  id: idSchema,
  visit: v.pipe(v.string(), v.maxLength(400)),
  billIds: v.optional(v.pipe(v.array(idSchema), v.minLength(1), v.maxLength(12))),
  topUpFen: v.optional(fenSchema),
});
/** Asks for a quote. */
export type MakeQuote = v.InferOutput<typeof makeQuoteSchema>;

/**
 * Where a quote stands. `changed` says what became different when a quote was made anew. `reason`: `being-paid` and
 * `already-paid` (of `payRefusals`; nothing was begun), `paid-late` (the money came after the end and goes back by
 * itself), or why the platform said no (`failureReasons`). `receipt`: with `paid` the payment's, with `reversed` the
 * newest reversal. `here` and `code` are for the terminal's own screen, so they are beside the document and not in it.
 */
export const quoteViewSchema = v.object({
  quoteId: idSchema,
  document: signedDocumentSchema,
  state: v.picklist(['open', 'paying', 'paid', 'expired', 'replaced', 'reversed', 'review']),
  payId: v.optional(idSchema),
  stage: v.optional(v.picklist(['starting', 'at-platform', 'checking', 'paid', 'failed', 'closed'])),
  reason: v.optional(v.string()),
  channel: v.optional(channelCodeSchema),
  receipt: v.optional(signedDocumentSchema),
  changed: v.optional(v.array(bilingualSchema)),
  /** While it may be paid: channels whose code a terminal can show for this sum now, in the payee's order. */
  here: v.optional(v.array(v.object({ code: channelCodeSchema, name: bilingualSchema }))),
  /** The platform's code of the payment of kind `qr` that is under way, and until when it can be paid. */
  code: v.optional(v.object({ text: v.string(), createdAt: instantSchema, expiresAt: instantSchema })),
});
/** Where a quote stands. */
export type QuoteView = v.InferOutput<typeof quoteViewSchema>;

const payEntries = { payId: idSchema, channel: channelCodeSchema, totalFen: fenSchema };
/**
 * POST /api/terminal-app/fees/quotes/:id/pay. The same `payId` again is the same payment. When the quote is no longer
 * true the answer is a `QuoteView` with state `replaced`, the new document and `changed`, and nothing was begun.
 */
export const payQuoteSchema = v.variant('kind', [
  /** On the resident's phone. */
  v.strictObject({
    ...payEntries,
    kind: v.literal('link'),
    /** Names the link, so that the server knows the phone's address on the net; the platform asks for it. */
    linkId: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/))),
    account: v.optional(v.object({ certId: v.string(), ciphertext: v.pipe(v.string(), v.maxLength(700)) })),
    appCode: v.optional(v.pipe(v.string(), v.maxLength(200))),
  }),
  /** At the terminal itself: the platform's code on its screen, for whatever wallet. The answer's quote has the code. */
  v.strictObject({ ...payEntries, kind: v.literal('qr') }),
]);
/** Begins to pay a quote. */
export type PayQuote = v.InferOutput<typeof payQuoteSchema>;
/** What the phone does next; a terminal's own screen goes by the quote. */
export const payQuoteReplySchema = v.object({
  quote: quoteViewSchema,
  orderId: v.optional(idSchema),
  /** Of a payment on a phone: where it goes (`payWaySchema`). The terminal hands it on and cannot change it. */
  way: v.optional(signedDocumentSchema),
});
/** What the phone does next. */
export type PayQuoteReply = v.InferOutput<typeof payQuoteReplySchema>;

/** GET /api/terminal-app/fees/household?visit=…: the household again, as it is now, while the visit lasts. */
export const visitQuerySchema = v.strictObject({ visit: v.pipe(v.string(), v.maxLength(400)) });

/**
 * GET /api/terminal-app/fees/receipts/:receiptNo?visit=… and POST …/printed. Without a visit only a receipt that came
 * about at this terminal in the last hour. `prints`: how often it was printed; above 0 the next one is a duplicate.
 */
export const receiptQuerySchema = v.strictObject({ visit: v.optional(v.pipe(v.string(), v.maxLength(400))) });
/** Tells that a receipt was printed; the id makes a repetition harmless. */
export const feePrintedSchema = v.strictObject({
  id: idSchema,
  visit: v.optional(v.pipe(v.string(), v.maxLength(400))),
});
/** Tells that a receipt was printed. */
export type FeePrinted = v.InferOutput<typeof feePrintedSchema>;
/** A receipt with how often it was printed. */
export const feeReceiptViewSchema = v.object({ document: signedDocumentSchema, prints: v.number() });
/** A receipt with how often it was printed. */
export type FeeReceiptView = v.InferOutput<typeof feeReceiptViewSchema>;

/** GET /api/fees/keys (public): the server's keys for documents, JWK members of P-256, newest first. */
export const documentKeysSchema = v.object({
  keys: v.array(v.object({ kid: v.string(), x: v.string(), y: v.string() })),
});
/** The server's keys for documents. */
export type DocumentKeys = v.InferOutput<typeof documentKeysSchema>;

/** GET /api/fees/results/:token (public): what became of a payment, for a phone whose terminal is gone. */
export const feeResultSchema = v.object({
  stage: v.picklist(['starting', 'at-platform', 'checking', 'paid', 'failed', 'closed', 'reversed']),
  receipt: v.optional(signedDocumentSchema),
  reason: v.optional(v.string()),
});
/** What became of a payment. */
export type FeeResult = v.InferOutput<typeof feeResultSchema>;
