import { ok } from '../../../../domain/result.ts';
import type { Core } from '../../../core.ts';
import { lockAccount } from '../accounts/change.ts';
import { RatingTools } from '../billing/rating-tools.ts';
import type { RunRow } from '../billing/run-rows.ts';
import type { RunWork } from '../billing/run.ts';
import { readVersionRows } from '../tariffs/load.ts';
import { correctHousehold } from './household.ts';
import { type CorrectionScope, nextMeant } from './scope.ts';

/** What a run that corrects is about. Throws for one that bills, which is about no bills that are there. */
async function scopeOf(core: Core, run: RunRow): Promise<CorrectionScope> {
  const { merchant_id: merchantId, tariff_id: tariffId, version_id: versionId } = run;
  if (tariffId === null) throw new Error(`run ${run.id} corrects nothing`);
  const own = { merchantId, tariffId };
  if (versionId === null)
    return { ...own, is: 'total', service: run.service, from: run.period_from, to: run.period_to };
  const version = (await readVersionRows(core.db, own)).find(({ id }) => id === versionId);
  return { ...own, is: 'version', from: run.period_from, to: version?.effective_to ?? null };
}

/** The work of a run that corrects bills by what is in force now. */
export async function correctionWork(core: Core, run: RunRow): Promise<RunWork> {
  const scope = await scopeOf(core, run);
  const tools = new RatingTools(run.merchant_id);
  const corrector = { by: run.started_by ?? undefined, runId: run.id };
  return {
    next: (behind, limit) => nextMeant(core.db, scope, behind, limit),
    household: async (db, accountId) => {
      const row = await lockAccount(db, { merchantId: run.merchant_id, accountId });
      if (row === undefined) return ok('away');
      const done = await correctHousehold(core, db, row, { scope, tools, corrector, reason: run.reason });
      if (!done.ok) return done;
      return ok(done.value.corrections > 0 ? 'made' : 'kept');
    },
  };
}
