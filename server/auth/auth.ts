import { passkey } from '@better-auth/passkey';
import { betterAuth } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { twoFactor } from 'better-auth/plugins';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import * as v from 'valibot';
import type { Database } from '../store/schema.ts';

/** What the sign-in library is built from. */
export interface AuthOptions {
  readonly db: Kysely<Database>;
  readonly publicUrl: string;
  readonly allowedOrigins: readonly string[];
  /** At least 32 characters; signs cookies and encrypts TOTP secrets. */
  readonly secret: string;
  readonly log: Logger;
}

/** Header in which the server itself names the caller's address; what a caller sends under this name is dropped. */
export const clientAddressHeader = 'x-tillkeeper-client';
/** How long a session cookie is believed without asking the database, in seconds. */
export const cookieCacheSeconds = 60;

const sessionSeconds = 12 * 3600;
const minute = 60;

/**
 * Staff sign-in: e-mail and password, TOTP as second factor, passkeys. Sign-up is closed: operators invite. The user's
 * role, language and state are ours and cannot be set from outside.
 */
export function createAuth(options: AuthOptions) {
  const { hostname, protocol, origin } = new URL(options.publicUrl);
  return betterAuth({
    appName: 'Tillkeeper',
    baseURL: options.publicUrl,
    basePath: '/api/auth',
    secret: options.secret,
    trustedOrigins: [origin, ...options.allowedOrigins],
    database: { db: options.db, type: 'postgres' },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12, maxPasswordLength: 128 },
    user: {
      additionalFields: {
        role: { type: 'string', required: true, input: false },
        locale: { type: 'string', required: true, input: false },
        state: { type: 'string', required: true, input: false },
        merchantId: { type: 'string', required: false, input: false },
      },
    },
    session: {
      expiresIn: sessionSeconds,
      updateAge: 3600,
      cookieCache: { enabled: true, maxAge: cookieCacheSeconds },
    },
    rateLimit: {
      enabled: true,
      window: minute,
      max: 120,
      customRules: {
        '/sign-in/*': { window: minute, max: 10 },
        '/two-factor/*': { window: minute, max: 10 },
        '/passkey/*': { window: minute, max: 30 },
      },
    },
    advanced: {
      useSecureCookies: protocol === 'https:',
      cookiePrefix: 'tillkeeper',
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
    },
    databaseHooks: {
      session: { create: { before: async (session) => isActive(options.db, session.userId) } },
    },
    plugins: [
      signInWithoutPassword,
      twoFactor({ issuer: 'Tillkeeper', totpOptions: { digits: 6, period: 30 } }),
      passkey({ rpID: hostname, rpName: 'Tillkeeper', origin: [origin, ...options.allowedOrigins] }),
    ],
    logger: {
      level: 'warn',
      log: (level, message) => {
        options.log[level === 'error' ? 'error' : 'warn']({ from: 'sign-in' }, message);
      },
    },
  });
}

async function isActive(db: Kysely<Database>, personId: string): Promise<boolean> {
  const row = await db.selectFrom('user').select('state').where('id', '=', personId).executeTakeFirst();
  return row?.state === 'active';
}

/** Makes a session for a known person. Server only: no HTTP path leads here but the demo's own route. */
const signInWithoutPassword = {
  id: 'demo-sign-in',
  endpoints: {
    demoSignIn: createAuthEndpoint.serverOnly(
      { method: 'POST', body: v.object({ userId: v.string() }) },
      async (ctx) => {
        const user = await ctx.context.internalAdapter.findUserById(ctx.body.userId);
        if (user === null) throw new Error('demoSignIn.userId');
        const session = await ctx.context.internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return { done: true };
      },
    ),
  },
} as const;

/** The sign-in library as this server sets it up. */
export type Auth = ReturnType<typeof createAuth>;
