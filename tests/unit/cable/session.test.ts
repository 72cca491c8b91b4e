import { describe, expect, expectTypeOf, test } from 'vitest';
import { err, ok, type Result } from '../../../domain/result.ts';
import type { TerminalState } from '../../../domain/unlock/states.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import type { CableErrorCode } from '../../../protocol/cable/v1/errors.ts';
import { frameKinds } from '../../../protocol/cable/v1/frame.ts';
import { HostSession } from '../../../protocol/cable/v1/host-session.ts';
import * as limits from '../../../protocol/cable/v1/limits.ts';
import { ops, type CableEvent, type Reply } from '../../../protocol/cable/v1/services/table.ts';
import { framesIn, lineBytes } from './frames.ts';
import { helloReply, makePair, openPair, settled } from './pair.ts';

const never = new Promise<never>(() => undefined);

describe('section 7: requests', () => {
  test('a reply comes back with the types of its table', async () => {
    const pair = openPair({ handlers: { 'identity.rate': ({ baud }) => ok({ baud }) } });
    const hello = await settled(pair, pair.host.sayHello(pair.line.nowMs, 'TK-0001'));
    expect(hello).toEqual(ok(helloReply));
    expect(pair.host.hello).toEqual(helloReply);
    const rate = await settled(pair, pair.host.request('identity.rate', { baud: 921_600 }, pair.line.nowMs));
    expect(rate).toEqual(ok({ baud: 921_600 }));
    expectTypeOf(rate).toEqualTypeOf<Result<{ readonly baud: number }, CableErrorCode>>();
    expectTypeOf<Reply<'lock.status'>['state']>().toEqualTypeOf<TerminalState>();
    expectTypeOf<Reply<'lock.status'>['sensors'][number]>().toEqualTypeOf<
      readonly [sensor: string, isTripped: boolean, reading: string]
    >();
  });

  test('replies are matched by number: a slow one does not hold up a quick one', async () => {
    let release: (() => void) | undefined;
    const slow = new Promise<Result<{ windowSeconds: number }, never>>((resolve) => {
      release = () => resolve(ok({ windowSeconds: 9 }));
    });
    const pair = openPair({
      handlers: { 'reboot.restart': () => slow, 'lock.keyset': () => ok({ keysetSequence: 4 }) },
    });
    const first = pair.host.request('reboot.restart', {}, pair.line.nowMs);
    const second = pair.host.request('lock.keyset', { keyset: Uint8Array.of(1) }, pair.line.nowMs);
    expect(await settled(pair, second)).toEqual(ok({ keysetSequence: 4 }));
    release?.();
    expect(await settled(pair, first)).toEqual(ok({ windowSeconds: 9 }));
  });

  test.each([
    { name: 'an operation without a handler', handler: undefined, error: 'unknown-op' },
    { name: 'the firmware refuses', handler: () => err('too-soon' as const, '7 s left'), error: 'too-soon' },
    { name: 'the firmware throws', handler: () => Promise.reject(new Error('flash')), error: 'internal' },
    {
      name: 'the firmware replies something else than its table says',
      handler: () => ok({ baud: -1 }),
      error: 'internal',
    },
  ])('$name: $error', async ({ handler, error }) => {
    const handlers = handler === undefined ? {} : { 'identity.rate': handler };
    const pair = openPair({ handlers });
    const result = await settled(pair, pair.host.request('identity.rate', { baud: 9600 }, pair.line.nowMs));
    expect(result).toMatchObject({ ok: false, error });
  });

  test('a device works on deviceRequestsMax requests and answers more with busy', async () => {
    const pair = openPair({ handlers: { 'config.read': () => never } });
    const results = new Map<number, string>();
    for (let i = 0; i < limits.deviceRequestsMax + 2; i++) {
      const request = pair.host.request('config.read', {}, pair.line.nowMs);
      void request.then((result) => results.set(i, result.ok ? 'ok' : result.error));
    }
    await pair.line.pass(500);
    expect([...results.values()]).toEqual(['busy', 'busy']);
  });

  test('the host lets requestsMax requests wait and refuses more', async () => {
    const pair = openPair();
    pair.line.cut();
    const all = Array.from({ length: limits.requestsMax + 1 }, () => pair.host.request('lock.status', {}, 0));
    expect(await all.at(-1)).toMatchObject({ ok: false, error: 'too-many-requests' });
  });

  test('parameters of the wrong shape are a programming error that names the field', async () => {
    const { host } = makePair();
    await expect(host.request('identity.rate', { baud: -1 }, 0)).rejects.toThrow('baud');
    await expect(host.request('display.show', { lines: [], seconds: 601 }, 0)).rejects.toThrow('seconds');
  });

  test('without a link the answer is closed', async () => {
    const { host } = makePair();
    expect(await host.request('lock.status', {}, 0)).toMatchObject({ ok: false, error: 'closed' });
  });

  test('silence gives timeout, and so does the end of the link by silence', async () => {
    const pair = openPair({ handlers: { 'config.read': () => never } });
    const startMs = pair.line.nowMs;
    pair.line.cut();
    const short = pair.host.request('config.read', {}, startMs, 1_000);
    const long = pair.host.request('config.read', {}, startMs, 60_000);
    expect(await settled(pair, short)).toMatchObject({ ok: false, error: 'timeout' });
    expect(pair.line.nowMs - startMs).toBe(1_000);
    expect(await settled(pair, long)).toMatchObject({ ok: false, error: 'timeout' });
    expect(pair.line.nowMs - startMs).toBeLessThanOrEqual(limits.silenceMs + 10);
  });

  test('while bytes arrive a request may take its time, up to requestLimitMs', async () => {
    const pair = openPair({ handlers: { 'config.read': () => never } });
    const startMs = pair.line.nowMs;
    const result = await settled(pair, pair.host.request('config.read', {}, startMs));
    expect(result).toMatchObject({ ok: false, error: 'timeout' });
    expect(pair.line.nowMs - startMs).toBe(limits.requestLimitMs);
  });

  test('a link opened anew settles what waited with closed', async () => {
    const pair = openPair({ handlers: { 'config.read': () => never } });
    const request = pair.host.request('config.read', {}, pair.line.nowMs);
    await pair.line.pass(50);
    pair.host.open(pair.line.nowMs);
    expect(await request).toMatchObject({ ok: false, error: 'closed' });
    pair.line.run(() => pair.host.state === 'open');
    expect(await settled(pair, pair.host.sayHello(pair.line.nowMs))).toEqual(ok(helloReply));
  });

  test('a reply with an unknown key is bad-reply; one that nobody waits for is dropped', async () => {
    const host = new HostSession({ linkId: 5 });
    host.open(0);
    host.receive(lineBytes({ kind: frameKinds.openAck, linkId: 5, body: Uint8Array.of(1, 64, 8, 0, 0, 0, 0, 5) }), 0);
    const request = host.request('identity.rate', { baud: 9600 }, 0);
    const reply = (seq: number, id: number, fields: Map<number, number>): Uint8Array =>
      lineBytes({
        kind: frameKinds.message,
        linkId: 5,
        seq,
        body: encodeCbor([2, id, ops['identity.rate'].code, fields]),
      });
    host.receive(reply(0, 77, new Map([[1, 9600]])), 1);
    host.receive(reply(1, 1, new Map([[1, 9600], [2, 0]])), 1); // prettier-ignore
    expect(await request).toMatchObject({ ok: false, error: 'bad-reply' });
  });

  test('a reply larger than a frame becomes internal, not silence', async () => {
    const records = Array.from({ length: 8 }, () => new Uint8Array(400));
    const reply = { records, head: new Uint8Array(16), nextSequence: 9 };
    const pair = openPair({ handlers: { 'journal.read': () => ok(reply) } });
    const request = pair.host.request('journal.read', { fromSequence: 1, maxRecords: 8 }, pair.line.nowMs);
    expect(await settled(pair, request)).toMatchObject({ ok: false, error: 'internal' });
  });
});

describe('section 7.4: hello, events, expected reboot', () => {
  test('another device or another version is refused by name', async () => {
    const pair = openPair();
    const wrong = await settled(pair, pair.host.sayHello(pair.line.nowMs, 'TK-0002'));
    expect(wrong).toMatchObject({ ok: false, error: 'wrong-device', detail: 'TK-0001' });
    expect(pair.host.hello).toBeUndefined();
    const newer = openPair({ handlers: { 'identity.hello': () => ok({ ...helloReply, protocol: 2 }) } });
    const version = await settled(newer, newer.host.sayHello(newer.line.nowMs));
    expect(version).toMatchObject({ ok: false, error: 'version-mismatch' });
  });

  test('events reach the listeners with their body', async () => {
    const pair = openPair();
    const events: CableEvent[] = [];
    const stop = pair.host.onEvent((event) => events.push(event));
    expect(pair.device.emit('progress', { op: ops['lock.order'].code, step: 'printer', percent: 40 })).toBe(true);
    pair.device.emit('state.changed', { state: 'BLANK', lockEpoch: 8, reasons: 0 });
    await pair.line.pass(50);
    stop();
    pair.device.emit('log', { text: 'nobody hears this' });
    await pair.line.pass(50);
    expect(events.map((event) => event.name)).toEqual(['progress', 'state.changed']);
    expect(events[1]?.body).toEqual({ state: 'BLANK', lockEpoch: 8, reasons: 0 });
  });

  test('an announced reboot is a state with a target and a window, until the same device says hello', async () => {
    const pair = openPair({ handlers: { 'reboot.restart': () => ok({ windowSeconds: 45 }) } });
    await settled(pair, pair.host.sayHello(pair.line.nowMs));
    await settled(pair, pair.host.request('reboot.restart', {}, pair.line.nowMs));
    const { nowMs } = pair.line;
    expect(pair.host.expectedReboot).toEqual({ announcedAtMs: nowMs, untilMs: nowMs + 45_000, serial: 'TK-0001' });
    pair.host.open(nowMs);
    pair.line.run(() => pair.host.state === 'open');
    await settled(pair, pair.host.sayHello(pair.line.nowMs));
    expect(pair.host.expectedReboot).toBeUndefined();
  });

  test('onOutput is called when there is something new to write', async () => {
    let calls = 0;
    const host = new HostSession({ linkId: 5, onOutput: () => (calls += 1) });
    host.open(0);
    expect(calls).toBe(1);
    expect(framesIn(host.takeOutput(0, 100) ?? new Uint8Array(0))).toHaveLength(1);
    host.close(1);
    expect(calls).toBe(2);
    expect(framesIn(host.takeOutput(1, 100) ?? new Uint8Array(0))).toMatchObject([{ kind: frameKinds.close }]);
  });
});
