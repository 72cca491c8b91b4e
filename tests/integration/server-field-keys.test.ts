import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { softwareSigner } from '../../protocol/unlock/v1/ed25519.ts';
import { fieldKeyProofBytes } from '../../protocol/unlock/v1/field-key.ts';
import { text } from './server/device.ts';
import { FieldSite } from './server/field-site.ts';
import { Cluster, newId } from './server/world.ts';

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

describe('enrolling a field key', () => {
  it('takes a key whose holder has shown to hold it, once', async () => {
    const { body } = site.newKey(site.wang.person);
    const first = await site.wang.person.call('enrolFieldKey', {}, body);
    expect(first).toMatchObject({
      status: 201,
      body: { id: body.id, state: 'active', label: 'Laptop', role: 'technician' },
    });
    expect((await site.wang.person.call('enrolFieldKey', {}, body)).body).toEqual(first.body);
    const { body: other } = site.newKey(site.wang.person);
    expect(await site.wang.person.call('enrolFieldKey', {}, { ...other, id: body.id })).toMatchObject({
      code: 'exists-with-different-body',
      field: 'id',
    });
    await site.wang.person.call('revokeFieldKey', { id: body.id }, { reason: 'tidy up' });
  });

  it('refuses a proof for another person, by another key, or changed', async () => {
    const { body, secret, publicKey } = site.newKey(site.wang.person);
    const proofFor = (personId: string) => text(softwareSigner(secret).sign(fieldKeyProofBytes(personId, publicKey)));
    for (const proof of [proofFor(site.li.person.id), site.newKey(site.wang.person).body.proof, 'A'.repeat(86)]) {
      expect(await site.wang.person.call('enrolFieldKey', {}, { ...body, proof })).toMatchObject({
        code: 'bad-signature',
        field: 'proof',
      });
    }
  });

  it.each([
    ['a point of small order', new Uint8Array(32)],
    ['no point of the curve', Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 2 : 0))],
    ['too short', new Uint8Array(31).fill(9)],
  ])('refuses %s as a key', async (_name, publicKey) => {
    const { body } = site.newKey(site.wang.person);
    const reply = await site.wang.person.call('enrolFieldKey', {}, { ...body, publicKey: text(publicKey) });
    expect(reply).toMatchObject({ status: 400, code: 'bad-request', field: 'publicKey' });
  });

  it('a key belongs to one person, also after it was revoked', async () => {
    const { body, secret, publicKey } = site.newKey(site.li.person);
    await site.li.person.call('enrolFieldKey', {}, body);
    await site.li.person.call('revokeFieldKey', { id: body.id }, { reason: 'tidy up' });
    const proof = text(softwareSigner(secret).sign(fieldKeyProofBytes(site.wang.person.id, publicKey)));
    const stolen = await site.wang.person.call('enrolFieldKey', {}, { ...body, id: newId(), proof });
    expect(stolen).toMatchObject({ status: 409, code: 'already-exists', field: 'publicKey' });
  });

  it('five in use are the most', async () => {
    const chen = await site.merchantPerson('chen2', site.merchantId);
    for (let count = 0; count < 5; count++) await site.enrol(chen);
    const { body } = site.newKey(chen);
    expect(await chen.call('enrolFieldKey', {}, body)).toMatchObject({
      status: 409,
      code: 'too-many-keys',
      field: 'publicKey',
    });
    const { items } = (await chen.call('listFieldKeys')).body;
    await chen.call('revokeFieldKey', { id: items[0]?.id ?? '' }, { reason: 'old phone' });
    expect((await chen.call('enrolFieldKey', {}, body)).status).toBe(201);
  });

  it('two at once count both', async () => {
    const person = await site.world.person('many', 'technician');
    const bodies = Array.from({ length: 8 }, () => site.newKey(person).body);
    const replies = await Promise.all(bodies.map((body) => person.call('enrolFieldKey', {}, body)));
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(5);
  });
});

describe('who sees and revokes keys', () => {
  it('everybody their own; the office anybody’s', async () => {
    const own = (await site.li.person.call('listFieldKeys', {}, undefined, `?personId=${site.wang.person.id}`)).body;
    expect(own.items.every((key) => key.person.id === site.li.person.id)).toBe(true);
    const query = `?personId=${site.wang.person.id}`;
    const seen = (await site.lin.call('listFieldKeys', {}, undefined, query)).body;
    expect(seen.items.map((key) => key.id)).toContain(site.wang.keyId);
    const foreign = await site.li.person.call('revokeFieldKey', { id: site.wang.keyId }, { reason: 'why not' });
    expect(foreign.code).toBe('not-found');
  });

  it('lists come in pages', async () => {
    const first = (await site.lin.call('listFieldKeys', {}, undefined, '?limit=3')).body;
    expect(first.items).toHaveLength(3);
    const rest = (await site.lin.call('listFieldKeys', {}, undefined, `?limit=200&cursor=${first.nextCursor ?? ''}`))
      .body;
    const all = (await site.lin.call('listFieldKeys', {}, undefined, '?limit=200')).body;
    expect([...first.items, ...rest.items]).toEqual(all.items);
  });

  it('a revoked key takes its delegations along, as technician’s and as second’s', async () => {
    const terminals = [await site.terminal(), await site.terminal()] as const;
    const mine = await site.ready([terminals[0]]);
    const waiting = site.wish([terminals[1]]);
    await site.wang.person.call('askDelegation', {}, waiting);
    const revoked = await site.zhou.call('revokeFieldKey', { id: site.li.keyId }, { reason: 'phone lost' });
    expect(revoked.body).toMatchObject({ state: 'revoked', revokedBy: { id: site.zhou.id } });
    expect((await mine.view()).body).toMatchObject({ state: 'revoked', revokedReason: 'phone lost' });
    expect((await site.lin.call('getDelegation', { id: waiting.id })).body.state).toBe('revoked');
    const again = site.wish([terminals[1]]);
    expect((await site.wang.person.call('askDelegation', {}, again)).body.refusal?.code).toBe('cool-down');
    site.world.nowMs += 13 * 3_600_000;
    const later = { ...again, id: newId() };
    expect((await site.wang.person.call('askDelegation', {}, later)).body.refusal?.code).toBe('second-not-active');
    expect(await site.world.acts(`person:${site.li.person.id}`)).toContain('field-key.revoked');
  });

  it('revoking twice is revoking once', async () => {
    const { rows } = await site.world.server.context.store.pool.query('select epoch from revocation_counter');
    await site.zhou.call('revokeFieldKey', { id: site.li.keyId }, { reason: 'phone lost' });
    const after = await site.world.server.context.store.pool.query('select epoch from revocation_counter');
    expect(after.rows).toEqual(rows);
  });
});
