import { createHash, randomBytes } from 'node:crypto';
import { err, ok } from '../../domain/result.ts';
import type { Confirm, InvitationView, Person } from '../../protocol/http/people.ts';
import type { Actor, Answer } from '../answer.ts';
import type { FactorService } from '../auth/factors.ts';
import type { Core } from '../core.ts';
import type { Db } from '../store/database.ts';

const invitationMs = 72 * 3_600_000;

/** What is kept of an invitation's token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whether whoever invites gave a second factor for it: an invitation gives rights. */
export async function confirmed(
  factors: FactorService,
  actor: Actor,
  confirm: Confirm | undefined,
): Promise<Answer<void>> {
  return confirm === undefined ? err('factor-needed', 'confirm') : factors.verify(actor, confirm.id, confirm.factor);
}

/** An invitation as it was just made. */
export interface NewInvitation {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Writes an invitation; the token is in the answer and nowhere else. */
export async function newInvitation(db: Db, personId: string, nowMs: number): Promise<NewInvitation> {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(nowMs + invitationMs);
  await db
    .insertInto('invitations')
    .values({ token_hash: hashToken(token), person_id: personId, expires_at: expiresAt, used_at: null })
    .execute();
  return { token, expiresAt };
}

/** What an invitation is for; `not-found` once it is used or over. */
export async function viewInvitation(core: Core, token: string): Promise<Answer<InvitationView>> {
  const row = await core.db
    .selectFrom('invitations')
    .innerJoin('user', 'user.id', 'invitations.person_id')
    .select(['email', 'name', 'role', 'expires_at'])
    .where('token_hash', '=', hashToken(token))
    .where('used_at', 'is', null)
    .where('expires_at', '>', new Date(core.clock()))
    .executeTakeFirst();
  if (row === undefined) return err('not-found');
  return ok({
    email: row.email,
    name: row.name,
    role: row.role as Person['role'],
    expiresAt: row.expires_at.toISOString(),
  });
}
