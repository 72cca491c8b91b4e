import { endpoints } from '../../protocol/http/paths.ts';
import type { RouteName } from '../../protocol/http/paths.ts';
import type { RouteSpec } from '../../protocol/http/route-spec.ts';
import { shellRoutes } from '../../protocol/http/routes-shell.ts';

type Specs = Readonly<Partial<Record<RouteName, RouteSpec>>>;

/** Groups of routes that only some people need, by the beginning of their paths; each is a chunk of its own. */
const groups: readonly (readonly [string, () => Promise<Specs>])[] = [
  [
    '/api/terminal-app/',
    () => import('../../protocol/http/routes-terminal-app.ts').then((module) => module.terminalAppRoutes),
  ],
  ['/api/merchant/', () => import('../../protocol/http/routes-merchant.ts').then((module) => module.merchantRoutes)],
  [
    '/api/merchant/',
    () => import('../../protocol/http/routes-merchant-acts.ts').then((module) => module.merchantActRoutes),
  ],
  ['/api/', () => import('../../protocol/http/routes-base.ts').then((module) => module.baseRoutes)],
  ['/api/', () => import('../../protocol/http/routes.ts').then((module) => module.routes)],
];

/** What a route takes and gives, when this page has it already. */
export function knownSpec(name: RouteName): RouteSpec | undefined {
  return (shellRoutes as Specs)[name];
}

/** What a route takes and gives; undefined when its chunk cannot be fetched now. */
export async function fetchSpec(name: RouteName): Promise<RouteSpec | undefined> {
  for (const [beginning, load] of groups) {
    if (!endpoints[name][1].startsWith(beginning)) continue;
    const spec = (await load().catch((): Specs => ({})))[name];
    if (spec !== undefined) return spec;
  }
  return undefined;
}
