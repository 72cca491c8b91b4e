import { type Fen, fen } from '../money.ts';
import { type LimitReason, type LimitRule, type LimitUse, type Room, roomIn, rulesFor } from './limits.ts';

/** A channel as the merchant has it. `state` is `none` without an account. */
export interface ChannelFact {
  readonly channel: string;
  readonly state: 'active' | 'paused' | 'none';
  /** The lowest is preselected. */
  readonly priority: number;
  readonly feePpm: number;
  /** The platform's own bounds for one payment, in fen. */
  readonly minFen: number;
  readonly maxFen: number;
}

/** Everything that routing looks at. */
export interface RoutingFacts {
  readonly channels: readonly ChannelFact[];
  readonly rules: readonly LimitRule[];
  readonly uses: readonly LimitUse[];
  readonly terminalId: string;
  /** The merchant or the terminal is paused or stopped: no channel takes anything. */
  readonly isPaused: boolean;
  readonly nowMs: number;
}

/** Why a channel cannot take an amount. */
export type RouteReason = LimitReason | 'below-minimum' | 'above-maximum' | 'paused' | 'not-configured';

/** One channel as a choice. `capacityFen` is the most that one payment over it can be now. */
export interface Route {
  readonly channel: string;
  readonly isAvailable: boolean;
  readonly reason?: RouteReason;
  readonly room: Room;
  readonly minFen: number;
  readonly capacityFen: Fen;
}

/** A part of an amount over one channel. */
export interface Part {
  readonly channel: string;
  readonly amountFen: Fen;
}

function reasonOf(fact: ChannelFact, room: Room, isPaused: boolean, amountFen: Fen | undefined) {
  if (fact.state === 'none') return 'not-configured';
  if (isPaused || fact.state === 'paused') return 'paused';
  const wanted = amountFen ?? fact.minFen;
  if (wanted < fact.minFen) return 'below-minimum';
  if (room.leftFen !== undefined && wanted > room.leftFen) return room.reason;
  return wanted > fact.maxFen ? 'above-maximum' : undefined;
}

function routeOf(fact: ChannelFact, facts: RoutingFacts, amountFen: Fen | undefined): Route {
  const room = roomIn(rulesFor(facts.rules, fact.channel, facts.terminalId), facts.uses, facts.nowMs);
  const reason = reasonOf(fact, room, facts.isPaused, amountFen);
  const isShut = reason === 'not-configured' || reason === 'paused';
  const capacityFen = fen(isShut ? 0 : Math.min(fact.maxFen, room.leftFen ?? Infinity));
  const { channel, minFen } = fact;
  return { channel, isAvailable: reason === undefined, room, minFen, capacityFen, ...(reason && { reason }) };
}

/** Every channel with why it can or cannot take the amount, in the merchant's order: by priority, then by fee. */
export function routesOf(facts: RoutingFacts, amountFen: Fen | undefined): Route[] {
  const sorted = [...facts.channels].sort(
    (a, b) => Number(a.state === 'none') - Number(b.state === 'none') || a.priority - b.priority || a.feePpm - b.feePpm,
  );
  return sorted.map((fact) => routeOf(fact, facts, amountFen));
}

/**
 * Splits an amount over the channels, largest capacity first, one payment each, exact to the fen; each part keeps its
 * channel's smallest amount. `undefined` when they cannot take it all together.
 */
export function splitOver(routes: readonly Route[], amountFen: Fen): Part[] | undefined {
  const sorted = routes
    .filter((route) => route.capacityFen >= Math.max(1, route.minFen))
    .sort((a, b) => b.capacityFen - a.capacityFen);
  for (let count = 1; count <= sorted.length; count += 1) {
    const parts = fill(sorted.slice(0, count), amountFen);
    if (parts !== undefined) return parts;
  }
  return undefined;
}

/** Every route takes its smallest amount, then the first ones as much as they can. */
function fill(routes: readonly Route[], amountFen: Fen): Part[] | undefined {
  const least = routes.map((route) => Math.max(1, route.minFen));
  let rest = amountFen - least.reduce((sum, part) => sum + part, 0);
  if (rest < 0) return undefined;
  const parts = routes.map((route, index) => {
    const smallest = least[index] ?? 1;
    const more = Math.min(rest, route.capacityFen - smallest);
    rest -= more;
    return { channel: route.channel, amountFen: fen(smallest + more) };
  });
  return rest === 0 ? parts : undefined;
}
