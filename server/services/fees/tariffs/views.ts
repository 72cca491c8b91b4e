import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import type { RatedBill } from '../../../../domain/tariffs/rating.ts';
import type { RatedView } from '../../../../protocol/http/fees-office.ts';
import type { FeeTariff, FeeTariffRow, FeeVersion } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { todayOf } from '../parts.ts';
import { readTariffRow, readVersionRows, type TariffPlace, type VersionRow } from './load.ts';

const tariffsMax = 200;

interface Row {
  id: string;
  service: FeeTariffRow['service'];
  name: { zh: string; en: string };
  versions: number;
  drafts: number;
  active_from: string | null;
  households: number;
}

/** A payee's tariffs. */
export async function listTariffs(core: Core, merchantId: string): Promise<FeeTariffRow[]> {
  const today = todayOf(core);
  const { rows } = await sql<Row>`
    select t.id, t.service, t.name, count(v.id) as versions, count(v.id) filter (where v.state = 'draft') as drafts,
      max(v.effective_from) filter (where v.state <> 'draft' and v.effective_from <= ${today}::date
        and (v.effective_to is null or v.effective_to >= ${today}::date)) as active_from,
      (select count(*) from fee_accounts a left join fee_services s on s.merchant_id = a.merchant_id and s.service = a.service
        where a.merchant_id = t.merchant_id and a.service = t.service and a.state = 'open'
          and coalesce(a.tariff_id, s.tariff_id) = t.id) as households
    from fee_tariffs t left join fee_tariff_versions v on v.merchant_id = t.merchant_id and v.tariff_id = t.id
    where t.merchant_id = ${merchantId} group by t.merchant_id, t.id, t.service, t.name
    order by t.service, t.name ->> 'zh', t.id limit ${tariffsMax}`.execute(core.db);
  return rows.map(({ active_from: activeFrom, ...row }) => ({
    ...row,
    ...(activeFrom === null ? {} : { activeFrom }),
  }));
}

function versionView(row: VersionRow): FeeVersion {
  return {
    id: row.id,
    number: row.number,
    state: row.state,
    effectiveFrom: row.effective_from,
    ...(row.effective_to === null ? {} : { effectiveTo: row.effective_to }),
    body: { ...row.body },
    examples: row.examples,
    note: row.note,
    createdAt: row.created_at.toISOString(),
    ...(row.creator === null ? {} : { createdBy: row.creator }),
    ...(row.activated_at === null ? {} : { activatedAt: row.activated_at.toISOString() }),
    ...(row.activator === null ? {} : { activatedBy: row.activator }),
    version: row.version,
  };
}

/** One tariff with its versions, newest first. */
export async function tariffAnswer(core: Core, place: TariffPlace): Promise<Answer<FeeTariff>> {
  const row = await readTariffRow(core.db, place);
  if (row === undefined) return err('not-found');
  const versions = (await readVersionRows(core.db, place)).map(versionView);
  return ok({ id: row.id, service: row.service, name: row.name, details: { ...row.details }, versions });
}

/** What rating gave, for screens. */
export function ratedView({ lines, totalFen, usage, tiers, versions }: RatedBill): RatedView {
  return {
    lines: lines.map(({ id, label, words, kind, amountFen, unroundedYuan, version }) => ({
      ...{ id, label: { ...label }, words: { ...words }, kind, amountFen, unroundedYuan, version },
    })),
    totalFen,
    usage: usage.map((one) => ({ ...one, from: { ...one.from }, to: { ...one.to } })),
    tiers: tiers.map((one) => ({ ...one, tiers: one.tiers.map((tier) => ({ ...tier })) })),
    versions: [...versions],
  };
}
