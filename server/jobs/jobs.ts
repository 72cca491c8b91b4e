import type { ServerContext } from '../context.ts';
import { raiseKeyEnds } from '../services/channels/key-ends.ts';
import { raiseUnusualRates } from '../services/field/rates.ts';
import { endDelegations, raiseMissingUses, revokeOfLeavers } from '../services/field/sweep.ts';
import { forgetMessages, forgetNotices } from './forget.ts';
import { expireGrants, raiseMissingReceipts, releaseProbations, removeStale } from './work.ts';
import { sweepIdempotency } from '../services/idempotency.ts';

/** Running jobs. `stop` waits for the one in progress. */
export interface Jobs {
  stop(): Promise<void>;
}

const everyMs = 1_000;
const staleEvery = 300;
const fieldEvery = 30;
const jobsLock = 7_711_004;

async function sweepField(core: ServerContext['core']): Promise<void> {
  await revokeOfLeavers(core);
  await raiseMissingUses(core);
  await raiseUnusualRates(core);
}

/**
 * Runs the time-driven work once a second, in one process at a time (advisory lock). Every job is a statement that
 * can run again at any moment, so a crash needs no repair.
 */
export function startJobs(context: ServerContext): Jobs {
  const { core, sequencer } = context;
  let count = 0;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const runAll = async (): Promise<void> => {
    count += 1;
    await core.db.connection().execute(async (db) => {
      const lock = await db
        .selectNoFrom((eb) => eb.fn<boolean>('pg_try_advisory_lock', [eb.val(jobsLock)]).as('held'))
        .executeTakeFirstOrThrow();
      if (!lock.held) return;
      try {
        await expireGrants(core);
        await raiseMissingReceipts(core);
        await releaseProbations(core);
        await endDelegations(core);
        if (count % fieldEvery === 1) await sweepField(core);
        if (count % staleEvery === 1) await raiseKeyEnds(core);
        if (count % staleEvery === 1) {
          await removeStale(core);
          await sweepIdempotency(core);
          await forgetNotices(core);
          await forgetMessages(core);
        }
      } finally {
        await db.selectNoFrom((eb) => eb.fn<boolean>('pg_advisory_unlock', [eb.val(jobsLock)]).as('freed')).execute();
      }
    });
    sequencer.poke();
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      running = runAll()
        .catch((error: unknown) => {
          core.log.error({ err: error }, 'a job failed');
        })
        .then(() => {
          if (!isStopped) schedule();
        });
    }, everyMs);
  };
  let running: Promise<void> = Promise.resolve();
  schedule();
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
