import { err, ok } from '../../../domain/result.ts';
import type { AddKey, ChannelAccountView, KeyFacts } from '../../../protocol/http/channels.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { ChannelField } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../store/database.ts';
import { type AccountRow, definitionOf, faultOf, readKeyRows } from './account-rows.ts';
import { accountAnswer, announceChannels } from './accounts.ts';
import { keyFactsOf } from './key-facts.ts';
import { sealChannelKey } from './key-seal.ts';

/** Where an account is. */
export interface AccountPlace {
  readonly merchantId: string;
  readonly accountId: string;
}

async function lockAccount(db: Db, { merchantId, accountId }: AccountPlace): Promise<AccountRow | undefined> {
  return db
    .selectFrom('channel_accounts')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirst();
}

/** The first fault of a new key: its purpose is none of the channel's, or what was pasted is half a key. */
function faultOfKey(field: ChannelField | undefined, body: AddKey, facts: KeyFacts): string | undefined {
  if (field === undefined) return 'purpose';
  if (facts.kind === 'text' && body.material.includes('-----BEGIN')) return 'material';
  const isPublic = facts.kind === 'certificate' || facts.kind === 'public-key';
  if (field.isSecret ? isPublic : facts.kind === 'private-key') return 'material';
  if (facts.notAfter !== undefined && body.notAfter !== undefined) return 'notAfter';
  return undefined;
}

/** The name by which the platform knows the key: what was given, the certificate's serial, or the fingerprint's begin. */
function keyIdOf(body: AddKey, facts: KeyFacts): string {
  return body.keyId ?? facts.serial ?? facts.fingerprint?.slice(0, 16) ?? body.id.slice(-12);
}

/** Adds a key for a person, who confirms with a second factor. The same id again is the same key and needs no new one. */
export async function addKeyByPerson(
  core: Core,
  factors: FactorService,
  actor: Actor,
  place: AccountPlace,
  body: AddKey,
): Promise<Answer<ChannelAccountView>> {
  const known = await core.db
    .selectFrom('channel_keys')
    .select('id')
    .where('account_id', '=', place.accountId)
    .where('id', '=', body.id)
    .executeTakeFirst();
  if (known === undefined) {
    if (body.factor === undefined) return err('factor-needed', 'factor');
    const verdict = await factors.verify(actor, body.id, body.factor);
    if (!verdict.ok) return verdict;
  }
  return addKey(core, actor, place, body);
}

/**
 * Adds a key beside those that are there, so that both work while a rotation runs. Its material is sealed and never
 * given out again. `already-exists`: the account has a key of this purpose and name.
 */
export async function addKey(
  core: Core,
  actor: Actor | undefined,
  place: AccountPlace,
  body: AddKey,
): Promise<Answer<ChannelAccountView>> {
  const facts = keyFactsOf(body.material);
  try {
    const answer = await core.db.transaction().execute((db) => insertKey(core, db, actor, place, body, facts));
    if (!answer.ok) return answer;
  } catch (error) {
    if (error instanceof BrokenAccount) return err('bad-request', error.field);
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'keyId');
    throw error;
  }
  announceChannels(core, place.merchantId);
  return accountAnswer(core, place.merchantId, place.accountId);
}

async function insertKey(
  core: Core,
  db: Db,
  actor: Actor | undefined,
  place: AccountPlace,
  body: AddKey,
  facts: KeyFacts,
): Promise<Answer<void>> {
  const account = await lockAccount(db, place);
  if (account === undefined) return err('not-found');
  const field = definitionOf(core, account.channel)?.fields.find(({ in: where, name }) => {
    return where === 'key' && name === body.purpose;
  });
  const fault = faultOfKey(field, body, facts);
  if (fault !== undefined) return err('bad-request', fault);
  const nowMs = core.clock();
  const keyId = keyIdOf(body, facts);
  const { accountId } = place;
  const instant = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));
  const made = await db
    .insertInto('channel_keys')
    .values({
      ...{ account_id: accountId, id: body.id, purpose: body.purpose, key_id: keyId },
      sealed: sealChannelKey(core.keys().vault, { accountId, id: body.id }, body.material),
      is_secret: field?.isSecret ?? true,
      not_before: instant(facts.notBefore),
      not_after: instant(facts.notAfter ?? body.notAfter),
      added_at: new Date(nowMs),
      added_by: actor?.id ?? null,
      facts: JSON.stringify(facts),
    })
    .onConflict((conflict) => conflict.columns(['account_id', 'id']).doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows !== 1n) return repeatedKey(db, accountId, body, keyId);
  // A wrong key must not take an account that works out of work.
  const broken = account.state === 'active' ? faultOf(core, account, await readKeyRows(db, accountId)) : undefined;
  if (broken !== undefined) throw new BrokenAccount(broken);
  await writeAudit(db, nowMs, {
    act: 'channel-key.added',
    actorId: actor?.id,
    subject: `merchant:${place.merchantId}`,
    facts: { accountId, channel: account.channel, purpose: body.purpose, keyId },
  });
  return ok(undefined);
}

/** The same id again: nothing is done when it is the same key. */
async function repeatedKey(db: Db, accountId: string, body: AddKey, keyId: string): Promise<Answer<void>> {
  const row = await db
    .selectFrom('channel_keys')
    .select(['purpose', 'key_id'])
    .where('account_id', '=', accountId)
    .where('id', '=', body.id)
    .executeTakeFirst();
  const isSame = row?.purpose === body.purpose && row.key_id === keyId;
  return isSame ? ok(undefined) : err('exists-with-different-body', 'id');
}

/** Rolls a transaction back whose change would leave an account that works without something that it needs. */
class BrokenAccount extends Error {
  readonly field: string;

  constructor(field: string) {
    super(`the account would miss ${field}`);
    this.field = field;
  }
}

/**
 * Takes a key out of use; it stays on the list. Refused with `not-in-state` and the purpose while an account that takes
 * payments needs it: add the new key first, or pause the account.
 */
export async function retireKey(
  core: Core,
  actor: Actor,
  place: AccountPlace,
  keyId: string,
): Promise<Answer<ChannelAccountView>> {
  try {
    const answer = await core.db.transaction().execute((db) => retire(core, db, actor, place, keyId));
    if (!answer.ok) return answer;
  } catch (error) {
    if (error instanceof BrokenAccount) return err('not-in-state', error.field);
    throw error;
  }
  announceChannels(core, place.merchantId);
  return accountAnswer(core, place.merchantId, place.accountId);
}

async function retire(core: Core, db: Db, actor: Actor, place: AccountPlace, keyId: string): Promise<Answer<void>> {
  const account = await lockAccount(db, place);
  if (account === undefined) return err('not-found');
  const { accountId } = place;
  const retired = await db
    .updateTable('channel_keys')
    .set({ state: 'retired' })
    .where('account_id', '=', accountId)
    .where('id', '=', keyId)
    .returning(['purpose', 'key_id'])
    .executeTakeFirst();
  if (retired === undefined) return err('not-found');
  const broken = account.state === 'active' ? faultOf(core, account, await readKeyRows(db, accountId)) : undefined;
  if (broken !== undefined) throw new BrokenAccount(retired.purpose);
  await writeAudit(db, core.clock(), {
    act: 'channel-key.retired',
    actorId: actor.id,
    subject: `merchant:${place.merchantId}`,
    facts: { accountId, channel: account.channel, purpose: retired.purpose, keyId: retired.key_id },
  });
  return ok(undefined);
}
