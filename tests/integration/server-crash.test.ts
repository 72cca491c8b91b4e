import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UnlockCase } from '../../protocol/http/unlocks.ts';
import { verifyAuditChain } from '../../server/audit/verify.ts';
import { Cluster, newId, type Person, type Site, World } from './server/world.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cluster.stop();
});

const program = fileURLToPath(new URL('./server/kill-server.ts', import.meta.url));
const terminals = 200;
const perTechnician = 10;
const children: ChildProcess[] = [];

interface Prepared {
  readonly site: Site;
  readonly technician: Person;
  readonly body: { id: string; ticketId: string; sealedRequest: string; requestBytes: number };
}

async function startChild(dataDir: string, databaseUrl: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, dataDir, databaseUrl], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const url = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (chunk: Buffer) => {
      done(chunk.toString().trim());
    });
    child.once('exit', () => {
      fail(new Error('the server ended at start'));
    });
  });
  return { child, url };
}

async function prepare(world: World): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  for (let index = 0; index < terminals / perTechnician; index++) {
    const technician = await world.person(`technician-${String(index)}`, 'technician');
    for (let count = 0; count < perTechnician; count++) {
      const site = await world.site(technician);
      site.device.trip(count % 2 === 0 ? 'drop' : 'pin-tries');
      const { sealedRequest, requestBytes } = site.device.ask();
      prepared.push({ site, technician, body: { id: newId(), ticketId: site.ticketId, sealedRequest, requestBytes } });
    }
  }
  return prepared;
}

/** Sends one request to the child; `undefined` when the connection broke. */
async function post(url: string, one: Prepared): Promise<UnlockCase | undefined> {
  const headers = { ...one.technician.headers(), 'content-type': 'application/json' };
  try {
    const response = await fetch(`${url}/api/unlocks`, { method: 'POST', headers, body: JSON.stringify(one.body) });
    return response.ok ? ((await response.json()) as UnlockCase) : undefined;
  } catch {
    return undefined;
  }
}

describe('kill -9 in the middle of 200 concurrent unlocks', () => {
  it('each grant is usable exactly once or void, and the audit has no gap', async () => {
    const dataDir = mkdtempSync(join(cluster.folder, 'killed-'));
    const world = await World.start(cluster, { dataDir });
    const prepared = await prepare(world);
    const first = await startChild(dataDir, world.databaseUrl);
    let answered = 0;
    const answers = prepared.map(async (one) => {
      const answer = await post(first.url, one);
      if (answer !== undefined && (answered += 1) === terminals / 4) first.child.kill('SIGKILL');
      return answer;
    });
    const before = await Promise.all(answers);
    const heard = before.filter((answer) => answer !== undefined).length;
    expect(heard).toBeGreaterThanOrEqual(terminals / 4);
    expect(heard, 'the kill must come in the middle').toBeLessThan(terminals);

    await world.restart();
    const second = await startChild(dataDir, world.databaseUrl);
    const after = await Promise.all(prepared.map((one) => post(second.url, one)));
    const nowSeconds = Math.floor(Date.now() / 1000);
    for (const [index, one] of prepared.entries()) {
      const sealed = after[index]?.grant?.sealed ?? '';
      const heardBefore = before[index]?.grant?.sealed;
      if (heardBefore !== undefined) expect(sealed).toBe(heardBefore);
      const receipt = one.site.device.useGrant(sealed, nowSeconds);
      expect(() => one.site.device.useGrant(sealed, nowSeconds)).toThrow();
      const posted = await one.technician.call('submitReceipt', { id: one.body.id }, { receipt });
      expect(posted.body).toMatchObject({ id: one.body.id, grant: { state: 'POSTED', late: false } });
    }
    const { pool } = world.server.context.store;
    const { rows } = await pool.query<{ state: string; n: number }>(
      'select state, count(*) as n from grants group by state',
    );
    expect(rows).toEqual([{ state: 'POSTED', n: terminals }]);
    await world.server.context.sequencer.drain();
    const chain = await verifyAuditChain(pool);
    const acts = await pool.query<{ n: number }>(`select count(*) as n from audit where act = 'unlock.asked'`);
    expect(chain).toMatchObject({ waiting: 0 });
    expect(chain.brokenAt).toBeUndefined();
    expect(acts.rows[0]?.n).toBe(terminals);
    second.child.kill('SIGTERM');
    await world.close();
  });
});

describe('the audit', () => {
  it('has no gap under 50 writers and two sequencing servers', async () => {
    const world = await World.start(cluster);
    const other = await startChild(world.server.context.config.dataDir, world.databaseUrl);
    const lin = await world.person('lin', 'operator');
    const site = await world.site(undefined);
    const change = async (index: number): Promise<void> => {
      const base = index % 2 === 0 ? world.server.url : other.url;
      const headers = { ...lin.headers(), 'content-type': 'application/json' };
      const body = JSON.stringify({ place: `row ${String(index)}` });
      const response = await fetch(`${base}/api/terminals/${site.terminalId}`, { method: 'PATCH', headers, body });
      expect(response.status).toBe(200);
    };
    for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 50 }, (_, index) => change(index)));
    const { pool } = world.server.context.store;
    await world.server.context.sequencer.drain();
    const { rows } = await pool.query<{ seq: number }>('select seq from audit order by seq');
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
    expect((await verifyAuditChain(pool)).brokenAt).toBeUndefined();
    expect(rows.length).toBeGreaterThanOrEqual(200);
    other.child.kill('SIGTERM');
    await world.close();
  });

  it('follows an act within a moment by itself', async () => {
    const world = await World.start(cluster);
    await world.site(undefined);
    const lin = await world.person('lin', 'operator');
    await expect
      .poll(async () => (await lin.call('audit')).body.items.every((record) => record.sequence !== undefined), {
        timeout: 5_000,
        interval: 20,
      })
      .toBe(true);
    await world.close();
  });

  it('cannot be changed or emptied, and a change behind its back shows', async () => {
    const world = await World.start(cluster);
    await world.site(undefined);
    await world.server.context.sequencer.drain();
    const { pool } = world.server.context.store;
    await expect(pool.query(`update audit set act = 'x'`)).rejects.toThrow(/never changed/);
    await expect(pool.query('update audit set seq = seq + 1')).rejects.toThrow(/never changed/);
    await expect(pool.query('delete from audit')).rejects.toThrow(/never changed/);
    await expect(pool.query('truncate audit')).rejects.toThrow(/never changed/);
    await pool.query('alter table audit disable trigger audit_append_only');
    await pool.query(`update audit set facts = '{"forged":true}' where seq = 2`);
    expect((await verifyAuditChain(pool)).brokenAt).toBe(2);
    await world.close();
  });
});
