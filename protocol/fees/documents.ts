import * as v from 'valibot';
import { feeServices } from '../../domain/tariffs/rating.ts';

/**
 * Largest signed document in bytes: as base64url it fits into one message of the phone's link (`messageMaxBytes`). The
 * server tells a longer one in fewer lines.
 */
export const documentMaxBytes = 11_500;

const bilingual = v.object({ zh: v.string(), en: v.string() });
const id = v.pipe(v.string(), v.regex(/^[0-9a-f-]{36}$/));
const day = v.pipe(v.string(), v.isoDate());
const instant = v.pipe(v.string(), v.isoTimestamp());
const fen = v.pipe(v.number(), v.safeInteger());
const decimal = v.pipe(v.string(), v.regex(/^-?\d{1,18}(?:\.\d{1,12})?$/));

/**
 * What a resident is shown and keeps: a document of the server, signed, so that neither the terminal nor anything between
 * can change it. It travels as the exact bytes that were signed; nobody writes it again to check it. `bytes`: the
 * document's JSON in UTF-8; `kid` names the server's key. Signature: ECDSA P-256 with SHA-256 (raw, 64 bytes) over the
 * purpose (`purposes.ts`), a zero byte and the bytes. All base64url. ECDSA because every WebView with Web Crypto has it;
 * Ed25519 is missing in older ones.
 */
export const signedDocumentSchema = v.object({
  kid: v.pipe(v.string(), v.maxLength(16)),
  bytes: v.pipe(v.string(), v.maxLength(Math.ceil((documentMaxBytes * 4) / 3))),
  signature: v.pipe(v.string(), v.length(86)),
});
/** A signed document. */
export type SignedDocument = v.InferOutput<typeof signedDocumentSchema>;

/** Who shows the code: the verified name and place that the resident compares with what they see before them. */
const terminalSchema = v.object({ id, label: v.string(), place: v.string() });
/** The household as a passer-by may see it: `3 号楼 12** 室`, and the last digits of its number. */
const householdSchema = v.object({ label: v.string(), tail: v.string() });

/** One printed line: what, how much, and the sum in words. */
export const documentLineSchema = v.object({
  label: bilingual,
  words: bilingual,
  amountFen: fen,
  kind: v.picklist([
    'charge',
    'discount',
    'minimum',
    'maximum',
    'tax',
    'late-fee',
    'share',
    'correction',
    'rounding',
    'top-up',
  ]),
});

/** What a meter said, and what follows: to − from = quantity. */
const documentUsageSchema = v.object({
  from: v.object({ on: day, value: decimal }),
  to: v.object({ on: day, value: decimal }),
  quantity: decimal,
  unit: bilingual,
  isEstimate: v.boolean(),
});

/** Where the household stands in its tiers. `current` counts from 0, `left` is absent in the last tier. */
const documentTierSchema = v.object({
  window: v.picklist(['bill', 'month', 'year']),
  unit: bilingual,
  used: decimal,
  current: v.number(),
  left: v.optional(decimal),
  tiers: v.array(v.object({ upTo: v.nullable(decimal), price: decimal })),
});

/** One bill inside a quote. `lines` sum to `totalFen`; what was paid before is a line of its own. */
const documentBillSchema = v.object({
  billId: id,
  version: v.number(),
  title: bilingual,
  from: day,
  to: day,
  dueOn: v.optional(day),
  lines: v.array(documentLineSchema),
  usage: v.array(documentUsageSchema),
  tiers: v.array(documentTierSchema),
  /** The price list in words: "2026 residential electricity, version 1". */
  tariffs: v.array(bilingual),
  totalFen: fen,
});
/** One bill inside a quote. */
export type DocumentBill = v.InferOutput<typeof documentBillSchema>;

/** What is owed as of now, until `validUntil`. */
export const quoteDocumentSchema = v.object({
  v: v.literal(1),
  quoteId: id,
  service: v.picklist(feeServices),
  title: bilingual,
  payee: v.object({ name: v.string() }),
  terminal: terminalSchema,
  household: householdSchema,
  bills: v.array(documentBillSchema),
  /** A payment in advance; the quote has no bills then. */
  topUpFen: v.optional(fen),
  totalFen: fen,
  computedAt: instant,
  validUntil: instant,
  /** What it will be after `validUntil`, and why; absent when nothing changes. */
  later: v.optional(v.object({ totalFen: fen, why: bilingual })),
  /** SHA-256 over what was put into the sum, base64url. */
  inputsHash: v.pipe(v.string(), v.length(43)),
  /**
   * Channels that the payee takes on a phone, in its order. `account`: the phone encrypts the account to this key of the
   * bank (protocol/fees/account-cipher.ts); modulus and exponent are big-endian, base64url, as in a JWK.
   */
  channels: v.array(
    v.object({
      code: v.string(),
      name: bilingual,
      account: v.optional(v.object({ certId: v.string(), modulus: v.string(), exponent: v.string() })),
      /** In the platform's own browser (a word of its User-Agent) the page first fetches a code of its payer there. */
      inApp: v.optional(v.object({ browser: v.string(), authorizeUrl: v.string() })),
    }),
  ),
  /** Above this the two digits must be confirmed at the terminal before anything can be paid. */
  digitsAboveFen: fen,
});
/** What is owed as of now. */
export type QuoteDocument = v.InferOutput<typeof quoteDocumentSchema>;

/**
 * Where a phone goes to pay, for one payment of one quote: signed, so that a terminal can name no page of its own. `form`:
 * fields to POST; without it the address is opened. An address `bridge:NAME` is the function of the app in whose browser
 * the page stands; the fields go to it.
 */
export const payWaySchema = v.object({
  v: v.literal(1),
  quoteId: id,
  payId: id,
  url: v.string(),
  form: v.optional(v.record(v.string(), v.string())),
  /** Asks GET /api/fees/results/:token, for 30 days. */
  token: v.string(),
});
/** Where a phone goes to pay. */
export type PayWay = v.InferOutput<typeof payWaySchema>;

/** Proof that a quote was paid, as the platform confirmed it to the server; or that it was given back. */
export const feeReceiptSchema = v.object({
  v: v.literal(1),
  kind: v.picklist(['payment', 'reversal']),
  receiptNo: v.string(),
  /** Of a reversal: the receipt that it reverses. */
  ofReceiptNo: v.optional(v.string()),
  quoteId: id,
  service: v.picklist(feeServices),
  title: bilingual,
  payee: v.object({ name: v.string() }),
  terminal: terminalSchema,
  household: householdSchema,
  lines: v.array(documentLineSchema),
  totalFen: fen,
  channelName: bilingual,
  transactionId: v.optional(v.string()),
  paidAt: instant,
  /** Bills that it settles, and what stays owed of each. */
  bills: v.array(v.object({ billId: id, title: bilingual, paidFen: fen, leftFen: fen })),
  /** Why it was given back, as a person wrote it. */
  reason: v.optional(v.string()),
  /** What else must be said: that more is owed by now than was paid, that a part went to the balance. */
  notes: v.optional(v.array(bilingual)),
});
/** Proof that a quote was paid or given back. */
export type FeeReceipt = v.InferOutput<typeof feeReceiptSchema>;
