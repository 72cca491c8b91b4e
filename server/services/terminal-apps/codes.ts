import { createHmac, randomInt } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import type { MadeCode } from '../../../protocol/http/control.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';

const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeChars = 8;
const codeMs = 15 * 60_000;
/** Wrong tries against one terminal's code; then the code is dead and the office makes another. */
export const codeTriesMax = 10;

/** What is kept of a code. Keyed, because 39 bits could be tried through by whoever reads the table. */
export function codeHash(core: Core, code: string): Buffer {
  return createHmac('sha256', core.keys().signInSecret).update(`tillkeeper activation code\n${code}`).digest();
}

/**
 * Makes a code for pairing an app with this terminal; earlier ones are dead from now on. The code is in the answer and
 * nowhere else. `actor` is absent for start-up code.
 */
export async function makeCode(core: Core, actor: Actor | undefined, terminalId: string): Promise<Answer<MadeCode>> {
  const nowMs = core.clock();
  const code = Array.from({ length: codeChars }, () => alphabet[randomInt(alphabet.length)] ?? '').join('');
  const expiresAt = new Date(nowMs + codeMs);
  const isMade = await core.db.transaction().execute(async (db) => {
    const terminal = await db.selectFrom('terminals').select('id').where('id', '=', terminalId).executeTakeFirst();
    if (terminal === undefined) return false;
    await endCodes(db, terminalId, new Date(nowMs));
    await db
      .insertInto('activation_codes')
      .values({
        terminal_id: terminalId,
        code_hash: codeHash(core, code),
        made_by: actor?.id ?? null,
        made_at: new Date(nowMs),
        expires_at: expiresAt,
      })
      .execute();
    await writeAudit(db, nowMs, {
      act: 'terminal-app.code-made',
      actorId: actor?.id,
      subject: `terminal:${terminalId}`,
      facts: { expiresAt: expiresAt.toISOString() },
    });
    return true;
  });
  if (!isMade) return err('not-found');
  core.bus.publish({ name: 'audit', id: terminalId });
  return ok({ code, expiresAt: expiresAt.toISOString() });
}

async function endCodes(db: Db, terminalId: string, now: Date): Promise<void> {
  await db
    .updateTable('activation_codes')
    .set({ expires_at: now })
    .where('terminal_id', '=', terminalId)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .execute();
}

/** Uses a code up, in the caller's transaction. False: it is not this terminal's, is used, over, or tried too often. */
export async function useCode(db: Db, terminalId: string, hash: Buffer, now: Date): Promise<boolean> {
  const used = await db
    .updateTable('activation_codes')
    .set({ used_at: now })
    .where('terminal_id', '=', terminalId)
    .where('code_hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('tries', '<', codeTriesMax)
    .executeTakeFirst();
  return used.numUpdatedRows === 1n;
}

/** Counts a wrong code against the terminal's open ones. @returns how many tries the newest has had; 0 without one. */
export async function countTry(db: Db, terminalId: string, now: Date): Promise<number> {
  const rows = await db
    .updateTable('activation_codes')
    .set((eb) => ({ tries: eb('tries', '+', 1) }))
    .where('terminal_id', '=', terminalId)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('tries')
    .execute();
  return Math.max(0, ...rows.map((row) => row.tries));
}
