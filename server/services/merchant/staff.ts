import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import type { ApiErrorCode } from '../../../protocol/http/common.ts';
import type { Confirm, Invitation, Person } from '../../../protocol/http/people.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { Db } from '../../store/database.ts';
import type { PeopleService } from '../people.ts';

/** Accounts of the merchant, oldest first. */
export async function listStaff(people: PeopleService, merchantId: string): Promise<Person[]> {
  return (await people.list(merchantId)).items;
}

/** Invites somebody to the merchant's staff. */
export async function inviteStaff(
  people: PeopleService,
  actor: Actor,
  merchantId: string,
  body: { readonly email: string; readonly name: string; readonly confirm?: Confirm | undefined },
): Promise<Answer<Invitation>> {
  return people.invite(actor, { ...body, role: 'merchant', merchantId });
}

/** Gives a colleague who missed the invitation a new one; the earlier one ends. */
export async function reinviteStaff(
  people: PeopleService,
  actor: Actor,
  merchantId: string,
  personId: string,
  confirm: Confirm | undefined,
): Promise<Answer<Invitation>> {
  return people.reinvite(actor, personId, confirm, (db) => guard(db, actor, merchantId, personId));
}

/**
 * Disables a colleague's account or enables it again. Nobody disables themselves, so one account always stays; two who
 * disable each other at the same moment are taken one after the other, and the second of them is nobody any more.
 */
export async function changeStaff(
  people: PeopleService,
  actor: Actor,
  merchantId: string,
  personId: string,
  body: { readonly disabled: boolean },
): Promise<Answer<Person>> {
  if (personId === actor.id) return err('same-person');
  const changed = await people.change(actor, personId, body, (db) => guard(db, actor, merchantId, personId));
  return changed.ok ? ok(changed.value) : changed;
}

/** Whether the change may be made, looked at inside its transaction. */
async function guard(db: Db, actor: Actor, merchantId: string, personId: string): Promise<ApiErrorCode | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`staff of ${merchantId}`}, 0))`.execute(db);
  const rows = await db
    .selectFrom('user')
    .select(['id', 'state'])
    .where('merchantId', '=', merchantId)
    .where('role', '=', 'merchant')
    .where('id', 'in', [actor.id, personId])
    .execute();
  if (!rows.some(({ id, state }) => id === actor.id && state === 'active')) return 'forbidden';
  return rows.some(({ id }) => id === personId) ? undefined : 'not-found';
}
