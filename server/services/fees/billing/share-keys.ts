import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import { Exact } from '../../../../domain/tariffs/exact.ts';
import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { ShareComponent } from '../../../../domain/tariffs/tariff.ts';
import type { Answer } from '../../../answer.ts';
import type { Db } from '../../../store/database.ts';
import { daysBetween } from '../parts.ts';

/** A household and what it is shared by. */
export interface Member {
  readonly id: string;
  readonly key: string;
}

/** Whom a total is divided among. */
export interface MembersQuery {
  readonly service: FeeService;
  readonly from: string;
  readonly to: string;
  readonly tariffId: string;
  readonly part: ShareComponent;
}

interface Row {
  id: string;
  label: string;
  area: string | null;
  people: number | null;
  coefficient: string | null;
  first: string;
  last: string;
}

function keyOf(row: Row, by: ShareComponent['key']): string | null {
  if (by === 'units') return '1';
  if (by === 'people') return row.people === null ? null : String(row.people);
  return by === 'area' ? row.area : row.coefficient;
}

/**
 * Every open household of the price list with its key. Where one lived here only for a part of the days, all keys count
 * by days. A household without its key is named and nothing is divided: the others would pay for it unseen.
 */
export async function membersOf(db: Db, merchantId: string, query: MembersQuery): Promise<Answer<Member[]>> {
  const { service, from, to, tariffId, part } = query;
  const { rows } = await sql<Row>`
    select a.id, a.label, a.area_m2 as area, a.amounts ->> 'coefficient' as coefficient,
      (select p.count from fee_persons p where p.merchant_id = a.merchant_id and p.account_id = a.id
        and p.from_on <= ${to}::date order by p.from_on desc, p.entered_at desc, p.id desc limit 1) as people,
      greatest(coalesce(a.moved_in, ${from}::date), ${from}::date) as first,
      least(coalesce(a.moved_out, ${to}::date), ${to}::date) as last
    from fee_accounts a
    where a.merchant_id = ${merchantId} and a.service = ${service} and a.state = 'open'
      and coalesce(a.tariff_id, (select s.tariff_id from fee_services s where s.merchant_id = a.merchant_id
        and s.service = a.service)) = ${tariffId}
      and (a.moved_in is null or a.moved_in <= ${to}::date) and (a.moved_out is null or a.moved_out >= ${from}::date)
    order by a.id`.execute(db);
  const isWhole = rows.every((row) => row.first === from && row.last === to);
  const members: Member[] = [];
  for (const row of rows) {
    const key = keyOf(row, part.key);
    const value = key === null ? undefined : Exact.read(key);
    if (key === null || value === undefined) return err('fee-refused', `common-key: ${row.label}`);
    const days = daysBetween(row.first, row.last) + 1;
    members.push({ id: row.id, key: isWhole ? key : value.times(Exact.of(days)).toText() });
  }
  return ok(members);
}
