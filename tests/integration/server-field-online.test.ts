import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes, text } from './server/device.ts';
import {
  askOnline,
  FieldSite,
  type FieldTerminal,
  grantAndReceipt,
  unlockOnline,
  inspectionWith,
} from './server/field-site.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;
let site: FieldSite;

beforeAll(async () => {
  cluster = await Cluster.start();
  site = await FieldSite.start(cluster);
});
afterAll(async () => {
  await site.world.close();
  await cluster.stop();
});

const stateOf = (terminal: FieldTerminal) => terminal.device.firmware?.core.state;

describe('beside the online way', () => {
  it('a waiting case for the same lock is withdrawn when the receipt from the site comes', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    terminal.device.trip('case');
    const asked = await askOnline(terminal, site.wang);
    expect(asked.body.state).toBe('needs-inspection');
    const record = await laptop.mustUse(terminal);
    await laptop.submit(record);
    expect((await site.wang.person.call('getUnlock', { id: asked.body.id })).body.state).toBe('withdrawn');
  });

  it('an outstanding grant becomes VOID, and the device does not take it any more', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    terminal.device.trip('drop');
    const asked = await askOnline(terminal, site.wang);
    expect(asked.body.grant?.state).toBe('PENDING');
    await laptop.submit(await laptop.mustUse(terminal));
    const after = (await site.wang.person.call('getUnlock', { id: asked.body.id })).body;
    expect([after.state, after.grant?.state]).toEqual(['withdrawn', 'VOID']);
    await expect(grantAndReceipt(terminal, site.wang, asked.body.id, asked.body.grant?.sealed ?? '')).rejects.toThrow(
      'not-locked',
    );
  });

  it('the server takes over midway: what was made ahead is void, and new orders have higher numbers', async () => {
    const { terminal, laptop, record } = await site.used();
    const reports = await laptop.setUp(terminal, 'parameters');
    await laptop.submit(record);
    expect(await laptop.report(record.caseId, reports)).toBe('commissioning');
    const taken = await site.wang.person.call('commission', { id: record.caseId }, {});
    const highest = Math.max(...laptop.orders(terminal).map((order) => order.orderSequence));
    const { rows } = await site.world.server.context.store.pool.query<{ state: string; order_sequence: number }>(
      'select state, order_sequence from orders where terminal_id = $1 order by order_sequence',
      [terminal.terminalId],
    );
    expect(rows.map((row) => row.state)).toEqual([
      ...['done', 'done'],
      ...Array.from({ length: 16 }, () => 'void'),
      'sent',
    ]);
    expect(rows.at(-1)?.order_sequence).toBeGreaterThan(highest);
    expect(taken.body.case.commission?.current).toBe('self-test');
    const steps = await finishOnline(terminal, record.caseId, taken.body.order);
    expect(steps).toBe('PROBATION');
  });

  it('reports that come after the server took over are still judged', async () => {
    const { terminal, laptop, record } = await site.used();
    const reports = await laptop.setUp(terminal);
    await laptop.submit(record);
    await site.wang.person.call('commission', { id: record.caseId }, {});
    expect(await laptop.report(record.caseId, reports)).toBe('probation');
    const { commission } = (await site.wang.person.call('getUnlock', { id: record.caseId })).body;
    expect(commission?.steps.map((step) => step.state)).toEqual(['done', 'done', 'done', 'done', 'done', 'todo']);
  });

  it('a failed self-test goes on with the spare, and the report says so', async () => {
    const { terminal, laptop, record } = await site.used();
    terminal.device.setBroken('printer', true);
    terminal.device.listen((event) => {
      if (event.type === 'progress' && event.step === 'self-test') terminal.device.setBroken('printer', false);
    });
    const reports = await laptop.setUp(terminal);
    expect(reports).toHaveLength(6);
    await laptop.submit(record);
    expect(await laptop.report(record.caseId, reports)).toBe('probation');
  });

  it('only the server releases from probation', async () => {
    const { terminal, laptop, record } = await site.used();
    const reports = await laptop.setUp(terminal);
    await laptop.submit(record);
    await laptop.report(record.caseId, reports);
    const seen = (await site.wang.person.call('getUnlock', { id: record.caseId })).body;
    expect(seen.probation).toMatchObject({ limitFen: 20_000, releasable: false });
    const early = await site.wang.person.call('commission', { id: record.caseId }, {});
    expect(early.body.order).toBeUndefined();
    const release = { reason: 'seen it work', factor: await site.factor() };
    expect((await site.zhou.call('releaseUnlock', { id: record.caseId }, release)).code).toBeUndefined();
    const late = await site.wang.person.call('commission', { id: record.caseId }, {});
    expect(await finishOnline(terminal, record.caseId, late.body.order)).toBe('NORMAL');
  });

  it('a record that comes after later locks is history: it moves nothing of the present', async () => {
    const { terminal, laptop, record } = await site.used('drop');
    terminal.device.trip('drop');
    const online = await unlockOnline(site, terminal);
    expect(online.state).toBe('unlocked');
    expect((await laptop.submit(record)).body).toMatchObject({ state: 'void', grant: { state: 'POSTED' } });
    const after = (await site.wang.person.call('getUnlock', { id: online.id })).body;
    expect(after.state).toBe('unlocked');
    const detail = (await site.lin.call('getTerminal', { id: terminal.terminalId })).body;
    expect(detail).toMatchObject({ stateConfirmed: 'BLANK', unlocksLifetime: 2, openCaseId: online.id });
  });
});

/** Carries the server's orders out until it has none; the terminal's state then. */
async function finishOnline(terminal: FieldTerminal, caseId: string, first: string | undefined): Promise<unknown> {
  const { callFirmware } = await import('../unit/terminal/technician.ts');
  let order = first;
  while (order !== undefined) {
    const done = await callFirmware(terminal.device, 'lock.order', { order: bytes(order) });
    if (!done.ok) throw new Error(`${done.error} ${done.detail ?? ''}`);
    const reply = await site.wang.person.call('commission', { id: caseId }, { report: text(done.value.report) });
    if (reply.code !== undefined) throw new Error(reply.code);
    order = reply.body.order;
  }
  return stateOf(terminal);
}

describe('a grant that waits', () => {
  it('deferred: it lives a week, and the terminal takes it days later', async () => {
    const terminal = await site.terminal();
    terminal.device.trip('drop');
    const asked = await askOnline(terminal, site.wang, { deferred: true });
    const lifeMs = Date.parse(asked.body.grant?.notAfter ?? '') - site.world.nowMs;
    expect(Math.round(lifeMs / 3_600_000)).toBe(7 * 24);
    site.world.nowMs += 6 * 24 * 3_600_000;
    await site.world.runJobs();
    const done = await grantAndReceipt(terminal, site.wang, asked.body.id, asked.body.grant?.sealed ?? '');
    expect(done).toMatchObject({ state: 'unlocked', grant: { state: 'POSTED', late: false } });
  });

  it('approved by a person it keeps its long life', async () => {
    const terminal = await site.terminal();
    terminal.device.trip('case');
    const asked = await askOnline(terminal, site.wang, { deferred: true });
    const photos = [];
    for (const kind of ['rear', 'seal']) photos.push((await site.wang.person.putPhoto(asked.body.id, kind)).body.id);
    await site.wang.person.call('submitInspection', { id: asked.body.id }, inspectionWith(photos));
    const decision = { decision: 'approve' as const, reason: 'fine', factor: await site.factor() };
    const decided = await site.zhou.call('decideUnlock', { id: asked.body.id }, decision);
    const lifeMs = Date.parse(decided.body.grant?.notAfter ?? '') - site.world.nowMs;
    expect(Math.round(lifeMs / 3_600_000)).toBe(7 * 24);
  });

  it('otherwise a quarter of an hour', async () => {
    const terminal = await site.terminal();
    terminal.device.trip('drop');
    const asked = await askOnline(terminal, site.wang);
    const lifeMs = Date.parse(asked.body.grant?.notAfter ?? '') - site.world.nowMs;
    expect(Math.round(lifeMs / 60_000)).toBe(15);
  });
});

it('seven unlocks on one day after a quiet week are an alarm for person, model and merchant, once a day', async () => {
  const { raiseUnusualRates } = await import('../../server/services/field/rates.ts');
  const { core, services } = site.world.server.context;
  const isRate = ({ kind }: { kind: string }) => kind === 'unusual-rate';
  const rates = async () => (await services.alarms.list({ limit: 200 })).items.filter(isRate);
  site.world.nowMs += 9 * 24 * 3_600_000;
  for (let count = 0; count < 7; count++) {
    const terminal = await site.terminal();
    terminal.device.trip('drop');
    await unlockOnline(site, terminal);
    await raiseUnusualRates(core);
    expect(await rates()).toHaveLength(count < 5 ? 0 : 3);
  }
  expect((await rates()).map((alarm) => alarm.subject).sort()).toEqual(
    [`merchant:${site.merchantId}`, 'model:QT-60', `person:${site.wang.person.id}`].sort(),
  );
  site.world.nowMs += 60_000;
  await raiseUnusualRates(core);
  expect(await rates()).toHaveLength(3);
});
