import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeRequest, encodeReceipt, encodeRequest } from '../../protocol/unlock/v1/codec.ts';
import { softwareSigner } from '../../protocol/unlock/v1/ed25519.ts';
import { secretNames } from '../../mock-server/terminal/vault.ts';
import { siteCaseId } from '../../server/services/field/site-keep.ts';
import { bytes, text } from './server/device.ts';
import {
  askOnline,
  FieldSite,
  type FieldTerminal,
  grantAndReceipt,
  type Laptop,
  postRecords,
  unlockOnline,
  type UseRecord,
} from './server/field-site.ts';
import { Cluster, newId } from './server/world.ts';

const sha256 = (encoded: string) => new Uint8Array(createHash('sha256').update(bytes(encoded)).digest());

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

async function uploadAll(laptop: Laptop, caseId: string, reports: readonly string[]) {
  let last: string | undefined;
  for (const report of reports) {
    const reply = await laptop.technician.person.call('commission', { id: caseId }, { report });
    expect(reply.code).toBeUndefined();
    last = reply.body.case.state;
  }
  return last;
}

describe('an unlock entirely without the server', () => {
  it('goes from LOCKED to PROBATION, and everything stands on the server afterwards', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    expect(laptop.orders(terminal).map((order) => order.step)).toEqual([
      ...['keys', 'parameters', 'self-test', 'self-test', 'self-test'],
      ...['test-payment', 'test-payment', 'test-payment', 'probation'],
    ]);
    terminal.device.trip('case');
    const record = await laptop.mustUse(terminal);
    const reports = await laptop.setUp(terminal);
    expect(stateOf(terminal)).toBe('PROBATION');

    const handed = await laptop.submit(record);
    expect(handed.body).toMatchObject({
      id: record.caseId,
      state: 'unlocked',
      technician: { id: site.wang.person.id },
      decision: { by: 'delegation', outcome: 'grant', approver: { id: site.zhou.id } },
      grant: { state: 'POSTED', late: false },
      onSite: { useIndex: 1, timeProven: true, sources: ['technician'], second: { id: site.li.person.id } },
    });
    expect(await uploadAll(laptop, record.caseId, reports)).toBe('probation');
    const detail = (await site.lin.call('getTerminal', { id: terminal.terminalId })).body;
    expect(detail).toMatchObject({ stateConfirmed: 'PROBATION', keys: 'loaded', unlocksLifetime: 1 });
    expect(await site.world.acts(`terminal:${terminal.terminalId}`)).toEqual([
      ...['terminal.registered', 'ticket.opened', 'unlock.on-site'],
      ...Array.from({ length: 5 }, () => 'commission.report'),
    ]);
    const view = (await laptop.view()).body;
    expect(view).toMatchObject({ missing: [], doubled: [], uses: [{ useIndex: 1, caseId: record.caseId }] });
    expect(view.terminals).toMatchObject([{ uses: 1, kit: true }]);
  });
});

/** Alarms about a subject, newest first. */
async function alarmsOf(
  subject: string,
): Promise<{ kind: string; severity: string; facts: Record<string, unknown> }[]> {
  const { items } = await site.world.server.context.services.alarms.list({ limit: 200 });
  return items.filter((alarm) => alarm.subject === subject);
}

const actsOf = (terminal: FieldTerminal) => site.world.acts(`terminal:${terminal.terminalId}`);
const countOf = (list: readonly string[], name: string): number => list.filter((item) => item === name).length;

async function used(sensor: 'case' | 'drop' = 'case'): Promise<{
  terminal: FieldTerminal;
  laptop: Laptop;
  record: UseRecord;
}> {
  const terminal = await site.terminal();
  const laptop = await site.ready([terminal]);
  terminal.device.trip(sensor);
  return { terminal, laptop, record: await laptop.mustUse(terminal) };
}

describe('a record is kept once, whoever brings it', () => {
  it('the technician twice, then the terminal twice', async () => {
    const { terminal, laptop, record } = await used();
    const first = await laptop.submit(record);
    const again = await laptop.submit(record);
    expect(again.body.id).toBe(first.body.id);
    expect((await site.uplink(terminal)).body).toEqual({ taken: 0, known: 1 });
    expect((await site.uplink(terminal)).body).toEqual({ taken: 0, known: 1 });
    const seen = await site.wang.person.call('getUnlock', { id: record.caseId });
    expect(seen.body.onSite?.sources).toEqual(['technician', 'terminal']);
    const acts = await actsOf(terminal);
    expect([countOf(acts, 'unlock.on-site'), countOf(acts, 'site.heard-again')]).toEqual([1, 1]);
    expect((await site.lin.call('getTerminal', { id: terminal.terminalId })).body.unlocksLifetime).toBe(1);
    expect(await alarmsOf(`terminal:${terminal.terminalId}`)).toEqual([]);
  });

  it('the terminal first: one case, known by both ids, and the setting-up goes on under it', async () => {
    const { terminal, laptop, record } = await used();
    const reports = await laptop.setUp(terminal);
    expect((await site.uplink(terminal)).body).toEqual({ taken: 1, known: 0 });
    const caseId = siteCaseId(sha256(record.receipt));
    expect((await site.wang.person.call('getUnlock', { id: caseId })).body).toMatchObject({
      state: 'unlocked',
      onSite: { sources: ['terminal'] },
    });
    const photo = await site.wang.person.putPhoto(record.caseId, 'rear');
    const joined = await laptop.submit({ ...record, ...inspectionOf([photo.body.id]) });
    expect(joined.body).toMatchObject({ id: caseId, onSite: { sources: ['technician', 'terminal'] } });
    expect(joined.body.inspection?.photos).toHaveLength(1);
    expect((await site.wang.person.putPhoto(record.caseId, 'seal')).code).toBeUndefined();
    expect((await site.wang.person.call('getUnlock', { id: caseId })).body.photos).toHaveLength(2);
    expect(await uploadAll(laptop, record.caseId, reports)).toBe('probation');
    expect((await site.lin.call('getTerminal', { id: terminal.terminalId })).body).toMatchObject({ seal: '0099 1122' });
    expect(countOf(await actsOf(terminal), 'unlock.on-site')).toBe(1);
  });

  it('both at once', async () => {
    const { terminal, laptop, record } = await used();
    const [technician, device] = await Promise.all([laptop.submit(record), site.uplink(terminal)]);
    expect([technician.status, device.status]).toEqual([200, 200]);
    expect(countOf(await actsOf(terminal), 'unlock.on-site')).toBe(1);
  });

  it('the case id of another case is not overwritten', async () => {
    const { laptop, record } = await used();
    const other = await used();
    expect((await other.laptop.submit(other.record)).status).toBe(200);
    const reply = await laptop.submit({ ...record, caseId: other.record.caseId });
    expect(reply).toMatchObject({ status: 422, code: 'exists-with-different-body', field: 'caseId' });
  });

  it('a soft reason ends in NORMAL at once, and closes the ticket', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    for (let tries = 0; tries < 10; tries++) terminal.device.enterWrongPin();
    const record = await laptop.mustUse(terminal);
    expect(stateOf(terminal)).toBe('NORMAL');
    expect((await laptop.submit(record)).body.state).toBe('done');
    expect((await site.wang.person.call('getTicket', { id: terminal.ticketId })).body.state).toBe('closed');
  });
});

function inspectionOf(photoIds: readonly string[]) {
  const seals = { sealFound: '0047 8812', sealNew: '0099 1122' };
  return { inspection: { ...seals, screenNumber: '123456', note: '', photoIds: [...photoIds] } };
}

/** The device's identity key, which no real bench would give away. */
function identityOf(terminal: FieldTerminal) {
  const secret = terminal.device.firmware?.vault.get(secretNames.identity);
  if (secret === undefined) throw new Error('the identity is gone');
  return softwareSigner(secret);
}

describe('technician and terminal tell different things', () => {
  // What they tell blocks the technician's next delegation; so the other tests have a world of their own.
  afterAll(async () => {
    await site.world.close();
    site = await FieldSite.start(cluster);
  });

  it('another request beside the same receipt is an alarm, and changes nothing', async () => {
    const { terminal, laptop, record } = await used();
    await laptop.submit(record);
    const request = decodeRequest(bytes(record.request));
    if (!request.ok) throw new Error(request.error);
    const forged = encodeRequest({ ...request.value.message, bootCount: 99 }, identityOf(terminal));
    const { bundle, receipt } = record;
    const reply = await postRecords(site.world.server.url, [{ request: text(forged), bundle, receipt }]);
    expect(reply.body).toEqual({ taken: 0, known: 1 });
    await postRecords(site.world.server.url, [{ request: text(forged), bundle, receipt }]);
    expect(await alarmsOf(`terminal:${terminal.terminalId}`)).toMatchObject([
      { kind: 'site-record-differs', severity: 'stop', facts: { why: 'request' } },
    ]);
    expect(countOf(await actsOf(terminal), 'unlock.on-site')).toBe(1);
  });

  it('two receipts for one lock: both are kept, with an alarm, and the use counts as doubled', async () => {
    const { terminal, laptop, record } = await used();
    await laptop.submit(record);
    const core = terminal.device.firmware?.core;
    const receipt = encodeReceipt(
      {
        ...{ deviceId: terminal.device.factory.deviceId, grantHash: sha256(record.bundle) },
        ...{ result: 'unlockedOnSite', grantedActions: 4, lockEpoch: core?.lockEpoch ?? 0, state: 'BLANK' },
        ...{ nonceHash: new Uint8Array(16), logHead: new Uint8Array(16), deviceTimeSeconds: 1, flags: 5 },
      },
      identityOf(terminal),
    );
    const { request, bundle } = record;
    const reply = await postRecords(site.world.server.url, [{ request, bundle, receipt: text(receipt) }]);
    expect(reply.body).toEqual({ taken: 1, known: 0 });
    expect(await alarmsOf(`terminal:${terminal.terminalId}`)).toMatchObject([
      { kind: 'site-record-differs', facts: { why: 'receipt', otherCaseId: record.caseId } },
    ]);
    expect(await alarmsOf(`delegation:${laptop.id}`)).toMatchObject([{ kind: 'uses-doubled' }]);
    expect((await laptop.view()).body.doubled).toEqual([1]);
  });
});

describe('what a record must be', () => {
  it.each([
    ['request', 'bad-request'],
    ['bundle', 'bad-request'],
    ['receipt', 'bad-request'],
  ] as const)('%s that is none names the field', async (field, code) => {
    const { laptop, record } = await used();
    expect(await laptop.submit({ ...record, [field]: 'AAAA' })).toMatchObject({ code, field });
    const { request, bundle, receipt } = record;
    const bad = { request, bundle, receipt, [field]: 'AAAA' };
    const reply = await postRecords(site.world.server.url, [{ request, bundle, receipt }, bad]);
    expect(reply).toMatchObject({ status: 400, code, field: `records.1.${field}` });
    expect((await laptop.view()).body.uses).toEqual([]);
  });

  it('a changed signature, a receipt of another act, another technician, a ticket of another terminal', async () => {
    const { laptop, record } = await used();
    const other = await used();
    const spoilt = bytes(record.receipt);
    spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
    expect(await laptop.submit({ ...record, receipt: text(spoilt) })).toMatchObject({
      code: 'bad-signature',
      field: 'receipt',
    });
    expect(await laptop.submit({ ...record, receipt: other.record.receipt })).toMatchObject({
      code: 'wrong-terminal',
      field: 'receipt',
    });
    expect(await laptop.submit({ ...record, bundle: other.record.bundle })).toMatchObject({
      code: 'wrong-terminal',
      field: 'bundle',
    });
    expect(await laptop.submit({ ...record, ticketId: other.record.ticketId })).toMatchObject({
      code: 'ticket-not-yours',
      field: 'ticketId',
    });
    expect(await site.li.person.call('submitSiteRecord', {}, { ...record, ticketId: newId() })).toMatchObject({
      code: 'not-found',
    });
  });

  it('a terminal that nobody registered', async () => {
    const { laptop, record } = await used();
    const elsewhere = await FieldSite.start(cluster);
    const { request, bundle, receipt } = record;
    const reply = await postRecords(elsewhere.world.server.url, [{ request, bundle, receipt }]);
    expect(reply).toMatchObject({ status: 404, code: 'unknown-terminal', field: 'records.0.request' });
    await elsewhere.world.close();
    expect((await laptop.submit(record)).status).toBe(200);
  });

  it('a terminal is heard a limited number of times from one address', async () => {
    const statuses = new Set<number>();
    for (let calls = 0; calls < 70; calls++) statuses.add((await postRecords(site.world.server.url, [])).status);
    expect(statuses).toEqual(new Set([400]));
    const { terminal } = await used();
    const codes: (string | undefined)[] = [];
    for (let calls = 0; calls < 61; calls++) codes.push((await site.uplink(terminal)).code);
    expect(codes).toContain('rate-limited');
    await site.world.restart();
    expect((await site.uplink(terminal)).body).toEqual({ taken: 0, known: 1 });
  });
});

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
    const { terminal, laptop, record } = await used();
    const reports = await laptop.setUp(terminal, 'parameters');
    await laptop.submit(record);
    expect(await uploadAll(laptop, record.caseId, reports)).toBe('commissioning');
    const taken = await site.wang.person.call('commission', { id: record.caseId }, {});
    const highest = Math.max(...laptop.orders(terminal).map((order) => order.orderSequence));
    const { rows } = await site.world.server.context.store.pool.query<{ state: string; order_sequence: number }>(
      'select state, order_sequence from orders where terminal_id = $1 order by order_sequence',
      [terminal.terminalId],
    );
    expect(rows.map((row) => row.state)).toEqual([
      ...['done', 'done'],
      ...Array.from({ length: 7 }, () => 'void'),
      'sent',
    ]);
    expect(rows.at(-1)?.order_sequence).toBeGreaterThan(highest);
    expect(taken.body.case.commission?.current).toBe('self-test');
    const steps = await finishOnline(terminal, record.caseId, taken.body.order);
    expect(steps).toBe('PROBATION');
  });

  it('reports that come after the server took over are still judged', async () => {
    const { terminal, laptop, record } = await used();
    const reports = await laptop.setUp(terminal);
    await laptop.submit(record);
    await site.wang.person.call('commission', { id: record.caseId }, {});
    expect(await uploadAll(laptop, record.caseId, reports)).toBe('probation');
    const { commission } = (await site.wang.person.call('getUnlock', { id: record.caseId })).body;
    expect(commission?.steps.map((step) => step.state)).toEqual(['done', 'done', 'done', 'done', 'done', 'todo']);
  });

  it('a failed self-test goes on with the spare, and the report says so', async () => {
    const { terminal, laptop, record } = await used();
    terminal.device.setBroken('printer', true);
    terminal.device.listen((event) => {
      if (event.type === 'progress' && event.step === 'self-test') terminal.device.setBroken('printer', false);
    });
    const reports = await laptop.setUp(terminal);
    expect(reports).toHaveLength(6);
    await laptop.submit(record);
    expect(await uploadAll(laptop, record.caseId, reports)).toBe('probation');
  });

  it('only the server releases from probation', async () => {
    const { terminal, laptop, record } = await used();
    const reports = await laptop.setUp(terminal);
    await laptop.submit(record);
    await uploadAll(laptop, record.caseId, reports);
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
    const { terminal, laptop, record } = await used('drop');
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
    const { inspection } = inspectionOf(photos);
    await site.wang.person.call('submitInspection', { id: asked.body.id }, inspection);
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
