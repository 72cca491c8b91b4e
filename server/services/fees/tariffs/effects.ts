import { err, ok } from '../../../../domain/result.ts';
import { compileTariff } from '../../../../domain/tariffs/compile.ts';
import type { FeeCorrectionPreview } from '../../../../protocol/http/fees-corrections.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { previewCorrection } from '../corrections/preview.ts';
import type { CorrectionScope } from '../corrections/scope.ts';
import { plusDays } from '../parts.ts';
import { tariffWith, type VersionPlace } from './edit.ts';
import { readTariffRow, readVersionRows, versionOf, type VersionRow } from './load.ts';

/** The last day of a version: the day before the next one begins, where that comes first. Old contracts keep theirs. */
export async function lastDayOf(db: Db, place: VersionPlace, row: VersionRow): Promise<string | null> {
  const tariff = await readTariffRow(db, place);
  if (tariff?.details.versionSplit === 'contract') return row.effective_to;
  const next = await db
    .selectFrom('fee_tariff_versions')
    .select('effective_from')
    .where('merchant_id', '=', place.merchantId)
    .where('tariff_id', '=', place.tariffId)
    .where('state', '<>', 'draft')
    .where('effective_from', '>', row.effective_from)
    .orderBy('effective_from')
    .limit(1)
    .executeTakeFirst();
  const last = next === undefined ? null : plusDays(next.effective_from, -1);
  return last !== null && (row.effective_to === null || row.effective_to > last) ? last : row.effective_to;
}

/** Which bills a version is about. */
export async function effectsOf(db: Db, place: VersionPlace, row: VersionRow): Promise<CorrectionScope> {
  const { merchantId, tariffId } = place;
  return { is: 'version', merchantId, tariffId, from: row.effective_from, to: await lastDayOf(db, place, row) };
}

/** What a version would change of bills that were made for its days, a page of households at a time; nothing is kept. */
export async function versionEffects(
  core: Core,
  place: VersionPlace,
  behind: string | undefined,
): Promise<Answer<FeeCorrectionPreview>> {
  const row = (await readVersionRows(core.db, place)).find(({ id }) => id === place.versionId);
  if (row === undefined) return err('not-found');
  const version = versionOf(row, false);
  const tariff = await tariffWith(core, place, version);
  if (!tariff.ok) return tariff;
  const compiled = compileTariff(tariff.value);
  if (!compiled.ok) return err('fee-refused', compiled.error);
  const trial = { tariff: { id: place.tariffId, compiled: compiled.value } };
  return ok(await previewCorrection(core, await effectsOf(core.db, place, row), trial, behind));
}
