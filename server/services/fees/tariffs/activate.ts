import { err, ok } from '../../../../domain/result.ts';
import { checkTariff } from '../../../../domain/tariffs/check.ts';
import { compileTariff } from '../../../../domain/tariffs/compile.ts';
import { rate } from '../../../../domain/tariffs/rate.ts';
import type { Tariff, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import type {
  ActivatedFeeVersion,
  CheckFeeVersion,
  ExampleReportView,
  FeeTariff,
} from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { type Clerk, inOneAct, plusDays } from '../parts.ts';
import { readDraft, tariffWith, type VersionPlace } from './edit.ts';
import { readTariffRow, readVersionRows, type TariffPlace, versionOf } from './load.ts';
import { ratedView, tariffAnswer } from './views.ts';

/** The id of a draft that is tried and not kept. */
export const triedId = 'draft';

function reportOf(tariff: Tariff, version: TariffVersion): ExampleReportView {
  const report = checkTariff(tariff);
  const results = report.results.filter((one) => one.version === version.id);
  if (report.fault !== undefined) return { isRight: false, problem: report.fault, examples: [] };
  const compiled = compileTariff(tariff, { drafts: true });
  const examples = results.map((one, index) => {
    const example = version.examples?.[index];
    const rated = compiled.ok && example !== undefined ? rate(compiled.value, example.input) : undefined;
    return {
      name: one.name,
      isRight: one.ok,
      expected: one.expected,
      got: one.got,
      ...(rated?.ok === true ? { rated: ratedView(rated.value) } : {}),
    };
  });
  return { isRight: examples.length > 0 && examples.every(({ isRight }) => isRight), examples };
}

/** Works through the examples of a draft as it is typed. */
export async function checkDraft(
  core: Core,
  place: TariffPlace,
  body: CheckFeeVersion,
): Promise<Answer<ExampleReportView>> {
  const row = await readTariffRow(core.db, place);
  if (row === undefined) return err('not-found');
  const draft = readDraft(row, triedId, body);
  if (!draft.ok) return ok({ isRight: false, problem: draft.detail ?? draft.error, examples: [] });
  const tariff = await tariffWith(core, place, draft.value);
  return tariff.ok ? ok(reportOf(tariff.value, draft.value)) : tariff;
}

type Hindrance = NonNullable<ActivatedFeeVersion['reason']>;

async function hindranceOf(db: Db, place: VersionPlace, version: TariffVersion): Promise<Hindrance | undefined> {
  const sameDay = await db
    .selectFrom('fee_tariff_versions')
    .select('id')
    .where('merchant_id', '=', place.merchantId)
    .where('tariff_id', '=', place.tariffId)
    .where('state', '<>', 'draft')
    .where('effective_from', '=', version.effectiveFrom)
    .executeTakeFirst();
  if (sameDay !== undefined) return 'same-day';
  const billed = await db
    .selectFrom('fee_bills')
    .select('id')
    .where('merchant_id', '=', place.merchantId)
    .where('tariff_id', '=', place.tariffId)
    .where('state', '<>', 'void')
    .where('period_to', '>=', version.effectiveFrom)
    .limit(1)
    .executeTakeFirst();
  return billed === undefined ? undefined : 'billed';
}

/** Ends the version that was in force on the day before, when it has no end of its own. */
async function endBefore(db: Db, place: VersionPlace, from: string): Promise<void> {
  await db
    .updateTable('fee_tariff_versions')
    .set((eb) => ({ effective_to: plusDays(from, -1), version: eb('version', '+', 1) }))
    .where('merchant_id', '=', place.merchantId)
    .where('tariff_id', '=', place.tariffId)
    .where('state', '=', 'active')
    .where('effective_from', '<', from)
    .where((eb) => eb.or([eb('effective_to', 'is', null), eb('effective_to', '>=', from)]))
    .execute();
}

/**
 * Puts a draft into force. It stays a draft while it has no worked example or one of them is wrong, while another
 * version begins on its day, or when bills were made for days that it would cover.
 */
export async function activateVersion(
  core: Core,
  actor: Clerk,
  place: VersionPlace,
): Promise<Answer<ActivatedFeeVersion>> {
  const { merchantId, tariffId, versionId } = place;
  const row = (await readVersionRows(core.db, place)).find(({ id }) => id === versionId);
  if (row === undefined) return err('not-found');
  const version = versionOf(row, true);
  const whole = await tariffWith(core, place, version);
  if (!whole.ok) return whole;
  const report = reportOf(whole.value, version);
  const reason = exampleReason(report);
  const outcome: { reason?: Hindrance } = row.state === 'draft' && reason !== undefined ? { reason } : {};
  if (row.state === 'retired') return err('not-in-state', row.state);
  if (row.state === 'draft' && outcome.reason === undefined) {
    const facts = { tariffId, versionId, from: version.effectiveFrom, examples: report.examples.length };
    const done = await inOneAct(core, { act: 'fees.version-activated', actor, merchantId, facts }, async (db) => {
      const hindrance = await hindranceOf(db, place, version);
      if (hindrance !== undefined) {
        outcome.reason = hindrance;
        return err('not-in-state', hindrance);
      }
      await endBefore(db, place, version.effectiveFrom);
      const changed = await db
        .updateTable('fee_tariff_versions')
        .set((eb) => ({
          ...{ state: 'active' as const, activated_at: new Date(core.clock()), activated_by: actor?.id ?? null },
          checked: JSON.stringify(report.examples.map(({ name, expected, got }) => ({ name, expected, got }))),
          version: eb('version', '+', 1),
        }))
        .where('merchant_id', '=', merchantId)
        .where('id', '=', versionId)
        .where('state', '=', 'draft')
        .where('version', '=', row.version)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n ? ok(undefined) : err('not-in-state', 'version');
    });
    if (!done.ok && outcome.reason === undefined) return done;
  }
  const tariff = await tariffAnswer(core, place);
  if (!tariff.ok) return tariff;
  const { reason: why } = outcome;
  return ok({
    isActive: why === undefined,
    ...(why === undefined ? {} : { reason: why }),
    report,
    tariff: tariff.value,
  });
}

function exampleReason(report: ExampleReportView): Hindrance | undefined {
  if (report.problem !== undefined) return 'bad-tariff';
  if (report.examples.length === 0) return 'no-example';
  return report.isRight ? undefined : 'example-wrong';
}

/** Ends a version with its last day. Bills that were made stay; later days have no price until another version begins. */
export async function retireVersion(
  core: Core,
  actor: Clerk,
  place: VersionPlace,
  effectiveTo: string,
): Promise<Answer<FeeTariff>> {
  const { merchantId, tariffId, versionId } = place;
  const facts = { tariffId, versionId, effectiveTo };
  const done = await inOneAct(core, { act: 'fees.version-retired', actor, merchantId, facts }, async (db) => {
    const row = (await readVersionRows(db, place)).find(({ id }) => id === versionId);
    if (row === undefined) return err('not-found');
    if (row.state === 'retired' && row.effective_to === effectiveTo) return ok(undefined);
    if (row.state !== 'active') return err('not-in-state', row.state);
    if (effectiveTo < row.effective_from) return err('bad-request', 'effectiveTo');
    await db
      .updateTable('fee_tariff_versions')
      .set((eb) => ({
        ...{ state: 'retired' as const, effective_to: effectiveTo, retired_at: new Date(core.clock()) },
        retired_by: actor?.id ?? null,
        version: eb('version', '+', 1),
      }))
      .where('merchant_id', '=', merchantId)
      .where('id', '=', versionId)
      .execute();
    return ok(undefined);
  });
  return done.ok ? tariffAnswer(core, place) : done;
}
