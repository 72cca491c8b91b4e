import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import type {
  CorrectFeeTotal,
  FeeTotalPreview,
  PreviewFeeTotal,
  WrongFeeTotal,
} from '../../../../protocol/http/fees-corrections.ts';
import type { FeeRun } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { insertRun } from '../billing/run.ts';
import { readRunRow, runAnswer } from '../billing/run-rows.ts';
import type { RunWorker } from '../billing/runs.ts';
import { divideAnew } from '../billing/shares.ts';
import { type Clerk, todayOf } from '../parts.ts';
import { previewCorrection } from './preview.ts';
import { type CorrectionScope, countMeant } from './scope.ts';

function scopeOf(merchantId: string, { tariffId, service, from, to }: WrongFeeTotal): CorrectionScope {
  return { is: 'total', merchantId, tariffId, service, from, to };
}

async function runsOfDays(db: Db, merchantId: string, { service, from, to }: WrongFeeTotal): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`select id from fee_runs where merchant_id = ${merchantId}
    and service = ${service} and period_from = ${from}::date and period_to = ${to}::date`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** What another total would change, household by household; nothing is kept. */
export async function previewTotal(
  core: Core,
  merchantId: string,
  body: PreviewFeeTotal,
): Promise<Answer<FeeTotalPreview>> {
  const divided = await divideAnew(core.db, merchantId, body);
  if (!divided.ok) return divided;
  const { before, now } = divided.value;
  const runIds = await runsOfDays(core.db, merchantId, body);
  const trial = { total: { runIds, tariffId: body.tariffId, componentId: body.componentId, total: now.total } };
  const preview = await previewCorrection(core, scopeOf(merchantId, body), trial, body.behind);
  return ok({ ...preview, old: before, new: { total: now.total, wholeFen: now.wholeFen } });
}

/**
 * Says another total of days that were billed, and corrects the bills that share it: a run like any other. The shares
 * then sum to the new total to the cent, because who shares and by what key stays what it was.
 */
export async function correctTotal(
  core: Core,
  worker: RunWorker,
  actor: Clerk,
  merchantId: string,
  body: CorrectFeeTotal,
): Promise<Answer<FeeRun>> {
  const place = { merchantId, runId: body.id };
  const known = await readRunRow(core.db, place);
  if (known === undefined) {
    const divided = await divideAnew(core.db, merchantId, body);
    if (!divided.ok) return divided;
    const { households } = await countMeant(core.db, scopeOf(merchantId, body));
    const { id, service, from, to, tariffId, reason } = body;
    const run = { merchantId, id, service, from, to, dueOn: todayOf(core), by: actor?.id, total: households };
    const made = await insertRun(core, {
      ...run,
      divisions: [divided.value.now],
      correction: { tariffId, reason },
    });
    if (!made.ok) return made;
  } else {
    const days = [known.service, known.period_from, known.period_to].join(' ');
    const isSame = known.tariff_id === body.tariffId && days === [body.service, body.from, body.to].join(' ');
    if (!isSame || known.version_id !== null) return err('exists-with-different-body', 'id');
  }
  worker.poke(place);
  return runAnswer(core, place);
}
