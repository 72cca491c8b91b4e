import { ok } from '../../domain/result.ts';
import type { ServerContext } from '../context.ts';
import type { Handlers } from '../http/mount.ts';
import { pageQuery } from '../services/paging.ts';
import type { merchantApiRoutes } from '../../protocol/http/routes-merchant-api.ts';

/** Routes of a merchant's own systems, and of the merchant who connects them. */
export function merchantApiHandlers({ services }: ServerContext) {
  const { payments, keys, webhooks, terminals } = services.merchantApi;
  const idOf = (params: Readonly<Record<string, string>>): string => params['id'] ?? '';
  return {
    apiCreatePayment: ({ apiKey, body }) => payments.create(apiKey, body),
    apiFindPayment: ({ apiKey, query }) => payments.find(apiKey, query.reference),
    apiPayment: ({ apiKey, params, query }) =>
      payments.follow(apiKey, idOf(params), query.afterVersion ?? 0, (query.waitSeconds ?? 0) * 1000),
    apiCancelPayment: ({ apiKey, params }) => payments.cancel(apiKey, idOf(params)),
    apiRefundPayment: ({ apiKey, params, body }) => payments.refund(apiKey, idOf(params), body),
    apiTerminals: async ({ apiKey }) => ok(await terminals(apiKey)),
    listApiKeys: ({ actor }) => keys.list(actor),
    makeApiKey: ({ actor, body }) => keys.make(actor, body),
    revokeApiKey: ({ actor, params }) => keys.revoke(actor, idOf(params)),
    listWebhooks: ({ actor }) => webhooks.list(actor),
    makeWebhook: ({ actor, body }) => webhooks.make(actor, body),
    changeWebhook: ({ actor, params, body }) => webhooks.change(actor, idOf(params), body.state),
    removeWebhook: ({ actor, params }) => webhooks.remove(actor, idOf(params)),
    listDeliveries: ({ actor, params, query }) => webhooks.deliveries(actor, idOf(params), pageQuery(query)),
    sendAgain: ({ actor, params }) => webhooks.sendAgain(actor, idOf(params)),
  } satisfies Handlers<keyof typeof merchantApiRoutes>;
}
