import type * as v from 'valibot';
import type { RouteName } from './paths.ts';
import type { RouteSpec } from './route-spec.ts';
import { baseRoutes } from './routes-base.ts';
import { feesTerminalRoutes } from './routes-fees-terminal.ts';
import { feesOfficeRoutes } from './routes-fees-office.ts';
import { merchantApiRoutes } from './routes-merchant-api.ts';
import { merchantActRoutes } from './routes-merchant-acts.ts';
import { merchantRoutes } from './routes-merchant.ts';
import { officeRoutes } from './routes-office.ts';
import { terminalAppRoutes } from './routes-terminal-app.ts';

/** Every route of ours (the sign-in library's own are under /api/auth). Key: operation id. */
export const routes = {
  ...baseRoutes,
  ...officeRoutes,
  ...feesOfficeRoutes,
  ...terminalAppRoutes,
  ...feesTerminalRoutes,
  ...merchantApiRoutes,
  ...merchantRoutes,
  ...merchantActRoutes,
} as const satisfies Record<RouteName, RouteSpec>;

type Output<S> = S extends v.GenericSchema ? v.InferOutput<S> : S extends 'text' ? string : never;
type Input<S> = S extends v.GenericSchema ? v.InferInput<S> : never;
type Part<N extends RouteName, K extends string> = (typeof routes)[N] extends Record<K, infer S> ? S : never;

/** What the caller sends as a body to route `N`. */
export type RouteBody<N extends RouteName> = Input<Part<N, 'body'>>;
/** What the caller sends as a query to route `N`, before parsing: strings. */
export type RouteQuery<N extends RouteName> = Input<Part<N, 'query'>>;
/** What route `N` answers. */
export type RouteReply<N extends RouteName> = Output<Part<N, 'reply'>>;
