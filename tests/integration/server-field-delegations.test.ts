import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultDelegationPolicy } from '../../domain/unlock/delegation-policy-default.ts';
import { decodeDelegation } from '../../protocol/unlock/v1/codec.ts';
import { secondKeyHash } from '../../protocol/unlock/v1/site.ts';
import { bytes } from './server/device.ts';
import { askOnline, FieldSite, type Laptop, openPolicy } from './server/field-site.ts';
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
    // Two uses on each, nine orders for each use.
    expect(laptop.package.terminals.map((entry) => entry.orders.length)).toEqual([18, 18]);
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
