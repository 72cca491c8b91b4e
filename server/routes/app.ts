import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Logger } from 'pino';
import { jsonBodyMaxBytes } from '../../protocol/http/limits.ts';
import { authBasePath } from '../../protocol/http/paths.ts';
import { clientAddressHeader } from '../auth/auth.ts';
import type { ServerContext } from '../context.ts';
import { errorResponse } from '../http/errors.ts';
import { echoKey } from '../http/idempotent.ts';
import { mountRoutes } from '../http/mount.ts';
import { originGuard } from '../http/origin.ts';
import { createPrincipals } from '../http/principals.ts';
import { createSessions } from '../http/sessions.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { staticFiles } from '../http/static.ts';
import { feesOfficeHandlers } from './fees-office-handlers.ts';
import { merchantApiHandlers } from './merchant-api-handlers.ts';
import { merchantHandlers } from './merchant-handlers.ts';
import { officeHandlers } from './office-handlers.ts';
import { terminalAppHandlers } from './terminal-app-handlers.ts';
import { createIdempotencyService } from '../services/idempotency.ts';
import { mountNotify } from './notify.ts';
import { logHandlers } from './log-handlers.ts';
import { feesTerminalHandlers } from './fees-terminal-handlers.ts';
import { fieldHandlers } from './field-handlers.ts';
import { demoHandlers, peopleHandlers, registryHandlers, systemHandlers, unlockHandlers } from './handlers.ts';

const answerTimeoutMs = 20_000;
const apiCallsMax = 600;
const minuteMs = 60_000;

/** The whole HTTP application. */
export function createApp(context: ServerContext): Hono {
  const { config } = context;
  const app = new Hono();
  const sessions = createSessions(context.auth);
  const origins = [new URL(config.publicUrl).origin, ...config.allowedOrigins];
  app.use(logRequests(context.core.log));
  app.use('/api/*', echoKey());
  app.use('/api/*', originGuard(origins));
  app.on(
    ['GET', 'POST'],
    `${authBasePath}/*`,
    bodyLimit({ maxSize: jsonBodyMaxBytes, onError: () => errorResponse('too-large') }),
    (c) => {
      sessions.forget(c.req.header('cookie'));
      return context.auth.handler(withClientAddress(c.req.raw, context.clientAddress(c)));
    },
  );
  const handlers = {
    ...systemHandlers(context),
    ...logHandlers(context),
    ...demoHandlers(context),
    ...peopleHandlers(context),
    ...registryHandlers(context),
    ...unlockHandlers(context),
    ...fieldHandlers(context),
    ...officeHandlers(context),
    ...feesOfficeHandlers(context),
    ...terminalAppHandlers(context),
    ...feesTerminalHandlers(context),
    ...merchantHandlers(context),
    ...merchantApiHandlers(context),
  };
  mountNotify(app, context.services.payments);
  // UnionPay sends a payer's browser back by a POST; nothing in it is believed.
  app.post('/l', (c) => c.redirect('/l?back=1', 303));
  const keys = createIdempotencyService(context.core);
  const principals = principalsOf(context);
  context.relay.mount(app, principals);
  mountRoutes(app, handlers, {
    sessions,
    principals,
    keys,
    apiLimit: createRateLimit(apiCallsMax, minuteMs),
  });
  if (config.staticDir !== undefined) app.use('*', notForApi(staticFiles(config.staticDir)));
  app.notFound(() => errorResponse('not-found'));
  app.onError((error) => {
    context.core.log.error({ err: error }, 'a call failed');
    return errorResponse('internal');
  });
  return app;
}

function principalsOf({ services }: ServerContext) {
  return createPrincipals({
    terminalOf: (token) => services.terminalApps.find(token),
    apiKeyOf: (token) => services.merchantApi.keys.principalOf(token),
  });
}

/** The caller's address for rate limits: only ours counts, whatever the caller wrote. */
function withClientAddress(request: Request, address: string): Request {
  const headers = new Headers(request.headers);
  headers.delete(clientAddressHeader);
  if (address !== '') headers.set(clientAddressHeader, address);
  return new Request(request, { headers });
}

type Middleware = ReturnType<typeof staticFiles>;

function notForApi(inner: Middleware): Middleware {
  return (c, next) => (c.req.path.startsWith('/api/') ? next() : inner(c, next));
}

/** One line per call, without query, cookies or bodies; and an answer for calls that take too long. */
function logRequests(log: Logger): Middleware {
  return async (c, next) => {
    const startedAt = performance.now();
    if (c.req.path === '/api/events') await next();
    else if (await isTooSlow(next())) c.res = errorResponse('timed-out');
    const ms = Math.round(performance.now() - startedAt);
    log.debug({ method: c.req.method, path: loggedPath(c.req.path), status: c.res.status, ms }, 'call');
  };
}

/** Whoever reads the log must not be able to use what stands in it: tokens in paths are left out. */
function loggedPath(path: string): string {
  return path.replace(/^(\/api\/(?:fees\/results|invitations)\/)[^/]+/, '$1…');
}

async function isTooSlow(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((done) => {
    timer = setTimeout(() => {
      done(true);
    }, answerTimeoutMs);
  });
  try {
    return await Promise.race([work.then(() => false), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
