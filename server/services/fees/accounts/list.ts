import { type RawBuilder, sql } from 'kysely';
import { type FeeService, feeServices } from '../../../../domain/tariffs/rating.ts';
import type { FeeAccountRow, FeeArrears } from '../../../../protocol/http/fees-office.ts';
import type { Core } from '../../../core.ts';
import { type Page, pageOf, type PageQuery } from '../../paging.ts';
import { daysBetween, todayOf } from '../parts.ts';
import { numberHash, plainNumber } from '../secrets.ts';

/** Which households are wanted. */
export interface AccountFilter {
  readonly q?: string | undefined;
  readonly service?: FeeService | undefined;
  readonly arrears?: boolean | undefined;
}

interface Row {
  id: string;
  service: FeeService;
  label: string;
  tail: string;
  state: 'open' | 'closed';
  open_bills: number;
  open_fen: number;
  overdue_fen: number;
  balance_fen: number;
}

const arrearsMax = 200;

/** A whole number finds by its hash, two to four digits by the tail as well, anything by the label. */
function matches(core: Core, merchantId: string, q: string): RawBuilder<boolean> {
  const digits = plainNumber(q);
  const like = sql<boolean>`strpos(lower(a.label), lower(${q.trim()})) > 0`;
  if (!/^\d{2,20}$/.test(digits)) return like;
  if (digits.length <= 4) return sql<boolean>`(${like} or right(a.tail, ${digits.length}) = ${digits})`;
  const hashes = feeServices.map((service) => sql`${numberHash(core.keys(), merchantId, service, digits)}`);
  return sql<boolean>`(${like} or a.number_hash in (${sql.join(hashes)}))`;
}

const openBills = (today: string): RawBuilder<unknown> => sql`left join lateral (
  select count(*) as n, sum(left_fen) as fen, sum(left_fen) filter (where due_on < ${today}::date) as overdue
  from fee_bills b where b.merchant_id = a.merchant_id and b.account_id = a.id and b.state = 'open') b on true`;

const isOverdue = (today: string): RawBuilder<boolean> => sql<boolean>`exists (select 1 from fee_bills o
  where o.merchant_id = a.merchant_id and o.account_id = a.id and o.state = 'open' and o.left_fen > 0
    and o.due_on < ${today}::date)`;

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Households by label, a page at a time. Which ones is found first: sums are made for one page, not for all. */
export async function listAccounts(
  core: Core,
  merchantId: string,
  filter: AccountFilter & PageQuery,
): Promise<Page<FeeAccountRow>> {
  const conditions = [sql<boolean>`a.merchant_id = ${merchantId}`];
  if (filter.service !== undefined) conditions.push(sql<boolean>`a.service = ${filter.service}`);
  if (filter.q !== undefined && filter.q.trim() !== '') conditions.push(matches(core, merchantId, filter.q));
  const today = todayOf(core);
  if (filter.arrears === true) conditions.push(isOverdue(today));
  if (filter.after !== undefined && idPattern.test(filter.after))
    conditions.push(sql<boolean>`(a.label, a.id) > (select l.label, l.id from fee_accounts l
      where l.merchant_id = ${merchantId} and l.id = ${filter.after}::uuid)`);
  const { rows } = await sql<Row>`
    select a.id, a.service, a.label, a.tail, a.state, coalesce(b.n, 0) as open_bills,
      coalesce(b.fen, 0)::bigint as open_fen, coalesce(b.overdue, 0)::bigint as overdue_fen,
      coalesce((select e.after_fen from fee_balance_entries e where e.merchant_id = a.merchant_id and e.account_id = a.id
        order by e.number desc limit 1), 0)::bigint as balance_fen
    from (select a.merchant_id, a.id, a.service, a.label, a.tail, a.state from fee_accounts a
      where ${sql.join(conditions, sql` and `)} order by a.label, a.id limit ${filter.limit + 1}) a
    ${openBills(today)} order by a.label, a.id`.execute(core.db);
  const items = rows.map(rowView);
  return pageOf(items, filter.limit, (item) => item.id);
}

function rowView(row: Row): FeeAccountRow {
  return {
    id: row.id,
    service: row.service,
    label: row.label,
    tail: row.tail,
    state: row.state,
    openBills: row.open_bills,
    openFen: row.open_fen,
    overdueFen: row.overdue_fen,
    balanceFen: row.balance_fen,
  };
}

interface ArrearsRow {
  id: string;
  service: FeeService;
  label: string;
  tail: string;
  bills: number;
  left_fen: number;
  oldest: string;
  all_fen: number;
}

/** What is overdue, by household, the most first. */
export async function listArrears(core: Core, merchantId: string): Promise<FeeArrears> {
  const today = todayOf(core);
  const { rows } = await sql<ArrearsRow>`
    select a.id, a.service, a.label, a.tail, count(*) as bills, sum(b.left_fen)::bigint as left_fen, min(b.due_on) as oldest,
      sum(sum(b.left_fen)) over ()::bigint as all_fen
    from fee_bills b join fee_accounts a on a.merchant_id = b.merchant_id and a.id = b.account_id
    where b.merchant_id = ${merchantId} and b.state = 'open' and b.due_on < ${today}::date
    group by a.id, a.service, a.label, a.tail order by sum(b.left_fen) desc, a.id limit ${arrearsMax}`.execute(core.db);
  const items = rows.map((row) => ({
    accountId: row.id,
    service: row.service,
    label: row.label,
    tail: row.tail,
    bills: row.bills,
    leftFen: row.left_fen,
    oldestDueOn: row.oldest,
    days: daysBetween(row.oldest, today),
  }));
  return { items, totalFen: rows[0]?.all_fen ?? 0 };
}
