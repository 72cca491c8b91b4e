import { describe, expect, test, vi } from 'vitest';
import { err, ok } from '../../../domain/result.ts';
import type { UnlockRun } from '../../../src/technician/run/unlock-run.svelte.ts';
import { makeRun } from './run-fakes.ts';

async function reaches(run: UnlockRun, act: string): Promise<void> {
  await vi.waitFor(() => expect(run.act.do).toBe(act), { timeout: 4000, interval: 5 });
}

describe('an unlock run', () => {
  test('goes from the cable to work with one press', async () => {
    const { run, terminal, server } = makeRun();
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'finished');
    expect(run.act).toEqual({ do: 'finished', how: 'back-to-work' });
    expect(terminal.asked.filter((op) => op === 'lock.grant')).toHaveLength(1);
    expect(server.reports).toBe(2);
    expect(run.record.finishedAtMs).toBeDefined();
    run.dispose();
  });

  test('between the press and the grant stands one call to the server', async () => {
    const { run, terminal, server } = makeRun();
    await reaches(run, 'start');
    server.calls.length = 0;
    terminal.asked.length = 0;
    run.begin();
    await reaches(run, 'finished');
    expect(server.calls[0]).toBe('createUnlock');
    expect(terminal.asked[0]).toBe('lock.grant');
    expect(server.calls[1]).toBe('submitReceipt');
    run.dispose();
  });

  test('waits for a person, and goes on when the answer comes', async () => {
    const { run, server } = makeRun();
    server.byPolicy = false;
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'wait-approval');
    server.approve();
    await reaches(run, 'finished');
    run.dispose();
  });

  test('a reload while waiting resumes without a press', async () => {
    const { run, server, again } = makeRun();
    server.byPolicy = false;
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'wait-approval');
    run.dispose();
    const second = again();
    await reaches(second, 'wait-approval');
    server.approve();
    await reaches(second, 'finished');
    second.dispose();
  });

  test('an unplugged cable is waited for, and the grant delivered after it', async () => {
    const { run, terminal, server } = makeRun();
    server.byPolicy = false;
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'wait-approval');
    terminal.unplug();
    server.approve();
    await reaches(run, 'wait-cable');
    terminal.plug();
    await reaches(run, 'finished');
    run.dispose();
  });

  test('a grant whose reply was lost is not given twice; the receipt is read again', async () => {
    const { run, terminal } = makeRun();
    const grant = terminal.request;
    terminal.request = async (op, params) => {
      const answer = await grant(op, params);
      return op === 'lock.grant' ? err('timeout') : answer;
    };
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'finished');
    expect(terminal.asked.filter((op) => op === 'lock.grant')).toHaveLength(1);
    expect(terminal.asked).toContain('lock.lastReceipt');
    run.dispose();
  });

  test('a server that is gone is a shown failure with the next try, and then it goes on', async () => {
    const { run, server } = makeRun();
    await reaches(run, 'start');
    server.isUp = false;
    run.begin();
    await vi.waitFor(() => expect(run.failure).toMatchObject({ from: 'server', code: 'offline' }));
    expect(run.failure?.retryAtMs).toBeDefined();
    server.isUp = true;
    run.retryNow();
    await reaches(run, 'finished');
    expect(run.failure).toBeUndefined();
    run.dispose();
  });

  test('a receipt waits in the journal until the server has it, also over a reload', async () => {
    const { run, server, terminal, journal, again } = makeRun();
    await reaches(run, 'start');
    const call = server.call;
    server.call = (name, options) => {
      if (name === 'submitReceipt') server.isUp = false;
      return call(name, options);
    };
    run.begin();
    await vi.waitFor(() => expect(run.failure?.code).toBe('offline'));
    run.dispose();
    expect([...journal.runs.values()][0]?.receipt?.bytes).toBe('Bw');
    server.call = call;
    server.isUp = true;
    const second = again();
    await reaches(second, 'finished');
    expect(terminal.asked.filter((op) => op === 'lock.grant')).toHaveLength(1);
    second.dispose();
  });

  test('a refusal by the terminal is shown with its code, and asking again makes a fresh request', async () => {
    const { run, terminal } = makeRun();
    const refused = ok({ accepted: false, receipt: new Uint8Array(), refusal: 'bad-signature', retryAfterSeconds: 0 });
    terminal.instead.set('lock.grant', [refused]);
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'ask-again');
    expect(run.act).toEqual({ do: 'ask-again', why: 'device-refused' });
    expect(run.record.grantRefusal?.code).toBe('bad-signature');
    const before = run.record.request?.caseId;
    await run.askAgain();
    await reaches(run, 'finished');
    expect(run.record.request?.caseId).not.toBe(before);
    run.dispose();
  });

  test('the terminal that makes everybody wait is waited for', async () => {
    const { run, terminal } = makeRun();
    const wait = ok({ accepted: false, receipt: new Uint8Array(), refusal: 'too-many-attempts', retryAfterSeconds: 1 });
    terminal.instead.set('lock.grant', [wait]);
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'wait-device');
    await reaches(run, 'finished');
    run.dispose();
  });

  test('a withdrawn request waits for the person to ask again', async () => {
    const { run, server } = makeRun();
    server.byPolicy = false;
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'wait-approval');
    expect(await run.withdraw()).toBe(true);
    await reaches(run, 'ask-again');
    server.byPolicy = true;
    await run.askAgain();
    await reaches(run, 'finished');
    run.dispose();
  });

  test('an order that the terminal could not finish is fetched and given again', async () => {
    const { run, terminal } = makeRun();
    terminal.instead.set('lock.order', [err('timeout')]);
    await reaches(run, 'start');
    run.begin();
    await reaches(run, 'finished');
    expect(terminal.asked.filter((op) => op === 'lock.order')).toHaveLength(3);
    run.dispose();
  });
});
