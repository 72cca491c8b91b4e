import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import type { ChangeLimit, CreateLimit, LimitRuleView } from '../../../protocol/http/channels.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import { shanghaiDay } from '../../channels/shared/shanghai-time.ts';
import type { Core } from '../../core.ts';
import { definitionOf } from './account-rows.ts';
import { announceChannels } from './accounts.ts';

const limitsMax = 200;

/** First day of the present window of a limit, in Asia/Shanghai. */
function windowStart(kind: LimitRuleView['window'], day: string): string {
  return kind === 'month' ? `${day.slice(0, 8)}01` : day;
}

async function readLimits(core: Core, merchantId: string, id?: string): Promise<LimitRuleView[]> {
  const day = shanghaiDay(core.clock());
  const month = windowStart('month', day);
  let rows = core.db
    .selectFrom('limit_rules as r')
    .leftJoin('limit_buckets as b', (join) =>
      join
        .onRef('b.rule_id', '=', 'r.id')
        .on(sql<boolean>`b.window_start = case when r.window_kind = 'month' then ${month}::date else ${day}::date end`),
    )
    .selectAll('r')
    .select(['b.reserved_fen', 'b.committed_fen', 'b.reserved_count', 'b.committed_count'])
    .where('r.merchant_id', '=', merchantId)
    .orderBy('r.channel')
    .orderBy('r.created_at')
    .orderBy('r.id')
    .limit(limitsMax);
  if (id !== undefined) rows = rows.where('r.id', '=', id);
  return (await rows.execute()).map((row) => ({
    id: row.id,
    channel: row.channel,
    ...(row.terminal_id === null ? {} : { terminalId: row.terminal_id }),
    window: row.window_kind,
    ...(row.max_fen === null ? {} : { maxFen: row.max_fen }),
    ...(row.max_count === null ? {} : { maxCount: row.max_count }),
    isActive: row.is_active,
    usedFen: (row.reserved_fen ?? 0) + (row.committed_fen ?? 0),
    usedCount: (row.reserved_count ?? 0) + (row.committed_count ?? 0),
    createdAt: row.created_at.toISOString(),
  }));
}

/** A merchant's limits, with what of each present window is taken or reserved. */
export function listLimits(core: Core, merchantId: string): Promise<LimitRuleView[]> {
  return readLimits(core, merchantId);
}

async function limitAnswer(core: Core, merchantId: string, id: string): Promise<Answer<LimitRuleView>> {
  const [rule] = await readLimits(core, merchantId, id);
  return rule === undefined ? err('not-found') : ok(rule);
}

/** The first fault of a new limit: nothing to hold to, a count of one payment, an unknown channel or terminal. */
async function faultOf(core: Core, merchantId: string, body: CreateLimit): Promise<string | undefined> {
  if (definitionOf(core, body.channel) === undefined) return 'channel';
  if (body.maxFen === undefined && body.maxCount === undefined) return 'maxFen';
  if (body.window === 'transaction' && body.maxCount !== undefined) return 'maxCount';
  if (body.terminalId === undefined) return undefined;
  const terminal = await core.db
    .selectFrom('terminals')
    .select('id')
    .where('id', '=', body.terminalId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
  return terminal === undefined ? 'terminalId' : undefined;
}

/** A new limit. It counts from now on: what was taken before it was made is not in it. */
export async function createLimit(
  core: Core,
  actor: Actor | undefined,
  merchantId: string,
  body: CreateLimit,
): Promise<Answer<LimitRuleView>> {
  const merchant = await core.db.selectFrom('merchants').select('id').where('id', '=', merchantId).executeTakeFirst();
  if (merchant === undefined) return err('not-found');
  const fault = await faultOf(core, merchantId, body);
  if (fault !== undefined) return err('bad-request', fault);
  const nowMs = core.clock();
  const { id, channel, terminalId, window, maxFen, maxCount } = body;
  await core.db.transaction().execute(async (db) => {
    const made = await db
      .insertInto('limit_rules')
      .values({
        ...{ merchant_id: merchantId, id, channel, terminal_id: terminalId ?? null, window_kind: window },
        ...{ max_fen: maxFen ?? null, max_count: maxCount ?? null, created_at: new Date(nowMs) },
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (made.numInsertedOrUpdatedRows !== 1n) return;
    await writeAudit(db, nowMs, {
      act: 'limit.created',
      actorId: actor?.id,
      subject: `merchant:${merchantId}`,
      facts: { limitId: id, channel, window, maxFen, maxCount, terminalId },
    });
  });
  announceChannels(core, merchantId);
  const answer = await limitAnswer(core, merchantId, id);
  const isSame = answer.ok && answer.value.channel === channel && answer.value.window === window;
  return isSame ? answer : err('exists-with-different-body', 'id');
}

/** Changes a limit's bounds, or lets it rest. What is taken or reserved already stays counted. */
export async function changeLimit(
  core: Core,
  actor: Actor,
  place: { readonly merchantId: string; readonly limitId: string },
  body: ChangeLimit,
): Promise<Answer<LimitRuleView>> {
  const { merchantId, limitId } = place;
  const answer = await core.db.transaction().execute(async (db): Promise<Answer<void>> => {
    const row = await db
      .selectFrom('limit_rules')
      .selectAll()
      .where('merchant_id', '=', merchantId)
      .where('id', '=', limitId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return err('not-found');
    const maxFen = body.maxFen === undefined ? row.max_fen : body.maxFen;
    const maxCount = body.maxCount === undefined ? row.max_count : body.maxCount;
    if (maxFen === null && maxCount === null) return err('bad-request', 'maxFen');
    if (row.window_kind === 'transaction' && maxCount !== null) return err('bad-request', 'maxCount');
    await db
      .updateTable('limit_rules')
      .set({ max_fen: maxFen, max_count: maxCount, is_active: body.isActive ?? row.is_active })
      .where('id', '=', limitId)
      .execute();
    await writeAudit(db, core.clock(), {
      act: 'limit.changed',
      actorId: actor.id,
      subject: `merchant:${merchantId}`,
      facts: { limitId, channel: row.channel, window: row.window_kind, ...body },
    });
    return ok(undefined);
  });
  if (!answer.ok) return answer;
  announceChannels(core, merchantId);
  return limitAnswer(core, merchantId, limitId);
}
