import * as v from 'valibot';
import { base64urlSchema, cursorSchema, idSchema, instantSchema, limitQuerySchema } from './common.ts';
import { factorSchema } from './people.ts';
import {
  amountFenSchema,
  authCodeSchema,
  bilingualSchema,
  channelCodeSchema,
  fenSchema,
  routesViewSchema,
} from './payments.ts';

/** Characters of an activation code: no 0, 1, I, L, O, U; eight of them, shown as XXXX-XXXX. */
export const activationCodeSchema = v.pipe(v.string(), v.regex(/^[2-9A-HJKMNP-TV-Z]{8}$/, 'must be eight characters'));

/**
 * POST /api/terminal-app/pair. `publicKey`: the app's own ECDSA P-256 key, uncompressed, 65 bytes; `statement` and
 * `signature`: what the secure device signed with its identity (docs/terminal-app.md): app key, code, device id.
 */
export const pairSchema = v.strictObject({
  code: activationCodeSchema,
  publicKey: base64urlSchema(65),
  statement: base64urlSchema(256),
  signature: base64urlSchema(64),
});
/** Body of a pairing. */
export type Pair = v.InferOutput<typeof pairSchema>;
/** Who the app is from now on. */
export const pairedSchema = v.object({
  appId: idSchema,
  terminalId: idSchema,
  label: v.string(),
  merchantName: v.string(),
});
/** Who the app is from now on. */
export type Paired = v.InferOutput<typeof pairedSchema>;

/** POST /api/terminal-app/challenge: a nonce to sign, good for a minute. */
export const appChallengeSchema = v.object({ nonce: base64urlSchema(32) });
/** POST /api/terminal-app/session: `signature` is ECDSA P-256 with SHA-256 (raw, 64 bytes) over "tillkeeper-app\n" + appId + "\n" + nonce. */
export const appSignInSchema = v.strictObject({
  appId: idSchema,
  nonce: base64urlSchema(32),
  signature: base64urlSchema(64),
});
/** Body of the app's sign-in. */
export type AppSignIn = v.InferOutput<typeof appSignInSchema>;
/** Answer: goes as `Authorization: Bearer` with every call of the terminal's app. */
export const appSessionSchema = v.object({ token: v.string(), expiresAt: instantSchema });
/** A session of the terminal's app. */
export type AppSession = v.InferOutput<typeof appSessionSchema>;

/** States in which the office or the merchant may put a terminal or a merchant. `paused` ends by itself nothing; `stopped` refuses refunds too. */
export const controlStates = ['active', 'paused', 'stopped'] as const;

/** GET /api/terminal-app/home: everything that the channel list needs. */
export const appHomeSchema = v.object({
  terminal: v.object({ id: idSchema, label: v.string(), place: v.string(), serial: v.string() }),
  merchant: v.object({ id: idSchema, name: v.string() }),
  control: v.object({ state: v.picklist(controlStates), reason: v.string() }),
  routes: routesViewSchema,
  /**
   * The newest order of this terminal while it is in hand, and for a quarter of an hour after it ended: what became of
   * the last request. Whether the customer has seen the end is the app's own knowledge.
   */
  currentOrderId: v.optional(idSchema),
  /** Above this a refund needs a second factor. */
  refundFactorAboveFen: fenSchema,
  /** Who of the merchant's staff may approve a refund with their second factor; chosen by number key. */
  approvers: v.optional(v.array(v.object({ email: v.string(), name: v.string() }))),
  now: instantSchema,
});
/** Everything that the channel list needs. */
export type AppHome = v.InferOutput<typeof appHomeSchema>;

/** GET /api/terminal-app/routes?amountFen=… */
export const routesQuerySchema = v.strictObject({
  amountFen: v.optional(v.pipe(v.string(), v.regex(/^\d{1,10}$/, 'must be whole fen'), v.transform(Number))),
});

/** POST /api/terminal-app/auth-code: which channel a scanned code belongs to. */
export const authCodeQuerySchema = v.strictObject({ authCode: authCodeSchema });
/** Which channel a scanned code belongs to; none when no channel knows it. */
export const authCodeChannelSchema = v.object({
  channel: v.optional(channelCodeSchema),
  name: v.optional(bilingualSchema),
});

/** A refund from the terminal: by order, with a member of the merchant's staff as the second factor above the amount. */
export const appRefundSchema = v.strictObject({
  id: idSchema,
  amountFen: v.optional(amountFenSchema),
  reason: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(120)),
  /** E-mail address of the member of staff, and their authenticator's code. */
  approval: v.optional(v.strictObject({ email: v.string(), factor: factorSchema })),
});
/** A refund from the terminal. */
export type AppRefund = v.InferOutput<typeof appRefundSchema>;

/** Query of GET /api/terminal-app/orders. `q`: a receipt or order number, whole or its last four digits. */
export const appOrdersQuerySchema = v.strictObject({
  q: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(40))),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});

/** What closing the batches came to, one line a channel. */
export const settledSchema = v.object({
  items: v.array(
    v.object({
      channel: channelCodeSchema,
      name: bilingualSchema,
      kind: v.picklist(['settled', 'differs', 'unknown']),
      text: v.string(),
    }),
  ),
});

/** POST /api/terminal-app/receipts/:id/printed. */
export const printedSchema = v.strictObject({
  id: idSchema,
  copy: v.picklist(['merchant', 'customer']),
  printer: v.picklist(['secure-device', 'serial', 'usb', 'picture']),
});

/** POST /api/terminal-app/settle: one line a channel. */
export type Settled = v.InferOutput<typeof settledSchema>;
/** Which channel a scanned code belongs to. */
export type AuthCodeChannel = v.InferOutput<typeof authCodeChannelSchema>;
/** Tells that a receipt was printed; the id makes a repetition harmless. */
export type Printed = v.InferOutput<typeof printedSchema>;

/** What the terminal tells about itself, once a minute and when it changes; the office's board shows it. */
export const appScreenSchema = v.strictObject({
  screen: v.pipe(v.string(), v.maxLength(40)),
  version: v.pipe(v.string(), v.maxLength(40)),
  cable: v.picklist(['none', 'connected', 'locked', 'lost']),
  paper: v.optional(v.picklist(['ok', 'low', 'out'])),
});
/** What the terminal tells about itself. */
export type AppScreen = v.InferOutput<typeof appScreenSchema>;

/**
 * POST /api/terminal-app/card-key: a TR-31 block that only this terminal's device opens; the server cannot. The device's
 * public key is the registry's, never the caller's.
 */
export const cardKeySchema = v.object({ keyBlock: v.string() });
/** A card reader's key, wrapped for one device. */
export type CardKey = v.InferOutput<typeof cardKeySchema>;
