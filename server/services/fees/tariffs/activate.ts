import { err, ok } from '../../../../domain/result.ts';
import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type {
  ActivatedFeeVersion,
  ActivateFeeVersion,
  ExampleReportView,
} from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { writeRun } from '../billing/run.ts';
import { readRunRow } from '../billing/run-rows.ts';
import type { RunWorker } from '../billing/runs.ts';
import { countMeant } from '../corrections/scope.ts';
import { type Clerk, inOneAct, lockService, plusDays, todayOf } from '../parts.ts';
import { exampleReason, type Hindrance, reportOf } from './check.ts';
import { lockTariff, tariffWith, type VersionPlace } from './edit.ts';
import { effectsOf, lastDayOf } from './effects.ts';
import { readVersionRows, type TariffRow, versionOf, type VersionRow } from './load.ts';
import { tariffAnswer } from './views.ts';

/** What keeps a draft from coming into force, and what of its days was billed. */
interface Standing {
  readonly reason?: Hindrance;
  readonly billed: { readonly bills: number; readonly households: number; readonly last: string | null };
}

async function standingOf(db: Db, place: VersionPlace, row: VersionRow): Promise<Standing> {
  const sameDay = await db
    .selectFrom('fee_tariff_versions')
    .select('id')
    .where('merchant_id', '=', place.merchantId)
    .where('tariff_id', '=', place.tariffId)
    .where('id', '<>', place.versionId)
    .where('state', '<>', 'draft')
    .where('effective_from', '=', row.effective_from)
    .executeTakeFirst();
  const billed = await countMeant(db, await effectsOf(db, place, row));
  return { ...(sameDay === undefined ? {} : { reason: 'same-day' }), billed };
}

/**
 * Ends the version that was in force on the day before. A version with an end of its own, whose later days were billed
 * too, only lies over it: the earlier prices go on behind it. So does one of a price list by contracts.
 */
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

interface Activation {
  readonly core: Core;
  readonly actor: Clerk;
  readonly place: VersionPlace;
  readonly row: VersionRow;
  readonly report: ExampleReportView;
  readonly wish: ActivateFeeVersion;
}

/** Puts the draft into force in the caller's transaction. */
async function putIntoForce(
  db: Db,
  activation: Activation,
  tariff: TariffRow,
  isBilledBehind: boolean,
): Promise<boolean> {
  const { core, actor, place, row, report } = activation;
  const isByContract = tariff.details.versionSplit === 'contract';
  const end = await lastDayOf(db, place, row);
  if (!isByContract && !(row.effective_to !== null && isBilledBehind)) await endBefore(db, place, row.effective_from);
  const changed = await db
    .updateTable('fee_tariff_versions')
    .set((eb) => ({
      ...{ state: 'active' as const, activated_at: new Date(core.clock()), activated_by: actor?.id ?? null },
      effective_to: end,
      checked: JSON.stringify(report.examples.map(({ name, expected, got }) => ({ name, expected, got }))),
      version: eb('version', '+', 1),
    }))
    .where('merchant_id', '=', place.merchantId)
    .where('id', '=', place.versionId)
    .where('state', '=', 'draft')
    .where('version', '=', row.version)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

/** A run that makes bills reads its price lists once; none comes into force under it. */
async function isBeingBilled(db: Db, merchantId: string, service: FeeService): Promise<boolean> {
  const running = await db
    .selectFrom('fee_runs')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .where('service', '=', service)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return running !== undefined;
}

interface Outcome {
  reason?: Hindrance;
  billed?: NonNullable<ActivatedFeeVersion['billed']>;
  runId?: string;
}

/** The activation and the run that corrects what was billed, both or neither. */
async function activateNow(db: Db, activation: Activation, outcome: Outcome): Promise<Answer<void>> {
  const { core, actor, place, row, wish } = activation;
  const tariff = await lockTariff(db, place);
  if (tariff === undefined) return err('not-found');
  await lockService(db, place.merchantId, tariff.service);
  if (await isBeingBilled(db, place.merchantId, tariff.service)) return err('in-progress');
  const { reason, billed } = await standingOf(db, place, row);
  const isBilled = billed.bills > 0;
  const hindrance = reason ?? (isBilled && wish.correction === undefined ? 'billed' : undefined);
  if (isBilled) outcome.billed = { bills: billed.bills, households: billed.households };
  if (hindrance !== undefined) {
    outcome.reason = hindrance;
    return err('not-in-state', hindrance);
  }
  const isBilledBehind = row.effective_to !== null && (await isBilledAfter(db, place, row.effective_to));
  if (row.state === 'draft' && !(await putIntoForce(db, activation, tariff, isBilledBehind)))
    return err('not-in-state', 'version');
  if (!isBilled || wish.correction === undefined) return ok(undefined);
  const { id, reason: why } = wish.correction;
  const correction = { tariffId: place.tariffId, versionId: place.versionId, reason: why };
  const days = { from: row.effective_from, to: billed.last ?? row.effective_from, dueOn: todayOf(core) };
  const run = { merchantId: place.merchantId, id, service: tariff.service, ...days, by: actor?.id, divisions: [] };
  await writeRun(core, db, { ...run, total: billed.households, correction });
  outcome.runId = id;
  return ok(undefined);
}

async function isBilledAfter(db: Db, place: VersionPlace, day: string): Promise<boolean> {
  const later = await countMeant(db, { ...place, is: 'version', from: plusDays(day, 1), to: null });
  return later.bills > 0;
}

/** Activates in one act; nothing of it stays when it is refused. */
async function activateInOneAct(activation: Activation, outcome: Outcome): Promise<Answer<void>> {
  const { core, actor, place, row, report } = activation;
  const { merchantId, tariffId, versionId } = place;
  const facts = { tariffId, versionId, from: row.effective_from, examples: report.examples.length };
  try {
    return await inOneAct(core, { act: 'fees.version-activated', actor, merchantId, facts }, (db) =>
      activateNow(db, activation, outcome),
    );
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('in-progress');
    throw error;
  }
}

/**
 * Puts a draft into force. It stays a draft while it has no worked example or one of them is wrong, or while another
 * version begins on its day. Where days that it covers were billed it comes into force only together with a run that
 * corrects those bills (`correction`); for one that is in force that run can be started once more, for those left over.
 */
export async function activateVersion(
  core: Core,
  worker: RunWorker,
  actor: Clerk,
  place: VersionPlace,
  wish: ActivateFeeVersion,
): Promise<Answer<ActivatedFeeVersion>> {
  const row = (await readVersionRows(core.db, place)).find(({ id }) => id === place.versionId);
  if (row === undefined) return err('not-found');
  if (row.state === 'retired') return err('not-in-state', row.state);
  const version = versionOf(row, true);
  const whole = await tariffWith(core, place, version);
  if (!whole.ok) return whole;
  const report = reportOf(whole.value, version);
  const wrong = row.state === 'draft' ? exampleReason(report) : undefined;
  const outcome: Outcome = wrong === undefined ? {} : { reason: wrong };
  const known = wish.correction && (await readRunRow(core.db, { ...place, runId: wish.correction.id }));
  if (known !== undefined && known.version_id !== place.versionId) return err('exists-with-different-body', 'id');
  if (known !== undefined) outcome.runId = known.id;
  const isWanted = row.state === 'draft' || (wish.correction !== undefined && known === undefined);
  if (isWanted && wrong === undefined) {
    const done = await activateInOneAct({ core, actor, place, row, report, wish }, outcome);
    if (!done.ok && outcome.reason === undefined) return done;
  }
  if (outcome.runId !== undefined) worker.poke({ ...place, runId: outcome.runId });
  const tariff = await tariffAnswer(core, place);
  if (!tariff.ok) return tariff;
  return ok({ isActive: outcome.reason === undefined, ...outcome, report, tariff: tariff.value });
}
