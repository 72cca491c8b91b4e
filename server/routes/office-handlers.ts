import { ok } from '../../domain/result.ts';
import type { officeRoutes } from '../../protocol/http/routes-office.ts';
import type { ServerContext } from '../context.ts';
import type { Handlers } from '../http/mount.ts';

type Params = Readonly<Record<string, string>>;

const idOf = (params: Params): string => params['id'] ?? '';
const accountOf = (params: Params) => ({ merchantId: idOf(params), accountId: params['accountId'] ?? '' });
const limitOf = (params: Params) => ({ merchantId: idOf(params), limitId: params['limitId'] ?? '' });

/** The office's half of payments. */
export function officeHandlers({ services: { channels, reviews, terminalApps } }: ServerContext) {
  return {
    listChannels: async () => ok({ items: channels.definitions() }),
    inspectKey: async ({ body }) => ok(channels.inspectKey(body.material)),
    listAccounts: async ({ params }) => ok({ items: await channels.accounts(idOf(params)) }),
    createAccount: ({ actor, params, body }) => channels.createAccount(actor, idOf(params), body),
    changeAccount: ({ actor, params, body }) => channels.changeAccount(actor, accountOf(params), body),
    addKey: ({ actor, params, body }) => channels.addKey(actor, accountOf(params), body),
    retireKey: ({ actor, params }) => channels.retireKey(actor, accountOf(params), params['keyId'] ?? ''),
    listLimits: async ({ params }) => ok({ items: await channels.limits(idOf(params)) }),
    createLimit: ({ actor, params, body }) => channels.createLimit(actor, idOf(params), body),
    changeLimit: ({ actor, params, body }) => channels.changeLimit(actor, limitOf(params), body),
    shopSettings: async ({ params }) => ok(await channels.settings(idOf(params))),
    changeShopSettings: ({ actor, params, body }) => channels.changeSettings(actor, idOf(params), body),
    controlShop: ({ actor, params, body }) => channels.controlMerchant(actor, idOf(params), body),
    controlTerminal: ({ actor, params, body }) => channels.controlTerminal(actor, idOf(params), body),
    terminalPayments: ({ params }) => terminalApps.terminalPayments(idOf(params)),
    makeActivationCode: ({ actor, params }) => terminalApps.makeCode(actor, idOf(params)),
    revokeApp: ({ actor, params }) => terminalApps.revoke(actor, idOf(params)),
    listReviews: async () => ok({ items: await reviews.list() }),
    getReview: ({ params }) => reviews.read(idOf(params)),
    decideReview: ({ actor, params, body }) => reviews.decide(actor, idOf(params), body),
    board: async ({ query }) => ok(await terminalApps.board(query.merchantId)),
  } satisfies Handlers<keyof typeof officeRoutes>;
}
