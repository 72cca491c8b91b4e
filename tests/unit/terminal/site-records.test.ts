import { beforeEach, describe, expect, test } from 'vitest';
import { base64UrlDecode, base64UrlEncode } from '../../../protocol/bytes.ts';
import type { DeviceRecords } from '../../../protocol/http/field.ts';
import { decodeReceipt, decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { decodeCore, encodeCore } from '../../../mock-server/terminal/core-record.ts';
import { Uplink } from '../../../mock-server/terminal/uplink.ts';
import { makeBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { TestSite, offer, siteRequest } from './site-people.ts';
import { callFirmware } from './technician.ts';

let bench: Bench;
let site: TestSite;

beforeEach(() => {
  bench = makeBench();
  site = new TestSite(bench.authority);
});

/** Unlocks once on site under a delegation of its own; gives the bundle. */
async function unlockOnSite(): Promise<Uint8Array> {
  bench.device.trip('case');
  const bundle = site.bundle(site.delegation(), await siteRequest(bench.device));
  expect(await offer(bench.device, bundle)).toBe('accepted');
  return bundle;
}

async function recordOf(number: number) {
  const answer = await callFirmware(bench.device, 'lock.siteRecord', { number });
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}

describe('the ring of on-site records', () => {
  test('is empty at first', async () => {
    const empty = new Uint8Array(0);
    expect(await recordOf(0)).toEqual({ first: 1, next: 1, request: empty, bundle: empty, receipt: empty });
  });

  test('keeps request, bundle and receipt as they were', async () => {
    const bundle = await unlockOnSite();
    const record = await recordOf(1);
    const request = decodeRequest(record.request);
    const receipt = decodeReceipt(record.receipt);
    expect([record.first, record.next, record.bundle]).toEqual([1, 2, bundle]);
    expect(request.ok && receipt.ok && receipt.value.message.lockEpoch).toBe(
      request.ok && request.value.message.lockEpoch + 1,
    );
    expect((await recordOf(2)).bundle).toHaveLength(0);
    expect((await recordOf(0)).bundle).toHaveLength(0);
  });

  test('keeps the newest 16, through power cuts', async () => {
    const bundles: Uint8Array[] = [];
    for (let i = 0; i < 18; i++) bundles.push(await unlockOnSite());
    bench.device.powerOff();
    bench.device.powerOn();
    const { first, next } = await recordOf(0);
    expect([first, next]).toEqual([3, 19]);
    for (let number = first; number < next; number++) {
      expect((await recordOf(number)).bundle).toEqual(bundles[number - 1]);
    }
    expect((await recordOf(2)).bundle).toHaveLength(0);
  });

  test('a grant leaves no record', async () => {
    await unlockOnSite();
    bench.device.trip('case');
    const opened = bench.authority.open((await sealedRequest()).sealed);
    await callFirmware(bench.device, 'lock.grant', { sealed: bench.authority.grant(opened) });
    expect((await recordOf(0)).next).toBe(2);
  });

  async function sealedRequest() {
    const asked = await callFirmware(bench.device, 'lock.request', { fresh: false });
    if (!asked.ok) throw new Error(asked.error);
    return asked.value;
  }
});

describe('a core record of before there was work on site', () => {
  test('is read, and has used no delegation', async () => {
    const { firmware } = bench.device;
    if (firmware === undefined) throw new Error('off');
    const { revocationFloor, lastDelegation, blankBy, siteRecords, ...old } = firmware.core;
    expect([revocationFloor, lastDelegation, blankBy, siteRecords.next]).toEqual([0, null, 0, 1]);
    bench.device.powerOff();
    bench.store.write('core', encodeCore(old as typeof firmware.core));
    bench.device.powerOn();
    expect(bench.device.firmware?.core).toMatchObject({ state: 'NORMAL', blankBy: 0, revocationFloor: 0 });
    await unlockOnSite();
    expect(bench.device.firmware?.core.siteRecords.next).toBe(2);
  });

  test('with a ring that is none it is damaged', () => {
    const core = bench.device.firmware?.core;
    if (core === undefined) throw new Error('off');
    const broken = { ...core, siteRecords: { records: 'none', next: 1, handedIn: 0 } } as unknown as typeof core;
    expect(decodeCore(encodeCore(broken))).toBeUndefined();
  });
});

/** A server that keeps what it is given, and fails when told. */
class RecordsServer {
  readonly bodies: DeviceRecords[] = [];
  readonly known = new Set<string>();
  /** A bundle that it never takes: the whole batch with it is refused. */
  unwanted = '';
  /** What the next answers are; an empty list is a sound server. */
  readonly failures: (number | 'no answer' | 'portal')[] = [];

  readonly fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    const body = JSON.parse(await new Response(init?.body).text()) as DeviceRecords;
    expect([(url as URL).pathname, init?.method]).toEqual(['/api/device/site-records', 'POST']);
    this.bodies.push(body);
    const failure = this.failures.shift();
    if (failure === 'no answer') throw new TypeError('fetch failed');
    if (failure === 'portal') return new Response('<html>sign in</html>');
    if (failure !== undefined) return new Response('{}', { status: failure });
    if (body.records.some(({ bundle }) => bundle === this.unwanted)) return new Response('{}', { status: 422 });
    const fresh = body.records.filter(({ bundle }) => !this.known.has(bundle));
    for (const { bundle } of fresh) this.known.add(bundle);
    return Response.json({ taken: fresh.length, known: body.records.length - fresh.length });
  };
}

/** Timers that fire when told. */
class TestTimer {
  #waiting: { waitMs: number; act: () => void } | undefined;

  after(waitMs: number, act: () => void): () => void {
    this.#waiting = { waitMs, act };
    return () => (this.#waiting = undefined);
  }

  get waitMs(): number | undefined {
    return this.#waiting?.waitMs;
  }

  /** Lets the wait end, and the attempt that follows. */
  async fire(): Promise<void> {
    const { act } = this.#waiting ?? {};
    this.#waiting = undefined;
    act?.();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the terminal's own way to the server", () => {
  let server: RecordsServer;
  let timer: TestTimer;
  let uplink: Uplink;

  beforeEach(() => {
    server = new RecordsServer();
    timer = new TestTimer();
    uplink = new Uplink(bench.device, { serverUrl: 'http://server.example', fetch: server.fetch, timer });
  });

  function handedIn(): number | undefined {
    return bench.device.firmware?.core.siteRecords.handedIn;
  }

  test('nothing to say, nothing said', async () => {
    expect(await uplink.now()).toBe('nothing');
    expect(server.bodies).toEqual([]);
  });

  test('hands in what is new, as the wire wants it, once; a power cut does not forget that', async () => {
    const bundle = await unlockOnSite();
    expect(await uplink.now()).toBe('handed-in');
    expect(base64UrlDecode(server.bodies[0]?.records[0]?.bundle ?? '')).toEqual(bundle);
    bench.device.powerOff();
    expect(await uplink.now()).toBe('not-now');
    bench.device.powerOn();
    expect(await uplink.now()).toBe('nothing');
    expect(handedIn()).toBe(1);
  });

  test('at most 8 at once, oldest first', async () => {
    for (let i = 0; i < 11; i++) await unlockOnSite();
    uplink.start();
    while (timer.waitMs !== undefined) await timer.fire();
    expect(server.bodies.map(({ records }) => records.length)).toEqual([8, 3]);
    expect([server.known.size, handedIn()]).toEqual([11, 11]);
    uplink.stop();
  });

  test('records that the ring has lost are not waited for', async () => {
    for (let i = 0; i < 18; i++) await unlockOnSite();
    uplink.start();
    while (timer.waitMs !== undefined) await timer.fire();
    expect([server.known.size, handedIn()]).toEqual([16, 18]);
  });

  test('without network nothing leaves; when it is back everything does', async () => {
    bench.device.setNetwork(false);
    uplink.start();
    await unlockOnSite();
    expect([await uplink.now(), timer.waitMs, server.bodies.length]).toEqual(['not-now', undefined, 0]);
    bench.device.setNetwork(true);
    await timer.fire();
    expect([server.known.size, handedIn()]).toEqual([1, 1]);
  });

  test('a lost answer is sent again, and the server has it once', async () => {
    await unlockOnSite();
    server.known.add('x');
    server.failures.push('no answer');
    expect(await uplink.now()).toBe('failed');
    expect(await uplink.now()).toBe('handed-in');
    expect(server.bodies[0]).toEqual(server.bodies[1]);
  });

  test('waits double up to a minute, ten times at most; a page of somebody else is no answer', async () => {
    await unlockOnSite();
    server.failures.push('no answer', 500, 429, 'portal', 503, 502, 408, 'no answer', 500, 500, 500);
    uplink.start();
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      await timer.fire();
      waits.push(timer.waitMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, undefined]);
    expect(handedIn()).toBe(0);
    server.failures.length = 0;
    // A boot begins anew.
    bench.device.powerOff();
    bench.device.powerOn();
    await timer.fire();
    expect(handedIn()).toBe(1);
  });

  test('what the server refuses is not sent again, and keeps nothing back', async () => {
    server.unwanted = base64UrlEncode(await unlockOnSite());
    uplink.start();
    await timer.fire();
    bench.device.refillPaper();
    expect([timer.waitMs, server.bodies.length, handedIn()]).toEqual([undefined, 1, 0]);
    await unlockOnSite();
    await timer.fire();
    expect([server.known.size, handedIn(), timer.waitMs]).toEqual([1, 2, undefined]);
    expect((await recordOf(1)).bundle.length).toBeGreaterThan(0);
  });

  test('a batch with one unwanted record is sent one by one', async () => {
    for (let i = 0; i < 3; i++) await unlockOnSite();
    server.unwanted = base64UrlEncode((await recordOf(2)).bundle);
    uplink.start();
    while (timer.waitMs !== undefined) await timer.fire();
    expect(server.bodies.map(({ records }) => records.length)).toEqual([3, 1, 1, 1]);
    expect([server.known.size, handedIn()]).toEqual([2, 3]);
  });

  test('after stop nothing is sent by itself', async () => {
    uplink.start();
    uplink.stop();
    await unlockOnSite();
    expect(timer.waitMs).toBeUndefined();
  });
});
