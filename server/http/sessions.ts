import type { Context as HonoContext } from 'hono';
import { type Role, roles } from '../../protocol/http/common.ts';
import type { Actor } from '../answer.ts';
import type { Auth } from '../auth/auth.ts';

/** Who is signed in. */
export interface Sessions {
  /** `undefined` when nobody is, or the account is not active. */
  actorOf(c: HonoContext): Promise<Actor | undefined>;
}

/** Sessions by the sign-in library; its signed cookie is believed for a minute, so most calls ask no database. */
export function createSessions(auth: Auth): Sessions {
  return {
    actorOf: async (c) => {
      if (c.req.header('cookie') === undefined) return undefined;
      const { headers, response } = await auth.api.getSession({ headers: c.req.raw.headers, returnHeaders: true });
      for (const cookie of headers.getSetCookie()) c.header('set-cookie', cookie, { append: true });
      if (response === null) return undefined;
      const { id, name, role, state } = response.user;
      return state === 'active' && isRole(role) ? { id, name, role } : undefined;
    },
  };
}

function isRole(value: string): value is Role {
  return (roles as readonly string[]).includes(value);
}
