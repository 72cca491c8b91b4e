import type { Context as HonoContext } from 'hono';
import type { ApiKeyPrincipal, Principals, TerminalPrincipal } from './mount.ts';

/** Who a bearer token belongs to. */
export interface BearerFinders {
  readonly terminalOf: (token: string) => Promise<TerminalPrincipal | undefined>;
  readonly apiKeyOf: (token: string) => Promise<ApiKeyPrincipal | undefined>;
}

const tokenPattern = /^Bearer ([A-Za-z0-9_.-]{20,200})$/i;

/** The bearer token of a call; `undefined` when there is none or it cannot be one of ours. */
function bearerOf(c: HonoContext): string | undefined {
  return tokenPattern.exec(c.req.header('authorization') ?? '')?.[1];
}

/** Callers that are no persons: terminals' apps and API keys, by their `Authorization: Bearer` token. */
export function createPrincipals(finders: BearerFinders): Principals {
  const find = async <T>(c: HonoContext, finder: (token: string) => Promise<T | undefined>) => {
    const token = bearerOf(c);
    return token === undefined ? undefined : finder(token);
  };
  return {
    terminalOf: (c) => find(c, finders.terminalOf),
    apiKeyOf: (c) => find(c, finders.apiKeyOf),
  };
}
