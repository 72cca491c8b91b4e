import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { encodeKeyset } from '../../protocol/unlock/v1/codec.ts';
import { keyIdOf } from '../../protocol/unlock/v1/ed25519.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import type { KeysetKey } from '../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../protocol/unlock/v1/signer.ts';
import { writeAudit } from '../audit/records.ts';
import { sha256Hex } from '../audit/sha256.ts';
import type { Core } from '../core.ts';
import type { Db } from '../store/database.ts';
import { nodeSigner, publicKeyOf } from './node-keys.ts';

/** The keyset in force, as devices receive it. */
export interface CurrentKeyset {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** Keys of persons and the published keyset. */
export interface Trust {
  keyset(): CurrentKeyset;
  /** Publishes a new keyset when keys have changed since the last one. */
  refresh(): Promise<void>;
  /** Makes a key for an approver unless there is one. Publish with `refresh`. */
  ensureApproverKey(personId: string): Promise<void>;
  /** The key that signs for this approver: their own, or the office's when the keyset has no room. */
  approverSigner(personId: string): Promise<Signer>;
}

const keysetLock = 7_711_003;

/** Loads the keyset in force and publishes a new one when the key file or the approvers have changed. */
export async function createTrust(core: Core): Promise<Trust> {
  let current = await publish(core);
  return {
    keyset: () => current,
    refresh: async () => {
      current = await publish(core);
    },
    ensureApproverKey: (personId) => ensureApproverKey(core, personId),
    approverSigner: (personId) => approverSigner(core, personId),
  };
}

/** Persons' keys that fit beside the file's own keys, the oldest first, so that a key never loses its place to a newer. */
async function personKeys(db: Db, room: number) {
  const rows = await db
    .selectFrom('approver_keys')
    .innerJoin('user', 'user.id', 'approver_keys.person_id')
    .where('user.state', '!=', 'disabled')
    .where('user.role', '=', 'approver')
    .select(['person_id', 'public_key', 'sealed_secret'])
    .orderBy('approver_keys.created_at')
    .orderBy('person_id')
    .limit(Math.max(room, 0))
    .execute();
  return rows;
}

function roomForPersons(core: Core): number {
  return unlockLimits.keysetKeysMax - core.keys().keysetKeys.length;
}

async function publish(core: Core): Promise<CurrentKeyset> {
  return core.db.transaction().execute(async (db) => {
    await lockKeysets(db);
    const ring = core.keys();
    const persons = await personKeys(db, roomForPersons(core));
    const keys: KeysetKey[] = [
      ...ring.keysetKeys,
      ...persons.map((row) => ({
        keyClass: 'approver' as const,
        publicKey: new Uint8Array(row.public_key),
        notAfterSeconds: 0,
      })),
    ];
    const contentHash = hashOf(ring.rootPublicKey, ring.transportPublicKey, keys);
    const last = await db.selectFrom('keysets').selectAll().orderBy('sequence', 'desc').limit(1).executeTakeFirst();
    if (last?.content_hash.equals(contentHash)) {
      await notePublished(db, core.clock(), last, ring.rootPublicKey, keys);
      return { sequence: last.sequence, bytes: new Uint8Array(last.bytes) };
    }
    const sequence = (last?.sequence ?? 0) + 1;
    const bytes = encodeKeyset({ sequence, keys, transportKey: ring.transportPublicKey }, ring.root);
    const nowMs = core.clock();
    await db
      .insertInto('keysets')
      .values({ sequence, bytes, content_hash: contentHash, created_at: new Date(nowMs) })
      .execute();
    await notePublished(db, nowMs, { sequence, bytes }, ring.rootPublicKey, keys);
    return { sequence, bytes };
  });
}

/** Writes into the log which keyset is in force, unless it stands there already. */
async function notePublished(
  db: Db,
  nowMs: number,
  keyset: CurrentKeyset,
  rootPublicKey: Uint8Array,
  keys: readonly KeysetKey[],
): Promise<void> {
  const sha256 = sha256Hex(keyset.bytes);
  const noted = await db
    .selectFrom('audit')
    .select('id')
    .where('subject', '=', 'keys')
    .where(sql<string>`facts ->> 'sha256'`, '=', sha256)
    .executeTakeFirst();
  if (noted !== undefined) return;
  await writeAudit(db, nowMs, {
    act: 'keys.published',
    subject: 'keys',
    facts: {
      sequence: keyset.sequence,
      sha256,
      rootPublicKey: Buffer.from(rootPublicKey).toString('hex'),
      kids: keys.map((key) => Buffer.from(keyIdOf(key.publicKey)).toString('hex')),
    },
  });
}

async function lockKeysets(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${keysetLock})`.execute(db);
}

function hashOf(root: Uint8Array, transport: Uint8Array, keys: readonly KeysetKey[]): Buffer {
  const hash = createHash('sha256').update(root).update(transport);
  for (const key of keys) hash.update(key.keyClass).update(key.publicKey).update(String(key.notAfterSeconds));
  return hash.digest();
}

async function ensureApproverKey(core: Core, personId: string): Promise<void> {
  const secret = randomBytes(32);
  await core.db
    .insertInto('approver_keys')
    .values({
      person_id: personId,
      public_key: publicKeyOf('ed25519', secret),
      sealed_secret: core.keys().vault.seal(secret, `approver:${personId}`),
      created_at: new Date(core.clock()),
    })
    .onConflict((conflict) => conflict.column('person_id').doNothing())
    .execute();
}

async function approverSigner(core: Core, personId: string): Promise<Signer> {
  const persons = await personKeys(core.db, roomForPersons(core));
  const own = persons.find((row) => row.person_id === personId);
  if (own === undefined) return core.keys().officeApprover;
  return nodeSigner(core.keys().vault.open(own.sealed_secret, `approver:${personId}`));
}
