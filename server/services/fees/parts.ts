import { createHash } from 'node:crypto';
import type { FeeService } from '../../../domain/tariffs/rating.ts';
import { canonicalJson } from '../../../protocol/log/entry.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import { shanghaiDay } from '../../channels/shared/shanghai-time.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';

/** Who acts for a payee; absent for start-up code. */
export type Clerk = Actor | undefined;

/** The office sees every payee, a payee's own people only theirs. */
export function maySee(actor: Actor, merchantId: string): boolean {
  return actor.role === 'operator' || actor.role === 'approver' || actor.merchantId === merchantId;
}

/** Today at the payees. */
export function todayOf(core: Core): string {
  return shanghaiDay(core.clock());
}

const dayMs = 86_400_000;

/** The day some days later, or earlier. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** Days from one to the other; below zero when it is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / dayMs);
}

/** What tells one body from another. */
export function hashOf(value: unknown): Buffer {
  return createHash('sha256').update(canonicalJson(value)).digest();
}

/** The same id for the same parts, so that what is repeated makes nothing twice. */
export function derivedId(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(parts.join(' ')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** One act of the office on a payee's fees. */
export interface FeeAct {
  readonly act: string;
  readonly actor: Clerk;
  readonly merchantId: string;
  /** Ids and amounts, never a number, a secret or a label. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Writes down that an act was done, in the transaction that does it. */
export async function noteAct(core: Core, db: Db, { act, actor, merchantId, facts }: FeeAct): Promise<void> {
  await writeAudit(db, core.clock(), { act, actorId: actor?.id, subject: `merchant:${merchantId}`, facts });
}

/** Does something and its audit record in one transaction. Nothing is recorded when the answer is a refusal. */
export async function inOneAct<T>(core: Core, act: FeeAct, work: (db: Db) => Promise<Answer<T>>): Promise<Answer<T>> {
  const refused: { answer?: Answer<T> } = {};
  try {
    const answer = await core.db.transaction().execute(async (db) => {
      const done = await work(db);
      if (!done.ok) {
        refused.answer = done;
        throw new Undone();
      }
      await noteAct(core, db, act);
      return done;
    });
    core.bus.publish({ name: 'audit', id: act.merchantId });
    return answer;
  } catch (error) {
    if (error instanceof Undone && refused.answer !== undefined) return refused.answer;
    throw error;
  }
}

/** Undoes a transaction whose answer is a refusal. */
class Undone extends Error {}

/** Holds a service, so that a run of it begins before or after a price list comes into force, never meanwhile. */
export async function lockService(db: Db, merchantId: string, service: FeeService): Promise<void> {
  await db
    .selectFrom('fee_services')
    .select('service')
    .where('merchant_id', '=', merchantId)
    .where('service', '=', service)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** The service of a payee, or nothing. */
export async function serviceRow(db: Db, merchantId: string, service: FeeService) {
  return db
    .selectFrom('fee_services')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('service', '=', service)
    .executeTakeFirst();
}
