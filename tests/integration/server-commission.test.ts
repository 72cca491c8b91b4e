import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeSelfTest } from '../../protocol/unlock/v1/bodies.ts';
import { Cluster, newId, type Person, type Site, totpSecrets, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let wang: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await World.start(cluster);
  wang = await world.person('wang', 'technician');
});
afterEach(() => world.close());

/** A terminal brought to BLANK. */
async function unlocked(site: Site, reason: 'drop' | 'case' = 'drop'): Promise<string> {
  site.device.trip('drop');
  const asked = site.device.ask();
  const id = newId();
  const granted = await wang.call(
    'createUnlock',
    {},
    {
      ...{ id, ticketId: site.ticketId, sealedRequest: asked.sealedRequest, requestBytes: asked.requestBytes },
    },
  );
  const receipt = site.device.useGrant(granted.body.grant?.sealed ?? '', Math.floor(world.nowMs / 1000));
  await wang.call('submitReceipt', { id }, { receipt });
  if (reason === 'case') {
    const { pool } = world.server.context.store;
    await pool.query('update unlock_cases set probation_hours = 72, probation_limit_fen = 50000 where id = $1', [id]);
  }
  return id;
}

/** Carries orders out until the server has none; gives the last answer. */
async function runOrders(site: Site, id: string) {
  let answer = await wang.call('commission', { id }, {});
  for (let count = 0; answer.body.order !== undefined && count < 20; count++) {
    world.nowMs += 1_000;
    answer = await wang.call('commission', { id }, { report: site.device.obey(answer.body.order) });
  }
  return answer;
}

describe('from BLANK to NORMAL', () => {
  it('a drop goes the whole way at once', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    const answer = await runOrders(site, id);
    expect(answer.body.case.state).toBe('done');
    expect(site.device.state).toBe('NORMAL');
    const steps = answer.body.case.commission?.steps ?? [];
    expect(steps.map((step) => [step.step, step.state])).toEqual(
      ['keys', 'parameters', 'self-test', 'test-payment', 'probation', 'release'].map((step) => [step, 'done']),
    );
    expect(steps.every((step) => step.startedAt !== undefined && step.finishedAt !== undefined)).toBe(true);
    expect((await wang.call('getTerminal', { id: site.terminalId })).body).toMatchObject({
      stateConfirmed: 'NORMAL',
      keys: 'loaded',
      attention: [],
    });
    expect((await wang.call('getTicket', { id: site.ticketId })).body.state).toBe('closed');
  });

  it('an opened case waits 72 hours in probation, then the job lets it go', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site, 'case');
    const watched = await runOrders(site, id);
    expect(watched.body.case).toMatchObject({ state: 'probation', probation: { limitFen: 50_000, releasable: false } });
    world.nowMs += 72 * 3_600_000;
    await world.runJobs();
    expect((await wang.call('getUnlock', { id })).body.probation?.releasable).toBe(true);
    expect((await runOrders(site, id)).body.case.state).toBe('done');
  });

  it('an approver ends probation early, with a second factor; the technician cannot', async () => {
    const zhou = await world.person('zhou', 'approver', totpSecrets.zhou);
    const site = await world.site(wang);
    const id = await unlocked(site, 'case');
    await runOrders(site, id);
    const wrong = { reason: 'All is well.', factor: { kind: 'totp', code: '000000' } };
    expect((await zhou.call('releaseUnlock', { id }, wrong)).code).toBe('factor-wrong');
    expect((await wang.call('releaseUnlock', { id }, wrong)).code).toBe('forbidden');
    const factor = { kind: 'totp', code: await world.code(zhou) };
    const released = await zhou.call('releaseUnlock', { id }, { reason: 'All is well.', factor });
    expect(released.body).toMatchObject({ state: 'probation', probation: { releasable: true } });
    expect((await runOrders(site, id)).body.case.state).toBe('done');
    expect(await world.acts(`terminal:${site.terminalId}`)).toContain('probation.released');
  });
});

describe('lost answers and wrong reports', () => {
  it('an unanswered order comes again byte for byte, also after a restart', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    const first = await wang.call('commission', { id }, {});
    const second = await wang.call('commission', { id }, {});
    await world.restart();
    const third = await wang.call('commission', { id }, {});
    expect(second.body.order).toBe(first.body.order);
    expect(third.body.order).toBe(first.body.order);
  });

  it('a report that comes twice counts once', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    const first = await wang.call('commission', { id }, {});
    const report = site.device.obey(first.body.order ?? '');
    const next = await wang.call('commission', { id }, { report });
    const again = await wang.call('commission', { id }, { report });
    expect(again.body.order).toBe(next.body.order);
  });

  it('a wrong key check value fails the step with an alarm, and new keys are sent', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    const first = await wang.call('commission', { id }, {});
    const spoilt = site.device.obey(first.body.order ?? '', (body) =>
      body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte)),
    );
    const answer = await wang.call('commission', { id }, { report: spoilt });
    expect(answer.body.order).not.toBe(first.body.order);
    expect(await world.alarms()).toEqual(['commissioning-failed']);
    expect((await runOrders(site, id)).body.case.state).toBe('done');
  });

  it('a failed self-test is shown line by line and may be repeated', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    let answer = await wang.call('commission', { id }, {});
    for (let count = 0; count < 2; count++)
      answer = await wang.call('commission', { id }, { report: site.device.obey(answer.body.order ?? '') });
    const lines = encodeSelfTest([{ name: 'printer', passed: false, detail: 'no paper' }]);
    answer = await wang.call('commission', { id }, { report: site.device.obey(answer.body.order ?? '', () => lines) });
    const shown = await wang.call('getUnlock', { id });
    expect(shown.body.commission?.current).toBe('self-test');
    const again = await wang.call('commission', { id }, { report: site.device.obey(answer.body.order ?? '') });
    expect(again.body.case.commission?.current).toBe('test-payment');
  });

  it('wrong payment codes fail with an alarm', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    let answer = await wang.call('commission', { id }, {});
    for (let count = 0; count < 3; count++)
      answer = await wang.call('commission', { id }, { report: site.device.obey(answer.body.order ?? '') });
    expect(answer.body.case.commission?.current).toBe('test-payment');
    const spoilt = site.device.obey(answer.body.order ?? '', (body) =>
      body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte)),
    );
    answer = await wang.call('commission', { id }, { report: spoilt });
    expect(answer.body.case.commission?.current).toBe('test-payment');
    expect(await world.alarms()).toEqual(['commissioning-failed']);
  });

  it('reports of another terminal or another order are refused', async () => {
    const site = await world.site(wang);
    const other = await world.site(wang);
    const id = await unlocked(site);
    const otherId = await unlocked(other);
    await wang.call('commission', { id }, {});
    const foreign = await wang.call('commission', { id: otherId }, {});
    const report = other.device.obey(foreign.body.order ?? '');
    expect((await wang.call('commission', { id }, { report })).code).toBe('wrong-terminal');
    expect((await wang.call('commission', { id }, { report: 'AAAA' })).field).toBe('report');
  });

  it('a lock in the middle ends the run; the new request starts another', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    const first = await wang.call('commission', { id }, {});
    await wang.call('commission', { id }, { report: site.device.obey(first.body.order ?? '') });
    site.device.trip('drop');
    const asked = site.device.ask();
    const next = await wang.call(
      'createUnlock',
      {},
      {
        ...{
          id: newId(),
          ticketId: site.ticketId,
          sealedRequest: asked.sealedRequest,
          requestBytes: asked.requestBytes,
        },
      },
    );
    expect(next.body.state).toBe('granted');
    expect((await wang.call('getUnlock', { id })).body.state).toBe('void');
    expect((await wang.call('commission', { id }, {})).code).toBe('not-in-state');
  });

  it('asking again without news announces nothing', async () => {
    const site = await world.site(wang);
    const id = await unlocked(site);
    await wang.call('commission', { id }, {});
    const heard: string[] = [];
    const stop = world.server.context.core.bus.subscribe((event) => heard.push(event.name));
    for (let count = 0; count < 3; count++) await wang.call('commission', { id }, {});
    stop();
    expect(heard).toEqual([]);
  });

  it('before the receipt there is no order', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const asked = site.device.ask();
    const made = await wang.call(
      'createUnlock',
      {},
      {
        ...{
          id: newId(),
          ticketId: site.ticketId,
          sealedRequest: asked.sealedRequest,
          requestBytes: asked.requestBytes,
        },
      },
    );
    expect((await wang.call('commission', { id: made.body.id }, {})).code).toBe('not-in-state');
  });
});

it('keys at rest are encrypted and never the same', async () => {
  const site = await world.site(wang);
  const id = await unlocked(site);
  await runOrders(site, id);
  const { rows } = await world.server.context.store.pool.query<{ sealed_key: Buffer }>(
    'select sealed_key from terminal_keys',
  );
  expect(rows).toHaveLength(3);
  expect(new Set(rows.map((row) => row.sealed_key.toString('hex'))).size).toBe(3);
  const { vault } = world.server.context.keys();
  expect(() => vault.open(rows[0]?.sealed_key ?? new Uint8Array(28), 'payment-key:another-terminal:mac')).toThrow();
});
