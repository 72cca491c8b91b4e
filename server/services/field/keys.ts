import { err, ok } from '../../../domain/result.ts';
import type { EnrolFieldKey, FieldKey, Revoke } from '../../../protocol/http/field.ts';
import { isStrictPublicKey } from '../../../protocol/unlock/v1/ed25519.ts';
import { fieldKeyProofBytes } from '../../../protocol/unlock/v1/field-key.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { verifyByNode } from '../../keys/node-keys.ts';
import { type Db, sqlState, uniqueViolation } from '../../store/database.ts';
import { type Page, pageOf, type PageQuery } from '../paging.ts';
import { base64url } from '../unlocks/view.ts';
import { revokeDelegations } from './revoke.ts';

/** Active keys that one person may have: a laptop, a phone, and their successors. */
const activeKeysMax = 5;

const isOffice = (actor: Actor): boolean => actor.role === 'operator' || actor.role === 'approver';

function selectKeys(db: Db) {
  return db
    .selectFrom('field_keys as k')
    .innerJoin('user as p', 'p.id', 'k.person_id')
    .leftJoin('user as r', 'r.id', 'k.revoked_by')
    .selectAll('k')
    .select(['p.name as person_name', 'p.role as person_role', 'r.name as revoker_name']);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectKeys>['executeTakeFirstOrThrow']>>;

function keyOf(row: Row): FieldKey {
  return {
    id: row.id,
    person: { id: row.person_id, name: row.person_name },
    role: row.person_role as FieldKey['role'],
    publicKey: base64url(row.public_key),
    label: row.label,
    protection: row.protection as FieldKey['protection'],
    engine: row.engine as FieldKey['engine'],
    state: row.state,
    enrolledAt: row.enrolled_at.toISOString(),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
    ...(row.revoked_by === null ? {} : { revokedBy: { id: row.revoked_by, name: row.revoker_name ?? '' } }),
  };
}

/** Field keys: the office sees anybody's, everybody else their own. */
export async function listFieldKeys(
  core: Core,
  actor: Actor,
  query: PageQuery & { readonly personId?: string | undefined },
): Promise<Page<FieldKey>> {
  let rows = selectKeys(core.db)
    .orderBy('k.enrolled_at', 'desc')
    .orderBy('k.id', 'desc')
    .limit(query.limit + 1);
  const personId = isOffice(actor) ? query.personId : actor.id;
  if (personId !== undefined) rows = rows.where('k.person_id', '=', personId);
  const after = /^(.+)\|([0-9a-f-]{36})$/.exec(query.after ?? '');
  if (after !== null) {
    rows = rows.where((eb) =>
      eb.or([
        eb('k.enrolled_at', '<', new Date(after[1] ?? '')),
        eb.and([eb('k.enrolled_at', '=', new Date(after[1] ?? '')), eb('k.id', '<', after[2] ?? '')]),
      ]),
    );
  }
  return pageOf((await rows.execute()).map(keyOf), query.limit, (key) => `${key.enrolledAt}|${key.id}`);
}

async function readKey(core: Core, id: string): Promise<Answer<FieldKey>> {
  const row = await selectKeys(core.db).where('k.id', '=', id).executeTakeFirst();
  return row === undefined ? err('not-found') : ok(keyOf(row));
}

/** Takes a new key whose holder has shown to hold it. The same id with the same key again is the same key. */
export async function enrolFieldKey(core: Core, actor: Actor, body: EnrolFieldKey): Promise<Answer<FieldKey>> {
  const publicKey = new Uint8Array(Buffer.from(body.publicKey, 'base64url'));
  const proof = new Uint8Array(Buffer.from(body.proof, 'base64url'));
  if (!isStrictPublicKey(publicKey)) return err('bad-request', 'publicKey');
  if (!verifyByNode(publicKey, fieldKeyProofBytes(actor.id, publicKey), proof)) return err('bad-signature', 'proof');
  const nowMs = core.clock();
  try {
    const outcome = await core.db.transaction().execute((db) => keepKey(db, actor, body, publicKey, nowMs));
    if (!outcome.ok) return outcome;
    if (outcome.value) core.bus.publish({ name: 'audit', id: body.id });
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'publicKey');
    throw error;
  }
  return readKey(core, body.id);
}

/** @returns whether the key is new. */
async function keepKey(
  db: Db,
  actor: Actor,
  body: EnrolFieldKey,
  publicKey: Uint8Array,
  nowMs: number,
): Promise<Answer<boolean>> {
  await db.selectFrom('user').select('id').where('id', '=', actor.id).forNoKeyUpdate().executeTakeFirst();
  const known = await db.selectFrom('field_keys').selectAll().where('id', '=', body.id).executeTakeFirst();
  if (known !== undefined) {
    const isSame = known.person_id === actor.id && known.public_key.equals(publicKey);
    return isSame ? ok(false) : err('exists-with-different-body', 'id');
  }
  const { count } = await db
    .selectFrom('field_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('person_id', '=', actor.id)
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow();
  if (count >= activeKeysMax) return err('too-many-keys', 'publicKey');
  const { id, label, protection, engine } = body;
  await db
    .insertInto('field_keys')
    .values({
      ...{ person_id: actor.id, id, label, protection, engine, state: 'active', public_key: publicKey },
      ...{ enrolled_at: new Date(nowMs), last_used_at: null },
      ...{ revoked_at: null, revoked_by: null, revoked_reason: null },
    })
    .execute();
  await writeAudit(db, nowMs, {
    act: 'field-key.enrolled',
    actorId: actor.id,
    subject: `person:${actor.id}`,
    facts: { keyId: id, publicKey: Buffer.from(publicKey).toString('hex'), protection, engine },
  });
  return ok(true);
}

/** Ends a key, and with it every delegation that names it. Its holder may do so, and the office. */
export async function revokeFieldKey(core: Core, actor: Actor, id: string, body: Revoke): Promise<Answer<FieldKey>> {
  const found = await readKey(core, id);
  if (!found.ok) return found;
  if (found.value.person.id !== actor.id && !isOffice(actor)) return err('not-found');
  const nowMs = core.clock();
  const ended = await core.db.transaction().execute(async (db) => {
    const changed = await db
      .updateTable('field_keys')
      .set({ state: 'revoked', revoked_at: new Date(nowMs), revoked_by: actor.id, revoked_reason: body.reason })
      .where('id', '=', id)
      .where('state', '=', 'active')
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return undefined;
    await writeAudit(db, nowMs, {
      act: 'field-key.revoked',
      actorId: actor.id,
      subject: `person:${found.value.person.id}`,
      facts: { keyId: id, reason: body.reason },
    });
    return revokeDelegations(db, await delegationsOf(db, id), { actor, reason: body.reason, nowMs });
  });
  if (ended !== undefined) {
    core.bus.publish(
      { name: 'audit', id },
      ...ended.map((delegationId) => ({ name: 'delegation' as const, id: delegationId })),
    );
  }
  return readKey(core, id);
}

/** Delegations that could still be used or approved and that this key signs for, as technician or as second person. */
async function delegationsOf(db: Db, keyId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('delegations as d')
    .select('d.id')
    .where('d.state', 'in', ['waiting', 'active', 'ended'])
    .where((eb) =>
      eb.or([
        eb('d.field_key_id', '=', keyId),
        eb.exists(
          eb
            .selectFrom('delegation_seconds as s')
            .select('s.key_id')
            .whereRef('s.delegation_id', '=', 'd.id')
            .where('s.key_id', '=', keyId),
        ),
      ]),
    )
    .execute();
  return rows.map((row) => row.id);
}
