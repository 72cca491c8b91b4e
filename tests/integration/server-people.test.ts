import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, newId, type Person, totpSecrets, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let lin: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await World.start(cluster);
  lin = await world.person('lin', 'operator', totpSecrets.zhou);
});
afterEach(() => world.close());

const password = 'correct horse battery';

function post(path: string, body: unknown, cookie = ''): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    origin: world.server.url,
    ...(cookie === '' ? {} : { cookie }),
  };
  return fetch(world.server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}
const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

async function invited(email: string, role = 'technician'): Promise<string> {
  const confirm = await world.confirm(lin);
  const invitation = await lin.call('invitePerson', {}, { email, name: 'New', role, confirm });
  expect(invitation.status).toBe(201);
  return new URL(invitation.body.link).pathname.split('/').at(-1) ?? '';
}

describe('invitations', () => {
  it('lead to a password, a session and TOTP; the link works once', async () => {
    const token = await invited('new@test.invalid');
    const seen = await fetch(`${world.server.url}/api/invitations/${token}`);
    expect(await seen.json()).toMatchObject({ email: 'new@test.invalid', role: 'technician' });
    expect((await post(`/api/invitations/${token}`, { password })).status).toBe(200);
    expect((await post(`/api/invitations/${token}`, { password })).status).toBe(404);
    const signedIn = await post('/api/auth/sign-in/email', { email: 'new@test.invalid', password });
    expect(signedIn.status).toBe(200);
    const cookie = cookieOf(signedIn);
    const enabled = await post('/api/auth/two-factor/enable', { password }, cookie);
    const { totpURI } = (await enabled.json()) as { totpURI: string };
    const secret = new URL(totpURI).searchParams.get('secret') ?? '';
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const verified = await post('/api/auth/two-factor/verify-totp', { code }, cookie);
    expect(verified.status).toBe(200);
    const me = await fetch(`${world.server.url}/api/me`, { headers: { cookie: cookieOf(verified) } });
    expect(await me.json()).toMatchObject({ email: 'new@test.invalid', role: 'technician', totp: true });
  });

  it('give rights, so each needs a second factor of this moment', async () => {
    const body = { email: 'more@test.invalid', name: 'New', role: 'approver' };
    expect(await lin.call('invitePerson', {}, body)).toMatchObject({ status: 403, code: 'factor-needed' });
    const wrong = { id: newId(), factor: { kind: 'totp', code: '000000' } };
    expect((await lin.call('invitePerson', {}, { ...body, confirm: wrong })).code).toBe('factor-wrong');
    expect((await lin.call('listPeople')).body.items.map(({ name }) => name)).toEqual(['lin']);
    const confirm = await world.confirm(lin);
    const made = await lin.call('invitePerson', {}, { ...body, confirm });
    expect(made.status).toBe(201);
    const params = { id: made.body.person.id };
    expect((await lin.call('reinvitePerson', params, { confirm })).code, 'a code works once').toBe('factor-wrong');
    expect((await lin.call('reinvitePerson', params, {})).code).toBe('factor-needed');
    expect((await lin.call('reinvitePerson', params, { confirm: await world.confirm(lin) })).status).toBe(201);
  });

  it('are over after 72 hours', async () => {
    const token = await invited('late@test.invalid');
    world.nowMs += 73 * 3_600_000;
    expect((await post(`/api/invitations/${token}`, { password })).status).toBe(404);
  });

  it('an address is invited once; strangers cannot sign up', async () => {
    await invited('twice@test.invalid');
    const again = await lin.call('invitePerson', {}, { email: 'Twice@test.invalid', name: 'New', role: 'technician' });
    expect(again).toMatchObject({ status: 409, code: 'already-exists', field: 'email' });
    const signUp = await post('/api/auth/sign-up/email', { email: 'me@test.invalid', password, name: 'Me' });
    expect(signUp.status).toBe(400);
  });

  it('an invited person who has not accepted cannot sign in', async () => {
    await invited('wait@test.invalid');
    expect((await post('/api/auth/sign-in/email', { email: 'wait@test.invalid', password })).status).toBe(401);
  });
});

describe('accounts', () => {
  it('a disabled account loses its sessions and cannot come back', async () => {
    const token = await invited('gone@test.invalid');
    await post(`/api/invitations/${token}`, { password });
    const cookie = cookieOf(await post('/api/auth/sign-in/email', { email: 'gone@test.invalid', password }));
    const { items } = (await lin.call('listPeople')).body;
    const id = items.find((person) => person.email === 'gone@test.invalid')?.id ?? '';
    expect((await lin.call('changePerson', { id }, { disabled: true })).body.state).toBe('disabled');
    const fresh = await fetch(`${world.server.url}/api/auth/get-session?disableCookieCache=true`, {
      headers: { cookie },
    });
    expect(await fresh.json()).toBeNull();
    expect((await post('/api/auth/sign-in/email', { email: 'gone@test.invalid', password })).status).not.toBe(200);
  });

  it('nobody can raise their own role, not even through the sign-in library', async () => {
    const wang = await world.person('wang', 'technician');
    const response = await fetch(`${world.server.url}/api/auth/update-user`, {
      method: 'POST',
      headers: { ...wang.headers(), 'content-type': 'application/json', origin: world.server.url },
      body: JSON.stringify({ name: 'Wang', role: 'operator', state: 'active' }),
    });
    expect(response.status).toBe(400);
    expect((await wang.call('me')).body.role).toBe('technician');
    expect((await lin.call('changePerson', { id: lin.id }, { role: 'approver' })).code).toBe('same-person');
  });

  it('ten wrong passwords a minute, then wait', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 12; count++) {
      statuses.push(
        (
          await post('/api/auth/sign-in/email', {
            email: 'lin@test.invalid',
            password: `wrong-password-${String(count)}`,
          })
        ).status,
      );
    }
    // The library counts in the process, so sign-ins of the tests before this one count too.
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    expect(statuses.slice(-2)).toEqual([429, 429]);
  });

  it('without demo mode there is no door', async () => {
    const plain = await World.start(cluster, { demo: undefined });
    try {
      const response = await fetch(`${plain.server.url}/api/demo/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'lin@test.invalid' }),
      });
      expect(response.status).toBe(404);
      expect((await fetch(`${plain.server.url}/api/demo`)).status).toBe(404);
      expect((await fetch(`${plain.server.url}/healthz`)).headers.get('content-security-policy')).not.toContain('ws:');
    } finally {
      await plain.close();
    }
  });

  it('demo mode opens no account outside its own domain', async () => {
    const other = await World.start(cluster, {
      demo: { terminals: [], worldUrl: 'http://localhost/', accountDomain: 'demo.invalid' },
    });
    try {
      const person = {
        name: 'real',
        email: 'real@test.invalid',
        role: 'approver',
        password: 'a long enough password',
      } as const;
      await other.server.context.services.people.ensurePerson({ ...person, totpSecret: 'KRUWY3DLMVSXAZLSIRSW23ZR' });
      await other.server.context.services.people.ensurePerson({
        name: 'demo',
        email: 'one@demo.invalid',
        role: 'technician',
      });
      const listed = (await (await fetch(`${other.server.url}/api/demo`)).json()) as { accounts: { email: string }[] };
      expect(listed.accounts.map(({ email }) => email)).toEqual(['one@demo.invalid']);
      const response = await fetch(`${other.server.url}/api/demo/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: person.email }),
      });
      expect(response.status).toBe(404);
    } finally {
      await other.close();
    }
  });

  it('over https the cookies are secure', async () => {
    const secure = await World.start(cluster, { publicUrl: 'https://till.example' });
    try {
      await secure.server.context.services.people.ensurePerson({
        name: 'a',
        email: 'a@test.invalid',
        role: 'operator',
      });
      const response = await fetch(`${secure.server.url}/api/demo/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'a@test.invalid' }),
      });
      expect(response.headers.getSetCookie().every((line) => /; Secure/.test(line) && /; HttpOnly/.test(line))).toBe(
        true,
      );
      expect(response.headers.get('strict-transport-security')).toContain('max-age');
    } finally {
      await secure.close();
    }
  });
});

describe('registry and tickets', () => {
  it('registers once, refuses a serial that exists, finds by search, pages', async () => {
    const merchant = { id: newId(), name: 'East Gate', contact: '', address: '' };
    expect((await lin.call('createMerchant', {}, merchant)).status).toBe(201);
    expect((await lin.call('createMerchant', {}, merchant)).status).toBe(201);
    expect((await lin.call('createMerchant', {}, { ...merchant, name: 'West' })).code).toBe(
      'exists-with-different-body',
    );
    for (let n = 0; n < 5; n++) await world.site(undefined);
    const first = await lin.call('listTerminals', {}, undefined, '?limit=3');
    const second = await lin.call('listTerminals', {}, undefined, `?limit=3&cursor=${first.body.nextCursor ?? ''}`);
    expect(new Set([...first.body.items, ...second.body.items].map((item) => item.id)).size).toBe(5);
    expect(second.body.nextCursor).toBeUndefined();
    expect(first.body.counts).toMatchObject({ total: 5, unknown: 5 });
    const found = await lin.call('listTerminals', {}, undefined, `?search=${first.body.items[0]?.serial ?? ''}`);
    expect(found.body.items).toHaveLength(1);
    expect((await lin.call('listTerminals', {}, undefined, '?search=%25')).body.items).toHaveLength(0);
  });

  it('tickets: claimed once, assigned by the office, closed by their technician', async () => {
    const wang = await world.person('wang', 'technician');
    const li = await world.person('li', 'technician');
    const { ticketId } = await world.site(undefined);
    const claims = await Promise.all([wang, li].map((person) => person.call('claimTicket', { id: ticketId })));
    expect(claims.map((claim) => claim.status).sort()).toEqual([200, 409]);
    expect((await lin.call('assignTicket', { id: ticketId }, { assigneeId: li.id })).body.assignee?.name).toBe('li');
    expect((await lin.call('assignTicket', { id: ticketId }, { assigneeId: lin.id })).field).toBe('assigneeId');
    expect((await wang.call('closeTicket', { id: ticketId }, { outcome: '' })).code).toBe('ticket-not-yours');
    expect((await li.call('closeTicket', { id: ticketId }, { outcome: 'done' })).body.state).toBe('closed');
    expect((await wang.call('listTickets', {}, undefined, '?mine=true')).body.items).toHaveLength(0);
  });
});

describe('live events', () => {
  it('tell of a change within a second, across two servers of one database', async () => {
    const wang = await world.person('wang', 'technician');
    const site = await world.site(wang);
    const { startServer } = await import('../../server/start.ts');
    const keys = { ...world.server.context.config };
    const second = await startServer({ ...keys, port: 0 });
    const cookie = wang.headers()['cookie'] ?? '';
    const stream = await fetch(`${second.url}/api/events`, { headers: { cookie } });
    const reader = (stream.body ?? new ReadableStream<Uint8Array>()).getReader();
    const decoder = new TextDecoder();
    const id = newId();
    site.device.trip('drop');
    const asked = site.device.ask();
    await wang.call(
      'createUnlock',
      {},
      { id, ticketId: site.ticketId, sealedRequest: asked.sealedRequest, requestBytes: asked.requestBytes },
    );
    let seen = '';
    while (!seen.includes(id)) seen += decoder.decode((await reader.read()).value, { stream: true });
    expect(seen).toContain(`event: unlock\ndata: {"id":"${id}"}`);
    await second.close();
  });
});

describe('the built app', () => {
  it('pages get index.html, unknown files 404, hashed files stay cached', async () => {
    const folder = mkdtempSync(join(cluster.folder, 'static-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>app');
    writeFileSync(join(folder, 'assets/app-1a2b.js'), 'export {}');
    const app = await World.start(cluster, { staticDir: folder });
    const get = (path: string, accept = '*/*') => fetch(app.server.url + path, { headers: { accept } });
    try {
      expect(await (await get('/technician/tickets/1', 'text/html')).text()).toContain('app');
      expect((await get('/technician/tickets/1')).status).toBe(404);
      expect((await get('/assets/gone.js', 'text/html')).status).toBe(404);
      expect((await get('/api/nowhere', 'text/html')).status).toBe(404);
      expect((await get('/assets/app-1a2b.js')).headers.get('cache-control')).toContain('immutable');
      expect((await get('/index.html')).headers.get('cache-control')).toBe('no-cache');
      expect((await get('/..%2f..%2fkeys.json')).status).toBe(404);
      expect((await get('/%2e%2e/keys.json')).status).toBe(404);
    } finally {
      await app.close();
    }
  });
});
