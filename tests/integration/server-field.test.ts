import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeRequest, encodeReceipt, encodeRequest } from '../../protocol/unlock/v1/codec.ts';
import { softwareSigner } from '../../protocol/unlock/v1/ed25519.ts';
import { secretNames } from '../../mock-server/terminal/vault.ts';
import { siteCaseId } from '../../server/services/field/site-keep.ts';
import { bytes, text } from './server/device.ts';
import { FieldSite, type FieldTerminal, postRecords, inspectionWith } from './server/field-site.ts';
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
    expect(await laptop.report(record.caseId, reports)).toBe('probation');
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

describe('a terminal that locks again under the same delegation', () => {
  it('is unlocked and set up a second time, by the orders for the second use', async () => {
    const { terminal, laptop, record } = await site.used('drop');
    const reports = await laptop.setUp(terminal);
    terminal.device.trip('drop');
    const second = await laptop.mustUse(terminal);
    const more = await laptop.setUp(terminal, 'probation', 1);
    expect(stateOf(terminal)).toBe('PROBATION');
    expect((await laptop.submit(record)).status).toBe(200);
    expect(await laptop.report(record.caseId, reports)).toBe('probation');
    expect((await laptop.submit(second)).status).toBe(200);
    expect(await laptop.report(second.caseId, more)).toBe('probation');
    const detail = (await site.lin.call('getTerminal', { id: terminal.terminalId })).body;
    expect(detail).toMatchObject({ stateConfirmed: 'PROBATION', keys: 'loaded', unlocksLifetime: 2 });
    expect((await laptop.view()).body).toMatchObject({
      missing: [],
      doubled: [],
      uses: [{ useIndex: 1 }, { useIndex: 2 }],
    });
    expect(await alarmsOf(`terminal:${terminal.terminalId}`)).toEqual([]);
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

describe('a record is kept once, whoever brings it', () => {
  it('the technician twice, then the terminal twice', async () => {
    const { terminal, laptop, record } = await site.used();
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
    const { terminal, laptop, record } = await site.used();
    const reports = await laptop.setUp(terminal);
    expect((await site.uplink(terminal)).body).toEqual({ taken: 1, known: 0 });
    const caseId = siteCaseId(sha256(record.receipt));
    expect((await site.wang.person.call('getUnlock', { id: caseId })).body).toMatchObject({
      state: 'unlocked',
      onSite: { sources: ['terminal'] },
    });
    const photo = await site.wang.person.putPhoto(record.caseId, 'rear');
    const joined = await laptop.submit({ ...record, inspection: inspectionWith([photo.body.id]) });
    expect(joined.body).toMatchObject({ id: caseId, onSite: { sources: ['technician', 'terminal'] } });
    expect(joined.body.inspection?.photos).toHaveLength(1);
    expect((await site.wang.person.putPhoto(record.caseId, 'seal')).code).toBeUndefined();
    expect((await site.wang.person.call('getUnlock', { id: caseId })).body.photos).toHaveLength(2);
    expect(await laptop.report(record.caseId, reports)).toBe('probation');
    expect((await site.lin.call('getTerminal', { id: terminal.terminalId })).body).toMatchObject({ seal: '0099 1122' });
    expect(countOf(await actsOf(terminal), 'unlock.on-site')).toBe(1);
  });

  it('both at once', async () => {
    const { terminal, laptop, record } = await site.used();
    const [technician, device] = await Promise.all([laptop.submit(record), site.uplink(terminal)]);
    expect([technician.status, device.status]).toEqual([200, 200]);
    expect(countOf(await actsOf(terminal), 'unlock.on-site')).toBe(1);
  });

  it('the case id of another case is not overwritten', async () => {
    const { laptop, record } = await site.used();
    const other = await site.used();
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
    const { terminal, laptop, record } = await site.used();
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
    const { terminal, laptop, record } = await site.used();
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
    const { laptop, record } = await site.used();
    expect(await laptop.submit({ ...record, [field]: 'AAAA' })).toMatchObject({ code, field });
    const { request, bundle, receipt } = record;
    const bad = { request, bundle, receipt, [field]: 'AAAA' };
    const reply = await postRecords(site.world.server.url, [{ request, bundle, receipt }, bad]);
    expect(reply).toMatchObject({ status: 400, code, field: `records.1.${field}` });
    expect((await laptop.view()).body.uses).toEqual([]);
  });

  it('a changed signature, a receipt of another act, another technician, a ticket of another terminal', async () => {
    const { laptop, record } = await site.used();
    const other = await site.used();
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
    const { laptop, record } = await site.used();
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
    const { terminal } = await site.used();
    const codes: (string | undefined)[] = [];
    for (let calls = 0; calls < 61; calls++) codes.push((await site.uplink(terminal)).code);
    expect(codes).toContain('rate-limited');
    await site.world.restart();
    expect((await site.uplink(terminal)).body).toEqual({ taken: 0, known: 1 });
  });
});
