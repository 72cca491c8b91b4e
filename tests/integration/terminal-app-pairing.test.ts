import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { App, AppBench, AppKey, callRoute, IdentityDevice } from './terminal-app/bench.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;
let bench: AppBench;

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await AppBench.start(cluster);
});
afterAll(async () => {
  await bench.close();
  await cluster.stop();
});

const minute = 60_000;

describe('an activation code', () => {
  it('pairs an app with its terminal, once, and the story is in the log', async () => {
    const { id, device } = await bench.terminal();
    const code = await bench.code(id);
    expect(code).toMatch(/^[2-9A-HJKMNP-TV-Z]{8}$/);
    const paired = await bench.pair(device, new AppKey(), code);
    expect(paired).toMatchObject({ status: 201, body: { terminalId: id, merchantName: '桂园物业' } });
    expect(await bench.pair(device, new AppKey(), code)).toMatchObject({ code: 'expired', field: 'code' });
    expect(await bench.world.acts(`terminal:${id}`)).toEqual([
      'terminal.registered',
      'terminal-app.code-made',
      'terminal-app.paired',
    ]);
  });

  it('may be sent again with the same key while it lasts: an answer may be lost', async () => {
    const { id, device } = await bench.terminal();
    const code = await bench.code(id);
    const key = new AppKey();
    const first = await bench.pair(device, key, code);
    expect(first.status).toBe(201);
    expect((await bench.pair(device, key, code)).body).toEqual(first.body);
    expect(await bench.pair(device, new AppKey(), code)).toMatchObject({ code: 'expired' });
    expect((await bench.world.acts(`terminal:${id}`)).filter((act) => act === 'terminal-app.paired')).toHaveLength(1);
    await bench.pair(device, new AppKey(), await bench.code(id));
    expect(await bench.pair(device, key, code), 'another app has followed').toMatchObject({ code: 'expired' });
    const late = await bench.code(id);
    await bench.pair(device, key, late);
    bench.world.nowMs += 15 * minute;
    expect(await bench.pair(device, key, late)).toMatchObject({ code: 'expired' });
  });

  it('is nowhere in the database', async () => {
    const { id } = await bench.terminal();
    const code = await bench.code(id);
    const { pool } = bench.world.server.context.store;
    const { rows } = await pool.query<{ row: string }>(
      `select a::text as row from activation_codes a union all select x::text from audit x`,
    );
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.filter(({ row }) => row.includes(code))).toEqual([]);
    const hex = Buffer.from(code).toString('hex');
    expect(rows.filter(({ row }) => row.includes(hex))).toEqual([]);
  });

  it('is over after a quarter of an hour, and a new one ends the old', async () => {
    const { id, device } = await bench.terminal();
    const late = await bench.code(id);
    bench.world.nowMs += 15 * minute;
    expect(await bench.pair(device, new AppKey(), late)).toMatchObject({ code: 'expired' });
    const first = await bench.code(id);
    const second = await bench.code(id);
    expect(await bench.pair(device, new AppKey(), first)).toMatchObject({ code: 'expired' });
    expect((await bench.pair(device, new AppKey(), second)).status).toBe(201);
  });

  it('is not good for another terminal', async () => {
    const [own, other] = [await bench.terminal(), await bench.terminal()];
    const code = await bench.code(own.id);
    expect(await bench.pair(other.device, new AppKey(), code)).toMatchObject({ code: 'expired' });
    expect((await bench.pair(own.device, new AppKey(), code)).status).toBe(201);
  });

  it('dies after ten wrong tries', async () => {
    const other = await AppBench.start(cluster);
    const { id, device } = await other.terminal();
    const code = await other.code(id);
    for (let tries = 0; tries < 10; tries += 1) {
      expect(await other.pair(device, new AppKey(), 'ABCDEFGH')).toMatchObject({ code: 'expired' });
    }
    expect(await other.pair(device, new AppKey(), code)).toMatchObject({ code: 'expired' });
    expect(await other.world.acts(`terminal:${id}`)).toContain('terminal-app.code-dead');
    await other.close();
  });

  it('cannot be guessed through from one address: pairing is limited', async () => {
    const other = await AppBench.start(cluster);
    const { device } = await other.terminal();
    const codes: (string | undefined)[] = [];
    for (let tries = 0; tries < 31; tries += 1) codes.push((await other.pair(device, new AppKey(), 'ABCDEFGH')).code);
    expect(codes.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 'expired'));
    expect(codes[30]).toBe('rate-limited');
    await other.close();
  });
});

describe('the device’s statement', () => {
  it.each<[string, (parts: { statement: string; signature: string }) => object, string, string]>([
    ['another code inside', () => ({ code: 'BBBBBBBB' }), 'bad-request', 'code'],
    ['no statement', () => ({ statement: 'AAAA' }), 'bad-request', 'statement'],
    [
      'a signature over something else',
      ({ signature }) => ({ signature: `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}` }),
      'bad-signature',
      'signature',
    ],
    [
      'another app’s key',
      () => ({ publicKey: Buffer.from(new AppKey().publicKey).toString('base64url') }),
      'bad-request',
      'publicKey',
    ],
    [
      'a key that is no point of the curve',
      () => ({ publicKey: Buffer.from([4, ...new Uint8Array(64).fill(7)]).toString('base64url') }),
      'bad-request',
      'publicKey',
    ],
  ])('%s is refused, and the code stays good', async (_name, change, error, field) => {
    const { id, device } = await bench.terminal();
    const code = await bench.code(id);
    const key = new AppKey();
    const publicKey = Buffer.from(key.publicKey).toString('base64url');
    const stated = device.state(key.publicKey, code);
    const body = { code, publicKey, ...stated, ...change(stated) };
    expect(await callRoute(bench.world, 'pairApp', { body })).toMatchObject({ code: error, field });
    expect((await bench.pair(device, key, code)).status).toBe(201);
  });

  it('of a device that is not registered, or stolen, pairs nothing', async () => {
    const { id, device } = await bench.terminal();
    const code = await bench.code(id);
    await bench.operator.call('changeTerminal', { id }, { stolen: true });
    expect(await bench.pair(device, new AppKey(), code)).toMatchObject({ code: 'not-in-state' });
    expect(await bench.pair(new IdentityDevice(), new AppKey(), code)).toMatchObject({ code: 'unknown-terminal' });
  });
});

describe('an app', () => {
  it('signs in with its own key; a nonce works once, for a minute', async () => {
    const app = await bench.app();
    expect((await app.call('appHome')).status).toBe(200);
    const nonce = await app.nonce();
    expect((await app.signIn(nonce)).status).toBe(200);
    expect(await app.signIn(nonce)).toMatchObject({ status: 401, field: 'nonce' });
    const old = await app.nonce();
    bench.world.nowMs += minute;
    expect(await app.signIn(old)).toMatchObject({ status: 401, field: 'nonce' });
  });

  it('with another key, another’s nonce or a changed one is nobody', async () => {
    const app = await bench.app();
    expect(await app.signIn(await app.nonce(), new AppKey())).toMatchObject({ status: 401, field: 'signature' });
    const forged = Buffer.alloc(32, 1).toString('base64url');
    expect(await app.signIn(forged)).toMatchObject({ status: 401, field: 'nonce' });
    const later = await app.nonce();
    const earlier = Buffer.from(later, 'base64url');
    earlier[5] = (earlier[5] ?? 0) ^ 1;
    expect(await app.signIn(earlier.toString('base64url'))).toMatchObject({ status: 401, field: 'nonce' });
    expect((await app.signIn(later)).status).toBe(200);
  });

  it('two sign-ins with one nonce at once: one wins', async () => {
    const app = await bench.app();
    const nonce = await app.nonce();
    const replies = await Promise.all([app.signIn(nonce), app.signIn(nonce), app.signIn(nonce)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  it('has a token for twelve hours that nobody can change, also after a restart', async () => {
    const app = await bench.app();
    await bench.world.restart();
    expect((await app.call('appHome')).status).toBe(200);
    const right = app.token;
    const bytes = Buffer.from(right, 'base64url');
    for (const at of [0, 16, 30]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      app.token = changed.toString('base64url');
      expect((await app.call('appHome')).status).toBe(401);
    }
    app.token = right;
    bench.world.nowMs += 12 * 3_600_000;
    expect((await app.call('appHome')).status).toBe(401);
    expect((await app.signIn()).status).toBe(200);
  });

  it('is replaced by the next pairing, and refused at once', async () => {
    const terminal = await bench.terminal();
    const first = await bench.app(terminal);
    expect((await first.call('appHome')).status).toBe(200);
    const second = await bench.app(terminal);
    expect((await first.call('appHome')).status).toBe(401);
    expect((await first.signIn()).status).toBe(401);
    expect((await second.call('appHome')).status).toBe(200);
  });

  it('is revoked by the office, refused at once, and only by an operator', async () => {
    const app = await bench.app();
    expect((await bench.approver.call('revokeApp', { id: app.terminalId }, {})).code).toBe('forbidden');
    expect((await app.call('appHome')).status).toBe(200);
    expect((await bench.operator.call('revokeApp', { id: app.terminalId }, {})).status).toBe(200);
    expect((await app.call('appHome')).status).toBe(401);
    expect((await bench.operator.call('revokeApp', { id: app.terminalId }, {})).code).toBe('not-found');
    expect(await bench.world.acts(`terminal:${app.terminalId}`)).toContain('terminal-app.revoked');
  });

  it('a token of one app is not good for another terminal’s things', async () => {
    const [own, other] = [await bench.app(), await bench.app()];
    const order = await bench.paidOrder(own);
    expect((await own.call('appOrder', { id: order.id })).status).toBe(200);
    for (const name of ['appOrder', 'appReceipts', 'appCancelOrder'] as const)
      expect(await other.call(name, { id: order.id })).toMatchObject({ status: 404 });
    const refund = { id: order.id, reason: 'mine' };
    expect(await other.call('appRefund', { id: order.id }, refund)).toMatchObject({ status: 404 });
    const nobody = new App(bench.world, new AppKey(), { appId: own.appId, terminalId: own.terminalId });
    expect((await nobody.call('appHome')).status).toBe(401);
  });
});

describe('the mailbox of a phone’s link', () => {
  const link = `/api/link/${'m'.repeat(22)}`;
  const put = (headers: Record<string, string>): Promise<Response> =>
    fetch(bench.world.server.url + link, { method: 'PUT', headers, body: JSON.stringify({ hello: 'h'.repeat(88) }) });

  it('opens for an app that is signed in, for nobody else, and phones reach it by socket', async () => {
    const app = await bench.app();
    expect((await put({})).status).toBe(401);
    expect((await put({ ...app.headers, origin: 'https://evil.example' })).status).toBe(403);
    expect((await put(app.headers)).status).toBe(200);
    const phone = new WebSocket(`${bench.world.server.url.replace('http', 'ws')}${link}/socket?as=phone`);
    const word = await new Promise<string>((done) => {
      phone.onmessage = ({ data }) => done(String(data));
    });
    expect(JSON.parse(word)).toEqual({ hello: 'h'.repeat(88) });
    expect(bench.world.server.context.relay.guestAddress('m'.repeat(22), app.terminalId)).toBe('127.0.0.1');
    phone.close();
  });
});
