import { describe, expect, test } from 'vitest';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../../../protocol/bytes.ts';
import { CancelToken, emptyDraft, type TransferProgress } from '../../../protocol/cable/v1/objects.ts';
import { missingRanges, rangesBytes, type Range } from '../../../protocol/cable/v1/ranges.ts';
import { HostSession } from '../../../protocol/cable/v1/host-session.ts';
import { DeviceSession } from '../../../protocol/cable/v1/device-session.ts';
import { randomBytes, seededRandom, VirtualLine, type LineOptions } from './line.ts';
import { MemoryStore } from './memory-store.ts';
import { openPair, settled, type Pair } from './pair.ts';

const data = randomBytes(200_000, seededRandom(5));
const slow: LineOptions = { bytesPerSecond: 11_520, latencyMs: 4, pieceBytes: 512 };

/** Compares large arrays quickly. */
function expectBytes(got: Uint8Array | undefined, wanted: Uint8Array): void {
  expect(got !== undefined && equalBytes(got, wanted)).toBe(true);
}

/** A new page on the same device and store: what happens after a crash, an unplug or a reload. */
function again(store: MemoryStore, nowMs: number, linkId: number): Pair {
  const host = new HostSession({ linkId });
  const device = new DeviceSession({}, store);
  const line = new VirtualLine(host, device, slow);
  line.nowMs = nowMs;
  host.open(nowMs);
  line.run(() => host.state === 'open', Infinity);
  return { host, device, store, line };
}

describe('section 9.3: an interrupted transfer goes on', () => {
  test.each([1, 2, 3, 4, 5, 6])('from the device, cut at random points (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const draft = emptyDraft('backup');
    const received: Range[] = [];
    const store = new MemoryStore();
    store.objects.set('backup', data);
    let pair = openPair({ there: slow, store });
    for (let attempt = 0; ; attempt++) {
      const held = [...draft.ranges];
      const job = pair.host.readObject('backup', pair.line.nowMs, {
        draft,
        onBlock: (offset, bytes) => {
          expect(held.some(([start, end]) => offset < end && offset + bytes.length > start)).toBe(false);
          received.push([offset, offset + bytes.length]);
        },
      });
      if (attempt < 4) {
        await pair.line.pass(1_000 + random() * 4_000);
        pair.line.cut();
      }
      const result = await settled(pair, job, Infinity);
      if (result.ok) break;
      expect(result.error).toBe('timeout');
      pair = again(store, pair.line.nowMs, 100 + attempt);
    }
    expectBytes(draft.bytes, data);
    expect(rangesBytes(received)).toBe(data.length);
  });

  test.each([1, 2, 3, 4, 5, 6])('to the device, with power cuts at random points (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const store = new MemoryStore();
    let pair = openPair({ there: slow, store });
    for (let attempt = 0; ; attempt++) {
      const durable = store.unfinished.get('restore')?.durable ?? [];
      const firstWrite = store.writes.length;
      const job = pair.host.writeObject(data, pair.line.nowMs, { name: 'restore' });
      if (attempt < 4) {
        await pair.line.pass(1_000 + random() * 4_000);
        pair.line.cut();
        store.powerCut();
      }
      const result = await settled(pair, job, Infinity);
      for (const [start, end] of store.writes.slice(firstWrite)) {
        expect(durable.some((range) => start < range[1] && end > range[0])).toBe(false);
      }
      if (result.ok) break;
      pair = again(store, pair.line.nowMs, 100 + attempt);
    }
    expectBytes(store.objects.get('restore'), data);
  });

  test('a draft whose object has changed on the device starts anew', async () => {
    const pair = openPair({ there: slow });
    pair.store.objects.set('backup', data);
    const draft = {
      ...emptyDraft('backup'),
      sizeBytes: 9,
      sha256: sha256(data),
      bytes: new Uint8Array(9),
      ranges: [[0, 9] as const],
    };
    const result = await settled(pair, pair.host.readObject('backup', pair.line.nowMs, { draft }));
    expectBytes(result.ok ? result.value.bytes : undefined, data);
  });

  test('an unfinished object of another hash is not mixed with the new one', async () => {
    const store = new MemoryStore();
    const first = openPair({ there: slow, store });
    void first.host.writeObject(data, 0, { name: 'restore' });
    await first.line.pass(3_000);
    const other = randomBytes(data.length, seededRandom(6));
    const second = again(store, first.line.nowMs, 9);
    expect(await settled(second, second.host.writeObject(other, 0, { name: 'restore' }))).toMatchObject({ ok: true });
    expectBytes(store.objects.get('restore'), other);
  });
});

describe('section 9: transfers', () => {
  test('progress grows from the ranges that are there to the whole', async () => {
    const pair = openPair({ there: slow });
    const seen: TransferProgress[] = [];
    const job = pair.host.writeObject(data, pair.line.nowMs, { name: 'x', onProgress: (step) => seen.push(step) });
    await settled(pair, job);
    const done = seen.map((step) => step.doneBytes);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.at(-1)).toEqual({ doneBytes: data.length, sizeBytes: data.length, movedBytes: data.length });
  });

  test('a cancelled read stops the device and leaves what arrived in the draft', async () => {
    const pair = openPair({ there: slow });
    pair.store.objects.set('backup', data);
    const cancel = new CancelToken();
    const draft = emptyDraft('backup');
    const job = pair.host.readObject('backup', pair.line.nowMs, { cancel, draft });
    await pair.line.pass(5_000);
    cancel.cancel();
    expect(await job).toMatchObject({ ok: false, error: 'cancelled' });
    await pair.line.pass(2_000);
    const sent = pair.line.backward.bytes;
    await pair.line.pass(1_500);
    expect(pair.line.backward.bytes - sent).toBeLessThan(50);
    expect(missingRanges(draft.ranges, data.length).length).toBe(1);
    const more = pair.host.readObject('backup', pair.line.nowMs, { draft });
    expect(await settled(pair, more)).toMatchObject({ ok: true });
    expectBytes(draft.bytes, data);
  });

  test('a cancelled write keeps its durable ranges', async () => {
    const pair = openPair({ there: slow });
    const cancel = new CancelToken();
    const job = pair.host.writeObject(data, pair.line.nowMs, { name: 'restore', cancel });
    await pair.line.pass(5_000);
    cancel.cancel();
    expect(await job).toMatchObject({ ok: false, error: 'cancelled' });
    await pair.line.pass(2_000);
    const writes = pair.store.writes.length;
    await settled(pair, pair.host.writeObject(data, pair.line.nowMs, { name: 'restore' }));
    expect(rangesBytes(pair.store.writes.slice(writes))).toBeLessThan(data.length - 30_000);
    expectBytes(pair.store.objects.get('restore'), data);
  });

  test('an already cancelled token asks nothing', async () => {
    const pair = openPair();
    const cancel = new CancelToken();
    cancel.cancel();
    expect(await pair.host.readObject('x', 0, { cancel })).toMatchObject({ ok: false, error: 'cancelled' });
  });

  test.each([
    { name: 'missing', error: 'not-in-state' },
    { name: 'x'.repeat(64), error: 'not-in-state' },
  ])('reading an object that is not there: $error', async ({ name, error }) => {
    const pair = openPair();
    expect(await settled(pair, pair.host.readObject(name, 0))).toMatchObject({ ok: false, error });
  });

  test('a refused write says so', async () => {
    const pair = openPair();
    const job = pair.host.writeObject(data, 0, { name: 'forbidden' });
    expect(await settled(pair, job)).toMatchObject({ ok: false, error: 'refused' });
  });

  test('storage that breaks midway ends the write with storage', async () => {
    const pair = openPair();
    pair.store.failAfterWrites = 10;
    const job = pair.host.writeObject(data, 0, { name: 'restore' });
    expect(await settled(pair, job)).toMatchObject({ ok: false, error: 'storage' });
  });

  test('storage that breaks midway ends the read with storage, after a silence of blocks', async () => {
    const pair = openPair();
    pair.store.objects.set('backup', data);
    const open = pair.store.openRead.bind(pair.store);
    pair.store.openRead = (name) => {
      const opened = open(name);
      if (!opened.ok) return opened;
      const read = (offset: number, length: number): Uint8Array => {
        if (offset > 50_000) throw new Error('storage broken');
        return opened.value.read(offset, length);
      };
      return { ok: true, value: { ...opened.value, read } };
    };
    expect(await settled(pair, pair.host.readObject('backup', 0))).toMatchObject({ ok: false, error: 'storage' });
  });

  test('a wrong hash is found at both ends', async () => {
    const pair = openPair();
    const job = pair.host.writeObject(data, 0, { name: 'restore', sha256: new Uint8Array(32) });
    expect(await settled(pair, job)).toMatchObject({ ok: false, error: 'hash-mismatch' });
    pair.store.objects.set('backup', data);
    pair.store.openRead = (name) => ({
      ok: true,
      value: { name, sizeBytes: 5, sha256: new Uint8Array(32), read: () => new Uint8Array(5) },
    });
    expect(await settled(pair, pair.host.readObject('backup', 0))).toMatchObject({ ok: false, error: 'hash-mismatch' });
  });

  test('empty objects go both ways', async () => {
    const pair = openPair();
    const empty = new Uint8Array(0);
    expect(await settled(pair, pair.host.writeObject(empty, 0, { name: 'empty' }))).toMatchObject({ ok: true });
    expect(await settled(pair, pair.host.readObject('empty', 0))).toMatchObject({ ok: true, value: { bytes: empty } });
  });

  test('two at once, one each way, and requests in between', async () => {
    const pair = openPair({ there: slow });
    pair.store.objects.set('backup', data);
    const jobs = [
      pair.host.readObject('backup', pair.line.nowMs),
      pair.host.writeObject(data, pair.line.nowMs, { name: 'restore' }),
    ];
    await pair.line.pass(5_000);
    const askedMs = pair.line.nowMs;
    await settled(pair, pair.host.sayHello(askedMs));
    expect(pair.line.nowMs - askedMs).toBeLessThan(2_500);
    expect(await settled(pair, Promise.all(jobs))).toMatchObject([{ ok: true }, { ok: true }]);
    expectBytes(pair.store.objects.get('restore'), data);
  });

  test('the device names what it has', async () => {
    const pair = openPair();
    pair.store.objects.set('backup', data);
    const list = await settled(pair, pair.host.request('transfer.list', {}, 0));
    expect(list).toEqual({ ok: true, value: { objects: [['backup', data.length, sha256(data)]] } });
  });
});
