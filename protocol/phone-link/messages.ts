import * as v from 'valibot';
import { signedDocumentSchema } from '../fees/documents.ts';
import { byeReasons, payStages, printStates } from './words.ts';

/*
 * What terminal and phone say to each other inside the sealed link. The link itself (hello, keys, acknowledgements,
 * WebRTC's offer and candidates) is below this and never seen here. Every message is JSON, at most `messageMaxBytes`.
 */

export { messageMaxBytes } from './words.ts';
export type { PayRefusal } from './words.ts';

const fen = v.pipe(v.number(), v.safeInteger());

/** Terminal to phone. */
export const terminalMessageSchema = v.variant('type', [
  /** The bill: the first thing that the phone gets. `confirm`: nothing can be paid before the digits were confirmed. */
  v.object({ type: v.literal('bill'), quote: signedDocumentSchema, confirm: v.boolean() }),
  /** The digits were confirmed at the terminal. */
  v.object({ type: v.literal('confirmed') }),
  /** Go there to pay, as the server signed it (`payWaySchema`). */
  v.object({ type: v.literal('pay'), payId: v.string(), way: signedDocumentSchema }),
  /** Where the payment stands. With `paid` the receipt; with `changed` the new quote and what changed. */
  v.object({
    type: v.literal('stage'),
    payId: v.optional(v.string()),
    stage: v.picklist(payStages),
    receipt: v.optional(signedDocumentSchema),
    quote: v.optional(signedDocumentSchema),
    /** With `failed`, `closed` and `refused`: why, as a code (see `payRefusals`); the phone has a sentence for each. */
    reason: v.optional(v.string()),
    /** With `changed`: what became different, in words, as the server said it. */
    changed: v.optional(v.array(v.object({ zh: v.string(), en: v.string() }))),
    /** The terminal prints a receipt on paper, has printed it, or cannot. */
    print: v.optional(v.picklist(printStates)),
  }),
  v.object({
    type: v.literal('bye'),
    reason: v.picklist(byeReasons),
  }),
]);
/** Terminal to phone. */
export type TerminalMessage = v.InferOutput<typeof terminalMessageSchema>;

/** Phone to terminal. */
export const phoneMessageSchema = v.variant('type', [
  /** The bill was opened and its signature holds. */
  v.object({ type: v.literal('seen'), quoteId: v.string(), locale: v.picklist(['zh', 'en']) }),
  /** Pay with this channel. `payId` is made by the phone: a repetition is the same payment. */
  v.object({
    type: v.literal('choose'),
    payId: v.pipe(v.string(), v.regex(/^[0-9a-f-]{36}$/)),
    quoteId: v.string(),
    channel: v.string(),
    totalFen: fen,
    /** The account, encrypted on the phone to the bank's key; nobody on the way can open it. */
    account: v.optional(v.object({ certId: v.string(), ciphertext: v.pipe(v.string(), v.maxLength(700)) })),
    /** What the platform's own browser gave for its payer; single use. */
    appCode: v.optional(v.pipe(v.string(), v.maxLength(200))),
  }),
  /** Back from the platform; says nothing about money. */
  v.object({ type: v.literal('back'), payId: v.string() }),
  /** Asks for the stage again. */
  v.object({ type: v.literal('ask') }),
  v.object({ type: v.literal('bye'), reason: v.picklist(['done', 'cancelled', 'not-mine']) }),
]);
/** Phone to terminal. */
export type PhoneMessage = v.InferOutput<typeof phoneMessageSchema>;
