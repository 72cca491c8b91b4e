import type { Core } from '../../core.ts';
import { keysInUse, readKeyRows } from './account-rows.ts';

/** A key's last use is known to this; writing down every call would cost more than the calls. */
const hourMs = 3_600_000;
const accountsMax = 10_000;

/** Notes that an account's platform was spoken to: the keys that are in use were used then. Never fails its caller. */
export function createKeyUse(core: Core): (accountId: string) => void {
  const noted = new Map<string, number>();
  return (accountId) => {
    const nowMs = core.clock();
    if (nowMs - (noted.get(accountId) ?? -Infinity) < hourMs) return;
    if (noted.size >= accountsMax) noted.clear();
    noted.set(accountId, nowMs);
    note(core, accountId, nowMs).catch((error: unknown) => {
      core.log.warn({ err: error, account: accountId }, 'the use of keys could not be noted');
    });
  };
}

async function note(core: Core, accountId: string, nowMs: number): Promise<void> {
  const used = keysInUse(await readKeyRows(core.db, accountId), nowMs);
  if (used.length === 0) return;
  await core.db
    .updateTable('channel_keys')
    .set({ last_used_at: new Date(nowMs) })
    .where('account_id', '=', accountId)
    .where('id', 'in', used)
    .execute();
}
