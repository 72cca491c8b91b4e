import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import type { CompiledTariff } from '../../../../domain/tariffs/compiled.ts';
import type { Answer } from '../../../answer.ts';
import { writeAudit } from '../../../audit/records.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { lockAccount } from '../accounts/change.ts';
import { serviceRow } from '../parts.ts';
import { loadCompiled } from '../tariffs/load.ts';
import { type BillOutcome, type BillRefusal, makeBill } from './make-bill.ts';
import { readRunRow, type RunPlace, type RunRow } from './run-rows.ts';
import { commonOf, type Division, insertDivisions, readDivisions } from './shares.ts';

/** How long a worker may be silent before another takes over, ms. */
const leaseMs = 60_000;
/** Households that are read at a time. */
const batchRows = 100;

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

/** The tariffs of one run, each read and compiled once. */
class Tariffs {
  readonly #core: Core;
  readonly #merchantId: string;
  readonly #known = new Map<string, CompiledTariff | undefined>();

  constructor(core: Core, merchantId: string) {
    this.#core = core;
    this.#merchantId = merchantId;
  }

  async get(tariffId: string): Promise<CompiledTariff | undefined> {
    if (!this.#known.has(tariffId)) {
      const loaded = await loadCompiled(this.#core.db, { merchantId: this.#merchantId, tariffId });
      this.#known.set(tariffId, loaded.ok && loaded.value.versions.length > 0 ? loaded.value : undefined);
    }
    return this.#known.get(tariffId);
  }
}

interface Step {
  readonly run: RunRow;
  readonly accountId: string;
  readonly tariffs: Tariffs;
  readonly defaultTariff: string | null;
  readonly divisions: readonly Division[];
}

async function billOne(core: Core, db: Db, { run, accountId, tariffs, defaultTariff, divisions }: Step) {
  const row = await lockAccount(db, { merchantId: run.merchant_id, accountId });
  if (row?.state !== 'open') return ok<BillOutcome>({ is: 'away' });
  const tariffId = row.tariff_id ?? defaultTariff;
  const compiled = tariffId === null ? undefined : await tariffs.get(tariffId);
  if (tariffId === null || compiled === undefined) return err<BillRefusal>('no-tariff');
  return makeBill(core, db, row, {
    ...{ compiled, tariffId, runId: run.id, dueOn: run.due_on, actorId: run.started_by ?? undefined },
    period: { from: run.period_from, to: run.period_to },
    common: commonOf(divisions, tariffId, accountId),
  });
}

/** Bills one household and moves the run past it, both or neither. @returns false once somebody asked for the end. */
async function step(core: Core, one: Step): Promise<boolean> {
  const { run, accountId } = one;
  return core.db.transaction().execute(async (db) => {
    const outcome = await billOne(core, db, one);
    const now = core.clock();
    if (!outcome.ok)
      await db
        .insertInto('fee_run_refusals')
        .values({
          ...{ merchant_id: run.merchant_id, run_id: run.id, account_id: accountId, reason: outcome.error },
          detail: (outcome.detail ?? '').slice(0, 300),
          at: new Date(now),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    const is = outcome.ok ? outcome.value.is : 'refused';
    const moved = await db
      .updateTable('fee_runs')
      .set((eb) => ({
        behind: accountId,
        working_until: new Date(now + leaseMs),
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
  });
}

async function nextAccounts(core: Core, run: RunRow): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from fee_accounts where merchant_id = ${run.merchant_id} and service = ${run.service} and state = 'open'
      and (${run.behind}::uuid is null or id > ${run.behind}::uuid) order by id limit ${batchRows}`.execute(core.db);
  return rows.map(({ id }) => id);
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
 * behind the last household that was committed; none is billed twice, whoever works.
 */
export async function workRun(core: Core, place: RunPlace, isStopping: () => boolean): Promise<void> {
  if (!(await claim(core, place))) return;
  const first = await readRunRow(core.db, place);
  if (first === undefined) return;
  const service = await serviceRow(core.db, place.merchantId, first.service);
  const tariffs = new Tariffs(core, place.merchantId);
  const divisions = await readDivisions(core.db, place.merchantId, place.runId);
  const defaultTariff = service?.tariff_id ?? null;
  let run: RunRow = first;
  for (let rounds = 0; rounds <= first.total + 1; rounds += 1) {
    const ids = await nextAccounts(core, run);
    if (ids.length === 0) return finish(core, run, 'done');
    for (const accountId of ids) {
      if (isStopping()) return release(core, place);
      const goesOn = await step(core, { run, accountId, tariffs, defaultTariff, divisions });
      if (!goesOn) return finish(core, run, 'cancelled');
      run = { ...run, behind: accountId };
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
  readonly divisions: Parameters<typeof insertDivisions>[3];
}

/** Writes the run down; `in-progress` while another of the same service is running. */
export async function insertRun(core: Core, run: NewRun): Promise<Answer<void>> {
  const nowMs = core.clock();
  try {
    await core.db.transaction().execute(async (db) => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from fee_accounts
        where merchant_id = ${run.merchantId} and service = ${run.service} and state = 'open'`.execute(db);
      await db
        .insertInto('fee_runs')
        .values({
          ...{ merchant_id: run.merchantId, id: run.id, service: run.service, period_from: run.from },
          ...{ period_to: run.to, due_on: run.dueOn, total: rows[0]?.n ?? 0 },
          started_at: new Date(nowMs),
          started_by: run.by ?? null,
        })
        .execute();
      await insertDivisions(db, run.merchantId, run.id, run.divisions);
      await writeAudit(db, nowMs, {
        ...{ act: 'fees.run-started', actorId: run.by, subject: `merchant:${run.merchantId}` },
        facts: { runId: run.id, service: run.service, from: run.from, to: run.to },
      });
    });
    core.bus.publish({ name: 'audit', id: run.id });
    return ok(undefined);
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('in-progress');
    throw error;
  }
}
