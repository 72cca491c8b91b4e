import { err, ok } from '../../../../domain/result.ts';
import type { FeeRun, StartFeeRun } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Clerk, daysBetween, inOneAct, plusDays, serviceRow } from '../parts.ts';
import { correctionWork } from '../corrections/work.ts';
import { billingWork } from './billing-work.ts';
import { readRunRow, runAnswer, type RunPlace, type RunRow } from './run-rows.ts';
import { insertRun, openHouseholds, type RunWork, workRun } from './run.ts';
import { divide } from './shares.ts';

const periodMaxDays = 400;

const workOf = (core: Core, run: RunRow): Promise<RunWork> =>
  run.kind === 'bills' ? billingWork(core, run) : correctionWork(core, run);

/** Works on runs in this process, one at a time. */
export interface RunWorker {
  /** Begins or goes on with a run; returns at once. */
  poke(place: RunPlace): void;
  /** Goes on with every run that nobody works on, after a start or a crash. */
  resume(): Promise<void>;
  /** Until nothing is being worked on here. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the worker. A run that fails is logged and left to the next `resume`. */
export function createRunWorker(core: Core): RunWorker {
  let tail: Promise<void> = Promise.resolve();
  const state = { isStopping: false };
  const poke = (place: RunPlace): void => {
    tail = tail
      .then(() =>
        state.isStopping
          ? undefined
          : workRun(
              core,
              place,
              (run) => workOf(core, run),
              () => state.isStopping,
            ),
      )
      .catch((error: unknown) => {
        core.log.error({ err: error, run: place.runId }, 'a billing run was cut off');
      });
  };
  return {
    poke,
    resume: async () => {
      const rows = await core.db
        .selectFrom('fee_runs')
        .select(['merchant_id', 'id'])
        .where('state', '=', 'running')
        .where((eb) => eb.or([eb('working_until', 'is', null), eb('working_until', '<', new Date(core.clock()))]))
        .limit(50)
        .execute();
      for (const row of rows) poke({ merchantId: row.merchant_id, runId: row.id });
    },
    idle: () => tail,
    close: async () => {
      state.isStopping = true;
      await tail;
    },
  };
}

/** Starts a run, or goes on with it when it is there. */
export async function startRun(
  core: Core,
  worker: RunWorker,
  actor: Clerk,
  merchantId: string,
  body: StartFeeRun,
): Promise<Answer<FeeRun>> {
  const place = { merchantId, runId: body.id };
  const days = daysBetween(body.from, body.to) + 1;
  if (days < 1 || days > periodMaxDays) return err('bad-request', 'to');
  const before = await readRunRow(core.db, place);
  if (before === undefined) {
    const service = await serviceRow(core.db, merchantId, body.service);
    if (service === undefined) return err('not-found', 'service');
    const dueOn = body.dueOn ?? plusDays(body.to, service.due_days);
    if (dueOn < body.from) return err('bad-request', 'dueOn');
    const divided = await divide(core, merchantId, body);
    if (!divided.ok) return divided;
    const { id, from, to } = body;
    const run = { ...{ id, from, to, dueOn, merchantId, service: body.service }, by: actor?.id };
    const total = await openHouseholds(core.db, merchantId, body.service);
    const made = await insertRun(core, { ...run, total, divisions: divided.value });
    if (!made.ok) return made;
  } else if (
    before.kind !== 'bills' ||
    before.service !== body.service ||
    before.period_from !== body.from ||
    before.period_to !== body.to
  ) {
    return err('exists-with-different-body', 'id');
  }
  worker.poke(place);
  return runAnswer(core, place);
}

/** Asks for a run's end; the bills that it made stay. */
export async function cancelRun(core: Core, worker: RunWorker, actor: Clerk, place: RunPlace): Promise<Answer<FeeRun>> {
  const { merchantId, runId } = place;
  const done = await inOneAct(
    core,
    { act: 'fees.run-cancel-asked', actor, merchantId, facts: { runId } },
    async (db) => {
      const changed = await db
        .updateTable('fee_runs')
        .set({ cancel_wanted: true })
        .where('merchant_id', '=', merchantId)
        .where('id', '=', runId)
        .where('state', '=', 'running')
        .executeTakeFirst();
      if (changed.numUpdatedRows === 1n) return ok(undefined);
      return (await readRunRow(db, place)) === undefined ? err('not-found') : err('not-in-state');
    },
  );
  if (!done.ok) return done;
  worker.poke(place);
  return runAnswer(core, place);
}
