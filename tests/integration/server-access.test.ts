import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles, type Role } from '../../protocol/http/common.ts';
import { endpoints, routePath, type RouteName } from '../../protocol/http/paths.ts';
import type { RouteSpec } from '../../protocol/http/route-spec.ts';
import { routes } from '../../protocol/http/routes.ts';
import { Cluster, newId, type Person, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let people: Record<Role, Person>;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster);
  const entries = await Promise.all(roles.map(async (role) => [role, await personOf(role)] as const));
  people = Object.fromEntries(entries) as Record<Role, Person>;
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

/** A merchant's person belongs to a merchant, or has nothing to see. */
function personOf(role: Role): Promise<Person> {
  return world.person(role, role, undefined, role === 'merchant' ? world.merchantId : undefined);
}

const names = Object.keys(endpoints) as RouteName[];
const params = {
  ...{ id: newId(), photoId: newId(), token: 'x'.repeat(43), receiptNo: 'TK-261124-000001' },
  ...{ accountId: newId(), keyId: newId(), limitId: newId() },
  ...{ tariffId: newId(), versionId: newId(), meterId: newId(), billId: newId(), runId: newId() },
};

async function status(name: RouteName, headers: Record<string, string>): Promise<number> {
  const [method] = endpoints[name];
  const controller = new AbortController();
  const response = await fetch(world.server.url + routePath(name, params), {
    method,
    headers,
    signal: controller.signal,
  });
  controller.abort();
  return response.status;
}

/** Whether a person with this role may call; terminals and API keys are no persons, and a session is nothing to them. */
function isForRole({ access }: RouteSpec, role: Role): boolean {
  return access === 'public' || access === 'any' || (Array.isArray(access) && access.includes(role));
}

function isForBearers({ access }: RouteSpec): boolean {
  return access === 'terminal' || (typeof access === 'string' && access.includes(':'));
}

describe('each endpoint × each role', () => {
  const rows = names.flatMap((name) => roles.map((role) => [name, role] as const));
  it.each(rows)('%s as %s', async (name, role) => {
    const spec: RouteSpec = routes[name];
    const got = await status(name, people[role].headers());
    if (isForRole(spec, role)) expect([401, 403]).not.toContain(got);
    else expect(got).toBe(isForBearers(spec) ? 401 : 403);
  });

  it.each(names.filter((name) => isForBearers(routes[name])))(
    '%s with a bearer token that nobody gave',
    async (name) => {
      const forged = Buffer.from(crypto.getRandomValues(new Uint8Array(54))).toString('base64url');
      for (const token of [forged, `tk_${forged.slice(0, 43)}`, 'x']) {
        expect(await status(name, { authorization: `Bearer ${token}` })).toBe(401);
      }
    },
  );

  it.each(names)('%s as nobody', async (name) => {
    const { access }: RouteSpec = routes[name];
    const got = await status(name, {});
    if (access === 'public') expect([401, 403]).not.toContain(got);
    else expect(got).toBe(401);
  });
});

describe('malformed input', () => {
  const post = async (name: RouteName, role: Role, body: string, type = 'application/json') => {
    const [method] = endpoints[name];
    const headers = { ...people[role].headers(), 'content-type': type };
    const response = await fetch(world.server.url + routePath(name, params), { method, headers, body });
    return {
      status: response.status,
      error: ((await response.json()) as { error: { code: string; field?: string } }).error,
    };
  };
  const unlock = { id: newId(), ticketId: newId(), sealedRequest: 'AAAA', requestBytes: 149 };

  it.each<[RouteName, Role, unknown, string]>([
    ['createUnlock', 'technician', { ...unlock, id: 'x' }, 'id'],
    ['createUnlock', 'technician', { ...unlock, ticketId: 7 }, 'ticketId'],
    ['createUnlock', 'technician', { ...unlock, sealedRequest: '+/=' }, 'sealedRequest'],
    ['createUnlock', 'technician', { ...unlock, sealedRequest: 'A'.repeat(2_000) }, 'sealedRequest'],
    ['createUnlock', 'technician', { ...unlock, requestBytes: 1.5 }, 'requestBytes'],
    ['createUnlock', 'technician', { ...unlock, extra: 1 }, 'extra'],
    ['createUnlock', 'technician', { ...unlock, inspection: { sealFound: '' } }, 'inspection.sealFound'],
    ['createUnlock', 'technician', null, 'body'],
    ['createUnlock', 'technician', 'text', 'body'],
    ['decideUnlock', 'approver', { decision: 'perhaps', reason: 'because' }, 'decision'],
    ['decideUnlock', 'approver', { decision: 'approve', reason: 'x' }, 'reason'],
    [
      'decideUnlock',
      'approver',
      { decision: 'approve', reason: 'fine', factor: { kind: 'totp', code: '12' } },
      'factor.code',
    ],
    ['submitReceipt', 'technician', { receipt: 'A'.repeat(5_000) }, 'receipt'],
    ['submitInspection', 'technician', { screenNumber: '12' }, 'sealFound'],
    [
      'registerTerminal',
      'operator',
      { id: newId(), merchantId: newId(), label: 'a', serial: 'b', model: 'c', place: '', seal: 's', deviceId: 'zz' },
      'deviceId',
    ],
    ['invitePerson', 'operator', { email: 'nobody', name: 'a', role: 'technician' }, 'email'],
    ['invitePerson', 'operator', { email: 'a@b.cn', name: 'a', role: 'king' }, 'role'],
    ['acceptInvitation', 'technician', { password: 'short' }, 'password'],
  ])('%s as %s names the field', async (name, role, body, field) => {
    expect(await post(name, role, JSON.stringify(body))).toMatchObject({
      status: 400,
      error: { code: 'bad-request', field },
    });
  });

  it('not JSON, another type, too large, a bad id, a bad query', async () => {
    expect((await post('createUnlock', 'technician', '{')).error.field).toBe('body');
    expect((await post('createUnlock', 'technician', '{}', 'text/plain')).error.field).toBe('content-type');
    expect((await post('createUnlock', 'technician', ' '.repeat(20_000))).status).toBe(413);
    const bad = await fetch(`${world.server.url}/api/unlocks/1`, { headers: people.technician.headers() });
    expect(await bad.json()).toMatchObject({ error: { code: 'bad-request', field: 'id' } });
    const query = await fetch(`${world.server.url}/api/unlocks?limit=0`, { headers: people.technician.headers() });
    expect(await query.json()).toMatchObject({ error: { code: 'bad-request', field: 'limit' } });
  });

  it('a changing call from another site', async () => {
    const call = (headers: Record<string, string>) =>
      fetch(`${world.server.url}/api/tickets`, {
        method: 'POST',
        headers: { ...people.technician.headers(), ...headers },
        body: '{}',
      });
    expect((await call({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await call({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await call({ origin: world.server.url, 'content-type': 'application/json' })).status).toBe(400);
  });
});

describe('the document', () => {
  it('describes every route with its body and answer', async () => {
    const document = (await (await fetch(`${world.server.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<string, { operationId: string; requestBody?: unknown; responses: Record<string, unknown> }>
      >;
    };
    expect(document.openapi).toBe('3.1.0');
    for (const name of names) {
      const [method, path] = endpoints[name];
      const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect(operation?.operationId, name).toBe(name);
      expect(operation?.requestBody === undefined, name).toBe(!('body' in routes[name]));
    }
  });

  it('knows every route that the server answers', () => {
    const table = new Set(names.map((name) => endpoints[name].join(' ')));
    expect(table.size).toBe(names.length);
  });
});

it('answers carry the security headers, and errors are JSON', async () => {
  const response = await fetch(`${world.server.url}/api/nowhere`);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(response.headers.get('content-security-policy')).toContain('ws://localhost:*');
  expect(response.headers.get('permissions-policy')).toContain('serial=(self)');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await response.json()).toMatchObject({ error: { code: 'not-found' } });
});
