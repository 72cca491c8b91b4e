import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerContext } from '../../../server/context.ts';
import { startPaymentJobs } from '../../../server/jobs/payment-jobs.ts';

/** A connection of the pool: what was asked on it, and how it was given back. */
interface Connection {
  readonly asked: string[];
  readonly closed: (boolean | undefined)[];
}

/** A server of which only the channels' upkeep does anything. `unlocks`: whether the database answers to the unlocking. */
function serverWith(tend: () => Promise<void>, unlocks: boolean): { context: ServerContext; connection: Connection } {
  const connection: Connection = { asked: [], closed: [] };
  const client = {
    query: async (text: string) => {
      connection.asked.push(text.includes('unlock') ? 'unlock' : 'lock');
      if (text.includes('unlock') && !unlocks) throw new Error('the connection is gone');
      return { rows: [{ held: true }] };
    },
    release: (isBroken?: boolean) => connection.closed.push(isBroken),
  };
  const idle = async (): Promise<number> => 0;
  const context = {
    core: { pool: { connect: async () => client }, log: { error: () => undefined } },
    services: {
      payments: { sweep: idle, tend },
      merchantApi: { deliver: idle },
      feesAtTerminals: { tend: idle },
      feeOffice: { resumeRuns: idle },
    },
  } as unknown as ServerContext;
  return { context, connection };
}

describe('the upkeep of channels, in one process at a time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['gives its lock back when it went well', async () => undefined, true, false],
    ['gives its lock back when it failed', () => Promise.reject(new Error('no database')), true, false],
    ['closes a connection that may still hold it', async () => undefined, false, true],
  ])('%s', async (_name, tend, unlocks, isClosed) => {
    const { context, connection } = serverWith(tend, unlocks);
    const jobs = startPaymentJobs(context);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(connection).toEqual({ asked: ['lock', 'unlock'], closed: [isClosed] });
    const stopped = jobs.stop();
    await vi.runAllTimersAsync();
    await stopped;
  });
});
