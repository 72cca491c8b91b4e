import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, newId, type Person, type Site, totpSecrets, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let wang: Person;
let zhou: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await World.start(cluster);
  wang = await world.person('wang', 'technician');
  zhou = await world.person('zhou', 'approver', totpSecrets.zhou);
});
afterEach(() => world.close());

/** A case-open terminal whose inspection is handed in. */
async function waitingCase(site: Site): Promise<string> {
  site.device.trip('case');
  const asked = site.device.ask();
  const id = newId();
  const made = await wang.call(
    'createUnlock',
    {},
    {
      ...{ id, ticketId: site.ticketId, sealedRequest: asked.sealedRequest, requestBytes: asked.requestBytes },
    },
  );
  expect(made.body).toMatchObject({ state: 'needs-inspection', decision: { outcome: 'person', rule: 14 } });
  const inspected = await wang.call('submitInspection', { id }, await inspection(id, asked.screenNumber));
  expect(inspected.body.state).toBe('waiting');
  return id;
}

async function inspection(id: string, screenNumber: string) {
  const rear = await wang.putPhoto(id, 'rear');
  const seal = await wang.putPhoto(id, 'seal');
  return {
    ...{ sealFound: '0047 8812', sealNew: '0047 9120', screenNumber, note: 'A rear screw was loose.' },
    photoIds: [rear.body.id, seal.body.id],
  };
}

async function totp(person: Person) {
  return { kind: 'totp' as const, code: await world.code(person) };
}

describe('a case that needs a person', () => {
  it('is approved with a TOTP code, and the grant works', async () => {
    const site = await world.site(wang);
    const id = await waitingCase(site);
    const opened = await zhou.call('openUnlock', { id });
    expect(opened.body).toMatchObject({
      openedBy: { name: 'zhou' },
      inspection: { sealAsRegistered: true, screenNumberSame: true },
    });
    const approved = await zhou.call(
      'decideUnlock',
      { id },
      { decision: 'approve', reason: 'Photos are clear.', factor: await totp(zhou) },
    );
    expect(approved.body).toMatchObject({
      state: 'granted',
      decision: { by: 'person', approver: { name: 'zhou' }, rule: 14 },
    });
    expect(approved.body.grant?.sealed).toBeUndefined();
    const mine = await wang.call('getUnlock', { id });
    const receipt = site.device.useGrant(mine.body.grant?.sealed ?? '', Math.floor(world.nowMs / 1000));
    expect((await wang.call('submitReceipt', { id }, { receipt })).body.state).toBe('unlocked');
    expect((await wang.call('getTerminal', { id: site.terminalId })).body.seal).toBe('0047 9120');
  });

  it('shows the approver the evidence, and the technician not', async () => {
    const site = await world.site(wang);
    const id = await waitingCase(site);
    expect((await zhou.call('getUnlock', { id })).body.evidence).toMatchObject({
      ...{ sealRegistered: '0047 8812', unlocksLifetime: 0, logContinues: true },
      technician: { today: 0, dailyLimit: 20 },
    });
    expect((await wang.call('getUnlock', { id })).body.evidence).toBeUndefined();
    expect((await wang.call('getUnlock', { id })).body.approverOnDuty?.name).toBe('zhou');
  });

  it('is refused, or sent to the depot, with the reason', async () => {
    for (const [decision, code] of [
      ['refuse', 'refused-by-approver'],
      ['depot', 'depot-by-approver'],
    ] as const) {
      const id = await waitingCase(await world.site(wang));
      const reply = await zhou.call('decideUnlock', { id }, { decision, reason: 'The seal differs.' });
      expect(reply.body).toMatchObject({
        state: 'refused',
        decision: { by: 'person', reason: 'The seal differs.', refusal: { code } },
      });
    }
  });

  it('takes the inspection within the request itself', async () => {
    const site = await world.site(wang);
    site.device.trip('case');
    const asked = site.device.ask();
    const id = newId();
    const made = await wang.call(
      'createUnlock',
      {},
      {
        ...{ id, ticketId: site.ticketId, sealedRequest: asked.sealedRequest, requestBytes: asked.requestBytes },
        inspection: await inspection(id, asked.screenNumber),
      },
    );
    expect(made.body.state).toBe('waiting');
  });

  it('wants photos of rear and seal, and real pictures', async () => {
    const site = await world.site(wang);
    site.device.trip('case');
    const asked = site.device.ask();
    const id = newId();
    await wang.call(
      'createUnlock',
      {},
      {
        ...{ id, ticketId: site.ticketId, sealedRequest: asked.sealedRequest, requestBytes: asked.requestBytes },
      },
    );
    const full = await inspection(id, asked.screenNumber);
    expect(await wang.call('submitInspection', { id }, { ...full, photoIds: full.photoIds.slice(0, 1) })).toMatchObject(
      { status: 400, field: 'photoIds' },
    );
    expect(await wang.call('submitInspection', { id }, { ...full, photoIds: [newId(), newId()] })).toMatchObject({
      status: 400,
      field: 'photoIds',
    });
    expect((await wang.putPhoto(id, 'rear', new Uint8Array(100))).code).toBe('bad-photo');
    expect((await wang.putPhoto(id, 'front')).field).toBe('x-photo-kind');
    expect((await wang.putPhoto(id, 'rear', new Uint8Array(524_289))).code).toBe('too-large');
  });
});

describe('two persons', () => {
  it('approver = technician is refused, whatever the account’s role is now', async () => {
    const site = await world.site(wang);
    const id = await waitingCase(site);
    const lin = await world.person('lin', 'operator');
    await lin.call('changePerson', { id: wang.id }, { role: 'approver' });
    const promoted = await world.signIn(wang.id, 'wang@test.invalid');
    const reply = await promoted.call(
      'decideUnlock',
      { id },
      { decision: 'approve', reason: 'I know this one.', factor: { kind: 'totp', code: '000000' } },
    );
    expect(reply).toMatchObject({ status: 403, code: 'same-person' });
  });

  it('two approvers at once: one decides, the other is told', async () => {
    const he = await world.person('he', 'approver', totpSecrets.he);
    const id = await waitingCase(await world.site(wang));
    const replies = await Promise.all(
      [zhou, he].map(async (person) =>
        person.call('decideUnlock', { id }, { decision: 'approve', reason: 'Clear.', factor: await totp(person) }),
      ),
    );
    expect(replies.map((reply) => reply.code).sort()).toEqual(['already-decided', undefined]);
    const { rows } = await world.server.context.store.pool.query('select 1 from grants');
    expect(rows).toHaveLength(1);
  });

  it('one approves while the other refuses: exactly one counts', async () => {
    const he = await world.person('he', 'approver', totpSecrets.he);
    const id = await waitingCase(await world.site(wang));
    const [yes, no] = await Promise.all([
      zhou.call('decideUnlock', { id }, { decision: 'approve', reason: 'Clear.', factor: await totp(zhou) }),
      he.call('decideUnlock', { id }, { decision: 'refuse', reason: 'Not clear.' }),
    ]);
    expect([yes.code, no.code].filter((code) => code === 'already-decided')).toHaveLength(1);
  });

  it('each approver signs with a key of their own that the keyset lists', async () => {
    const before = world.server.context.trust.keyset().sequence;
    await world.person('he', 'approver', totpSecrets.he);
    expect(world.server.context.trust.keyset().sequence).toBe(before + 1);
    const signers = await Promise.all([zhou.id, 'nobody'].map((id) => world.server.context.trust.approverSigner(id)));
    expect(signers[0]?.kid).not.toEqual(signers[1]?.kid);
  });
});

describe('the second factor', () => {
  const approve = (factor?: { kind: 'totp'; code: string }) => ({
    decision: 'approve' as const,
    reason: 'Clear.',
    ...(factor === undefined ? {} : { factor }),
  });

  it('is needed to approve, not to refuse', async () => {
    const id = await waitingCase(await world.site(wang));
    expect(await zhou.call('decideUnlock', { id }, approve())).toMatchObject({ status: 403, code: 'factor-needed' });
    expect((await zhou.call('getUnlock', { id })).body.state).toBe('waiting');
  });

  it('a code works once', async () => {
    const factor = await totp(zhou);
    const [one, two] = [await waitingCase(await world.site(wang)), await waitingCase(await world.site(wang))];
    expect((await zhou.call('decideUnlock', { id: one }, approve(factor))).status).toBe(200);
    expect(await zhou.call('decideUnlock', { id: two }, approve(factor))).toMatchObject({
      status: 403,
      code: 'factor-wrong',
    });
  });

  it('after five wrong codes even the right one must wait', async () => {
    const id = await waitingCase(await world.site(wang));
    const right = await totp(zhou);
    const wrong = { kind: 'totp' as const, code: right.code === '123456' ? '654321' : '123456' };
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => zhou.call('decideUnlock', { id }, approve(wrong))),
    );
    expect(replies.every((reply) => reply.code === 'factor-wrong')).toBe(true);
    expect(await zhou.call('decideUnlock', { id }, approve(right))).toMatchObject({
      status: 429,
      code: 'rate-limited',
    });
  });

  it('a passkey answer that was made up is refused', async () => {
    const id = await waitingCase(await world.site(wang));
    const challenge = await zhou.call('passkeyChallenge', {}, { caseId: id });
    const factor = {
      kind: 'passkey',
      challengeId: challenge.body.challengeId,
      assertion: { id: 'x', rawId: 'x', type: 'public-key', response: {} },
    };
    expect((await zhou.call('decideUnlock', { id }, { decision: 'approve', reason: 'Clear.', factor })).code).toBe(
      'factor-wrong',
    );
  });
});

describe('late and odd answers', () => {
  it('an approval after the technician gave up is told that it came too late', async () => {
    const id = await waitingCase(await world.site(wang));
    expect((await wang.call('withdrawUnlock', { id })).body.state).toBe('withdrawn');
    const reply = await zhou.call(
      'decideUnlock',
      { id },
      { decision: 'approve', reason: 'Clear.', factor: await totp(zhou) },
    );
    expect(reply.code).toBe('already-decided');
  });

  it('a terminal reported stolen while the case waits is not unlocked', async () => {
    const lin = await world.person('lin', 'operator');
    const site = await world.site(wang);
    const id = await waitingCase(site);
    await lin.call('changeTerminal', { id: site.terminalId }, { stolen: true });
    const reply = await zhou.call(
      'decideUnlock',
      { id },
      { decision: 'approve', reason: 'Clear.', factor: await totp(zhou) },
    );
    expect(reply).toMatchObject({ status: 409, field: 'stolen' });
    expect((await zhou.call('getUnlock', { id })).body.state).toBe('waiting');
  });

  it('a third tampering in 30 days goes to the depot with an alarm', async () => {
    const site = await world.site(wang);
    const { pool } = world.server.context.store;
    await waitingCase(site);
    await pool.query(`update unlock_cases set state = 'done', unlocked_at = $1`, [new Date(world.nowMs - 86_400_000)]);
    site.device.renew();
    const second = await waitingCase(site);
    await pool.query(`update unlock_cases set state = 'done', unlocked_at = $1 where id = $2`, [
      new Date(world.nowMs - 1000),
      second,
    ]);
    site.device.renew();
    const asked = site.device.ask();
    const third = await wang.call(
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
    expect(third.body).toMatchObject({
      state: 'refused',
      decision: { outcome: 'depot', refusal: { code: 'repeated-tamper' } },
    });
    expect(await world.alarms()).toContain('repeated-tamper');
  });
});
