import type { MiddlewareHandler } from 'hono';
import { errorResponse } from './errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses changing calls from other sites: the Origin, where the browser sends one, must be ours; and Fetch Metadata
 * must not say that another site started the call. Programs without a browser send neither and carry no cookie jar.
 */
export function originGuard(allowedOrigins: readonly string[]): MiddlewareHandler {
  const allowed = new Set(allowedOrigins);
  return async (c, next) => {
    if (safeMethods.has(c.req.method)) return next();
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site');
    const isForeign = origin === undefined ? site === 'cross-site' || site === 'same-site' : !allowed.has(origin);
    return isForeign ? errorResponse('bad-origin') : next();
  };
}
