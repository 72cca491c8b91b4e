import type { Pool } from 'pg';

/** What the rows of the bench are made for. */
export interface BenchShop {
  readonly merchantId: string;
  /** At least one. */
  readonly terminalIds: readonly string[];
  /** The newest row's time, Unix milliseconds; rows go back from it, `stepMs` apart. */
  readonly newestMs: number;
  readonly rows: number;
}

/** Time between two orders of the bench, in milliseconds: 10,000,000 of them are about 463 days of a very busy shop. */
export const stepMs = 4_000;
/** Every so many orders there is a refund. */
export const refundEvery = 50;
/** Newest orders that have an attempt too, for the day's sums: six weeks. */
const attemptsMax = 900_000;

const channels = `(array['wechat-pay', 'alipay', 'bank-card', 'unionpay-qr'])`;
// One in 100,000 goes over UnionPay QR: a filter that fits almost nothing.
const channelOf = `${channels}[case when n % 100000 = 7 then 4 when n % 10 < 6 then 1 when n % 10 < 9 then 2 else 3 end]`;
const at = `to_timestamp(($2::bigint - n * ${String(stepMs)}) / 1000.0)`;
const id = (version: string): string =>
  `(lpad(to_hex($2::bigint - n * ${String(stepMs)}), 12, '0') || '7${version}' || '00' || '8' || lpad(to_hex(n), 15, '0'))::uuid`;
// Sequence numbers rise with time; the day is Asia/Shanghai's.
const orderNo = `to_char(${at} at time zone 'Asia/Shanghai', 'YYMMDD') || '-' || lpad(($3::bigint - n)::text, greatest(6, length(($3::bigint - n)::text)), '0')`;
const amount = `(100 + (n * 7919) % 49900)`;

const ordersSql = `
insert into payment_orders (merchant_id, id, terminal_id, order_no, amount_fen, state, channel, parts, attempts, paid_fen,
  refunded_fen, receipt_no, tail, body_hash, in_hand, created_at, updated_at, expires_at, paid_at)
select $1::uuid, ${id('0')}, ($4::uuid[])[1 + n % array_length($4::uuid[], 1)], ${orderNo}, ${amount},
  case when n % ${String(refundEvery)} = 0 then 'refunded' when n % 20 = 3 then 'cancelled' else 'paid' end,
  ${channelOf}, case when n % 20 = 3 then 0 else 1 end, 1, case when n % 20 = 3 then 0 else ${amount} end,
  case when n % ${String(refundEvery)} = 0 then ${amount} else 0 end,
  case when n % 20 = 3 then null else 'TK-' || ${orderNo} end,
  case when n % 10 = 9 then lpad(((n * 7) % 10000)::text, 4, '0') end, '\\x00', false, ${at}, ${at}, ${at},
  case when n % 20 = 3 then null else ${at} end
from generate_series(0, $3::bigint - 1) n`;

const refundsSql = `
insert into payment_refunds (merchant_id, order_id, id, attempt_id, terminal_id, channel, refund_no, order_no, amount_fen,
  state, cause, reason, body_hash, created_at, updated_at, done_at)
select $1::uuid, ${id('0')}, ${id('1')}, ${id('2')}, ($4::uuid[])[1 + n % array_length($4::uuid[], 1)], ${channelOf},
  'TK' || lpad(n::text, 14, '0') || 'A1R1', ${orderNo}, ${amount}, 'done', 'merchant', 'bench', '\\x00', ${at}, ${at}, ${at}
from generate_series(0, $3::bigint - 1, ${String(refundEvery)}) n`;

const attemptsSql = `
insert into payment_attempts (merchant_id, order_id, id, account_id, channel, kind, terminal_id, number, attempt_no,
  amount_fen, state, body_hash, transaction_id, created_at, expires_at, updated_at, paid_at)
select $1::uuid, ${id('0')}, ${id('2')}, $1::uuid, ${channelOf}, 'qr', ($4::uuid[])[1 + n % array_length($4::uuid[], 1)], 1,
  'TK' || lpad(n::text, 14, '0') || 'A1', ${amount}, 'paid', '\\x00', '42000' || lpad(n::text, 23, '0'), ${at}, ${at}, ${at}, ${at}
from generate_series(0, least($3::bigint, ${String(attemptsMax)}) - 1) n where n % 20 <> 3`;

/** Indexes besides primary keys, dropped while rows come in and made again afterwards: several times faster. */
async function withoutIndexes(pool: Pool, tables: readonly string[], act: () => Promise<void>): Promise<void> {
  const { rows } = await pool.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes i
     where schemaname = 'public' and tablename = any($1)
       and not exists (select from pg_constraint c where c.conname = i.indexname)`,
    [tables],
  );
  for (const { name } of rows) await pool.query(`drop index ${name}`);
  await act();
  for (const { definition } of rows) await pool.query(definition);
}

/** Fills the shop with orders, refunds and, for the last weeks, attempts: one statement a table. */
export async function fillShop(pool: Pool, { merchantId, terminalIds, newestMs, rows }: BenchShop): Promise<void> {
  const tables = ['payment_orders', 'payment_refunds', 'payment_attempts'];
  const values = [merchantId, newestMs, rows, terminalIds];
  await withoutIndexes(pool, tables, async () => {
    for (const text of [ordersSql, refundsSql, attemptsSql]) await pool.query(text, values);
  });
  // Nobody waits for these rows: the statistics and the visibility map are what a quiet night would leave.
  for (const table of tables) await pool.query(`vacuum (analyze) ${table}`);
}

/** The time of the row that is `depth` rows from the newest order, Unix milliseconds. */
export function timeAtDepth(newestMs: number, depth: number): number {
  return newestMs - depth * stepMs;
}

/** The number of the order that is `depth` rows from the newest. */
export function orderNoAtDepth({ newestMs, rows }: BenchShop, depth: number): string {
  const day = new Date(timeAtDepth(newestMs, depth) + 8 * 3_600_000).toISOString().slice(2, 10).replaceAll('-', '');
  return `${day}-${String(rows - depth).padStart(6, '0')}`;
}
