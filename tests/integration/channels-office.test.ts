import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signCertificate } from '../../mock-server/platforms/frame/certificate.ts';
import type { ChannelAccount, ChannelDefinition } from '../../server/channels/channel.ts';
import { createKeyUse } from '../../server/services/channels/key-use.ts';
import { raiseKeyEnds } from '../../server/services/channels/key-ends.ts';
import { toyChannel, ToyPlatform } from './payments/toy-platform.ts';
import { Cluster, newId, type Person, totpSecrets, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let operator: Person;
let approver: Person;

const label = { zh: '私钥', en: 'Private key' };
/** A channel with one setting and two keys, as the real ones have them. */
const demanding: ChannelDefinition = {
  ...toyChannel('strict', new ToyPlatform(() => 0)),
  fields: [
    { name: 'appId', in: 'config', isSecret: false, isOptional: false, label: { zh: '应用号', en: 'App id' } },
    { name: 'merchant-private', in: 'key', isSecret: true, isOptional: false, label },
    { name: 'platform-public', in: 'key', isSecret: false, isOptional: true, label },
  ],
  checkConfig: (account: ChannelAccount) => {
    if (account.config['appId'] === undefined) return 'appId';
    const own = account.keys.filter(({ purpose }) => purpose === 'merchant-private');
    return own.length > 0 && own.every(({ material }) => material.includes('PRIVATE KEY'))
      ? undefined
      : 'merchant-private';
  },
};

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster, { channels: [demanding, toyChannel('toy-a', new ToyPlatform(() => 0))] });
  operator = await world.person('op', 'operator', totpSecrets.zhou);
  approver = await world.person('ap', 'approver');
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

/** Adds a key as the office does, with a second factor. */
async function addKey(where: ReturnType<typeof place>, body: object) {
  const factor = { kind: 'totp', code: await world.code(operator) };
  return operator.call('addKey', where, { ...body, factor });
}

const privatePem = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

/** A self-signed certificate that ends after `days` of the world's clock. */
function certificatePem(days: number): string {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const name = [['CN', 'Platform Root']] as const;
  return signCertificate(
    {
      ...{ serial: 0x0a1b2cn, subject: name, issuer: name, publicKey, isAuthority: true },
      ...{ notBeforeMs: world.nowMs - 86_400_000, notAfterMs: world.nowMs + days * 86_400_000 },
    },
    privateKey,
  );
}

/** A merchant of its own for each test. */
async function merchant(): Promise<string> {
  const id = newId();
  await operator.call('createMerchant', {}, { id, name: `店 ${id.slice(-6)}`, contact: '', address: '' });
  return id;
}

async function account(merchantId: string, config: Record<string, string> = { appId: 'wx1' }): Promise<string> {
  const id = newId();
  const body = { id, channel: 'strict', platformMerchantId: '1900001', config, feePpm: 3_800 };
  const made = await operator.call('createAccount', { id: merchantId }, body);
  expect(made).toMatchObject({ status: 201, body: { state: 'paused', feePpm: 3_800 } });
  return id;
}

const place = (merchantId: string, accountId: string) => ({ id: merchantId, accountId });

describe('accounts', () => {
  it('the office’s form is made from the channels’ own data', async () => {
    const { items } = (await approver.call('listChannels')).body;
    expect(items.map(({ code }) => code)).toEqual(['strict', 'toy-a']);
    expect(items[0]?.fields.map(({ name, in: where, isSecret }) => [name, where, isSecret])).toEqual([
      ['appId', 'config', false],
      ['merchant-private', 'key', true],
      ['platform-public', 'key', false],
    ]);
  });

  it('takes payments only once nothing of it is missing, and names what is', async () => {
    const shop = await merchant();
    const id = await account(shop, {});
    const change = (body: object) => operator.call('changeAccount', place(shop, id), { ...body });
    expect(await change({ state: 'active' })).toMatchObject({ status: 400, field: 'appId' });
    expect((await change({ config: { appId: 'wx1' } })).body).toMatchObject({ fault: 'merchant-private' });
    expect(await change({ state: 'active' })).toMatchObject({ status: 400, field: 'merchant-private' });
    const key = { id: newId(), purpose: 'merchant-private', keyId: 'SERIAL1', material: privatePem() };
    expect((await addKey(place(shop, id), key)).status).toBe(201);
    const active = await change({ state: 'active' });
    expect(active.body).toMatchObject({ state: 'active' });
    expect(active.body.fault).toBeUndefined();
    expect(await change({ config: {} })).toMatchObject({ status: 400, field: 'appId' });
    expect((await change({ state: 'paused', config: {} })).status).toBe(200);
  });

  it('a key needs a second factor, and says when it was last used', async () => {
    const shop = await merchant();
    const id = await account(shop);
    const key = { id: newId(), purpose: 'merchant-private', keyId: 'SERIAL1', material: privatePem() };
    expect(await operator.call('addKey', place(shop, id), key)).toMatchObject({ code: 'factor-needed' });
    const wrong = { ...key, factor: { kind: 'totp', code: '000000' } };
    expect(await operator.call('addKey', place(shop, id), wrong)).toMatchObject({ code: 'factor-wrong' });
    expect((await addKey(place(shop, id), key)).status).toBe(201);
    expect((await operator.call('addKey', place(shop, id), key)).status, 'the same key again').toBe(201);
    const keysOf = async () => (await operator.call('listAccounts', { id: shop })).body.items[0]?.keys ?? [];
    expect((await keysOf())[0]?.lastUsedAt).toBeUndefined();
    const use = createKeyUse(world.server.context.core);
    use(id);
    await expect.poll(async () => (await keysOf())[0]?.lastUsedAt).toBe(new Date(world.nowMs).toISOString());
    const old = { id: newId(), purpose: 'merchant-private', keyId: 'SERIAL2', material: privatePem() };
    expect((await addKey(place(shop, id), old)).status).toBe(201);
    world.nowMs += 3_600_000;
    use(id);
    const used = async () => (await keysOf()).map(({ keyId, lastUsedAt }) => [keyId, lastUsedAt]);
    const now = new Date(world.nowMs).toISOString();
    await expect.poll(used, { message: 'only the key in use' }).toEqual([
      ['SERIAL2', now],
      ['SERIAL1', new Date(world.nowMs - 3_600_000).toISOString()],
    ]);
  });

  it.each<[string, object, string, string]>([
    ['an unknown channel', { channel: 'no-such' }, 'bad-request', 'channel'],
    ['a setting that the channel does not have', { config: { shoe: '42' } }, 'bad-request', 'config.shoe'],
    ['a fee above a tenth', { feePpm: 100_001 }, 'bad-request', 'feePpm'],
    ['a platform number with a space', { platformMerchantId: 'a b' }, 'bad-request', 'platformMerchantId'],
  ])('%s is refused with its field', async (_name, body, code, field) => {
    const shop = await merchant();
    const base = { id: newId(), channel: 'strict', platformMerchantId: '19' };
    expect(await operator.call('createAccount', { id: shop }, { ...base, ...body })).toMatchObject({ code, field });
  });

  it('one account a channel and merchant; the same id again is the same account', async () => {
    const shop = await merchant();
    const body = { id: newId(), channel: 'strict', platformMerchantId: '19' };
    expect((await operator.call('createAccount', { id: shop }, body)).status).toBe(201);
    expect((await operator.call('createAccount', { id: shop }, body)).status).toBe(201);
    const other = { ...body, platformMerchantId: '20' };
    expect((await operator.call('createAccount', { id: shop }, other)).code).toBe('exists-with-different-body');
    expect(await operator.call('createAccount', { id: shop }, { ...body, id: newId() })).toMatchObject({
      code: 'already-exists',
      field: 'channel',
    });
    expect((await operator.call('createAccount', { id: newId() }, { ...body, id: newId() })).code).toBe('not-found');
  });

  it('approvers read and do not write; merchants and technicians see nothing', async () => {
    const shop = await merchant();
    const id = await account(shop);
    expect((await approver.call('listAccounts', { id: shop })).body.items).toHaveLength(1);
    expect((await approver.call('changeAccount', place(shop, id), { state: 'paused' })).code).toBe('forbidden');
    const own = await world.person(`m-${shop}`, 'merchant', undefined, shop);
    expect((await own.call('listAccounts', { id: shop })).code).toBe('forbidden');
  });
});

describe('keys', () => {
  it('are sealed, shown without their material, and opened for the channel only', async () => {
    const shop = await merchant();
    const id = await account(shop);
    const material = privatePem();
    const added = await addKey(place(shop, id), {
      id: newId(),
      purpose: 'merchant-private',
      material,
    });
    expect(added.body.keys).toMatchObject([
      { purpose: 'merchant-private', isSecret: true, facts: { kind: 'private-key', algorithm: 'RSA 2048' } },
    ]);
    const middle = material.split('\n')[5] ?? '';
    expect(middle.length).toBeGreaterThan(30);
    const everything = JSON.stringify([added.body, (await operator.call('listAccounts', { id: shop })).body]);
    expect(everything).not.toContain(middle);
    const { pool } = world.server.context.store;
    const { rows } = await pool.query<{ row: string; sealed: Buffer }>(
      'select k::text as row, k.sealed from channel_keys k where account_id = $1',
      [id],
    );
    expect(rows[0]?.row).not.toContain(middle);
    expect(rows[0]?.sealed.includes(Buffer.from(middle))).toBe(false);
    expect((await world.acts(`merchant:${shop}`)).slice(-1)).toEqual(['channel-key.added']);
  });

  it('a certificate brings its name, serial and end; the answer to a look keeps nothing', async () => {
    const pem = certificatePem(400);
    const facts = (await operator.call('inspectKey', {}, { material: pem })).body;
    expect(facts).toMatchObject({
      kind: 'certificate',
      algorithm: 'RSA 2048',
      subject: 'Platform Root',
      serial: '0A1B2C',
    });
    expect(facts.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect((await operator.call('inspectKey', {}, { material: 'a plain secret' })).body).toEqual({ kind: 'text' });
    const shop = await merchant();
    const id = await account(shop);
    const added = await addKey(place(shop, id), {
      id: newId(),
      purpose: 'platform-public',
      material: pem,
    });
    expect(added.body.keys[0]).toMatchObject({ keyId: '0A1B2C', notAfter: facts.notAfter, isSecret: false });
    expect(added.body.keys[0]?.warning).toBeUndefined();
  });

  it.each<[string, (pem: string) => object, string]>([
    ['a purpose that the channel does not have', (material) => ({ purpose: 'shoe', material }), 'purpose'],
    ['half a PEM', (pem) => ({ purpose: 'merchant-private', material: pem.slice(0, 400) }), 'material'],
    ['a private key in a public place', (material) => ({ purpose: 'platform-public', material }), 'material'],
    [
      'a certificate in a secret place',
      () => ({ purpose: 'merchant-private', material: certificatePem(9) }),
      'material',
    ],
    ['nothing', () => ({ purpose: 'merchant-private', material: '  ' }), 'material'],
  ])('%s is refused with its field', async (_name, body, field) => {
    const shop = await merchant();
    const id = await account(shop);
    const reply = await addKey(place(shop, id), { id: newId(), ...body(privatePem()) });
    expect(reply).toMatchObject({ status: 400, field });
  });

  it('rotate: the new one beside the old, then the old one goes; the last one cannot while payments run', async () => {
    const shop = await merchant();
    const id = await account(shop);
    const [first, second] = [newId(), newId()];
    const add = (keyId: string, name: string) =>
      addKey(place(shop, id), {
        id: keyId,
        purpose: 'merchant-private',
        keyId: name,
        material: privatePem(),
      });
    await add(first, 'ONE');
    await operator.call('changeAccount', place(shop, id), { state: 'active' });
    const retire = (keyId: string) => operator.call('retireKey', { ...place(shop, id), keyId }, {});
    expect(await retire(first)).toMatchObject({ status: 409, code: 'not-in-state', field: 'merchant-private' });
    expect((await operator.call('listAccounts', { id: shop })).body.items[0]?.keys[0]?.state).toBe('active');
    world.nowMs += 1_000;
    await add(second, 'TWO');
    expect((await add(newId(), 'TWO')).code).toBe('already-exists');
    const during = (await operator.call('listAccounts', { id: shop })).body.items[0]?.keys ?? [];
    expect(during.map(({ keyId, use }) => [keyId, use])).toEqual([
      ['TWO', 'now'],
      ['ONE', 'reserve'],
    ]);
    const retired = await retire(first);
    expect(retired.body.keys.map(({ keyId, state }) => [keyId, state])).toEqual([
      ['TWO', 'active'],
      ['ONE', 'retired'],
    ]);
    const wrong = { id: newId(), purpose: 'merchant-private', keyId: 'BAD', material: 'not a key' };
    expect(await addKey(place(shop, id), wrong)).toMatchObject({
      status: 400,
      field: 'merchant-private',
    });
  });

  it('an alarm comes 30 and 7 days before the end, once each, and not while a longer one is there', async () => {
    const shop = await merchant();
    const id = await account(shop);
    const { core } = world.server.context;
    const kinds = async () => {
      await raiseKeyEnds(core);
      const { items } = await world.server.context.services.alarms.list({ limit: 100 });
      return items
        .filter(({ kind, subject }) => kind === 'channel-key-ends' && subject === `merchant:${shop}`)
        .map(({ severity, facts }) => [severity, facts['days']]);
    };
    const add = async (days: number) =>
      addKey(place(shop, id), {
        ...{ id: newId(), purpose: 'platform-public', keyId: `K${String(days)}` },
        material: certificatePem(days),
      });
    await add(40);
    expect(await kinds()).toEqual([]);
    world.nowMs += 11 * 86_400_000;
    expect((await operator.call('listAccounts', { id: shop })).body.items[0]?.keys[0]).toMatchObject({
      endsInDays: 29,
      warning: 'near',
    });
    expect(await kinds()).toEqual([['warn', 30]]);
    expect(await kinds()).toEqual([['warn', 30]]);
    world.nowMs += 23 * 86_400_000;
    expect(await kinds()).toEqual([
      ['stop', 7],
      ['warn', 30],
    ]);
    await add(10);
    await add(300);
    expect(await kinds()).toHaveLength(2);
  });
});

describe('limits', () => {
  it('are set, changed, rested, and say what of them is used', async () => {
    const shop = await merchant();
    const id = newId();
    const made = await operator.call(
      'createLimit',
      { id: shop },
      { id, channel: 'toy-a', window: 'day', maxFen: 500_000 },
    );
    expect(made).toMatchObject({ status: 201, body: { usedFen: 0, usedCount: 0, isActive: true, maxFen: 500_000 } });
    const day = new Date(world.nowMs + 8 * 3_600_000).toISOString().slice(0, 10);
    await world.server.context.store.pool.query(
      `insert into limit_buckets (rule_id, window_start, reserved_fen, committed_fen, reserved_count, committed_count)
       values ($1, $2, 100, 31200, 1, 3)`,
      [id, day],
    );
    const change = (body: object) => operator.call('changeLimit', { id: shop, limitId: id }, { ...body });
    expect((await change({ maxFen: 600_000 })).body).toMatchObject({ maxFen: 600_000, usedFen: 31_300, usedCount: 4 });
    expect((await change({ maxCount: 20, maxFen: null })).body.maxFen).toBeUndefined();
    expect(await change({ maxCount: null })).toMatchObject({ status: 400, field: 'maxFen' });
    expect((await change({ isActive: false })).body.isActive).toBe(false);
    expect((await world.acts(`merchant:${shop}`)).filter((act) => act.startsWith('limit.'))).toEqual([
      'limit.created',
      ...Array.from({ length: 3 }, () => 'limit.changed'),
    ]);
  });

  it.each<[string, object, string]>([
    ['nothing to hold to', {}, 'maxFen'],
    ['a count of one payment', { window: 'transaction', maxFen: 1, maxCount: 2 }, 'maxCount'],
    ['an unknown channel', { channel: 'no-such', maxFen: 1 }, 'channel'],
    ['a terminal of somebody else', { terminalId: newId(), maxFen: 1 }, 'terminalId'],
    ['half a fen', { maxFen: 1.5 }, 'maxFen'],
    ['no money', { maxFen: 0 }, 'maxFen'],
  ])('%s is refused with its field', async (_name, body, field) => {
    const shop = await merchant();
    const base = { id: newId(), channel: 'toy-a', window: 'day' };
    expect(await operator.call('createLimit', { id: shop }, { ...base, ...body })).toMatchObject({
      status: 400,
      field,
    });
  });
});

describe('start-up code', () => {
  it('makes an account and a limit once, whole and taking payments', async () => {
    const shop = await merchant();
    const { channels } = world.server.context.services;
    const material = privatePem();
    const seed = {
      ...{ merchantId: shop, channel: 'strict', feePpm: 3_800, priority: 1 },
      account: {
        platformMerchantId: '1900001',
        config: { appId: 'wx1' },
        keys: [{ purpose: 'merchant-private', keyId: 'S1', material }],
      },
    };
    const limit = { merchantId: shop, channel: 'strict', window: 'day' as const, maxFen: 100 };
    const [first, second] = [await channels.ensureAccount(seed), await channels.ensureAccount(seed)];
    expect(second).toBe(first);
    expect(await channels.ensureLimit(limit)).toBe(await channels.ensureLimit(limit));
    const { items } = (await operator.call('listAccounts', { id: shop })).body;
    expect(items).toMatchObject([{ id: first, state: 'active', keys: [{ keyId: 'S1' }] }]);
    expect((await operator.call('listLimits', { id: shop })).body.items).toHaveLength(1);
    const broken = { ...seed, merchantId: await merchant(), account: { ...seed.account, keys: [] } };
    await expect(channels.ensureAccount(broken)).rejects.toThrow('merchant-private');
  });
});
