import { sql } from 'kysely';
import type { Result } from '../../../../domain/result.ts';
import { err, ok } from '../../../../domain/result.ts';
import type { Answer } from '../../../answer.ts';
import { writeAudit } from '../../../audit/records.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { lockService } from '../parts.ts';
import { readRunRow, type RunPlace, type RunRow } from './run-rows.ts';
import { insertDivisions } from './shares.ts';

/** How long a worker may be silent before another takes over, ms. */
const leaseMs = 60_000;
/** Households that are read at a time. */
const batchRows = 100;

/** What a run does with each of its households. */
export interface RunWork {
  /** The next households behind one, in order. */
  next(behind: string | null, limit: number): Promise<string[]>;
  /** One household, in the caller's transaction; what a refusal wrote is undone. `away`: it has nothing to do with the run. */
  household(db: Db, accountId: string): Promise<Result<'made' | 'kept' | 'away', string>>;
}

/** Takes a run, unless another worker is at it. */
async function claim(core: Core, { merchantId, runId }: RunPlace): Promise<boolean> {
  const now = core.clock();
  const taken = await core.db
    .updateTable('fee_runs')
    .set({ working_until: new Date(now + leaseMs) })
    .where('merchant_id', '=', merchantId)
    .where('id', '=', runId)
    .where('state', '=', 'running')
    .where((eb) => eb.or([eb('working_until', 'is', null), eb('working_until', '<', new Date(now))]))
    .executeTakeFirst();
  return taken.numUpdatedRows === 1n;
}

/** Undoes what was written for a household that is refused. */
class Refused extends Error {
  readonly reason: string;
  readonly detail: string;

  constructor(reason: string, detail: string | undefined) {
    super(reason);
    [this.reason, this.detail] = [reason, detail ?? ''];
  }
}

/** Moves a run past a household, in the transaction of what was done for it. @returns false once somebody asked for the end. */
async function moveOn(
  core: Core,
  db: Db,
  run: RunRow,
  accountId: string,
  is: 'made' | 'kept' | 'away' | 'refused',
): Promise<boolean> {
  const moved = await db
    .updateTable('fee_runs')
    .set((eb) => ({
      behind: accountId,
      working_until: new Date(core.clock() + leaseMs),
      made: eb('made', '+', is === 'made' ? 1 : 0),
      kept: eb('kept', '+', is === 'kept' ? 1 : 0),
      refused: eb('refused', '+', is === 'refused' ? 1 : 0),
    }))
    .where('merchant_id', '=', run.merchant_id)
    .where('id', '=', run.id)
    .where('state', '=', 'running')
    .returning('cancel_wanted')
    .executeTakeFirst();
  return moved?.cancel_wanted === false;
}

async function noteRefusal(core: Core, run: RunRow, accountId: string, refused: Refused): Promise<boolean> {
  return core.db.transaction().execute(async (db) => {
    await db
      .insertInto('fee_run_refusals')
      .values({
        ...{ merchant_id: run.merchant_id, run_id: run.id, account_id: accountId, reason: refused.reason },
        detail: refused.detail.slice(0, 300),
        at: new Date(core.clock()),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return moveOn(core, db, run, accountId, 'refused');
  });
}

/** Does one household and moves the run past it, both or neither. @returns false once somebody asked for the end. */
async function step(core: Core, run: RunRow, work: RunWork, accountId: string): Promise<boolean> {
  try {
    return await core.db.transaction().execute(async (db) => {
      const outcome = await work.household(db, accountId);
      if (!outcome.ok) throw new Refused(outcome.error, outcome.detail);
      return moveOn(core, db, run, accountId, outcome.value);
    });
  } catch (error) {
    if (error instanceof Refused) return noteRefusal(core, run, accountId, error);
    throw error;
  }
}

async function finish(core: Core, run: RunRow, state: 'done' | 'cancelled'): Promise<void> {
  await core.db.transaction().execute(async (db) => {
    const now = core.clock();
    const ended = await db
      .updateTable('fee_runs')
      .set({ state, finished_at: new Date(now), working_until: null })
      .where('merchant_id', '=', run.merchant_id)
      .where('id', '=', run.id)
      .where('state', '=', 'running')
      .returning(['made', 'kept', 'refused'])
      .executeTakeFirst();
    if (ended === undefined) return;
    await writeAudit(db, now, {
      act: `fees.run-${state}`,
      actorId: run.started_by ?? undefined,
      subject: `merchant:${run.merchant_id}`,
      facts: { runId: run.id, service: run.service, ...ended },
    });
  });
  core.bus.publish({ name: 'audit', id: run.id });
}

/**
 * Works through a run until its end, somebody's wish or `isStopping`. Whatever cuts it off, the next worker goes on
 * behind the last household that was committed; none is done twice, whoever works.
 */
export async function workRun(
  core: Core,
  place: RunPlace,
  workOf: (run: RunRow) => Promise<RunWork>,
  isStopping: () => boolean,
): Promise<void> {
  if (!(await claim(core, place))) return;
  const first = await readRunRow(core.db, place);
  if (first === undefined) return;
  // Looked at before any household: one at which every worker fails must not keep the run from being ended.
  if (first.cancel_wanted) return finish(core, first, 'cancelled');
  const work = await workOf(first);
  let behind = first.behind;
  for (let rounds = 0; rounds <= first.total + 1; rounds += 1) {
    const ids = await work.next(behind, batchRows);
    if (ids.length === 0) return finish(core, first, 'done');
    for (const accountId of ids) {
      if (isStopping()) return release(core, place);
      if (!(await step(core, first, work, accountId))) return finish(core, first, 'cancelled');
      behind = accountId;
    }
  }
}

/** Leaves a run to whoever comes next. */
async function release(core: Core, { merchantId, runId }: RunPlace): Promise<void> {
  await core.db
    .updateTable('fee_runs')
    .set({ working_until: null })
    .where('merchant_id', '=', merchantId)
    .where('id', '=', runId)
    .execute();
}

/** What a run begins with. */
export interface NewRun {
  readonly merchantId: string;
  readonly id: string;
  readonly service: RunRow['service'];
  readonly from: string;
  readonly to: string;
  readonly dueOn: string;
  readonly by: string | undefined;
  /** Households that it will look at. */
  readonly total: number;
  readonly divisions: Parameters<typeof insertDivisions>[3];
  /** Of a run that corrects bills: whose, why, and which version came into force. */
  readonly correction?: { readonly tariffId: string; readonly versionId?: string; readonly reason: string };
}

/** Writes a run down in the caller's transaction. A unique violation means that another of the service is running. */
export async function writeRun(core: Core, db: Db, run: NewRun): Promise<void> {
  const { tariffId, versionId, reason } = run.correction ?? {};
  await db
    .insertInto('fee_runs')
    .values({
      ...{ merchant_id: run.merchantId, id: run.id, service: run.service, period_from: run.from },
      ...{ period_to: run.to, due_on: run.dueOn, total: run.total },
      ...(run.correction === undefined ? {} : { kind: 'correction' as const, reason: reason ?? '' }),
      ...{ tariff_id: tariffId ?? null, version_id: versionId ?? null },
      started_at: new Date(core.clock()),
      started_by: run.by ?? null,
    })
    .execute();
  await insertDivisions(db, run.merchantId, run.id, run.divisions);
  await writeAudit(db, core.clock(), {
    ...{ act: 'fees.run-started', actorId: run.by, subject: `merchant:${run.merchantId}` },
    facts: { runId: run.id, service: run.service, from: run.from, to: run.to, ...run.correction },
  });
}

/** Writes the run down; `in-progress` while another of the same service is running. */
export async function insertRun(core: Core, run: NewRun): Promise<Answer<void>> {
  try {
    await core.db.transaction().execute(async (db) => {
      await lockService(db, run.merchantId, run.service);
      await writeRun(core, db, run);
    });
    core.bus.publish({ name: 'audit', id: run.id });
    return ok(undefined);
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('in-progress');
    throw error;
  }
}

/** How many households of a service may be billed. */
export async function openHouseholds(db: Db, merchantId: string, service: RunRow['service']): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from fee_accounts
    where merchant_id = ${merchantId} and service = ${service} and state = 'open'`.execute(db);
  return rows[0]?.n ?? 0;
}
