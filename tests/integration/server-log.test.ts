import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64UrlDecode } from '../../protocol/bytes.ts';
import type { UnlockCase } from '../../protocol/http/unlocks.ts';
import { openCheckpoint } from '../../protocol/log/checkpoint.ts';
import { parseEntry } from '../../protocol/log/entry.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../protocol/log/merkle.ts';
import { decodeVkey, type NoteKey } from '../../protocol/log/note.ts';
import { verifyAuditChain } from '../../server/audit/verify.ts';
import { Cluster, newId, type Person, type Site, World } from './server/world.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());

const bytes = (text: string): Uint8Array => base64UrlDecode(text) ?? new Uint8Array(0);

async function settle(world: World): Promise<void> {
  await world.server.context.sequencer.drain();
  await world.server.context.checkpoints.sign();
}

async function logKeys(world: World): Promise<NoteKey[]> {
  const lines = (await (await fetch(`${world.server.url}/api/log/key`)).text()).trim().split('\n');
  return lines.map((line) => {
    const key = decodeVkey(line);
    if (!key.ok) throw new Error(`vkey: ${line}`);
    return key.value;
  });
}

async function checkpoint(world: World) {
  const text = await (await fetch(`${world.server.url}/api/log/checkpoint`)).text();
  const opened = openCheckpoint(text, await logKeys(world));
  if (!opened.ok) throw new Error(`${opened.error}: ${text}`);
  return { text, ...opened.value };
}

async function hashesAt(world: World, path: string): Promise<Uint8Array[]> {
  const response = await fetch(`${world.server.url}/api/log/${path}`);
  if (!response.ok) throw new Error(`${path}: ${String(response.status)}`);
  return ((await response.json()) as { hashes: string[] }).hashes.map(bytes);
}

async function grow(world: World, count: number): Promise<void> {
  const { pool } = world.server.context.store;
  await pool.query(
    `insert into audit (id, at, act, subject, facts)
     select gen_random_uuid(), now(), 'test', 'thing:' || i % 7, jsonb_build_object('i', i) from generate_series(1, $1) i`,
    [count],
  );
  await settle(world);
}

async function unlockByPolicy(technician: Person, site: Site): Promise<UnlockCase> {
  site.device.trip('drop');
  const { sealedRequest, requestBytes } = site.device.ask();
  const body = { id: newId(), ticketId: site.ticketId, sealedRequest, requestBytes };
  return (await technician.call('createUnlock', {}, body)).body;
}

describe('the log', () => {
  it('signs checkpoints that continue each other, and proves every record', async () => {
    const world = await World.start(cluster);
    await settle(world);
    const seen = [await checkpoint(world)];
    for (const count of [1, 15, 300, 1]) {
      await grow(world, count);
      seen.push(await checkpoint(world));
    }
    for (const [i, older] of seen.entries()) {
      for (const newer of seen.slice(i)) {
        const [from, to] = [older.size, newer.size];
        const hashes = await hashesAt(world, `consistency?from=${String(from)}&to=${String(to)}`);
        expect(verifyConsistency({ from, to, fromRoot: older.root, toRoot: newer.root, hashes })).toBe(true);
      }
    }
    const { rows } = await world.server.context.store.pool.query<{ seq: number; leaf: Buffer }>(
      'select seq, leaf from audit order by seq',
    );
    for (const { size, root } of [seen[2], seen.at(-1)].filter((item) => item !== undefined)) {
      for (const { seq, leaf } of rows.filter((row) => row.seq <= size && row.seq % 13 === 1)) {
        const hashes = await hashesAt(world, `inclusion?index=${String(seq - 1)}&size=${String(size)}`);
        expect(verifyInclusion({ index: seq - 1, size, leaf, root, hashes })).toBe(true);
      }
    }
    const report = await verifyAuditChain(world.server.context.store.pool, world.server.context.keys());
    expect(report).toMatchObject({ records: rows.length, waiting: 0 });
    expect(report.checkpoints).toBeGreaterThanOrEqual(seen.length);
    expect(report.brokenAt).toBeUndefined();
    await world.close();
  });

  it.each([
    ['consistency?from=2&to=1', 400],
    ['consistency?from=1&to=99999', 404],
    ['consistency?from=-1&to=1', 400],
    ['consistency?from=1&to=1e0', 400],
    ['inclusion?index=1&size=1', 400],
    ['inclusion?index=0&size=99999', 404],
    ['inclusion?index=0', 400],
  ])('%s → %i', async (path, status) => {
    const world = await shared();
    expect((await fetch(`${world.server.url}/api/log/${path}`)).status).toBe(status);
  });

  it('goes on over a restart, and a checkpoint from before is continued', async () => {
    const world = await World.start(cluster);
    await grow(world, 40);
    const older = await checkpoint(world);
    await world.restart();
    await grow(world, 40);
    const newer = await checkpoint(world);
    const [from, to] = [older.size, newer.size];
    const hashes = await hashesAt(world, `consistency?from=${String(from)}&to=${String(to)}`);
    expect(verifyConsistency({ from, to, fromRoot: older.root, toRoot: newer.root, hashes })).toBe(true);
    await world.close();
  });

  it('takes in records that were numbered before there was a tree', async () => {
    const world = await World.start(cluster);
    await grow(world, 1_200);
    const { pool } = world.server.context.store;
    const before = await verifyAuditChain(pool);
    await pool.query(`
      alter table audit disable trigger all; alter table log_nodes disable trigger all;
      alter table log_checkpoints disable trigger all;
      update audit set leaf = null, prev = null; delete from log_nodes; delete from log_checkpoints;
      alter table audit enable trigger all; alter table log_nodes enable trigger all;
      alter table log_checkpoints enable trigger all`);
    await world.restart();
    await grow(world, 3);
    const after = await verifyAuditChain(world.server.context.store.pool, world.server.context.keys());
    expect(after.brokenAt).toBeUndefined();
    expect(after.records).toBeGreaterThan(before.records);
    expect((await checkpoint(world)).size).toBe(after.records);
    await world.close();
  });

  it.each([
    ['a leaf', `update audit set leaf = set_byte(leaf, 3, 1 + get_byte(leaf, 3) % 200) where seq = 20`, 20],
    [
      'a kept subtree',
      `update log_nodes set hash = set_byte(hash, 0, 1 + get_byte(hash, 0) % 200) where level = 4 and index = 0`,
      16,
    ],
    ['who came before', `update audit set prev = prev + 1 where seq = 30`, 30],
  ])('a change of %s behind its back shows, and nothing is signed over it', async (_what, change, brokenAt) => {
    const world = await World.start(cluster);
    await grow(world, 40);
    const { pool } = world.server.context.store;
    await pool.query(`alter table audit disable trigger all; alter table log_nodes disable trigger all; ${change};
      alter table audit enable trigger all; alter table log_nodes enable trigger all`);
    expect(await verifyAuditChain(pool)).toMatchObject({ brokenAt, why: 'tree' });
    await world.close();
  });

  it('refuses to sign a history that does not continue its last checkpoint', async () => {
    const world = await World.start(cluster);
    await grow(world, 40);
    const { pool } = world.server.context.store;
    const { rows } = await pool.query<{ n: number }>('select count(*) as n from log_checkpoints');
    await pool.query(`alter table audit disable trigger all; alter table log_nodes disable trigger all;
      update log_nodes set hash = sha256('forged') where level = 4 and index = 0;
      alter table audit enable trigger all; alter table log_nodes enable trigger all`);
    await expect(grow(world, 5)).rejects.toThrow('does not continue');
    expect((await pool.query<{ n: number }>('select count(*) as n from log_checkpoints')).rows).toEqual(rows);
    await world.close();
  });

  it('the tables only grow', async () => {
    const world = await shared();
    await grow(world, 40);
    const { pool } = world.server.context.store;
    for (const statement of [
      `update audit set prev = 0 where seq = 1`,
      `update audit set leaf = null, prev = null where seq = 1`,
      `delete from log_nodes`,
      `update log_checkpoints set note = ''`,
      `truncate log_nodes`,
    ]) {
      await expect(pool.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('a case', () => {
  it('carries the proof for its newest record, once a checkpoint covers it', async () => {
    const world = await shared();
    const technician = await world.person('wang', 'technician');
    const site = await world.site(technician);
    const { id } = await unlockByPolicy(technician, site);
    await settle(world);
    const { body } = await technician.call('getUnlock', { id });
    const { proof } = body;
    if (proof === undefined) throw new Error('there is no proof');
    const opened = openCheckpoint(proof.checkpoint, await logKeys(world));
    if (!opened.ok) throw new Error(opened.error);
    const { size, root } = opened.value;
    const leaf = leafHash(bytes(proof.entry));
    expect(verifyInclusion({ index: proof.index, size, leaf, root, hashes: proof.hashes.map(bytes) })).toBe(true);
    const entry = parseEntry(Buffer.from(proof.entry, 'base64url').toString());
    expect(entry).toMatchObject({ seq: proof.index + 1, act: 'unlock.asked', facts: { caseId: id } });
  });
});

let kept: World | undefined;

/** A server for the tests that leave no trace in others. */
async function shared(): Promise<World> {
  kept ??= await World.start(cluster);
  await settle(kept);
  return kept;
}
afterAll(async () => {
  await kept?.close();
});
