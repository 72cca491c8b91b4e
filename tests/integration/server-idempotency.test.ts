import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routePath } from '../../protocol/http/paths.ts';
import { createIdempotencyService, fingerprintOf, sweepIdempotency } from '../../server/services/idempotency.ts';
import { Cluster, jpeg, newId, type Person, type Site, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let wang: Person;
let site: Site;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster);
  wang = await world.person('wang', 'technician');
  site = await world.site(wang);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly echo: string | null;
  readonly replayed: string | null;
}

async function send(
  person: Person,
  path: string,
  key: string | undefined,
  body: unknown,
  more: { method?: string; headers?: Record<string, string>; raw?: Uint8Array<ArrayBuffer> } = {},
): Promise<Sent> {
  const headers = {
    ...person.headers(),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    'content-type': 'application/json',
    ...more.headers,
  };
  const sent = more.raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(world.server.url + path, {
    method: more.method ?? 'POST',
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  const { headers: got, status } = response;
  return {
    status,
    text: await response.text(),
    echo: got.get('idempotency-key'),
    replayed: got.get('idempotency-replayed'),
  };
}

function ticket(note = 'a') {
  return { id: newId(), terminalId: site.terminalId, note };
}

async function rows(key: string): Promise<number> {
  const { pool } = world.server.context.store;
  const { rows: found } = await pool.query('select 1 from idempotency where key = $1', [key]);
  return found.length;
}

async function ticketsOf(id: string): Promise<number> {
  const { pool } = world.server.context.store;
  return (await pool.query('select 1 from tickets where id = $1', [id])).rows.length;
}

const path = '/api/tickets';

describe('the same key', () => {
  it('with the same call gives the same answer, byte for byte, and its key', async () => {
    const [key, body] = [newId(), ticket()];
    const first = await send(wang, path, key, body);
    expect(first).toMatchObject({ status: 201, echo: key, replayed: null });
    // The world moves on; the kept answer does not.
    await wang.call('closeTicket', { id: body.id }, { outcome: 'nothing to do' });
    expect(await send(wang, path, key, body)).toEqual({ ...first, replayed: 'true' });
  });

  it('with another body, path or method is refused', async () => {
    const [key, body] = [newId(), ticket()];
    await send(wang, path, key, body);
    const other = await send(wang, path, key, { ...body, note: 'b' });
    expect(other).toMatchObject({ status: 422, echo: key });
    expect(JSON.parse(other.text)).toMatchObject({ error: { code: 'key-reused' } });
    const elsewhere = await send(wang, routePath('claimTicket', { id: body.id }), key, undefined);
    expect(elsewhere.status).toBe(422);
  });

  it('of another person is another key', async () => {
    const li = await world.person('li', 'technician');
    const [key, body] = [newId(), ticket()];
    await send(wang, path, key, body);
    const theirs = await send(li, path, key, ticket());
    expect(theirs).toMatchObject({ status: 201, replayed: null });
  });

  it('sent twice at once is done once', async () => {
    const [key, body] = [newId(), ticket()];
    const sent = await Promise.all(Array.from({ length: 8 }, () => send(wang, path, key, body)));
    for (const { status } of sent) expect([201, 409]).toContain(status);
    const done = sent.filter(({ status }) => status === 201);
    expect(done.length).toBeGreaterThanOrEqual(1);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    for (const { text } of sent.filter(({ status }) => status === 409))
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'in-progress' } });
    expect(await ticketsOf(body.id)).toBe(1);
    expect((await send(wang, path, key, body)).text).toBe(done[0]?.text);
  });

  it('works for photos, bytes and kind included', async () => {
    const caseId = newId();
    const photoPath = routePath('putPhoto', { id: caseId, photoId: newId() });
    const [key, photo] = [newId(), jpeg()];
    const put = (raw: Uint8Array<ArrayBuffer>, kind: string): Promise<Sent> =>
      send(wang, photoPath, key, undefined, {
        ...{ method: 'PUT', raw },
        headers: { 'content-type': 'image/jpeg', 'x-photo-kind': kind },
      });
    const first = await put(photo, 'rear');
    expect(first.status).toBe(200);
    expect(await put(photo, 'rear')).toEqual({ ...first, replayed: 'true' });
    expect((await put(jpeg(), 'rear')).status).toBe(422);
    expect((await put(photo, 'seal')).status).toBe(422);
  });
});

describe('a process that dies', () => {
  it('before its answer is kept frees the key after half a minute, and nothing happens twice', async () => {
    const [key, body] = [newId(), ticket()];
    // What a crash after the commit leaves: the ticket, and a key without an answer.
    expect((await send(wang, path, undefined, body)).status).toBe(201);
    const fingerprint = fingerprintOf('POST', path, '', Buffer.from(JSON.stringify(body)));
    const service = createIdempotencyService(world.server.context.core);
    expect(await service.begin({ actorId: wang.id, key, fingerprint })).toEqual({ is: 'run' });
    expect(await send(wang, path, key, body)).toMatchObject({ status: 409, echo: key });
    world.nowMs += 29_000;
    expect((await send(wang, path, key, body)).status).toBe(409);
    world.nowMs += 1_000;
    const after = await send(wang, path, key, body);
    expect(after).toMatchObject({ status: 201, replayed: null });
    expect(await ticketsOf(body.id)).toBe(1);
    expect((await send(wang, path, key, body)).replayed).toBe('true');
  });
});

describe('what is kept', () => {
  it.each([
    ['a fact', 404, routePath('claimTicket', { id: newId() }), undefined, 1],
    ['a wrong body', 400, path, { id: 'x' }, 1],
    ['what the role may not do, which may change', 403, '/api/merchants', { id: newId(), name: 'x' }, 0],
  ])('%s (%i)', async (_name, status, where, body, kept) => {
    const key = newId();
    const first = await send(wang, where, key, body);
    expect(first).toMatchObject({ status, echo: key });
    expect(await rows(key)).toBe(kept);
    expect((await send(wang, where, key, body)).text).toBe(first.text);
  });

  it('nothing for a call without a session, and the key comes back all the same', async () => {
    const key = newId();
    const response = await fetch(world.server.url + path, { method: 'POST', headers: { 'idempotency-key': key } });
    expect(response.status).toBe(401);
    expect(response.headers.get('idempotency-key')).toBe(key);
    expect(await rows(key)).toBe(0);
  });

  it('nothing for a call without a key', async () => {
    const { pool } = world.server.context.store;
    const before = await pool.query('select count(*) from idempotency');
    expect((await send(wang, path, undefined, ticket())).echo).toBeNull();
    expect((await pool.query('select count(*) from idempotency')).rows).toEqual(before.rows);
  });

  it('an answer is not readable in the database', async () => {
    const [key, body] = [newId(), ticket('a very particular note')];
    await send(wang, path, key, body);
    const { pool } = world.server.context.store;
    const { rows: found } = await pool.query<{ answer: Buffer }>('select answer from idempotency where key = $1', [
      key,
    ]);
    expect(found[0]?.answer.includes('particular')).toBe(false);
  });

  it('a key that is no UUID is refused', async () => {
    expect(await send(wang, path, 'abc', ticket())).toMatchObject({ status: 400, echo: null });
  });

  it('for thirty days', async () => {
    const [key, body] = [newId(), ticket()];
    await send(wang, path, key, body);
    const { core } = world.server.context;
    world.nowMs += 29 * 24 * 3_600_000;
    await sweepIdempotency(core);
    expect(await rows(key)).toBe(1);
    world.nowMs += 2 * 24 * 3_600_000;
    await sweepIdempotency(core);
    expect(await rows(key)).toBe(0);
  });
});

describe('a call that was written down for somebody', () => {
  it('is not done in another session', async () => {
    const li = await world.person('li', 'technician');
    const [key, body] = [newId(), ticket()];
    const theirs = await send(li, path, key, body, { headers: { 'tillkeeper-person': wang.id } });
    expect(theirs).toMatchObject({ status: 401, echo: key });
    expect(await ticketsOf(body.id)).toBe(0);
    const own = await send(wang, path, key, body, { headers: { 'tillkeeper-person': wang.id } });
    expect(own.status).toBe(201);
  });
});
