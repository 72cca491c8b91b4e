import { sql } from 'kysely';
import { type Fen, fen } from '../../../../domain/money.ts';
import type { FeeService, LateFeeBase, RatedBill } from '../../../../domain/tariffs/rating.ts';
import { shanghaiDay } from '../../../channels/shared/shanghai-time.ts';
import type { Db } from '../../../store/database.ts';
import { lateFeesOf } from './late.ts';
import { billTitle, type Words } from './words.ts';

/** A household. */
export interface AccountRef {
  readonly merchantId: string;
  readonly accountId: string;
}

/** What is owed of one bill at an instant. */
export interface Owed {
  readonly id: string;
  readonly version: number;
  readonly title: Words;
  readonly from: string;
  readonly to: string;
  readonly dueOn: string;
  readonly rated: RatedBill;
  /** What is left of the principal. */
  readonly principalFen: Fen;
  readonly paidFen: Fen;
  /** Late fee in all, what of it was paid before, what is left, and how it comes about. */
  readonly lateAllFen: Fen;
  readonly latePaidFen: Fen;
  readonly lateFen: Fen;
  readonly lateWords?: Words;
  readonly lateLabel?: Words;
}

interface BillRow {
  readonly id: string;
  readonly account_id: string;
  readonly service: FeeService;
  readonly kind: 'bill' | 'correction';
  readonly period_from: string;
  readonly period_to: string;
  readonly due_on: string;
  readonly tariff_id: string;
  readonly rated: RatedBill;
  readonly customer_class: string;
  readonly moved_in: string | null;
  readonly credited: number;
  readonly principal_fen: number;
  readonly left_fen: number;
  readonly paid_fen: number;
  readonly late_paid_fen: number;
  readonly version: number;
  readonly paid: readonly { readonly on: string; readonly fen: number }[];
}

/** Open bills of one household that are looked at together. */
const billsMax = 60;

/** Which bills, and as of when. */
export interface OwedQuery extends AccountRef {
  /** Only these; all open ones when absent. */
  readonly billIds?: readonly string[] | undefined;
  /** Unix milliseconds as of which the late fee is. */
  readonly atMs: number;
  /** Holds the rows until the transaction ends. */
  readonly isLocked?: boolean;
}

/** Open bills of a household with their late fees, the one that was due first before the others. */
export async function readOwed(db: Db, query: OwedQuery): Promise<Owed[]> {
  const { merchantId, accountId, billIds } = query;
  const only = billIds === undefined ? sql`` : sql`and b.id = any(${[...billIds]}::uuid[])`;
  const locked = query.isLocked === true ? sql`for update of b` : sql``;
  // What was given back counts as never paid: the late fee runs on from the day it was due. What a correction took off was
  // never owed, so there was no delay with it.
  const { rows } = await sql<BillRow>`
    select b.id, b.account_id, b.service, b.kind, b.period_from, b.period_to, b.due_on, b.tariff_id, b.rated, b.principal_fen,
      b.left_fen, b.paid_fen, b.late_paid_fen, b.version, a.customer_class, a.moved_in,
      (select coalesce(json_agg(json_build_object('on', x.day, 'fen', x.fen) order by x.day), '[]') from (
         select (p.at at time zone 'Asia/Shanghai')::date::text as day, sum(p.principal_fen + coalesce(r.back, 0))::bigint as fen
         from fee_allocations p left join lateral (select sum(v.principal_fen) as back from fee_allocations v
           where v.merchant_id = p.merchant_id and v.reverses = p.id) r on true
         where p.merchant_id = b.merchant_id and p.bill_id = b.id and p.source not in ('reversal', 'credit') group by 1) x
       where x.fen > 0) as paid,
      (select coalesce(sum(c.principal_fen), 0)::bigint from fee_allocations c where c.merchant_id = b.merchant_id
        and c.bill_id = b.id and c.source = 'credit') as credited
    from fee_bills b join fee_accounts a on a.merchant_id = b.merchant_id and a.id = b.account_id
    where b.merchant_id = ${merchantId} and b.account_id = ${accountId} and b.state = 'open' ${only}
    order by b.due_on, b.id limit ${billsMax} ${locked}`.execute(db);
  const late = await lateFeesOf(
    db,
    merchantId,
    rows.map((row) => ({
      ...{ tariffId: row.tariff_id, customerClass: row.customer_class, movedIn: row.moved_in },
      base: baseOf(row),
    })),
    query.atMs,
  );
  const today = shanghaiDay(query.atMs);
  return rows.map((row) => owedOf(row, late.get(row.id), today));
}

function baseOf(row: BillRow): LateFeeBase {
  return {
    billId: row.id,
    dueOn: row.due_on,
    principalFen: fen(Math.max(0, row.principal_fen - row.credited)),
    paid: row.paid.map((part) => ({ on: part.on, fen: fen(Number(part.fen)) })),
  };
}

type Late = NonNullable<ReturnType<Awaited<ReturnType<typeof lateFeesOf>>['get']>>;

function owedOf(row: BillRow, late: Late | undefined, today: string): Owed {
  const lateAllFen = late?.fen ?? 0;
  return {
    ...{ id: row.id, version: row.version, from: row.period_from, to: row.period_to, dueOn: row.due_on },
    title: billTitle(
      { service: row.service, from: row.period_from, to: row.period_to, isCorrection: row.kind === 'correction' },
      today,
    ),
    rated: row.rated,
    principalFen: fen(row.left_fen),
    paidFen: fen(row.paid_fen),
    lateAllFen: fen(Math.max(lateAllFen, row.late_paid_fen)),
    latePaidFen: fen(row.late_paid_fen),
    lateFen: fen(Math.max(0, lateAllFen - row.late_paid_fen)),
    ...(late === undefined ? {} : { lateWords: late.words, lateLabel: late.label }),
  };
}

/** The whole of what is owed. */
export function totalOf(owed: readonly Owed[]): Fen {
  return fen(owed.reduce((sum, { principalFen, lateFen }) => sum + principalFen + lateFen, 0));
}
