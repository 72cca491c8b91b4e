import { sql } from 'kysely';
import { fen } from '../../../../domain/money.ts';
import { shanghaiDay } from '../../../../domain/payments/numbers.ts';
import type { HouseholdView } from '../../../../protocol/http/fees-terminal.ts';
import type { Core } from '../../../core.ts';
import { claimedBills } from '../payments/claims.ts';
import { type AccountRef, readOwed } from '../quotes/owed.ts';
import type { Words } from '../quotes/words.ts';

const monthsMax = 12;
const receiptsMax = 24;

interface HouseholdRow {
  readonly label_masked: string;
  readonly tail: string;
  readonly payee_name: string;
  readonly balance: number;
  readonly unit: Words | null;
}

async function readRow(core: Core, { merchantId, accountId }: AccountRef): Promise<HouseholdRow> {
  const { rows } = await sql<HouseholdRow>`
    select a.label_masked, a.tail, m.name as payee_name,
      coalesce((select e.after_fen from fee_balance_entries e where e.merchant_id = a.merchant_id and e.account_id = a.id
        order by e.number desc limit 1), 0)::bigint as balance,
      (select t.details -> 'unit' from fee_tariffs t where t.merchant_id = a.merchant_id
        and t.id = coalesce(a.tariff_id, s.tariff_id)) as unit
    from fee_accounts a join merchants m on m.id = a.merchant_id
      join fee_services s on s.merchant_id = a.merchant_id and s.service = a.service
    where a.merchant_id = ${merchantId} and a.id = ${accountId}`.execute(core.db);
  const [row] = rows;
  if (row === undefined) throw new Error(`household ${accountId} is gone`);
  return row;
}

interface MonthRow {
  readonly month: string;
  readonly quantity: string | null;
  readonly fen: number;
}

/** What was billed for up to twelve months, corrections with the month that they correct. */
async function readMonths(
  core: Core,
  { merchantId, accountId }: AccountRef,
  unit: Words,
): Promise<HouseholdView['months']> {
  const { rows } = await sql<MonthRow>`
    select * from (
      select to_char(b.period_to, 'YYYY-MM') as month, sum(b.principal_fen)::bigint as fen,
        trim_scale(sum(u.quantity))::text as quantity
      from fee_bills b left join lateral (
        select sum((x ->> 'quantity')::numeric) as quantity from jsonb_array_elements(b.rated -> 'usage') x
        where b.kind = 'bill') u on true
      where b.merchant_id = ${merchantId} and b.account_id = ${accountId} and b.state <> 'void'
      group by 1 order by 1 desc limit ${monthsMax}) newest
    order by month`.execute(core.db);
  return rows.map(({ month, quantity, fen: sum }) => ({
    ...{ month, unit, fen: sum },
    ...(quantity === null ? {} : { quantity }),
  }));
}

async function readReceipts(core: Core, { merchantId, accountId }: AccountRef): Promise<HouseholdView['receipts']> {
  const { rows } = await sql<{ receipt_no: string; title: Words; total_fen: number; at: Date; is_reversed: boolean }>`
    select r.receipt_no, r.title, r.total_fen, r.at, r.kind = 'payment' and coalesce((select sum(v.total_fen)
      from fee_receipts v where v.merchant_id = r.merchant_id and v.of_receipt_no = r.receipt_no), 0) >= r.total_fen as is_reversed
    from fee_receipts r where r.merchant_id = ${merchantId} and r.account_id = ${accountId}
    order by r.at desc, r.receipt_no desc limit ${receiptsMax}`.execute(core.db);
  return rows.map((row) => ({
    ...{ receiptNo: row.receipt_no, title: row.title, totalFen: row.total_fen },
    ...{ at: row.at.toISOString(), isReversed: row.is_reversed },
  }));
}

/** A household as a terminal may show it: nothing that says who lives there. */
export async function readHousehold(core: Core, account: AccountRef, visit: string): Promise<HouseholdView> {
  const nowMs = core.clock();
  const [row, owed] = await Promise.all([readRow(core, account), readOwed(core.db, { ...account, atMs: nowMs })]);
  const [claimed, months, receipts] = await Promise.all([
    claimedBills(
      core,
      account.merchantId,
      owed.map(({ id }) => id),
    ),
    readMonths(core, account, row.unit ?? { zh: '', en: '' }),
    readReceipts(core, account),
  ]);
  return {
    ...{ visit, label: row.label_masked, tail: row.tail, payee: { id: account.merchantId, name: row.payee_name } },
    bills: owed.map((bill) => ({
      ...{ id: bill.id, version: bill.version, title: bill.title, from: bill.from, to: bill.to, dueOn: bill.dueOn },
      isOverdue: bill.dueOn < shanghaiDay(nowMs),
      totalFen: fen(bill.principalFen + bill.lateFen),
      lateFeeFen: bill.lateFen,
      isBeingPaid: claimed.has(bill.id),
    })),
    ...{ balanceFen: row.balance, months, receipts, asOf: new Date(nowMs).toISOString() },
  };
}
