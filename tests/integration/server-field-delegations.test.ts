import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultDelegationPolicy } from '../../domain/unlock/delegation-policy-default.ts';
import { listField, revokeField } from '../../server/cli/field.ts';
import { decodeDelegation } from '../../protocol/unlock/v1/codec.ts';
import { secondKeyHash } from '../../protocol/unlock/v1/site.ts';
import { bytes } from './server/device.ts';
import { askOnline, FieldSite, grantAndReceipt, type Laptop, openPolicy, unlockOnline } from './server/field-site.ts';
import { Cluster, newId, totpSecrets } from './server/world.ts';

let cluster: Cluster;
let site: FieldSite;

beforeAll(async () => {
  cluster = await Cluster.start();
});
beforeEach(async () => {
  site = await FieldSite.start(cluster);
  return () => site.world.close();
});
afterAll(() => cluster.stop());

const hourMs = 3_600_000;
const ask = (wish: ReturnType<FieldSite['wish']>) => site.wang.person.call('askDelegation', {}, wish);
const codeOf = async (wish: ReturnType<FieldSite['wish']>) => (await ask(wish)).body.refusal?.code;
const floorOf = (terminal: Awaited<ReturnType<FieldSite['terminal']>>) =>
  terminal.device.firmware?.core.revocationFloor;

async function alarms(): Promise<string[]> {
  const { items } = await site.world.server.context.services.alarms.list({ limit: 200 });
  return items.map((alarm) => alarm.kind);
}

describe('asking', () => {
  it('waits for an approver, and the same body again is the same delegation', async () => {
    const wish = site.wish([await site.terminal()]);
    const first = await ask(wish);
    expect(first.body).toMatchObject({ number: 'D-1', state: 'waiting', hours: 8, usesMax: 2, usesPerTerminalMax: 2 });
    expect(first.body.checks.every((check) => check.ok)).toBe(true);
    expect((await ask(wish)).body).toEqual(first.body);
    expect(await ask({ ...wish, hours: 9 })).toMatchObject({ code: 'exists-with-different-body', field: 'id' });
  });

  it('bad input names the field, and nothing is kept', async () => {
    const terminal = await site.terminal();
    const wish = site.wish([terminal]);
    const [entry] = wish.terminals;
    if (entry === undefined) throw new Error('no terminal');
    const rows: [Record<string, unknown>, string][] = [
      [{ terminals: [] }, 'terminals'],
      [{ hours: 25 }, 'hours'],
      [{ hours: 0 }, 'hours'],
      [{ terminals: [{ ...entry, secondKeyIds: [] }] }, 'terminals.0.secondKeyIds'],
      [{ terminals: [entry, { ...entry, ticketId: newId() }] }, 'terminals.1.ticketId'],
      [{ terminals: [entry, entry] }, 'terminals.1.ticketId'],
      [{ terminals: [{ ...entry, secondKeyIds: [site.li.keyId, newId()] }] }, 'terminals.0.secondKeyIds.1'],
      [{ terminals: [{ ...entry, secondKeyIds: [site.li.keyId, site.li.keyId] }] }, 'terminals.0.secondKeyIds'],
      [{ fieldKeyId: site.li.keyId }, 'fieldKeyId'],
      [{ renews: newId() }, 'renews'],
    ];
    for (const [change, field] of rows) expect((await ask({ ...wish, ...change })).field, field).toBe(field);
    expect((await site.wang.person.call('listDelegations')).body.items).toEqual([]);
    expect((await ask(wish)).body.state).toBe('waiting');
  });

  it('policy refuses with a code and a next step, and nobody is asked', async () => {
    const terminal = await site.terminal();
    await site.lin.call('changeTerminal', { id: terminal.terminalId }, { stolen: true });
    const refused = (await ask(site.wish([terminal]))).body;
    expect(refused).toMatchObject({ state: 'refused', refusal: { code: 'stolen' } });
    expect(refused.refusal?.next).toContain('call the office');
    expect((await site.decide(refused.id)).code).toBe('already-decided');
    const other = await site.terminal(site.li);
    expect(await codeOf(site.wish([other]))).toBe('ticket-not-assigned');
    const own = await site.terminal();
    const self = await site.enrol(site.wang.person);
    const toSelf = { terminals: [{ ticketId: own.ticketId, secondKeyIds: [self.keyId] }] };
    expect(await codeOf(site.wish([own], toSelf))).toBe('same-person');
  });

  it('a merchant confirms at their own terminals only', async () => {
    const own = await site.terminal();
    const merchantId = newId();
    const { registry } = site.world.server.context.services;
    await registry.createMerchant(undefined, { id: merchantId, name: '站前小卖部', contact: '', address: '' });
    const foreign = await site.terminal(site.wang, merchantId);
    const by = (ticketId: string) => ({ terminals: [{ ticketId, secondKeyIds: [site.chen.keyId] }] });
    expect(await codeOf(site.wish([own], by(own.ticketId)))).toBeUndefined();
    expect(await codeOf(site.wish([foreign], by(foreign.ticketId)))).toBe('second-other-merchant');
    const seconds = async (ticketId: string) =>
      (await site.wang.person.call('listSeconds', {}, undefined, `?ticketId=${ticketId}`)).body.items;
    expect((await seconds(own.ticketId)).map((item) => item.person.name)).toEqual(['chen', 'li']);
    expect((await seconds(foreign.ticketId)).map((item) => item.person.name)).toEqual(['li']);
  });

  it('a terminal that the last decision sent to the depot is not listed', async () => {
    const terminal = await site.terminal();
    terminal.device.trip('mesh');
    expect((await askOnline(terminal, site.wang)).body.state).toBe('refused');
    expect(await codeOf(site.wish([terminal]))).toBe('depot-terminal');
  });
});

describe('approving', () => {
  it('gives the signed delegation, its package, and kits', async () => {
    const terminals = [await site.terminal(), await site.terminal()];
    const chens = { ticketId: terminals[0]?.ticketId ?? '', secondKeyIds: [site.chen.keyId, site.li.keyId] };
    const lis = { ticketId: terminals[1]?.ticketId ?? '', secondKeyIds: [site.li.keyId] };
    const laptop = await site.ready(terminals, { terminals: [chens, lis] });
    const decoded = decodeDelegation(bytes(laptop.package.bytes));
    if (!decoded.ok) throw new Error(decoded.error);
    const { message } = decoded.value;
    expect(message).toMatchObject({ sequence: 1, usesMax: 4, usesPerDeviceMax: 2, revocationEpoch: 0 });
    expect(message.notAfterSeconds - message.notBeforeSeconds).toBe(8 * 3600);
    const place = message.devices.findIndex((id) => Buffer.from(id).toString('base64url') === terminals[0]?.deviceId);
    const maskOf = (publicKey: Uint8Array) =>
      message.seconds.find((second) => Buffer.from(second.keyHash).equals(secondKeyHash(publicKey)))?.deviceMask;
    expect([maskOf(site.chen.publicKey), maskOf(site.li.publicKey)]).toEqual([1 << place, 0b11]);
    expect(laptop.package.delegation.fetchedAt).toBeDefined();
    expect(laptop.package.terminals.map((entry) => entry.orders.length)).toEqual([9, 9]);
    expect(bytes(laptop.package.bytes).length).toBeLessThanOrEqual(460);
  });

  it('needs an approver who is no party, and a fresh second factor', async () => {
    const terminal = await site.terminal();
    const wish = site.wish([terminal]);
    await ask(wish);
    const approve = { decision: 'approve' as const, reason: 'fine' };
    expect((await site.zhou.call('decideDelegation', { id: wish.id }, approve)).code).toBe('factor-needed');
    const wrong = { ...approve, factor: { kind: 'totp' as const, code: '000000' } };
    expect((await site.zhou.call('decideDelegation', { id: wish.id }, wrong)).code).toBe('factor-wrong');
    expect((await site.lin.call('decideDelegation', { id: wish.id }, approve)).code).toBe('forbidden');
    expect((await site.wang.person.call('decideDelegation', { id: wish.id }, approve)).code).toBe('forbidden');
    expect((await site.wang.person.call('getDelegationPackage', { id: wish.id })).code).toBe('not-in-state');
    expect((await site.decide(wish.id)).body.state).toBe('active');
    expect((await site.decide(wish.id)).code).toBe('already-decided');
  });

  it('is refused to somebody who would confirm, even as an approver by now', async () => {
    const terminal = await site.terminal();
    const wish = site.wish([terminal]);
    await ask(wish);
    await site.lin.call('changePerson', { id: site.li.person.id }, { role: 'approver' });
    const li = await site.world.signIn(site.li.person.id, 'li@test.invalid');
    const approve = { decision: 'approve', reason: 'fine', factor: { kind: 'totp', code: '123456' } };
    expect((await li.call('decideDelegation', { id: wish.id }, approve)).code).toBe('same-person');
    expect((await site.decide(wish.id)).body).toMatchObject({
      state: 'refused',
      refusal: { code: 'second-wrong-role' },
    });
  });

  it('asks the policy again: what was right in the morning may be wrong by now', async () => {
    const terminal = await site.terminal();
    const wish = site.wish([terminal]);
    await ask(wish);
    await site.lin.call('changeTerminal', { id: terminal.terminalId }, { stolen: true });
    const decided = await site.decide(wish.id);
    expect(decided.body).toMatchObject({ state: 'refused', refusal: { code: 'stolen' } });
    expect(decided.body.notBefore).toBeUndefined();
  });

  it('refusing needs a reason and leaves nothing signed', async () => {
    const wish = site.wish([await site.terminal()]);
    await ask(wish);
    const refused = await site.zhou.call(
      'decideDelegation',
      { id: wish.id },
      { decision: 'refuse', reason: 'not today' },
    );
    expect(refused.body).toMatchObject({
      state: 'refused',
      refusal: { code: 'refused-by-approver' },
      decisionReason: 'not today',
      decidedBy: { id: site.zhou.id },
    });
  });

  it('an answer of two approvers at once counts once', async () => {
    const he = await site.world.person('he', 'approver', totpSecrets.he);
    const wish = site.wish([await site.terminal()]);
    await ask(wish);
    const body = async (person: typeof he) => ({
      ...{ decision: 'approve' as const, reason: 'fine', factor: await site.factor(person) },
    });
    const bodies = [await body(site.zhou), await body(he)] as const;
    const answers = await Promise.all([
      site.zhou.call('decideDelegation', { id: wish.id }, bodies[0]),
      he.call('decideDelegation', { id: wish.id }, bodies[1]),
    ]);
    expect(answers.map((answer) => answer.code).sort()).toEqual(['already-decided', undefined]);
  });
});

describe('one delegation lists a terminal', () => {
  it('another by the same technician takes its place when it is signed', async () => {
    const [shared, other] = [await site.terminal(), await site.terminal()];
    const first = await site.ready([shared, other]);
    const second = await site.ready([shared], { renews: first.id });
    expect((await first.view()).body.state).toBe('ended');
    expect((await second.view()).body).toMatchObject({ state: 'active', renews: first.id });
    expect((await site.wang.person.call('getDelegationPackage', { id: first.id })).code).toBe('not-in-state');
    shared.device.trip('case');
    expect((await second.submit(await second.mustUse(shared))).body.state).toBe('unlocked');
    shared.device.trip('case');
    expect(await first.use(shared)).toEqual({ refusal: 'stale-sequence' });
  });

  it('a waiting one gives way to a newer wish', async () => {
    const terminal = await site.terminal();
    const [first, second] = [site.wish([terminal]), site.wish([terminal])];
    await ask(first);
    await ask(second);
    expect((await site.decide(first.id)).code).toBe('already-decided');
    expect((await site.decide(second.id)).body.state).toBe('active');
  });

  it('a colleague’s terminal is refused, whether waiting or active', async () => {
    const terminal = await site.terminal();
    const wish = site.wish([terminal]);
    await ask(wish);
    await site.lin.call('assignTicket', { id: terminal.ticketId }, { assigneeId: site.li.person.id });
    const lis = {
      fieldKeyId: site.li.keyId,
      terminals: [{ ticketId: terminal.ticketId, secondKeyIds: [site.wang.keyId] }],
    };
    const byLi = async () => (await site.li.person.call('askDelegation', {}, site.wish([terminal], lis))).body;
    expect((await byLi()).refusal?.code).toBe('terminal-listed');
    const revoked = await site.wang.person.call('revokeDelegation', { id: wish.id }, { reason: 'not going' });
    expect(revoked.body.state).toBe('revoked');
    expect((await byLi()).state).toBe('waiting');
  });
});

describe('limits', () => {
  it('active, a day, the pair', async () => {
    await site.world.close();
    const delegationPolicy = { ...defaultDelegationPolicy, pairMonthLimit: 1 };
    site = await FieldSite.start(cluster, { delegationPolicy });
    const terminals = [await site.terminal(), await site.terminal(), await site.terminal()];
    const laptops: Laptop[] = [];
    for (const terminal of terminals.slice(0, 2)) laptops.push(await site.ready([terminal]));
    expect(await codeOf(site.wish(terminals.slice(2)))).toBe('too-many-active');
    const [terminal, laptop] = [terminals[0], laptops[0]];
    if (terminal === undefined || laptop === undefined) throw new Error('nothing is ready');
    terminal.device.trip('drop');
    await laptop.submit(await laptop.mustUse(terminal));
    expect(await codeOf(site.wish([terminal]))).toBe('pair-limit');
    const chens = { terminals: [{ ticketId: terminal.ticketId, secondKeyIds: [site.chen.keyId] }] };
    for (let count = 0; count < 2; count++) expect(await codeOf(site.wish([terminal], chens))).toBeUndefined();
    expect(await codeOf(site.wish([terminal], chens))).toBe('too-many-today');
    const { body } = await site.wang.person.call('listSeconds', {}, undefined, `?ticketId=${terminal.ticketId}`);
    expect(body.items.map(({ person, blocked }) => [person.name, blocked])).toEqual([
      ['chen', undefined],
      ['li', 'pair-limit'],
    ]);
  });

  it('the merchant’s week', async () => {
    await site.world.close();
    site = await FieldSite.start(cluster, { delegationPolicy: { ...openPolicy, siteWeekLimit: 1 } });
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    terminal.device.trip('drop');
    await laptop.submit(await laptop.mustUse(terminal));
    expect(await codeOf(site.wish([terminal]))).toBe('site-limit');
    site.world.nowMs += 7 * 24 * hourMs + 1000;
    expect(await codeOf(site.wish([terminal]))).toBeUndefined();
  });
});

describe('revoking', () => {
  it('raises the floor of the listed terminals, which the next online grant brings', async () => {
    const [listed, other] = [await site.terminal(), await site.terminal()];
    const laptop = await site.ready([listed]);
    const revoked = await site.lin.call('revokeDelegation', { id: laptop.id }, { reason: 'laptop lost' });
    expect(revoked.body).toMatchObject({
      state: 'revoked',
      revokedBy: { id: site.lin.id },
      revokedReason: 'laptop lost',
    });
    expect((await site.lin.call('revokeDelegation', { id: laptop.id }, { reason: 'again' })).body.state).toBe(
      'revoked',
    );
    for (const terminal of [listed, other]) terminal.device.trip('drop');
    await unlockOnline(site, listed);
    await unlockOnline(site, other);
    expect([floorOf(listed), floorOf(other)]).toEqual([1, 0]);
    listed.device.trip('drop');
    expect(await laptop.use(listed)).toEqual({ refusal: 'revoked' });
  });

  it('a use before the terminal heard of it is still taken, with an alarm that says what is proven', async () => {
    const terminals = [await site.terminal(), await site.terminal()] as const;
    const laptop = await site.ready(terminals);
    for (const terminal of terminals) terminal.device.trip('case');
    const before = await laptop.mustUse(terminals[0]);
    site.world.nowMs += 60_000;
    await site.lin.call('revokeDelegation', { id: laptop.id }, { reason: 'laptop lost' });
    site.world.nowMs += 60_000;
    const after = await laptop.mustUse(terminals[1]);
    expect((await laptop.submit(before)).body.state).toBe('unlocked');
    expect((await laptop.submit(after)).body.state).toBe('unlocked');
    const { items } = await site.world.server.context.services.alarms.list({ limit: 10 });
    expect(items.map((alarm) => [alarm.kind, alarm.severity, alarm.facts['revocation']])).toEqual([
      ['revoked-delegation-used', 'stop', 'after'],
      ['revoked-delegation-used', 'warn', 'before'],
    ]);
  });

  it('by its technician it has no cool-down; by the office it has', async () => {
    const terminal = await site.terminal();
    const first = await site.ready([terminal]);
    const second = await site.ready([await site.terminal()]);
    await site.wang.person.call('revokeDelegation', { id: first.id }, { reason: 'day is over' });
    expect(await codeOf(site.wish([terminal]))).toBeUndefined();
    await site.zhou.call('revokeDelegation', { id: second.id }, { reason: 'looks odd' });
    expect(await codeOf(site.wish([terminal]))).toBe('cool-down');
    site.world.nowMs += 12 * hourMs;
    expect(await codeOf(site.wish([terminal]))).toBeUndefined();
  });

  it('somebody else’s is not there, and one that is over cannot be revoked', async () => {
    const laptop = await site.ready([await site.terminal()]);
    expect((await site.li.person.call('revokeDelegation', { id: laptop.id }, { reason: 'why not' })).code).toBe(
      'not-found',
    );
    site.world.nowMs += 9 * hourMs;
    await site.world.runJobs();
    expect((await laptop.view()).body.state).toBe('ended');
    expect((await site.lin.call('revokeDelegation', { id: laptop.id }, { reason: 'too late' })).code).toBe(
      'not-in-state',
    );
  });

  it('one that was replaced but could still be used is revoked with its key', async () => {
    const [shared, other] = [await site.terminal(), await site.terminal()];
    const first = await site.ready([shared, other]);
    await site.ready([shared]);
    await site.wang.person.call('revokeFieldKey', { id: site.wang.keyId }, { reason: 'laptop lost' });
    expect((await first.view()).body.state).toBe('revoked');
    other.device.trip('drop');
    await unlockOnline(site, other);
    other.device.trip('drop');
    expect(await first.use(other)).toEqual({ refusal: 'revoked' });
  });

  it('whoever leaves holds no delegation', async () => {
    const laptop = await site.ready([await site.terminal()]);
    await site.lin.call('changePerson', { id: site.wang.person.id }, { disabled: true });
    await site.world.runJobs();
    expect((await site.lin.call('getDelegation', { id: laptop.id })).body.state).toBe('revoked');
  });

  it('on the command line', async () => {
    const laptop = await site.ready([await site.terminal()]);
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    const { context } = site.world.server;
    expect(await listField(context, print)).toBe(0);
    expect(lines.pop()).toMatch(/^D-1 +active +2026-\S+ +uses 0\/2 +wang +QT60-\S+$/);
    expect(await revokeField(context, ['D-1'], print)).toBe(2);
    expect(await revokeField(context, ['1', 'laptop', 'lost'], print)).toBe(2);
    expect(await revokeField(context, ['D-9', 'laptop', 'lost'], print)).toBe(1);
    expect(await revokeField(context, ['D-1', 'laptop', 'lost'], print)).toBe(0);
    expect((await laptop.view()).body).toMatchObject({ state: 'revoked', revokedReason: 'laptop lost' });
  });
});

describe('numbers that do not add up', () => {
  it('a use that nobody handed in blocks the next delegation once the time is over, and again none when it came', async () => {
    const terminals = [await site.terminal(), await site.terminal()] as const;
    const laptop = await site.ready(terminals);
    for (const terminal of terminals) terminal.device.trip('drop');
    const kept = await laptop.mustUse(terminals[0]);
    await laptop.submit(await laptop.mustUse(terminals[1]));
    expect((await laptop.view()).body.missing).toEqual([1]);
    expect(await codeOf(site.wish([terminals[1]]))).toBeUndefined();
    site.world.nowMs += 9 * hourMs;
    await site.world.runJobs();
    await site.world.runJobs();
    expect(await alarms()).toEqual(['uses-missing']);
    expect(await codeOf(site.wish([terminals[1]]))).toBe('uses-missing');
    expect((await laptop.submit(kept)).status).toBe(200);
    expect(await codeOf(site.wish([terminals[1]]))).toBeUndefined();
  });

  it('at once when a later use has been known for a day', async () => {
    const terminals = [await site.terminal(), await site.terminal()] as const;
    const laptop = await site.ready(terminals, { hours: 24 });
    terminals[0].device.trip('drop');
    await laptop.submit(await laptop.mustUse(terminals[0], { useIndex: 2 }));
    site.world.nowMs += 23 * hourMs;
    expect(await codeOf(site.wish([terminals[1]]))).toBeUndefined();
    site.world.nowMs += hourMs + 1;
    expect(await codeOf(site.wish([terminals[1]]))).toBe('uses-missing');
  });

  it('one number for two uses blocks at once, until the office closes the alarm', async () => {
    const terminals = [await site.terminal(), await site.terminal()] as const;
    const laptop = await site.ready(terminals);
    for (const terminal of terminals) terminal.device.trip('drop');
    await laptop.submit(await laptop.mustUse(terminals[0], { useIndex: 1 }));
    await laptop.submit(await laptop.mustUse(terminals[1], { useIndex: 1 }));
    expect(await alarms()).toEqual(['uses-doubled']);
    expect((await laptop.view()).body.doubled).toEqual([1]);
    expect(await codeOf(site.wish([terminals[0]]))).toBe('uses-doubled');
    const { items } = await site.world.server.context.services.alarms.list({ limit: 1 });
    await site.lin.call('closeAlarm', { id: items[0]?.id ?? '' });
    expect(await codeOf(site.wish([terminals[0]]))).toBeUndefined();
  });
});

describe('time that nobody can prove', () => {
  it('a terminal without a trusted clock: marked, and an alarm when the record comes after the end', async () => {
    const [early, late] = [await site.terminal(), await site.terminal()];
    const laptop = await site.ready([early, late]);
    for (const { device } of [early, late]) device.trip('flat-cell');
    const first = await laptop.submit(await laptop.mustUse(early));
    expect(first.body.onSite).toMatchObject({ timeProven: false });
    const record = await laptop.mustUse(late);
    expect(await alarms()).toEqual([]);
    site.world.nowMs += 9 * hourMs;
    await laptop.submit(record);
    expect(await alarms()).toEqual(['time-unproven']);
  });

  it('a record of a use in time that comes late is no alarm when the terminal’s clock proves it', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    terminal.device.trip('drop');
    const record = await laptop.mustUse(terminal);
    site.world.nowMs += 48 * hourMs;
    await site.world.runJobs();
    expect((await laptop.submit(record)).body.onSite?.timeProven).toBe(true);
    expect(await alarms()).toEqual([]);
  });
});

describe('floors', () => {
  it('a grant that was approved by a person carries the floor as well', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    terminal.device.trip('case');
    const asked = await askOnline(terminal, site.wang);
    const photoIds: string[] = [];
    for (const kind of ['rear', 'seal']) photoIds.push((await site.wang.person.putPhoto(asked.body.id, kind)).body.id);
    const inspection = { sealFound: 'a', sealNew: 'b', screenNumber: '123456', note: '', photoIds };
    await site.wang.person.call('submitInspection', { id: asked.body.id }, inspection);
    await site.lin.call('revokeDelegation', { id: laptop.id }, { reason: 'laptop lost' });
    const decision = { decision: 'approve' as const, reason: 'fine', factor: await site.factor() };
    await site.zhou.call('decideUnlock', { id: asked.body.id }, decision);
    const { body } = await site.wang.person.call('getUnlock', { id: asked.body.id });
    await grantAndReceipt(terminal, site.wang, asked.body.id, body.grant?.sealed ?? '');
    expect(floorOf(terminal)).toBe(1);
  });

  it('delegations made after a revocation stand above the floor', async () => {
    const terminal = await site.terminal();
    const first = await site.ready([terminal]);
    await site.wang.person.call('revokeDelegation', { id: first.id }, { reason: 'day is over' });
    const second = await site.ready([terminal]);
    terminal.device.trip('drop');
    await unlockOnline(site, terminal);
    terminal.device.trip('drop');
    expect(await first.use(terminal)).toEqual({ refusal: 'revoked' });
    expect('record' in (await second.use(terminal))).toBe(true);
  });
});

describe('who sees what', () => {
  it('technicians their own, second persons those that name them, the office all', async () => {
    const laptop = await site.ready([await site.terminal()]);
    const list = async (person: typeof site.zhou, query = '') =>
      (await person.call('listDelegations', {}, undefined, query)).body.items.map((item) => item.id);
    expect(await list(site.wang.person)).toEqual([laptop.id]);
    expect(await list(site.li.person)).toEqual([]);
    expect(await list(site.li.person, '?second=true')).toEqual([laptop.id]);
    expect(await list(site.chen.person)).toEqual([]);
    expect(await list(site.zhou)).toEqual([laptop.id]);
    expect(await list(site.lin, `?technicianId=${site.li.person.id}`)).toEqual([]);
    expect(await list(site.lin, '?state=waiting')).toEqual([]);
    expect((await site.chen.person.call('getDelegation', { id: laptop.id })).code).toBe('not-found');
    expect((await site.li.person.call('getDelegation', { id: laptop.id })).code).toBeUndefined();
    expect((await site.li.person.call('getDelegationPackage', { id: laptop.id })).code).toBe('not-found');
  });

  it('a list comes in pages', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) ids.unshift((await ask(site.wish([await site.terminal()]))).body.id);
    const first = (await site.wang.person.call('listDelegations', {}, undefined, '?limit=2')).body;
    expect(first.items.map((item) => item.id)).toEqual(ids.slice(0, 2));
    const rest = await site.wang.person.call(
      'listDelegations',
      {},
      undefined,
      `?limit=2&cursor=${first.nextCursor ?? ''}`,
    );
    expect(rest.body.items.map((item) => item.id)).toEqual(ids.slice(2));
    expect(rest.body.nextCursor).toBeUndefined();
  });
});
