import type { Fen } from '../../../domain/money.ts';
import { routesOf } from '../../../domain/payments/routing.ts';
import type { EngineParts } from './parts.ts';
import { routingFacts } from './routes.ts';
import type { LinkChannel } from './service.ts';

/**
 * The channels over which a merchant takes this amount on a payer's own phone now, in the merchant's order, with the
 * bank's key where the phone encrypts an account to it.
 */
export async function readLinkChannels(
  parts: EngineParts,
  merchantId: string,
  terminalId: string,
  amountFen: Fen,
): Promise<readonly LinkChannel[]> {
  const { definitions } = parts.desk;
  const nowMs = parts.clock();
  const facts = await parts.store.facts(merchantId, terminalId, nowMs);
  const routes = routesOf(routingFacts(definitions, facts, terminalId, nowMs), amountFen);
  const found = routes.flatMap((route) => {
    const definition = definitions.find(({ code }) => code === route.channel);
    const account = facts.accounts.find(({ channel }) => channel === route.channel);
    const isTaken = route.isAvailable && definition?.capabilities.kinds.includes('link') === true;
    return isTaken && account !== undefined
      ? [{ code: route.channel, name: definition.name, accountId: account.id }]
      : [];
  });
  return Promise.all(
    found.map(async ({ code, name, accountId }) => {
      const open = await parts.desk.open(accountId);
      const account = open?.channel.accountKey?.();
      const inApp = open?.channel.inAppPage?.(parts.returnUrl);
      return { code, name, ...(account === undefined ? {} : { account }), ...(inApp === undefined ? {} : { inApp }) };
    }),
  );
}
