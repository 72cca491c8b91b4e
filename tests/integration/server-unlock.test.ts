import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeGrant } from '../../protocol/unlock/v1/codec.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import { bytes, TestDevice } from './server/device.ts';
import { Cluster, newId, type Person, type Site, World } from './server/world.ts';

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

const nowSeconds = (): number => Math.floor(world.nowMs / 1000);

function ask(site: Site, id = newId(), asked = site.device.ask()) {
  return { id, ticketId: site.ticketId, sealedRequest: asked.sealedRequest, requestBytes: asked.requestBytes };
}

describe('a request that the policy grants', () => {
  it('gives a grant that the device accepts, and the receipt posts it', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const body = ask(site);
    const granted = await wang.call('createUnlock', {}, body);
    expect(granted).toMatchObject({
      status: 200,
      body: { state: 'granted', grant: { state: 'PENDING', late: false } },
    });
    expect(granted.body.request.sizeBytes).toBeLessThanOrEqual(unlockLimits.requestBytesMax);
    expect(granted.body.grant?.sizeBytes).toBeLessThanOrEqual(unlockLimits.grantBytesMax);
    const receipt = site.device.useGrant(granted.body.grant?.sealed ?? '', nowSeconds());
    const posted = await wang.call('submitReceipt', { id: body.id }, { receipt });
    expect(posted.body).toMatchObject({ state: 'unlocked', grant: { state: 'POSTED', late: false } });
    expect(posted.body.grant?.sealed).toBeUndefined();
    expect(await world.acts(`terminal:${site.terminalId}`)).toEqual([
      'terminal.registered',
      'ticket.opened',
      'unlock.asked',
      'unlock.receipt',
    ]);
  });

  it('clears a soft lock at once: NORMAL, ticket closed', async () => {
    const site = await world.site(wang);
    site.device.trip('pin-tries');
    const body = ask(site);
    const granted = await wang.call('createUnlock', {}, body);
    const receipt = site.device.useGrant(granted.body.grant?.sealed ?? '', nowSeconds());
    expect((await wang.call('submitReceipt', { id: body.id }, { receipt })).body.state).toBe('done');
    expect((await wang.call('getTicket', { id: site.ticketId })).body.state).toBe('closed');
  });

  it('keeps the same receipt once, however often it comes', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const body = ask(site);
    const granted = await wang.call('createUnlock', {}, body);
    const receipt = site.device.useGrant(granted.body.grant?.sealed ?? '', nowSeconds());
    await wang.call('submitReceipt', { id: body.id }, { receipt });
    const again = await wang.call('submitReceipt', { id: body.id }, { receipt });
    expect(again.body.state).toBe('unlocked');
    const terminal = await wang.call('getTerminal', { id: site.terminalId });
    expect(terminal.body.unlocksLifetime).toBe(1);
  });
});

describe('the same request twice', () => {
  it('same id, same body: the same case, one grant', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const body = ask(site);
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => wang.call('createUnlock', {}, body)));
    expect(new Set([one, two, three].map((reply) => reply?.body.grant?.sealed)).size).toBe(1);
    const { rows } = await world.server.context.store.pool.query('select 1 from grants');
    expect(rows).toHaveLength(1);
  });

  it('same id, another body: 422', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const body = ask(site);
    await wang.call('createUnlock', {}, body);
    const other = await wang.call('createUnlock', {}, { ...ask(site), id: body.id });
    expect(other).toMatchObject({ status: 422, code: 'exists-with-different-body', field: 'id' });
  });

  it('another id, same nonce: the existing case', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const asked = site.device.ask();
    const first = await wang.call('createUnlock', {}, ask(site, newId(), asked));
    const second = await wang.call('createUnlock', {}, ask(site, newId(), asked));
    expect(second.body.id).toBe(first.body.id);
  });

  it('many ids at once, same nonce: one PENDING grant', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const asked = site.device.ask();
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => wang.call('createUnlock', {}, ask(site, newId(), asked))),
    );
    expect(new Set(replies.map((reply) => reply.body.id)).size).toBe(1);
  });

  it('replayed after its use: the finished case and no new grant', async () => {
    const site = await world.site(wang);
    site.device.trip('pin-tries');
    const asked = site.device.ask();
    const first = await wang.call('createUnlock', {}, ask(site, newId(), asked));
    const receipt = site.device.useGrant(first.body.grant?.sealed ?? '', nowSeconds());
    await wang.call('submitReceipt', { id: first.body.id }, { receipt });
    const replay = await wang.call('createUnlock', {}, ask(site, newId(), asked));
    expect(replay.body).toMatchObject({ id: first.body.id, state: 'done', grant: { state: 'POSTED' } });
    expect(replay.body.grant?.sealed).toBeUndefined();
  });

  it('replayed by another technician: refused', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const asked = site.device.ask();
    await wang.call('createUnlock', {}, ask(site, newId(), asked));
    const li = await world.person('li', 'technician');
    expect((await li.call('createUnlock', {}, ask(site, newId(), asked))).code).toBe('ticket-not-yours');
  });

  it('a fresh challenge makes the older grant void', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const first = await wang.call('createUnlock', {}, ask(site));
    site.device.renew();
    const second = await wang.call('createUnlock', {}, ask(site));
    expect(second.body.state).toBe('granted');
    expect((await wang.call('getUnlock', { id: first.body.id })).body).toMatchObject({
      state: 'withdrawn',
      grant: { state: 'VOID' },
    });
  });
});

describe('a request that is not honest', () => {
  it('unknown device: 404 and an audit record', async () => {
    const site = await world.site(wang);
    const stranger = world.device().trip('drop');
    const reply = await wang.call('createUnlock', {}, ask(site, newId(), stranger.ask()));
    expect(reply).toMatchObject({ status: 404, code: 'unknown-terminal' });
    expect(await world.acts(`person:${wang.id}`)).toContain('unlock.unknown-terminal');
  });

  it('signed by another key: 422 and an alarm', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const reply = await wang.call(
      'createUnlock',
      {},
      ask(site, newId(), site.device.ask({}, new Uint8Array(32).fill(7))),
    );
    expect(reply).toMatchObject({ status: 422, code: 'bad-signature' });
    expect(await world.alarms()).toEqual(['bad-signature']);
  });

  it('any bit of the sealed request flipped: never a case', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const asked = site.device.ask();
    const sealed = bytes(asked.sealedRequest);
    for (let at = 0; at < sealed.length; at += 7) {
      const broken = sealed.slice();
      broken[at] = (broken[at] ?? 0) ^ 1;
      const reply = await wang.call(
        'createUnlock',
        {},
        { ...ask(site, newId(), asked), sealedRequest: Buffer.from(broken).toString('base64url') },
      );
      expect(reply.code).toBe('request-unreadable');
    }
  });

  it('a size that is not the request’s own: 422', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const body = ask(site);
    expect((await wang.call('createUnlock', {}, { ...body, requestBytes: body.requestBytes + 1 })).code).toBe(
      'wrong-size',
    );
  });

  it('counters that went back: to the depot, with an alarm', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    site.device.bootCount = 9;
    await wang.call('createUnlock', {}, ask(site));
    site.device.renew();
    site.device.bootCount = 3;
    const reply = await wang.call('createUnlock', {}, ask(site));
    expect(reply.body).toMatchObject({
      state: 'refused',
      decision: { outcome: 'depot', refusal: { code: 'epoch-broken' } },
    });
    expect(await world.alarms()).toContain('log-broken');
  });

  it('a receipt of another terminal, of another key, and for no grant', async () => {
    const site = await world.site(wang);
    const other = await world.site(wang);
    site.device.trip('drop');
    other.device.trip('drop');
    const mine = await wang.call('createUnlock', {}, ask(site));
    const theirs = await wang.call('createUnlock', {}, ask(other));
    const foreign = other.device.useGrant(theirs.body.grant?.sealed ?? '', nowSeconds());
    expect((await wang.call('submitReceipt', { id: mine.body.id }, { receipt: foreign })).code).toBe('wrong-terminal');
    const stray = site.device.obeyAbort(mine.body.keyset.bytes);
    expect((await wang.call('submitReceipt', { id: mine.body.id }, { receipt: stray })).code).toBe('receipt-unknown');
    const forger = new TestDevice(world.server.context.trust.keyset().bytes);
    Object.assign(forger, { deviceId: site.device.deviceId });
    const forged = forger.obeyAbort(mine.body.keyset.bytes);
    expect((await wang.call('submitReceipt', { id: mine.body.id }, { receipt: forged })).code).toBe('bad-signature');
  });
});

describe('time and giving up', () => {
  it('expires, and a receipt that comes late posts it with an alarm', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const granted = await wang.call('createUnlock', {}, ask(site));
    const receipt = site.device.useGrant(granted.body.grant?.sealed ?? '', nowSeconds());
    world.nowMs += 16 * 60_000;
    await world.runJobs();
    expect((await wang.call('getUnlock', { id: granted.body.id })).body).toMatchObject({
      state: 'expired',
      grant: { state: 'EXPIRED' },
    });
    const late = await wang.call('submitReceipt', { id: granted.body.id }, { receipt });
    expect(late.body).toMatchObject({ state: 'unlocked', grant: { state: 'POSTED', late: true } });
    expect(await world.alarms()).toEqual(['late-receipt']);
  });

  it('may be asked again with the same request after it expired', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const asked = site.device.ask();
    await wang.call('createUnlock', {}, ask(site, newId(), asked));
    world.nowMs += 16 * 60_000;
    await world.runJobs();
    const again = await wang.call('createUnlock', {}, ask(site, newId(), asked));
    expect(again.body.state).toBe('granted');
    expect(() => site.device.useGrant(again.body.grant?.sealed ?? '', nowSeconds())).not.toThrow();
  });

  it('raises one alarm when no receipt came in 24 hours', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    await wang.call('createUnlock', {}, ask(site));
    world.nowMs += 16 * 60_000;
    await world.runJobs();
    expect(await world.alarms()).toEqual([]);
    world.nowMs += 24 * 3_600_000;
    await world.runJobs();
    await world.runJobs();
    expect(await world.alarms()).toEqual(['receipt-missing']);
  });

  it('withdrawn with a grant out: VOID, and the device is told by an abort', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const granted = await wang.call('createUnlock', {}, ask(site));
    const withdrawn = await wang.call('withdrawUnlock', { id: granted.body.id });
    expect(withdrawn.body).toMatchObject({ state: 'withdrawn', grant: { state: 'VOID' } });
    const receipt = site.device.obeyAbort(withdrawn.body.abort ?? '');
    expect((await wang.call('submitReceipt', { id: granted.body.id }, { receipt })).body.state).toBe('withdrawn');
    expect(await world.acts(`terminal:${site.terminalId}`)).toContain('unlock.aborted');
    expect((await wang.call('withdrawUnlock', { id: granted.body.id })).status).toBe(200);
  });

  it('used although it was withdrawn: the receipt counts, with an alarm', async () => {
    const site = await world.site(wang);
    site.device.trip('drop');
    const granted = await wang.call('createUnlock', {}, ask(site));
    const receipt = site.device.useGrant(granted.body.grant?.sealed ?? '', nowSeconds());
    await wang.call('withdrawUnlock', { id: granted.body.id });
    const late = await wang.call('submitReceipt', { id: granted.body.id }, { receipt });
    expect(late.body).toMatchObject({ state: 'unlocked', grant: { state: 'POSTED', late: true } });
    expect(await world.alarms()).toEqual(['late-receipt']);
  });
});

describe('a request that the policy refuses', () => {
  const refusal = (code: string) => ({ state: 'refused', decision: { by: 'policy', refusal: { code } } });

  it('closed ticket, another terminal’s ticket, nobody’s ticket, no such ticket', async () => {
    const site = await world.site(wang);
    const other = await world.site(wang);
    const unassigned = await world.site(undefined);
    for (const one of [site, other, unassigned]) one.device.trip('drop');
    const wrong = await wang.call('createUnlock', {}, { ...ask(site), ticketId: other.ticketId });
    expect(wrong.body).toMatchObject(refusal('ticket-other-terminal'));
    expect((await wang.call('createUnlock', {}, ask(unassigned))).body).toMatchObject(refusal('ticket-not-assigned'));
    expect(await wang.call('createUnlock', {}, { ...ask(site), ticketId: newId() })).toMatchObject({
      status: 404,
      field: 'ticketId',
    });
    await wang.call('closeTicket', { id: site.ticketId }, { outcome: 'nothing to do' });
    expect((await wang.call('createUnlock', {}, ask(site))).body).toMatchObject(refusal('ticket-not-open'));
  });

  it('may be asked again with the same request once the ticket is right', async () => {
    const site = await world.site(undefined);
    site.device.trip('drop');
    const asked = site.device.ask();
    expect((await wang.call('createUnlock', {}, ask(site, newId(), asked))).body.state).toBe('refused');
    await wang.call('claimTicket', { id: site.ticketId });
    expect((await wang.call('createUnlock', {}, ask(site, newId(), asked))).body.state).toBe('granted');
  });

  it('stolen: stays locked, alarm', async () => {
    const lin = await world.person('lin', 'operator');
    const site = await world.site(wang);
    site.device.trip('drop');
    await lin.call('changeTerminal', { id: site.terminalId }, { stolen: true });
    expect((await wang.call('createUnlock', {}, ask(site))).body).toMatchObject(refusal('stolen'));
    expect(await world.alarms()).toEqual(['stolen']);
  });

  it('mesh broken: unsigned request, to the depot', async () => {
    const site = await world.site(wang);
    site.device.trip('mesh');
    const reply = await wang.call('createUnlock', {}, ask(site));
    expect(reply.body).toMatchObject({ ...refusal('mesh-broken'), request: { signed: false, identityAlive: false } });
  });

  it('the twentieth unlock of the day is the technician’s last', async () => {
    for (let count = 0; count < 20; count++) {
      const site = await world.site(wang);
      site.device.trip('pin-tries');
      expect((await wang.call('createUnlock', {}, ask(site))).body.state).toBe('granted');
    }
    const site = await world.site(wang);
    site.device.trip('pin-tries');
    expect((await wang.call('createUnlock', {}, ask(site))).body).toMatchObject(refusal('technician-limit'));
    world.nowMs += 24 * 3_600_000;
    site.device.renew();
    expect((await wang.call('createUnlock', {}, ask(site))).body.state).toBe('granted');
  });
});

it('a grant from the server is exactly what the ledger says', async () => {
  const site = await world.site(wang);
  site.device.trip('drop', 'flat-cell');
  const granted = await wang.call('createUnlock', {}, ask(site));
  expect(decodeGrant(bytes(granted.body.grant?.sealed ?? '')).ok).toBe(false);
  expect(granted.body.decision).toMatchObject({ by: 'policy', outcome: 'grant', rule: 17, policyVersion: 1 });
  expect(granted.body.decision?.checks.every((check) => check.ok)).toBe(true);
});
