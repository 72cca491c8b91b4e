import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cosignaturesOf, openCheckpoint } from '../../protocol/log/checkpoint.ts';
import { decodeVkey, encodeVkey } from '../../protocol/log/note.ts';
import { commands } from '../../server/cli/commands.ts';
import { readOrMakeWitnessKey, readWitnessState, type WitnessOptions, witnessOnce } from '../../server/cli/witness.ts';
import { rotateKey, writeKeyFile, readOrMakeKeyFile } from '../../server/keys/key-file.ts';
import { Cluster, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let folder: string;
let options: WitnessOptions;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(cluster.folder, 'witness-'));
  const [stateFile, keyFile] = [join(folder, 'state'), join(folder, 'key')];
  options = {
    logUrl: world.server.url,
    stateFile,
    keyFile,
    name: `w-${folder.slice(-6)}`,
    clock: () => 1_800_000_000_000,
  };
});

async function grow(on: World = world, count = 5): Promise<void> {
  await on.server.context.store.pool.query(
    `insert into audit (id, at, act, subject, facts)
     select gen_random_uuid(), now(), 'test', 'thing', '{}' from generate_series(1, $1)`,
    [count],
  );
  await on.server.context.sequencer.drain();
  await on.server.context.checkpoints.sign();
}

const vkey = (): string => encodeVkey(readOrMakeWitnessKey(options.keyFile, options.name).key);
const evidence = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('a witness', () => {
  it('follows the log as it grows; its cosignature stands on the checkpoint', async () => {
    await world.server.context.services.log.addWitness('Union', vkey());
    await grow();
    expect(await witnessOnce(options)).toMatchObject({ ok: true, value: { from: 0, status: 200 } });
    await grow();
    const round = await witnessOnce(options);
    expect(round).toMatchObject({ ok: true, value: { status: 200 } });
    expect(await witnessOnce(options), 'once more').toMatchObject({ ok: true, value: { status: 200 } });
    const { log } = world.server.context.services;
    const kept = await log.checkpoint();
    const logKey = decodeVkey((await log.keys()).trim());
    const own = decodeVkey(vkey());
    if (!kept.ok || !logKey.ok || !own.ok) throw new Error('unreadable');
    const opened = openCheckpoint(kept.value, [logKey.value]);
    if (!opened.ok) throw new Error(opened.error);
    expect(cosignaturesOf(opened.value.note, [own.value])).toMatchObject([{ timeSeconds: 1_800_000_000 }]);
    const [listed] = (await log.witnesses()).filter(({ vkey: known }) => known === vkey());
    expect(listed).toMatchObject({ label: 'Union', last: { size: opened.value.size } });
  });

  it('is not heard unless it is registered, and cosigns nothing else’s', async () => {
    await grow();
    expect(await witnessOnce(options)).toMatchObject({ ok: true, value: { status: 403 } });
    const post = (body: unknown) =>
      fetch(`${world.server.url}/api/log/cosignatures`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await post({ size: 1, line: 'x' })).status).toBe(400);
    expect((await post({ size: 1, line: 'x'.repeat(401) })).status).toBe(400);
    expect((await post({ size: 1.5, line: 'x' })).status).toBe(400);
  });

  it('keeps two small files whatever the log’s size', async () => {
    for (let round = 0; round < 3; round++) {
      await grow(world, 200);
      await witnessOnce(options);
    }
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThan(3_000);
  });

  it('takes a new key of the log only from a checkpoint that the old one signed too', async () => {
    await grow();
    await witnessOnce(options);
    const before = readWitnessState(options.stateFile)?.logKeys ?? [];
    const { dataDir } = world.server.context.config;
    const path = join(dataDir, 'keys.json');
    writeKeyFile(path, rotateKey(readOrMakeKeyFile(path, world.nowMs), 'log', world.nowMs));
    world.server.context.core.bus.publish({ name: 'keys', id: 'log' });
    await grow();
    expect(await witnessOnce(options)).toMatchObject({ ok: true });
    const after = readWitnessState(options.stateFile)?.logKeys ?? [];
    expect(after).toHaveLength(before.length + 1);
    expect(after).toEqual(expect.arrayContaining(before));
  });
});

describe('a log that contradicts itself', () => {
  /** Two logs with one key and one name, and different histories. */
  async function twin(count: number): Promise<World> {
    const keys = readFileSync(join(world.server.context.config.dataDir, 'keys.json'), 'utf8');
    const other = await World.start(cluster, { keys, logOrigin: new URL(world.server.url).host + '/log' });
    await grow(other, count);
    return other;
  }

  it.each([
    ['forked', 2_000],
    ['rolled-back', 0],
  ] as const)('is caught %s; both checkpoints are kept as evidence, and nothing is signed', async (problem, count) => {
    await grow(world, 100);
    await witnessOnce(options);
    const state = readFileSync(options.stateFile, 'utf8');
    const other = await twin(count);
    const caught = await witnessOnce({ ...options, logUrl: other.server.url });
    expect(caught).toMatchObject({ ok: false, error: problem });
    expect(readFileSync(options.stateFile, 'utf8')).toBe(state);
    const [file = ''] = evidence();
    const kept = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { known: string; shown: string };
    const keys = (await world.server.context.services.log.keys()).trim().split('\n').map(decodeVkey);
    for (const text of [kept.known, kept.shown]) {
      expect(
        openCheckpoint(
          text,
          keys.flatMap((key) => (key.ok ? [key.value] : [])),
        ).ok,
      ).toBe(true);
    }
    const lines: string[] = [];
    const run = commands['witness'];
    const code = await run?.({ dataDir: folder }, [], (line) => lines.push(line), {
      log: other.server.url,
      state: options.stateFile,
      key: [options.keyFile],
      once: true,
    });
    expect(code).toBe(3);
    expect(lines.join('\n')).toMatch(problem === 'forked' ? /FORKED/ : /ROLLED BACK/);
    await other.close();
  });

  it('a checkpoint by a strange key is not taken', async () => {
    await grow();
    await witnessOnce(options);
    const stranger = await World.start(cluster);
    await grow(stranger, 700);
    expect(await witnessOnce({ ...options, logUrl: stranger.server.url })).toMatchObject({ error: 'wrong-key' });
    await stranger.close();
  });
});

describe('answers that are none', () => {
  async function answering(body: string): Promise<{ server: Server; url: string }> {
    const server = createServer((_request, response) => {
      response.end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    return { server, url: `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}` };
  }

  it.each([
    ['empty', ''],
    ['a page', '<html></html>'],
    ['endless', 'x'.repeat(2_000_000)],
  ])('%s: no state, no signature', async (_what, body) => {
    const { server, url } = await answering(body);
    expect((await witnessOnce({ ...options, logUrl: url })).ok).toBe(false);
    expect(existsSync(options.stateFile)).toBe(false);
    server.closeAllConnections();
    server.close();
  });

  it('nobody there', async () => {
    rmSync(options.stateFile, { force: true });
    expect(await witnessOnce({ ...options, logUrl: 'http://127.0.0.1:9' })).toMatchObject({ error: 'no-answer' });
  });
});

describe('witnesses of a log', () => {
  it('are at most eight, and one name has one key', async () => {
    const other = await World.start(cluster);
    const { log } = other.server.context.services;
    const made = (name: string) => encodeVkey(readOrMakeWitnessKey(join(folder, name), name).key);
    for (let count = 0; count < 8; count++)
      expect((await log.addWitness('w', made(`w${String(count)}`))).ok).toBe(true);
    expect(await log.addWitness('w', made('w9'))).toMatchObject({ error: 'too-large' });
    expect(await log.addWitness('w', made('w0'))).toMatchObject({ ok: true });
    rmSync(join(folder, 'w0'));
    expect(await log.addWitness('w', made('w0'))).toMatchObject({ error: 'already-exists' });
    expect(await log.addWitness('w', 'x+1+2')).toMatchObject({ error: 'bad-request' });
    await other.close();
  });
});
