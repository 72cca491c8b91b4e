import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listField, revokeField } from '../../server/cli/field.ts';
import { askOnline, FieldSite, grantAndReceipt, unlockOnline, inspectionWith } from './server/field-site.ts';
import { Cluster } from './server/world.ts';

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
    const told = items.map((alarm) => [alarm.kind, alarm.severity, alarm.facts['revocation']].join(' '));
    expect(told.sort()).toEqual(['revoked-delegation-used stop after', 'revoked-delegation-used warn before']);
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
    await site.wang.person.call('submitInspection', { id: asked.body.id }, inspectionWith(photoIds));
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
