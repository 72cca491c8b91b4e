import type { Context as HonoContext } from 'hono';
import { type Role, roles } from '../../protocol/http/common.ts';
import type { Actor } from '../answer.ts';
import type { Auth } from '../auth/auth.ts';

/** Who is signed in. */
export interface Sessions {
  /**
   * `undefined` when nobody is, or the account is not active. `isFresh` asks the database, for acts of weight;
   * otherwise a recent answer or the signed cookie is believed for at most a minute.
   */
  actorOf(c: HonoContext, isFresh: boolean): Promise<Actor | undefined>;
  /** Forgets what is known of this cookie, after any call to the sign-in library. */
  forget(cookie: string | undefined): void;
}

const believedMs = 3_000;
const rememberedMax = 2_000;

/** Sessions by the sign-in library, with a short memory of cookies, because checking one costs more than a decision. */
export function createSessions(auth: Auth): Sessions {
  const remembered = new Map<string, { actor: Actor; untilMs: number }>();
  return {
    forget: (cookie) => remembered.delete(cookie ?? ''),
    actorOf: async (c, isFresh) => {
      const cookie = c.req.header('cookie');
      if (cookie === undefined) return undefined;
      const known = remembered.get(cookie);
      if (known !== undefined && !isFresh && known.untilMs > performance.now()) return known.actor;
      const actor = await askLibrary(auth, c, isFresh);
      remembered.delete(cookie);
      if (remembered.size >= rememberedMax) remembered.clear();
      if (actor !== undefined) remembered.set(cookie, { actor, untilMs: performance.now() + believedMs });
      return actor;
    },
  };
}

async function askLibrary(auth: Auth, c: HonoContext, isFresh: boolean): Promise<Actor | undefined> {
  const { headers, response } = await auth.api.getSession({
    headers: c.req.raw.headers,
    query: { disableCookieCache: isFresh },
    returnHeaders: true,
  });
  for (const cookie of headers.getSetCookie()) c.header('set-cookie', cookie, { append: true });
  if (response === null) return undefined;
  const { id, name, role, state, merchantId } = response.user;
  if (state !== 'active' || !isRole(role)) return undefined;
  const isStaffOfMerchant = role === 'merchant' && typeof merchantId === 'string';
  return { id, name, role, ...(isStaffOfMerchant ? { merchantId } : {}) };
}

function isRole(value: string): value is Role {
  return (roles as readonly string[]).includes(value);
}
