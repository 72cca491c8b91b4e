import { compileTariff } from '../../../../domain/tariffs/compile.ts';
import type { CompiledTariff } from '../../../../domain/tariffs/compiled.ts';
import type { Result } from '../../../../domain/result.ts';
import type { Tariff, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import type { Db } from '../../../store/database.ts';

/** Which tariff. */
export interface TariffPlace {
  readonly merchantId: string;
  readonly tariffId: string;
}

const versionsMax = 100;

/** A tariff's row. */
export async function readTariffRow(db: Db, { merchantId, tariffId }: TariffPlace) {
  return db
    .selectFrom('fee_tariffs')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', tariffId)
    .executeTakeFirst();
}
/** A tariff's row. */
export type TariffRow = NonNullable<Awaited<ReturnType<typeof readTariffRow>>>;

/** A tariff's versions, newest first. */
export async function readVersionRows(db: Db, { merchantId, tariffId }: TariffPlace) {
  return db
    .selectFrom('fee_tariff_versions as v')
    .leftJoin('user as c', 'c.id', 'v.created_by')
    .leftJoin('user as a', 'a.id', 'v.activated_by')
    .selectAll('v')
    .select(['c.name as creator', 'a.name as activator'])
    .where('v.merchant_id', '=', merchantId)
    .where('v.tariff_id', '=', tariffId)
    .orderBy('v.number', 'desc')
    .limit(versionsMax)
    .execute();
}
/** A version's row. */
export type VersionRow = Awaited<ReturnType<typeof readVersionRows>>[number];

/** A version as the rules see it; `withExamples` for checking, which bills do not need. */
export function versionOf(row: VersionRow, withExamples: boolean): TariffVersion {
  return {
    ...row.body,
    id: row.id,
    state: row.state,
    effectiveFrom: row.effective_from,
    ...(row.effective_to === null ? {} : { effectiveTo: row.effective_to }),
    ...(withExamples ? { examples: row.examples } : {}),
  };
}

/** The whole tariff from its rows. */
export function tariffOf(row: TariffRow, versions: readonly TariffVersion[]): Tariff {
  return { ...row.details, id: row.id, service: row.service, name: row.name, versions };
}

/** The tariff ready for use, with what is or was in force. `bad-tariff` as well when there is none. */
export async function loadCompiled(db: Db, place: TariffPlace): Promise<Result<CompiledTariff, 'bad-tariff'>> {
  const row = await readTariffRow(db, place);
  if (row === undefined) return { ok: false, error: 'bad-tariff', detail: 'tariff' };
  const rows = await readVersionRows(db, place);
  return compileTariff(
    tariffOf(
      row,
      rows.filter(({ state }) => state !== 'draft').map((one) => versionOf(one, false)),
    ),
  );
}
