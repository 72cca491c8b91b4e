import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Core } from '../core.ts';

/** One call as its key knows it. */
export interface KeyedCall {
  readonly actorId: string;
  readonly key: string;
  /** SHA-256 of what makes it this call and no other. */
  readonly fingerprint: Buffer;
}

/** An answer, byte for byte. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/**
 * `run`: nobody has done this call; whoever asked does it now. `kept`: it was done. `reused`: the key belongs to
 * another call. `in-progress`: another process or connection is at work on it.
 */
export type Begun =
  | { readonly is: 'run' }
  | { readonly is: 'kept'; readonly answer: KeptAnswer }
  | { readonly is: 'reused' | 'in-progress' };

/** Keeps the answers to keyed calls. */
export interface IdempotencyService {
  /** Finds out whether the call is to be done. */
  begin(call: KeyedCall): Promise<Begun>;
  /** Keeps the answer; the first one that is kept stays. */
  keep(call: KeyedCall, answer: KeptAnswer): Promise<void>;
  /** The attempt gave nothing final: the next one does the call again. */
  release(call: KeyedCall): Promise<void>;
}

/** A call that is silent for so long was cut off by a crash; handlers are idempotent by id, so it is done again, ms. */
export const staleAfterMs = 30_000;
/** Answers are kept for longer than a laptop is away, ms. */
const keptMs = 30 * 24 * 3_600_000;
/** Rows that one sweep removes. */
const sweepRows = 5_000;

/** The fingerprint of a call: method, path with query, the headers that matter, and the body's bytes. */
export function fingerprintOf(method: string, path: string, more: string, body: Uint8Array): Buffer {
  const hash = createHash('sha256');
  for (const part of [method, path, more]) hash.update(`${String(Buffer.byteLength(part))}:${part}`);
  return hash.update(body).digest();
}

/** True for an answer that the same call would get again: what was done, and refusals that are facts. */
export function isFinal(status: number): boolean {
  if (status < 200 || status >= 500) return false;
  return status < 300 || (status >= 400 && ![401, 403, 408, 425, 429].includes(status));
}

/** Keeps the answers in PostgreSQL, sealed, because some hold what is shown only once. */
export function createIdempotencyService(core: Core): IdempotencyService {
  const purposeOf = ({ actorId, key }: KeyedCall): string => `idempotency:${actorId}:${key}`;
  return {
    begin: async (call) => {
      const now = new Date(core.clock());
      const taken = await core.db
        .insertInto('idempotency')
        .values({ actor_id: call.actorId, key: call.key, fingerprint: call.fingerprint, begun_at: now })
        .onConflict((conflict) =>
          conflict
            .columns(['actor_id', 'key'])
            .doUpdateSet({ begun_at: now })
            .where('idempotency.status', 'is', null)
            .where('idempotency.fingerprint', '=', call.fingerprint)
            .where('idempotency.begun_at', '<=', new Date(now.getTime() - staleAfterMs)),
        )
        .returning('key')
        .executeTakeFirst();
      if (taken !== undefined) return { is: 'run' };
      const row = await rowOf(core, call)
        .select(['fingerprint', 'status', 'content_type', 'answer'])
        .executeTakeFirst();
      if (row === undefined) return { is: 'in-progress' };
      if (!row.fingerprint.equals(call.fingerprint)) return { is: 'reused' };
      if (row.status === null || row.answer === null) return { is: 'in-progress' };
      const bytes = core.keys().vault.open(row.answer, purposeOf(call));
      return { is: 'kept', answer: { status: row.status, contentType: row.content_type ?? '', bytes } };
    },
    keep: async (call, { status, contentType, bytes }) => {
      await core.db
        .updateTable('idempotency')
        .set({ status, content_type: contentType, answer: core.keys().vault.seal(bytes, purposeOf(call)) })
        .where('actor_id', '=', call.actorId)
        .where('key', '=', call.key)
        .where('status', 'is', null)
        .execute();
    },
    release: async (call) => {
      await core.db
        .deleteFrom('idempotency')
        .where('actor_id', '=', call.actorId)
        .where('key', '=', call.key)
        .where('status', 'is', null)
        .execute();
    },
  };
}

/** Forgets answers that nobody asks for any more; a bounded number at a time. */
export async function sweepIdempotency(core: Core): Promise<void> {
  await sql`delete from idempotency where ctid in (
    select ctid from idempotency where begun_at < ${new Date(core.clock() - keptMs)} order by begun_at
    limit ${sql.lit(sweepRows)})`.execute(core.db);
}

function rowOf(core: Core, { actorId, key }: KeyedCall) {
  return core.db.selectFrom('idempotency').where('actor_id', '=', actorId).where('key', '=', key);
}
