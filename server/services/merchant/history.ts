import { type RawBuilder, sql } from 'kysely';
import type { HistoryFilter, HistoryPage, HistoryRow } from '../../../protocol/http/merchant.ts';
import type { Core } from '../../core.ts';
import { type Branch, branchesOf } from './branches.ts';

/** A place in the history: rows are ordered by time and id, newest first. */
export interface Place {
  readonly atMs: number;
  readonly id: string;
}

/** Which rows are wanted: `limit` of them, next to `from` (or from the newest on), older or newer than it. */
export interface Slice {
  readonly from: Place | undefined;
  readonly direction: 'older' | 'newer';
  readonly limit: number;
}

/** Rows of one branch that are looked through for one page. */
const lookedMaxRows = 5_000;
/** Rows of one branch that are looked through for a count, and the largest count that is told. */
const countLookedMaxRows = 20_000;
const countMaxRows = 10_000;

/** Writes a place as a cursor. */
export function cursorOf({ atMs, id }: Place): string {
  return Buffer.from(`${String(atMs)}_${id}`).toString('base64url');
}

/** Reads a cursor; `undefined` for one that is none of ours. */
export function placeOf(cursor: string): Place | undefined {
  const match = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  return match === null ? undefined : { atMs: Number(match[1]), id: match[2] ?? '' };
}

interface Found {
  readonly branch: number;
  readonly id: string;
  readonly order_id: string;
  readonly order_no: string;
  readonly created_at: Date;
  readonly amount_fen: number;
  readonly channel: string | null;
  readonly parts: number;
  readonly tail: string | null;
  readonly terminal_id: string;
  readonly state: string;
  readonly cause: string | null;
  readonly refunded_fen: number;
}

const orderColumns = sql`id, id as order_id, order_no, created_at, amount_fen, channel, parts, tail, terminal_id, state,
  null::text as cause, refunded_fen`;
const refundColumns = sql`id, order_id, order_no, created_at, amount_fen, channel, 1 as parts, null::text as tail,
  terminal_id, state, cause, 0::bigint as refunded_fen`;

const and = (conditions: readonly RawBuilder<boolean>[]): RawBuilder<boolean> =>
  conditions.length === 0 ? sql<boolean>`true` : sql<boolean>`${sql.join(conditions, sql` and `)}`;
const orderOf = (direction: Slice['direction']): RawBuilder<unknown> =>
  direction === 'older' ? sql`order by created_at desc, id desc` : sql`order by created_at, id`;

function beside({ from, direction }: Slice): RawBuilder<boolean>[] {
  if (from === undefined) return [];
  const place = sql`(${new Date(from.atMs)}::timestamptz, ${from.id}::uuid)`;
  return [
    direction === 'older' ? sql<boolean>`(created_at, id) < ${place}` : sql<boolean>`(created_at, id) > ${place}`,
  ];
}

function branchRows(branch: Branch, index: number, slice: Slice): RawBuilder<Found> {
  const columns = branch.table === 'payment_orders' ? orderColumns : refundColumns;
  const order = orderOf(slice.direction);
  const inner = sql`select * from ${sql.table(branch.table)} where ${and([...branch.found, ...beside(slice)])} ${order}`;
  const bounded = branch.kept.length === 0 ? sql`limit ${slice.limit + 1}` : sql`limit ${lookedMaxRows}`;
  return sql<Found>`(select ${sql.lit(index)}::int as branch, ${columns} from (${inner} ${bounded}) rows
    where ${and(branch.kept)} ${order} limit ${slice.limit + 1})`;
}

/** Where the look through a branch ended; no row when it came to the branch's end. */
function branchEnd(branch: Branch, slice: Slice): RawBuilder<{ created_at: Date; id: string }> {
  return sql<{ created_at: Date; id: string }>`(select created_at, id from ${sql.table(branch.table)}
    where ${and([...branch.found, ...beside(slice)])} ${orderOf(slice.direction)}
    offset ${lookedMaxRows - 1} limit 1)`;
}

async function endsOf(core: Core, branches: readonly Branch[], slice: Slice): Promise<Place[]> {
  if (branches.length === 0) return [];
  const parts = branches.map((branch) => branchEnd(branch, slice));
  const { rows } = await sql<{ created_at: Date; id: string }>`${sql.join(parts, sql` union all `)}`.execute(core.db);
  return rows.map((row) => ({ atMs: row.created_at.getTime(), id: row.id }));
}

/** Below zero when `a` is older than `b`. Ids are compared as PostgreSQL compares UUIDs: by their bytes. */
function compare(a: Place, b: Place): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

const placeOfRow = (row: Found): Place => ({ atMs: row.created_at.getTime(), id: row.id });

/**
 * One page of payments and refunds together. Each branch gives its rows in order; they are merged here. Where a filter
 * fits few rows, a branch is looked through only so far, and the page ends there: what lies behind is the next page's.
 */
export async function readHistory(
  core: Core,
  merchantId: string,
  filter: HistoryFilter,
  slice: Slice,
): Promise<HistoryPage> {
  const branches = branchesOf(merchantId, filter);
  if (branches.length === 0) return { items: [] };
  const parts = branches.map((branch, index) => branchRows(branch, index, slice));
  const { rows } = await sql<Found>`${sql.join(parts, sql` union all `)}`.execute(core.db);
  const short = branches.filter(
    (branch, index) => branch.kept.length > 0 && rows.filter((row) => row.branch === index).length <= slice.limit,
  );
  const sign = slice.direction === 'older' ? -1 : 1;
  const ends = (await endsOf(core, short, slice)).sort((a, b) => sign * compare(a, b));
  const [end] = ends;
  const unique = [...new Map(rows.map((row) => [row.id, row])).values()];
  const ordered = unique.sort((a, b) => sign * compare(placeOfRow(a), placeOfRow(b)));
  const seen = end === undefined ? ordered : ordered.filter((row) => sign * compare(placeOfRow(row), end) <= 0);
  const kept = seen.slice(0, slice.limit);
  const last = kept.at(-1);
  const next = seen.length > slice.limit && last !== undefined ? placeOfRow(last) : end;
  return pageOf(core, merchantId, kept, { next, end: seen.length > slice.limit ? undefined : end, slice });
}

async function pageOf(
  core: Core,
  merchantId: string,
  kept: readonly Found[],
  { next, end, slice }: { next: Place | undefined; end: Place | undefined; slice: Slice },
): Promise<HistoryPage> {
  const newestFirst = slice.direction === 'older' ? kept : [...kept].reverse();
  const waiting = await waitingOf(core, merchantId, newestFirst);
  const items = newestFirst.map((row) => rowOf(row, waiting));
  const [first] = newestFirst;
  const last = newestFirst.at(-1);
  const isOlder = slice.direction === 'older';
  const older = isOlder ? next : last === undefined ? slice.from : placeOfRow(last);
  const newer = isOlder ? (first === undefined ? slice.from : placeOfRow(first)) : next;
  return {
    items,
    ...(older === undefined ? {} : { older: cursorOf(older) }),
    ...(newer === undefined ? {} : { newer: cursorOf(newer) }),
    ...(end === undefined ? {} : { lookedTo: new Date(end.atMs).toISOString() }),
  };
}

async function waitingOf(core: Core, merchantId: string, rows: readonly Found[]): Promise<ReadonlyMap<string, string>> {
  const open = rows.filter((row) => row.cause === null && (row.state === 'open' || row.state === 'part-paid'));
  if (open.length === 0) return new Map();
  const live = await core.db
    .selectFrom('payment_attempts')
    .select(['order_id', 'state'])
    .where('merchant_id', '=', merchantId)
    .where(
      'order_id',
      'in',
      open.map((row) => row.id),
    )
    .where('state', 'in', ['created', 'submitted', 'pending', 'unknown'])
    .execute();
  return new Map(live.map((row) => [row.order_id, row.state]));
}

function rowOf(row: Found, waiting: ReadonlyMap<string, string>): HistoryRow {
  const live = waiting.get(row.id);
  return {
    kind: row.cause === null ? 'payment' : 'refund',
    id: row.id,
    orderId: row.order_id,
    orderNo: row.order_no,
    at: row.created_at.toISOString(),
    amountFen: row.amount_fen,
    ...(row.channel === null ? {} : { channel: row.channel }),
    parts: row.parts,
    ...(row.tail === null ? {} : { tail: row.tail }),
    terminalId: row.terminal_id,
    state: row.state as HistoryRow['state'],
    ...(live === undefined ? {} : { waiting: live === 'unknown' ? 'platform' : 'payer' }),
    ...(row.cause === null ? {} : { cause: row.cause as NonNullable<HistoryRow['cause']> }),
    refundedFen: row.refunded_fen,
    cursor: cursorOf(placeOfRow(row)),
  };
}

/** How many rows fit, at most `countMaxRows`; a branch is looked through only so far. */
export async function countHistory(
  core: Core,
  merchantId: string,
  filter: HistoryFilter,
): Promise<{ count: number; isCapped: boolean }> {
  const branches = branchesOf(merchantId, filter);
  if (branches.length === 0) return { count: 0, isCapped: false };
  const parts = branches.map((branch) => {
    const looked = branch.kept.length === 0 ? countMaxRows + 1 : countLookedMaxRows;
    const inner = sql`select * from ${sql.table(branch.table)} where ${and(branch.found)} ${orderOf('older')} limit ${looked}`;
    return sql`(select id, (${and(branch.kept)}) as fits, row_number() over () >= ${looked} as is_last from (${inner}) rows)`;
  });
  const { rows } = await sql<{ count: number; is_cut: boolean | null }>`
    select count(distinct id) filter (where fits) as count, bool_or(is_last) as is_cut
    from (${sql.join(parts, sql` union all `)}) found`.execute(core.db);
  const [row] = rows;
  const count = Math.min(row?.count ?? 0, countMaxRows);
  return { count, isCapped: count >= countMaxRows || row?.is_cut === true };
}
