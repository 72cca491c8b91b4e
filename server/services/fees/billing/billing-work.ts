import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import type { Core } from '../../../core.ts';
import { lockAccount } from '../accounts/change.ts';
import { serviceRow } from '../parts.ts';
import { makeBill } from './make-bill.ts';
import { RatingTools } from './rating-tools.ts';
import type { RunRow } from './run-rows.ts';
import type { RunWork } from './run.ts';
import { commonOf, readDivisions } from './shares.ts';

/** The work of a run that bills every open household of a service for its days. */
export async function billingWork(core: Core, run: RunRow): Promise<RunWork> {
  const { merchant_id: merchantId } = run;
  const tools = new RatingTools(merchantId);
  const service = await serviceRow(core.db, merchantId, run.service);
  const divisions = await readDivisions(core.db, merchantId, run.id);
  return {
    next: async (behind, limit) => {
      const { rows } = await sql<{ id: string }>`
        select id from fee_accounts where merchant_id = ${merchantId} and service = ${run.service} and state = 'open'
          and (${behind}::uuid is null or id > ${behind}::uuid) order by id limit ${limit}`.execute(core.db);
      return rows.map(({ id }) => id);
    },
    household: async (db, accountId) => {
      const row = await lockAccount(db, { merchantId, accountId });
      if (row?.state !== 'open') return ok('away');
      const tariffId = row.tariff_id ?? service?.tariff_id ?? null;
      const compiled = tariffId === null ? undefined : await tools.tariff(db, tariffId);
      if (tariffId === null || compiled === undefined) return err('no-tariff');
      const made = await makeBill(core, db, row, {
        ...{ compiled, tariffId, runId: run.id, dueOn: run.due_on, actorId: run.started_by ?? undefined },
        period: { from: run.period_from, to: run.period_to },
        common: commonOf(divisions, tariffId, accountId),
      });
      return made.ok ? ok(made.value.is) : made;
    },
  };
}
