import type { Actor } from '../../answer.ts';
import type { Core } from '../../core.ts';

/** The merchant whose staff this person is; `undefined` for everybody else. */
export async function merchantOf(core: Core, actor: Actor): Promise<string | undefined> {
  const row = await core.db
    .selectFrom('user')
    .select('merchantId')
    .where('id', '=', actor.id)
    .where('role', '=', 'merchant')
    .executeTakeFirst();
  return row?.merchantId ?? undefined;
}
