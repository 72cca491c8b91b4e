import { afterEach, describe, expect, test } from 'vitest';
import { sha256 } from '@noble/hashes/sha2.js';
import { isJournalIntact } from '../../../mock-server/terminal/journal.ts';
import { noiseBytes } from '../../../mock-server/terminal/noise-object.ts';
import { lockedBench, makeBench, plugIn } from './bench.ts';
import { call } from './host.ts';
import type { TestHost } from './host.ts';

let host: TestHost | undefined;

afterEach(() => {
  host?.close();
  host = undefined;
});

describe('objects over the cable', () => {
  test('noise of any size comes whole', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    const read = await host.session.readObject('noise-300001', host.now());
    expect(read.ok && Buffer.compare(read.value.bytes, noiseBytes(300_001))).toBe(0);
  });

  test('what was written can be listed and read back, also after a restart', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    const bytes = noiseBytes(200_000, 5);
    expect(await host.session.writeObject(bytes, host.now(), { name: 'backup' })).toMatchObject({ ok: true });
    bench.device.powerOff();
    bench.device.powerOn();
    host = await plugIn(bench.device, 2);
    const { objects } = await call(host, 'transfer.list', {});
    expect(objects.map(([name]) => name)).toEqual(['settings', 'journal', 'noise-65536', 'backup']);
    expect(objects[3]).toEqual(['backup', 200_000, sha256(bytes)]);
    const read = await host.session.readObject('backup', host.now());
    expect(read.ok && Buffer.compare(read.value.bytes, bytes)).toBe(0);
  });

  test('a write that a power cut ended goes on where it was durable', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    const bytes = noiseBytes(1_000_000, 5);
    const target = bench.device.supply.steps + 12;
    bench.device.supply.plan = { beforeWrite: (step) => step === target };
    const writing = host.session.writeObject(bytes, host.now(), { name: 'backup' });
    await expect.poll(() => bench.device.firmware).toBeUndefined();
    bench.device.supply.plan = {};
    bench.device.powerOn();
    host.session.open(host.now(), 2);
    expect(await writing).toMatchObject({ ok: false });
    await expect.poll(() => host?.session.state).toBe('open');
    const asked = { direction: 1, name: 'backup', sizeBytes: bytes.length, sha256: sha256(bytes), have: [] };
    const { have, transferId } = await call(host, 'transfer.open', asked);
    const kept = have.reduce((sum, [from, to]) => sum + to - from, 0);
    expect(kept).toBeGreaterThanOrEqual(4 * 65_536);
    expect(kept).toBeLessThan(bytes.length);
    await call(host, 'transfer.close', { transferId });
    expect(await host.session.writeObject(bytes, host.now(), { name: 'backup' })).toMatchObject({ ok: true });
    const read = await host.session.readObject('backup', host.now());
    expect(read.ok && Buffer.compare(read.value.bytes, bytes)).toBe(0);
  });

  test('a locked device gives its journal and nothing else', async () => {
    const bench = await lockedBench();
    ({ host } = bench);
    const journal = await host.session.readObject('journal', host.now());
    expect(journal.ok).toBe(true);
    expect(await host.session.readObject('settings', host.now())).toMatchObject({ ok: false, error: 'not-in-state' });
    const write = host.session.writeObject(new Uint8Array(10), host.now(), { name: 'backup' });
    expect(await write).toMatchObject({ ok: false, error: 'not-in-state' });
  });

  test('the journal read in pieces is one intact chain that ends at the head of lock.status', async () => {
    const bench = await lockedBench();
    ({ host } = bench);
    for (let i = 0; i < 200; i++) bench.device.trip('drop');
    const { logHead } = await call(host, 'lock.status', {});
    const records: Uint8Array[] = [];
    for (let from = 0, isMore = true; isMore;) {
      const part = await call(host, 'journal.read', { fromSequence: from, maxRecords: 32 });
      records.push(...part.records);
      isMore = part.records.length > 0;
      from = part.nextSequence;
    }
    expect(records).toHaveLength(128);
    expect(isJournalIntact(records, logHead)).toBe(true);
    expect(isJournalIntact([...records.slice(0, 50), ...records.slice(51)], logHead)).toBe(false);
    expect(isJournalIntact(records.slice(0, -1), logHead)).toBe(false);
  });
});

describe('the other services', () => {
  test('health tells paper, cell and drops as they are', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    bench.device.refillPaper(200);
    expect(await call(host, 'diagnose.health', {})).toMatchObject({ paper: 'low', cellMillivolts: 3020, dropCount: 0 });
    bench.device.refillPaper(0);
    bench.device.trip('drop');
    expect(await call(host, 'diagnose.health', {})).toMatchObject({ paper: 'out', dropCount: 1 });
  });

  test('printing appears on the paper; without paper it is refused', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    await call(host, 'print.lines', { lines: ['一', 'two'] });
    const paper = bench.device.firmware?.printer.paper;
    expect(paper).toEqual([
      { text: '一', isLast: false },
      { text: 'two', isLast: true },
    ]);
    bench.device.refillPaper(6);
    const refused = host.session.request('print.lines', { lines: ['three', 'four'] }, host.now());
    expect(await refused).toMatchObject({ ok: false, error: 'refused', detail: 'out-of-paper' });
  });

  test('shown lines cover the screen for their time', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    await call(host, 'display.show', { lines: ['hello'], seconds: 5 });
    expect(bench.device.screen?.shown).toEqual(['hello']);
    bench.clock.pass(5);
    expect(bench.device.screen?.shown).toEqual([]);
  });

  test('config.read gives the parameters and their digest', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    const { parameters, digest } = await call(host, 'config.read', {});
    expect(JSON.parse(parameters)).toMatchObject({ currency: 'CNY', terminalLabel: 'G3-01' });
    expect(digest).toEqual(sha256(new TextEncoder().encode(parameters)));
  });

  test('a change of state is told by itself', async () => {
    const bench = makeBench();
    host = await plugIn(bench.device);
    const told: unknown[] = [];
    host.session.onEvent((event) => told.push(event));
    bench.device.trip('case');
    await expect.poll(() => told.length).toBeGreaterThan(0);
    expect(told[0]).toEqual({ name: 'state.changed', body: { state: 'LOCKED', lockEpoch: 2, reasons: 1 } });
  });
});
