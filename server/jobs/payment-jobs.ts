import type { ServerContext } from '../context.ts';
import type { Jobs } from './jobs.ts';

const everyMs = 1_000;
/** Channels look after themselves once a minute. */
const tendEveryMs = 60_000;
/** Billing runs that were cut off are gone on with. */
const resumeEveryMs = 10_000;
const tendLock = 7_711_005;

/**
 * Lets payments that are due be looked at, once a second in every process (orders are claimed one by one), and lets
 * channels do their upkeep, in one process at a time; sends webhooks. Apart from the other jobs, because platforms may be slow.
 */
export function startPaymentJobs(context: ServerContext): Jobs {
  const { core, services } = context;
  const failed = (error: unknown): void => {
    core.log.error({ err: error }, 'payments could not be looked at');
  };
  const sweeping = every(everyMs, async () => {
    await services.payments.sweep().catch(failed);
  });
  // Several rounds at once would only claim different messages; one at a time keeps the load on the receivers low.
  const telling = every(everyMs, async () => {
    await services.merchantApi.deliver().catch((error: unknown) => {
      core.log.error({ err: error }, 'webhooks could not be sent');
    });
  });
  const feeing = every(everyMs, async () => {
    await services.feesAtTerminals.tend().catch((error: unknown) => {
      core.log.error({ err: error }, 'payments of fees could not be looked at');
    });
  });
  const billing = every(resumeEveryMs, async () => {
    await services.feeOffice.resumeRuns().catch((error: unknown) => {
      core.log.error({ err: error }, 'billing runs could not be gone on with');
    });
  });
  const tending = every(tendEveryMs, async () => {
    await underLock(context, () => services.payments.tend()).catch(failed);
  });
  return {
    stop: async () => {
      await Promise.all([sweeping.stop(), telling.stop(), feeing.stop(), billing.stop(), tending.stop()]);
    },
  };
}

function every(ms: number, act: () => Promise<void>): Jobs {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const schedule = (): void => {
    timer = setTimeout(() => {
      running = act().then(() => {
        if (!isStopped) schedule();
      });
    }, ms);
  };
  schedule();
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Does something when no other process does it. The lock is the connection's, so it is given back whatever happens. */
async function underLock({ core }: ServerContext, act: () => Promise<void>): Promise<void> {
  const client = await core.pool.connect();
  let isFree = false;
  try {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [tendLock]);
    isFree = rows[0]?.held !== true;
    if (isFree) return;
    try {
      await act();
    } finally {
      await client.query('select pg_advisory_unlock($1)', [tendLock]);
      isFree = true;
    }
  } finally {
    // A connection that may still hold the lock is closed, or nobody would ever get it again.
    client.release(!isFree);
  }
}
