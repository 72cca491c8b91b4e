import { describe, expect, test, vi } from 'vitest';
import { base64UrlDecode } from '../../../protocol/bytes.ts';
import { decodeResponse, decodeSiteBundle } from '../../../protocol/unlock/v1/site.ts';
import { softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { siteTarget } from '../../../src/technician/run/on-site.svelte.ts';
import type { UnlockRun } from '../../../src/technician/run/unlock-run.svelte.ts';
import { nowMs, unlockCase } from './make.ts';
import { makeRun } from './run-fakes.ts';
import { FakeField, keep, makePackage, secondAnswers, SiteTerminal, technicianAnswers } from './site-fakes.ts';

const inspected = { sealFound: '1', sealNew: '2', numberSame: true, note: '', photos: [], isReady: true } as const;

async function reaches(run: UnlockRun, act: string): Promise<void> {
  await vi.waitFor(() => expect(run.act.do).toBe(act), { timeout: 4000, interval: 5 });
}

type Bench = ReturnType<typeof makeRun<SiteTerminal>> & { field: FakeField };

/** A run with the network down, from before the press. */
function offline(field = new FakeField(), terminal = new SiteTerminal()): Bench {
  const bench = makeRun({ inspection: inspected }, terminal, field);
  bench.server.isUp = false;
  bench.server.network.isUp = false;
  return { ...bench, field };
}

async function choose(run: UnlockRun): Promise<void> {
  await vi.waitFor(() => {
    const choice = run.onSite.choice(siteTarget(run.record, run.device), nowMs);
    if (!choice.usable) throw new Error(choice.why);
    run.onSite.use(choice.kept);
  });
}

/** The inspection is sent, the technician signs, the second person answers. */
async function confirm(run: UnlockRun): Promise<void> {
  await reaches(run, 'inspect');
  run.desk.change(inspected);
  await reaches(run, 'site-confirm');
  await run.onSite.sign();
  const { ask } = run.onSite;
  if (ask === undefined) throw new Error(run.onSite.problem);
  expect(run.onSite.takeAnswer(secondAnswers(ask))).toBeUndefined();
}

function useIndexOf(bundle: string): number {
  const parts = decodeSiteBundle(base64UrlDecode(bundle) ?? new Uint8Array());
  const response = parts.ok ? decodeResponse(parts.value.response) : parts;
  if (!response.ok) throw new Error(response.error);
  return response.value.message.useIndex;
}

describe('a run without a network', () => {
  test('unlocks on site and sets the terminal up, and what the server must learn waits in order', async () => {
    const { run, terminal, field } = offline();
    await reaches(run, 'start');
    run.begin();
    await vi.waitFor(() => expect(run.offlineReason).toBe('no-answer'));
    await choose(run);
    await confirm(run);
    await reaches(run, 'wait-probation');
    expect(terminal.status.state).toBe('PROBATION');
    expect(field.sent).toEqual(['site-record', 'report-1', 'report-2', 'report-3', 'report-5', 'report-6']);
    expect(field.records[0]?.inspection?.sealFound).toBe('1');
    expect(field.counted.map(({ useIndex, state }) => [useIndex, state])).toEqual([[1, 'spent']]);
    expect(run.record.finishedAtMs).toBeDefined();
    run.dispose();
  });

  test('says why at once when the browser knows of no network, and after two seconds when nobody answers', async () => {
    const field = new FakeField();
    field.isBrowserOnline = false;
    const { run } = offline(field);
    await reaches(run, 'start');
    run.begin();
    await vi.waitFor(() => expect(run.offlineReason).toBe('no-network'));
    run.dispose();

    const silent = makeRun({}, new SiteTerminal(), new FakeField());
    silent.server.call = (name) =>
      name === 'createUnlock' ? new Promise(() => undefined) : Promise.resolve({ ok: true, value: { items: [] } });
    await reaches(silent.run, 'start');
    silent.run.begin();
    await reaches(silent.run, 'ask');
    expect(silent.run.offlineReason).toBeUndefined();
    await vi.waitFor(() => expect(silent.run.offlineReason).toBe('slow'), { timeout: 3000 });
    await choose(silent.run);
    await reaches(silent.run, 'inspect');
    silent.run.dispose();
  });

  test.each(['lock.siteUnlock', 'lock.order'])('a lost reply to %s costs nothing', async (op) => {
    const { run, terminal, field } = offline();
    terminal.lost.add(op);
    await reaches(run, 'start');
    run.begin();
    await choose(run);
    await confirm(run);
    await reaches(run, 'wait-probation');
    expect(terminal.records).toHaveLength(1);
    expect(field.records).toHaveLength(1);
    run.dispose();
  });

  test('a reload at the second person goes on with the same question', async () => {
    const { run, again } = offline();
    await reaches(run, 'start');
    run.begin();
    await choose(run);
    await reaches(run, 'inspect');
    run.desk.change(inspected);
    await reaches(run, 'site-confirm');
    await run.onSite.sign();
    const asked = run.onSite.ask;
    run.dispose();
    const second = again();
    await reaches(second, 'site-confirm');
    await vi.waitFor(() => expect(second.onSite.ask).toEqual(asked));
    if (asked !== undefined) second.onSite.takeAnswer(secondAnswers(asked));
    await reaches(second, 'wait-probation');
    second.dispose();
  });

  test('a reload between the unlock and the record makes neither a second use nor a second record', async () => {
    const { run, again, field, terminal } = offline();
    terminal.lost.add('lock.siteUnlock');
    await reaches(run, 'start');
    run.begin();
    await choose(run);
    await reaches(run, 'inspect');
    run.desk.change(inspected);
    await reaches(run, 'site-confirm');
    await run.onSite.sign();
    if (run.onSite.ask !== undefined) run.onSite.takeAnswer(secondAnswers(run.onSite.ask));
    await vi.waitFor(() => expect(terminal.records).toHaveLength(1));
    run.dispose();
    const second = again();
    await reaches(second, 'wait-probation');
    expect(terminal.records).toHaveLength(1);
    expect(field.records).toHaveLength(1);
    expect(field.counted).toHaveLength(1);
    second.dispose();
  });

  test('a step that fails once is done with its spare; one that fails for good waits for the server', async () => {
    const spare = offline();
    spare.terminal.failing.add(3);
    await reaches(spare.run, 'start');
    spare.run.begin();
    await choose(spare.run);
    await confirm(spare.run);
    await reaches(spare.run, 'wait-probation');
    expect(spare.field.sent).toContain('report-4');
    spare.run.dispose();

    const stuck = offline();
    stuck.terminal.failing.add(3).add(4);
    await reaches(stuck.run, 'start');
    stuck.run.begin();
    await choose(stuck.run);
    await confirm(stuck.run);
    await reaches(stuck.run, 'site-wait');
    expect(stuck.run.act).toEqual({ do: 'site-wait', why: 'kit-failed' });
    stuck.run.dispose();
  });

  test('without orders made ahead it waits for the server, and goes on online when that knows the case', async () => {
    const field = new FakeField();
    field.kept = [keep(makePackage({ hasKit: false }))];
    const { run, server } = offline(field);
    await reaches(run, 'start');
    run.begin();
    await choose(run);
    await confirm(run);
    await reaches(run, 'site-wait');
    server.isUp = true;
    server.network.isUp = true;
    server.case = unlockCase('unlocked', { id: run.record.site?.caseId ?? '' });
    field.waiting = 0;
    field.tell();
    await vi.waitFor(() => expect(server.calls).toContain('commission'));
    run.dispose();
  });

  test('the request is kept for later, and the choice can be changed', async () => {
    const { run, field } = offline();
    await reaches(run, 'start');
    run.begin();
    await vi.waitFor(() => expect(run.offlineReason).toBeDefined());
    run.onSite.sendLater();
    await reaches(run, 'wait-later');
    expect(field.sent).toEqual(['request']);
    await choose(run);
    await reaches(run, 'inspect');
    expect(run.record.later).toBeUndefined();
    run.onSite.leave();
    await vi.waitFor(() => expect(run.record.site).toBeUndefined());
    run.dispose();
  });
});

describe('what two persons sign', () => {
  async function atConfirm(bench = offline()): Promise<Bench> {
    await reaches(bench.run, 'start');
    bench.run.begin();
    await choose(bench.run);
    await reaches(bench.run, 'inspect');
    bench.run.desk.change(inspected);
    await reaches(bench.run, 'site-confirm');
    return bench;
  }

  test('an answer that does not count is named, and the true one is still taken', async () => {
    const { run } = await atConfirm();
    await run.onSite.sign();
    const { ask } = run.onSite;
    if (ask === undefined) throw new Error('no ask');
    expect(run.onSite.takeAnswer(new Uint8Array([1]))).toBe('not-an-answer');
    expect(run.onSite.takeAnswer(secondAnswers({ ...ask, useIndex: 2 }))).toBe('other-answer');
    expect(run.onSite.takeAnswer(technicianAnswers(ask))).toBe('same-person');
    expect(run.onSite.takeAnswer(secondAnswers(ask, new Uint8Array(32).fill(0x70)))).toBe('not-listed');
    expect(run.onSite.takeAnswer(secondAnswers(ask))).toBeUndefined();
    await reaches(run, 'wait-probation');
    run.dispose();
  });

  test('a passkey that does not sign leaves everything as it was', async () => {
    const field = new FakeField();
    field.signFailure = 'cancelled';
    const { run } = await atConfirm(offline(field));
    await run.onSite.sign();
    expect(run.onSite.problem).toBe('cancelled');
    expect(run.onSite.ask).toBeUndefined();
    run.dispose();
  });

  test('a refused number is used again, and a request of another challenge is signed anew', async () => {
    const { run, terminal, field } = await atConfirm();
    terminal.revocationFloor = 1;
    await run.onSite.sign();
    if (run.onSite.ask !== undefined) run.onSite.takeAnswer(secondAnswers(run.onSite.ask));
    await reaches(run, 'site-again');
    expect(run.record.site?.refusal?.code).toBe('revoked');
    expect(field.counted).toEqual([]);
    terminal.revocationFloor = 0;
    terminal.lockAgain();
    run.onSite.again();
    await reaches(run, 'site-confirm');
    await run.onSite.sign();
    if (run.onSite.ask !== undefined) run.onSite.takeAnswer(secondAnswers(run.onSite.ask));
    await reaches(run, 'wait-probation');
    expect(useIndexOf(run.record.site?.sent ?? '')).toBe(1);
    run.dispose();
  });

  test('a use whose end is unknown on another terminal is settled first', async () => {
    const field = new FakeField();
    const use = { delegationId: 'delegation-1', useIndex: 1, terminalId: 'other', ticketId: 'other', atMs: nowMs };
    field.counted = [{ ...use, state: 'sent' }];
    const { run } = await atConfirm(offline(field));
    await run.onSite.sign();
    expect(run.onSite.problem).toBe('use-unresolved');
    field.counted = [{ ...use, state: 'spent' }];
    await run.onSite.sign();
    expect(run.record.site?.signed?.useIndex).toBe(2);
    run.dispose();
  });

  test('a number that another ticket has taken meanwhile is signed anew with the next', async () => {
    const { run, field } = await atConfirm();
    await run.onSite.sign();
    const other = { delegationId: 'delegation-1', useIndex: 1, terminalId: 'other', ticketId: 'other', atMs: nowMs };
    field.counted = [{ ...other, state: 'spent' }];
    if (run.onSite.ask !== undefined) run.onSite.takeAnswer(secondAnswers(run.onSite.ask));
    await vi.waitFor(() => expect(run.failure?.code).toBe('use-number-taken'));
    run.retryNow();
    await reaches(run, 'site-confirm');
    await run.onSite.sign();
    expect(run.record.site?.signed?.useIndex).toBe(2);
    run.dispose();
  });

  test('a terminal that is not the registered one is not unlocked', async () => {
    const terminal = new SiteTerminal();
    terminal.identity = softwareSigner(new Uint8Array(32).fill(0x71));
    const { run } = offline(new FakeField(), terminal);
    await reaches(run, 'start');
    run.begin();
    await choose(run);
    await vi.waitFor(() => expect(run.failure?.code).toBe('site-request-unsigned'));
    run.dispose();
  });
});
