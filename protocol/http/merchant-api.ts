import * as v from 'valibot';
import { cursorSchema, idSchema, instantSchema, limitQuerySchema, nameSchema } from './common.ts';
import { factorSchema } from './people.ts';
import { amountFenSchema, orderViewSchema, refundSchema } from './payments.ts';

/** What an API key of a merchant may be allowed. */
export const apiScopes = ['payments:read', 'payments:write', 'refunds:write', 'terminals:read'] as const;
/** What an API key of a merchant may be allowed. */
export type ApiScope = (typeof apiScopes)[number];

/** What a webhook can be told. Each names the payment; the body carries it as it is at that moment. */
export const webhookEvents = [
  'payment.paid',
  'payment.part-paid',
  'payment.cancelled',
  'payment.refunded',
  'payment.review',
] as const;
/** What a webhook can be told. */
export type WebhookEvent = (typeof webhookEvents)[number];

/** The merchant's own number of a sale, 1 to 64 printable ASCII characters; one payment at most has it. */
export const referenceSchema = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 characters without spaces'),
);

/** POST /api/v1/payments: asks the terminal to take this amount. The customer's means of payment is chosen there. */
export const apiCreatePaymentSchema = v.strictObject({
  id: idSchema,
  terminalId: idSchema,
  amountFen: amountFenSchema,
  reference: v.optional(referenceSchema),
  note: v.optional(v.pipe(v.string(), v.maxLength(200)), ''),
});
/** GET /api/v1/payments. */
export const apiFindPaymentSchema = v.strictObject({ reference: referenceSchema });
/** GET /api/v1/payments/:id. With `waitSeconds` the answer comes when the version is above `afterVersion`, or when the time is over. */
export const apiWaitSchema = v.strictObject({
  waitSeconds: v.optional(v.pipe(v.string(), v.regex(/^(?:\d|1[0-5])$/, 'must be 0 to 15'), v.transform(Number))),
  afterVersion: v.optional(v.pipe(v.string(), v.regex(/^\d{1,9}$/, 'must be a whole number'), v.transform(Number))),
});
/** POST /api/v1/payments/:id/refunds. */
export const apiRefundSchema = refundSchema;
/** A payment as a merchant's system sees it. */
export const apiPaymentSchema = orderViewSchema;
/** A terminal as a merchant's system sees it. `isReady`: it can take a payment at once. */
export const apiTerminalSchema = v.object({
  id: idSchema,
  label: v.string(),
  place: v.string(),
  isReady: v.boolean(),
  /** Why not: no app paired, not seen for two minutes, paused by somebody, or a payment is in progress. */
  reason: v.optional(v.picklist(['not-paired', 'not-seen', 'paused', 'busy'])),
  currentPaymentId: v.optional(idSchema),
});

/** A key as the merchant's list shows it; the secret is shown once, when it is made. */
export const apiKeySchema = v.object({
  id: idSchema,
  label: v.string(),
  scopes: v.array(v.picklist(apiScopes)),
  terminalIds: v.optional(v.array(idSchema)),
  madeAt: instantSchema,
  lastUsedAt: v.optional(instantSchema),
  revokedAt: v.optional(instantSchema),
});
/** A key as the merchant's list shows it. */
export type ApiKey = v.InferOutput<typeof apiKeySchema>;
/** Scopes that give money away: a key with one of them is only made with a second factor. */
export const weightyScopes: readonly ApiScope[] = ['refunds:write'];
/** POST /api/merchant/api-keys. `factor`: for a key with one of `weightyScopes`; a passkey's challenge is made for `id`. */
export const makeApiKeySchema = v.strictObject({
  id: idSchema,
  label: nameSchema,
  scopes: v.pipe(
    v.array(v.picklist(apiScopes)),
    v.minLength(1, 'must name at least one'),
    v.maxLength(apiScopes.length),
  ),
  terminalIds: v.optional(v.pipe(v.array(idSchema), v.minLength(1), v.maxLength(200))),
  factor: v.optional(factorSchema),
});
/** POST /api/merchant/api-keys. */
export type MakeApiKey = v.InferOutput<typeof makeApiKeySchema>;
/** Answer: `secret` is shown only here. */
export const madeApiKeySchema = v.object({ key: apiKeySchema, secret: v.string() });

/** A webhook as the merchant's list shows it. */
export const webhookSchema = v.object({
  id: idSchema,
  url: v.string(),
  events: v.array(v.picklist(webhookEvents)),
  state: v.picklist(['active', 'paused']),
  madeAt: instantSchema,
  waiting: v.number(),
  givenUp: v.number(),
});
/** A webhook as the merchant's list shows it. */
export type Webhook = v.InferOutput<typeof webhookSchema>;
/** POST /api/merchant/webhooks. */
export const makeWebhookSchema = v.strictObject({
  id: idSchema,
  url: v.pipe(v.string(), v.url('must be an address'), v.maxLength(500)),
  events: v.pipe(
    v.array(v.picklist(webhookEvents)),
    v.minLength(1, 'must name at least one'),
    v.maxLength(webhookEvents.length),
  ),
});
/** POST /api/merchant/webhooks. */
export type MakeWebhook = v.InferOutput<typeof makeWebhookSchema>;
/** Answer: `secret` (whsec_…) is shown only here; the receiver checks signatures with it. */
export const madeWebhookSchema = v.object({ webhook: webhookSchema, secret: v.string() });
/** PATCH /api/merchant/webhooks/:id. */
export const changeWebhookSchema = v.strictObject({ state: v.picklist(['active', 'paused']) });

/** One message to a webhook. */
export const deliverySchema = v.object({
  id: idSchema,
  event: v.picklist(webhookEvents),
  paymentId: idSchema,
  state: v.picklist(['waiting', 'done', 'given-up']),
  tries: v.number(),
  madeAt: instantSchema,
  doneAt: v.optional(instantSchema),
  nextTryAt: v.optional(instantSchema),
  lastStatus: v.optional(v.number()),
  lastError: v.optional(v.string()),
});
/** One message to a webhook. */
export type Delivery = v.InferOutput<typeof deliverySchema>;
/** Query of GET /api/merchant/webhooks/:id/deliveries, newest first. */
export const deliveryQuerySchema = v.strictObject({
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});
