import * as v from 'valibot';
import * as common from './common.ts';
import * as merchantApi from './merchant-api.ts';
import type { RouteSpec } from './route-spec.ts';

/** Routes of a merchant's own systems, and of the merchant who connects them. */
export const merchantApiRoutes = {
  apiCreatePayment: {
    summary: 'Ask a terminal to take an amount',
    access: 'payments:write',
    body: merchantApi.apiCreatePaymentSchema,
    reply: merchantApi.apiPaymentSchema,
    status: 201,
  },
  apiFindPayment: {
    summary: 'The payment with your reference',
    access: 'payments:read',
    query: merchantApi.apiFindPaymentSchema,
    reply: merchantApi.apiPaymentSchema,
  },
  apiPayment: {
    summary: 'What became of a payment; waits for a change when asked to',
    access: 'payments:read',
    query: merchantApi.apiWaitSchema,
    reply: merchantApi.apiPaymentSchema,
  },
  apiCancelPayment: {
    summary: 'End a payment; what was paid in part is given back',
    access: 'payments:write',
    reply: merchantApi.apiPaymentSchema,
  },
  apiRefundPayment: {
    summary: 'Refund a payment, in whole or in part',
    access: 'refunds:write',
    body: merchantApi.apiRefundSchema,
    reply: merchantApi.apiPaymentSchema,
  },
  apiTerminals: {
    summary: 'The terminals that this key may use',
    access: 'terminals:read',
    reply: v.object({ items: v.array(merchantApi.apiTerminalSchema) }),
  },
  listApiKeys: {
    summary: 'API keys of the merchant',
    access: ['merchant'],
    reply: v.object({ items: v.array(merchantApi.apiKeySchema) }),
  },
  makeApiKey: {
    summary: 'Make an API key; its secret is in this answer only',
    access: ['merchant'],
    body: merchantApi.makeApiKeySchema,
    reply: merchantApi.madeApiKeySchema,
    status: 201,
  },
  revokeApiKey: { summary: 'Revoke an API key', access: ['merchant'], reply: merchantApi.apiKeySchema },
  listWebhooks: {
    summary: 'Webhooks of the merchant',
    access: ['merchant'],
    reply: v.object({ items: v.array(merchantApi.webhookSchema) }),
  },
  makeWebhook: {
    summary: 'Make a webhook; its secret is in this answer only',
    access: ['merchant'],
    body: merchantApi.makeWebhookSchema,
    reply: merchantApi.madeWebhookSchema,
    status: 201,
  },
  changeWebhook: {
    summary: 'Pause a webhook or let it go on',
    access: ['merchant'],
    body: merchantApi.changeWebhookSchema,
    reply: merchantApi.webhookSchema,
  },
  removeWebhook: {
    summary: 'Remove a webhook for good; what waits for it is not sent',
    access: ['merchant'],
    reply: v.object({ id: common.idSchema }),
  },
  listDeliveries: {
    summary: 'Messages to a webhook, newest first',
    access: ['merchant'],
    query: merchantApi.deliveryQuerySchema,
    reply: common.pageSchema(merchantApi.deliverySchema),
  },
  sendAgain: {
    summary: 'Send a message to a webhook again, at once',
    access: ['merchant'],
    reply: merchantApi.deliverySchema,
  },
} as const satisfies Record<string, RouteSpec>;
