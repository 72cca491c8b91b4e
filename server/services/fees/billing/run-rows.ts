import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import type { FeeRun, FeeRunDetail } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';

/** Which run. */
export interface RunPlace {
  readonly merchantId: string;
  readonly runId: string;
}

const runsMax = 50;
const refusalsMax = 500;

/** A run's row. */
export async function readRunRow(db: Db, { merchantId, runId }: RunPlace) {
  return db
    .selectFrom('fee_runs')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', runId)
    .executeTakeFirst();
}
/** A run's row. */
export type RunRow = NonNullable<Awaited<ReturnType<typeof readRunRow>>>;

function runsQuery(core: Core, merchantId: string) {
  return core.db
    .selectFrom('fee_runs as r')
    .leftJoin('user as u', 'u.id', 'r.started_by')
    .selectAll('r')
    .select([
      'u.name as by',
      sql<number>`coalesce((select sum(b.principal_fen) from fee_bills b where b.merchant_id = r.merchant_id
        and b.run_id = r.id and b.state <> 'void'), 0)::bigint`.as('made_fen'),
    ])
    .where('r.merchant_id', '=', merchantId);
}

type Shown = RunRow & { readonly by: string | null; readonly made_fen: number };

function runView(row: Shown): FeeRun {
  return {
    ...{ id: row.id, kind: row.kind, service: row.service },
    ...(row.tariff_id === null ? {} : { tariffId: row.tariff_id }),
    ...(row.version_id === null ? {} : { versionId: row.version_id }),
    ...(row.reason === '' ? {} : { reason: row.reason }),
    from: row.period_from,
    to: row.period_to,
    dueOn: row.due_on,
    state: row.state,
    isCancelling: row.state === 'running' && row.cancel_wanted,
    total: row.total,
    made: row.made,
    kept: row.kept,
    refused: row.refused,
    madeFen: row.made_fen,
    startedAt: row.started_at.toISOString(),
    ...(row.by === null ? {} : { startedBy: row.by }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at.toISOString() }),
  };
}

/** Runs, newest first. */
export async function listRuns(core: Core, merchantId: string): Promise<FeeRun[]> {
  const rows = await runsQuery(core, merchantId)
    .orderBy('r.started_at', 'desc')
    .orderBy('r.id', 'desc')
    .limit(runsMax)
    .execute();
  return rows.map(runView);
}

interface ShareSums {
  tariff_id: string;
  component_id: string;
  label: { zh: string; en: string } | null;
  total: string;
  whole_fen: number;
  told: string;
  billed_fen: number;
  bills: number;
  members: number;
}

/** What a run divided, or what was said of it later, and how much of that stands on bills of these days and their corrections. */
async function sharesView(core: Core, run: RunRow): Promise<FeeRunDetail['shares']> {
  const { rows } = await sql<ShareSums>`
    with days as (select r.id, r.started_at from fee_runs r where r.merchant_id = ${run.merchant_id}
      and r.service = ${run.service} and r.period_from = ${run.period_from}::date and r.period_to = ${run.period_to}::date)
    select s.tariff_id, s.component_id, s.total as told, newest.total, newest.whole_fen,
      jsonb_array_length(s.members) as members, coalesce(b.fen, 0)::bigint as billed_fen, coalesce(b.n, 0) as bills, b.label
    from fee_run_shares s
    join lateral (select o.total, o.whole_fen from fee_run_shares o join days d on d.id = o.run_id
      where o.merchant_id = s.merchant_id and o.tariff_id = s.tariff_id and o.component_id = s.component_id
      order by d.started_at desc, d.id desc limit 1) newest on true
    left join lateral (select sum((l ->> 'amountFen')::bigint) as fen, count(distinct f.id) as n,
        (array_agg(l -> 'label'))[1] as label
      from fee_bills f join days d on d.id = f.run_id
        join fee_bills c on c.merchant_id = f.merchant_id and (c.id = f.id or c.corrects = f.id)
        cross join lateral jsonb_array_elements(c.rated -> 'lines') l
      where f.merchant_id = s.merchant_id and f.tariff_id = s.tariff_id and f.kind = 'bill' and f.state <> 'void'
        and l ->> 'componentId' = s.component_id and l ->> 'kind' in ('share', 'correction')) b
      on true
    where s.merchant_id = ${run.merchant_id} and s.run_id = ${run.id} order by s.tariff_id, s.component_id`.execute(
    core.db,
  );
  return rows.map((row) => ({
    ...{ tariffId: row.tariff_id, componentId: row.component_id },
    ...(row.told === row.total ? {} : { told: row.told }),
    label: row.label ?? { zh: row.component_id, en: row.component_id },
    ...{ total: row.total, wholeFen: row.whole_fen, billedFen: row.billed_fen, bills: row.bills, members: row.members },
  }));
}

/** One run with the households that could not be billed. */
export async function runAnswer(core: Core, { merchantId, runId }: RunPlace): Promise<Answer<FeeRunDetail>> {
  const row = await runsQuery(core, merchantId).where('r.id', '=', runId).executeTakeFirst();
  if (row === undefined) return err('not-found');
  const refusals = await core.db
    .selectFrom('fee_run_refusals as f')
    .innerJoin('fee_accounts as a', (join) =>
      join.onRef('a.merchant_id', '=', 'f.merchant_id').onRef('a.id', '=', 'f.account_id'),
    )
    .select(['f.account_id', 'a.label', 'a.tail', 'f.reason', 'f.detail'])
    .where('f.merchant_id', '=', merchantId)
    .where('f.run_id', '=', runId)
    .orderBy('a.label')
    .limit(refusalsMax)
    .execute();
  return ok({
    ...runView(row),
    shares: await sharesView(core, row),
    refusals: refusals.map(({ account_id: accountId, ...rest }) => ({ accountId, ...rest })),
  });
}
