import { createHash, randomBytes } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import { type ApiKey, type ApiScope, type MakeApiKey, weightyScopes } from '../../../protocol/http/merchant-api.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { ApiKeyPrincipal } from '../../http/mount.ts';
import { merchantOf } from './merchant-of.ts';

const prefix = 'tk_';
const secretBytes = 32;
const keysMax = 50;
const usedNoteMs = 60_000;

/** Keys of merchants' systems. Only the secret's SHA-256 is kept: it has 256 random bits, so a slow hash adds nothing. */
export interface ApiKeyService {
  list(actor: Actor): Promise<Answer<{ items: ApiKey[] }>>;
  /** `factor-needed` for a key that may give money back. */
  make(actor: Actor, body: MakeApiKey): Promise<Answer<{ key: ApiKey; secret: string }>>;
  revoke(actor: Actor, id: string): Promise<Answer<ApiKey>>;
  /** Who a secret belongs to; nobody when it is unknown or revoked. */
  principalOf(secret: string): Promise<ApiKeyPrincipal | undefined>;
}

/** Builds the service. */
export function createApiKeyService(core: Core, factors: FactorService): ApiKeyService {
  return {
    list: (actor) => listKeys(core, actor),
    make: (actor, body) => makeKey(core, factors, actor, body),
    revoke: (actor, id) => revokeKey(core, actor, id),
    principalOf: (secret) => principalOf(core, secret),
  };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

interface KeyRow {
  readonly id: string;
  readonly label: string;
  readonly scopes: string[];
  readonly terminal_ids: string[] | null;
  readonly made_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

function viewOf(row: KeyRow): ApiKey {
  return {
    id: row.id,
    label: row.label,
    scopes: row.scopes as ApiScope[],
    madeAt: row.made_at.toISOString(),
    ...(row.terminal_ids === null ? {} : { terminalIds: row.terminal_ids }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
  };
}

async function listKeys(core: Core, actor: Actor): Promise<Answer<{ items: ApiKey[] }>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  const rows = await core.db
    .selectFrom('api_keys')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .orderBy('made_at', 'desc')
    .limit(keysMax * 2)
    .execute();
  return ok({ items: rows.map(viewOf) });
}

/** A key that may refund asks for no factor when it does, so that one is asked for when it is made. */
async function makeKey(
  core: Core,
  factors: FactorService,
  actor: Actor,
  body: MakeApiKey,
): Promise<Answer<{ key: ApiKey; secret: string }>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  const foreign = await firstForeignTerminal(core, merchantId, body.terminalIds ?? []);
  if (foreign !== undefined) return err('bad-request', `terminalIds.${String(foreign)}`);
  const { count } = await core.db
    .selectFrom('api_keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('merchant_id', '=', merchantId)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (count >= keysMax) return err('too-many-keys');
  if (body.scopes.some((scope) => weightyScopes.includes(scope))) {
    if (body.factor === undefined) return err('factor-needed', 'factor');
    const verdict = await factors.verify(actor, body.id, body.factor);
    if (!verdict.ok) return verdict;
  }
  return writeKey(core, actor, merchantId, body);
}

async function writeKey(
  core: Core,
  actor: Actor,
  merchantId: string,
  body: MakeApiKey,
): Promise<Answer<{ key: ApiKey; secret: string }>> {
  const secret = prefix + randomBytes(secretBytes).toString('base64url');
  const nowMs = core.clock();
  const made = await core.db.transaction().execute(async (db) => {
    const row = await db
      .insertInto('api_keys')
      .values({
        merchant_id: merchantId,
        id: body.id,
        label: body.label,
        secret_hash: hashOf(secret),
        scopes: [...new Set(body.scopes)],
        terminal_ids: body.terminalIds ?? null,
        made_by: actor.id,
        made_at: new Date(nowMs),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const facts = { keyId: body.id, scopes: row.scopes };
    await writeAudit(db, nowMs, { act: 'api-key.made', actorId: actor.id, subject: `merchant:${merchantId}`, facts });
    return row;
  });
  // The secret is not kept, so a repetition cannot answer alike; the caller's idempotency key can.
  return made === undefined ? err('already-exists', 'id') : ok({ key: viewOf(made), secret });
}

/** Place of the first id that is no terminal of the merchant. */
async function firstForeignTerminal(
  core: Core,
  merchantId: string,
  ids: readonly string[],
): Promise<number | undefined> {
  if (ids.length === 0) return undefined;
  const rows = await core.db
    .selectFrom('terminals')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .where('id', 'in', [...ids])
    .execute();
  const own = new Set(rows.map((row) => row.id));
  const place = ids.findIndex((id) => !own.has(id));
  return place < 0 ? undefined : place;
}

async function revokeKey(core: Core, actor: Actor, id: string): Promise<Answer<ApiKey>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  const nowMs = core.clock();
  const row = await core.db.transaction().execute(async (db) => {
    const changed = await db
      .updateTable('api_keys')
      .set({ revoked_at: new Date(nowMs), revoked_by: actor.id })
      .where('merchant_id', '=', merchantId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    if (changed !== undefined) {
      const entry = { act: 'api-key.revoked', actorId: actor.id, subject: `merchant:${merchantId}` };
      await writeAudit(db, nowMs, { ...entry, facts: { keyId: id } });
      return changed;
    }
    const known = db.selectFrom('api_keys').selectAll().where('merchant_id', '=', merchantId).where('id', '=', id);
    return known.executeTakeFirst();
  });
  return row === undefined ? err('not-found') : ok(viewOf(row));
}

async function principalOf(core: Core, secret: string): Promise<ApiKeyPrincipal | undefined> {
  if (!secret.startsWith(prefix) || secret.length > 100) return undefined;
  const row = await core.db
    .selectFrom('api_keys')
    .select(['id', 'label', 'merchant_id', 'scopes', 'terminal_ids', 'last_used_at'])
    .where('secret_hash', '=', hashOf(secret))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const nowMs = core.clock();
  if (row.last_used_at === null || row.last_used_at.getTime() < nowMs - usedNoteMs) {
    const used = core.db.updateTable('api_keys').set({ last_used_at: new Date(nowMs) });
    await used.where('merchant_id', '=', row.merchant_id).where('id', '=', row.id).execute();
  }
  return {
    id: row.id,
    label: row.label,
    merchantId: row.merchant_id,
    scopes: row.scopes as ApiScope[],
    ...(row.terminal_ids === null ? {} : { terminalIds: row.terminal_ids }),
  };
}
