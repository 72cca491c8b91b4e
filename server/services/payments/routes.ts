import type { Fen } from '../../../domain/money.ts';
import { type Route, type RoutingFacts, routesOf, splitOver } from '../../../domain/payments/routing.ts';
import type { RoutesView, RouteView } from '../../../protocol/http/payments.ts';
import type { ChannelDefinition } from '../../channels/channel.ts';
import type { EngineParts } from './parts.ts';
import type { TerminalFacts } from './store.ts';

/** What routing looks at: every channel of this server, with the merchant's account where there is one. */
export function routingFacts(
  definitions: readonly ChannelDefinition[],
  facts: TerminalFacts,
  terminalId: string,
  nowMs: number,
): RoutingFacts {
  const channels = definitions.map(({ code, capabilities: { minFen, maxFen } }) => {
    const account = facts.accounts.find(({ channel }) => channel === code);
    const { state = 'none', priority = 0, feePpm = 0 } = account ?? {};
    return { channel: code, state, priority, feePpm, minFen, maxFen } as const;
  });
  const isPaused = facts.merchantState !== 'active' || facts.terminalState !== 'active';
  return { channels, rules: facts.rules, uses: facts.uses, terminalId, isPaused, nowMs };
}

/** Every channel with why it can or cannot take the amount, the one to preselect, and a split when none can. */
export async function readRoutes(
  parts: EngineParts,
  merchantId: string,
  terminalId: string,
  amountFen: Fen | undefined,
): Promise<RoutesView> {
  const { definitions } = parts.desk;
  const nowMs = parts.clock();
  const facts = await parts.store.facts(merchantId, terminalId, nowMs);
  const routes = routesOf(routingFacts(definitions, facts, terminalId, nowMs), amountFen);
  const best = routes.find(({ isAvailable }) => isAvailable);
  const split = best === undefined && amountFen !== undefined ? splitOver(routes, amountFen) : undefined;
  return {
    routes: routes.flatMap((route) => {
      const definition = definitions.find(({ code }) => code === route.channel);
      return definition === undefined ? [] : [routeView(route, definition)];
    }),
    ...(best === undefined ? {} : { preselected: best.channel }),
    ...(split === undefined ? {} : { split }),
  };
}

function routeView(route: Route, { name, capabilities }: ChannelDefinition): RouteView {
  const { room, reason } = route;
  const isLimited = reason?.endsWith('-limit') === true;
  return {
    channel: route.channel,
    name,
    kinds: [...capabilities.kinds],
    isAvailable: route.isAvailable,
    ...(reason === undefined ? {} : { reason }),
    ...(room.leftFen === undefined ? {} : { leftFen: route.capacityFen }),
    ...(room.day === undefined ? {} : { day: { ...room.day } }),
    ...(isLimited && room.resumesAtMs !== undefined ? { resumesAt: new Date(room.resumesAtMs).toISOString() } : {}),
    ...(capabilities.authCode === undefined ? {} : { authCode: capabilities.authCode.source }),
  };
}
