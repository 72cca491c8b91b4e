import { describe, expect, test } from 'vitest';
import { frameKinds, type Frame } from '../../../protocol/cable/v1/frame.ts';
import * as limits from '../../../protocol/cable/v1/limits.ts';
import { CableLink } from '../../../protocol/cable/v1/link.ts';
import type { LinkEvent } from '../../../protocol/cable/v1/link-types.ts';
import { VirtualLine, type LineOptions } from './line.ts';
import { framesIn, lineBytes, textBody } from './frames.ts';

interface Ends {
  readonly host: CableLink;
  readonly device: CableLink;
  readonly line: VirtualLine;
}

function ends(line: LineOptions = { latencyMs: 2 }, windowFrames = 64): Ends {
  const host = new CableLink({ role: 'host', linkId: 0xaaaa_0001 });
  const device = new CableLink({ role: 'device', windowFrames });
  return { host, device, line: new VirtualLine(host, device, line) };
}

function opened(line?: LineOptions, windowFrames?: number): Ends {
  const all = ends(line, windowFrames);
  all.host.open(0);
  all.line.run(() => all.host.state === 'open');
  all.host.takeEvents();
  all.device.takeEvents();
  return all;
}

const types = (events: readonly LinkEvent[]): string[] =>
  events.map((event) => (event.type === 'closed' ? `closed ${event.reason}` : event.type));

/** Runs all output of `link` at `nowMs` through a deframer. */
function outFrames(link: CableLink, nowMs: number): Frame[] {
  const out = link.takeOutput(nowMs, 65_536);
  return out === undefined ? [] : framesIn(out);
}

const offer = (version: number, window: number, bodyMax: number): Uint8Array =>
  Uint8Array.of(version, window, bodyMax >> 8, bodyMax & 255, 0, 0, 0, 9);

describe('section 4: opening and closing', () => {
  test('both ends open with the smaller of both offers', () => {
    const { host, device, line } = ends(undefined, 16);
    host.open(0);
    line.run(() => host.state === 'open');
    const event = { type: 'opened', linkId: 0xaaaa_0001, windowFrames: 16, bodyMaxBytes: 2048 };
    expect(host.takeEvents()).toEqual([event]);
    expect(device.takeEvents()).toEqual([event]);
  });

  test('OPEN is repeated with growing pauses and given up after openTimeoutMs', () => {
    const host = new CableLink({ role: 'host', linkId: 1 });
    host.open(0);
    const sentAt: number[] = [];
    for (let nowMs = 0; host.state === 'opening'; nowMs = host.deadlineMs() ?? Infinity) {
      host.tick(nowMs);
      if (outFrames(host, nowMs).some((frame) => frame.kind === frameKinds.open)) sentAt.push(nowMs);
    }
    expect(sentAt.slice(0, 5)).toEqual([0, 150, 450, 1050, 2050]);
    expect(types(host.takeEvents())).toEqual(['closed no-answer']);
    expect(sentAt.at(-1)).toBeLessThan(limits.openTimeoutMs);
  });

  test('a repeated OPEN of the same link is answered and resets nothing', () => {
    const { host, device, line } = opened();
    host.sendMessage(textBody('one'));
    line.run(() => host.isDrained);
    device.receive(lineBytes({ kind: frameKinds.open, linkId: 1, body: openBody(0xaaaa_0001) }), line.nowMs);
    host.sendMessage(textBody('two'));
    line.run(() => host.isDrained);
    expect(types(device.takeEvents())).toEqual(['message', 'message']);
  });

  test('a page reload: a new OPEN replaces the link on both ends, whatever was on the way', () => {
    const { host, device, line } = opened();
    device.sendMessage(textBody('of the old link'));
    host.sendMessage(textBody('of the old link'));
    const page = new CableLink({ role: 'host', linkId: 0xbbbb_0002 });
    const after = new VirtualLine(page, device, { latencyMs: 2 });
    after.nowMs = line.nowMs;
    page.open(after.nowMs);
    after.run(() => page.state === 'open');
    expect(types(device.takeEvents())).toEqual(['closed superseded', 'opened']);
    page.sendMessage(textBody('hello'));
    after.run(() => page.isDrained);
    expect(types(page.takeEvents())).toEqual(['opened']);
    expect(device.takeEvents()).toEqual([{ type: 'message', body: textBody('hello') }]);
  });

  test('open() on a living link takes a new number by itself', () => {
    const { host, device, line } = opened();
    const before = host.stats.linkId;
    host.open(line.nowMs);
    line.run(() => host.state === 'open');
    expect(host.stats.linkId).not.toBe(before);
    expect(types(host.takeEvents())).toEqual(['closed local', 'opened']);
    expect(types(device.takeEvents())).toEqual(['closed superseded', 'opened']);
  });

  test('a device that restarted tells the host at once that the link is unknown', () => {
    const { host, line } = opened();
    const restarted = new CableLink({ role: 'device' });
    const after = new VirtualLine(host, restarted, { latencyMs: 2 });
    after.nowMs = line.nowMs;
    host.sendMessage(textBody('are you there'));
    after.run(() => host.state === 'closed');
    expect(types(host.takeEvents())).toEqual(['closed unknown-link']);
    expect(after.nowMs - line.nowMs).toBeLessThan(20);
  });

  test('close() tells the other side', () => {
    const { host, device, line } = opened();
    host.close(line.nowMs);
    line.run(() => device.state === 'closed');
    expect(types(device.takeEvents())).toEqual(['closed remote']);
    expect(types(host.takeEvents())).toEqual(['closed local']);
  });

  test.each([
    { name: 'another version', body: offer(2, 64, 2048), code: 3 },
    { name: 'a version-2 offer of another length', body: Uint8Array.of(2), code: 3 },
    { name: 'a window of 0', body: offer(1, 0, 2048), code: 4 },
    { name: 'a window of 65', body: offer(1, 65, 2048), code: 4 },
    { name: 'a body size of 1,023', body: offer(1, 64, 1023), code: 4 },
    { name: 'a short offer', body: Uint8Array.of(1, 64), code: 4 },
  ])('the device refuses $name with CLOSE $code', ({ body, code }) => {
    const device = new CableLink({ role: 'device' });
    device.receive(lineBytes({ kind: frameKinds.open, linkId: 9, body }), 0);
    expect(outFrames(device, 0)).toMatchObject([{ kind: frameKinds.close, linkId: 9, body: Uint8Array.of(code, 1) }]);
    expect(device.takeEvents()).toEqual([]);
  });

  test('the host reports a refused version as such', () => {
    const host = new CableLink({ role: 'host', linkId: 9 });
    host.open(0);
    host.receive(lineBytes({ kind: frameKinds.close, linkId: 9, body: Uint8Array.of(3, 2) }), 5);
    expect(types(host.takeEvents())).toEqual(['closed version-mismatch']);
  });

  test.each([{ windowFrames: 0 }, { windowFrames: 65 }, { bodyMaxBytes: 1023 }, { bodyMaxBytes: 4096 }])(
    'offers outside the limits are a programming error: %o',
    (options) => {
      expect(() => new CableLink({ role: 'device', ...options })).toThrow(Object.keys(options)[0]);
    },
  );
});

describe('section 5: window and acknowledgements', () => {
  test('numbers wrap around: 70,000 messages in order', () => {
    const { host, device, line } = opened();
    let sent = 0;
    let received = 0;
    line.run(() => {
      while (sent < 70_000 && host.sendMessage(Uint8Array.of(sent >> 16, sent >> 8, sent))) sent += 1;
      for (const event of device.takeEvents()) {
        if (event.type !== 'message') continue;
        expect(((event.body[0] ?? 0) << 16) | ((event.body[1] ?? 0) << 8) | (event.body[2] ?? 0)).toBe(received);
        received += 1;
      }
      return received === 70_000;
    });
    expect(host.stats.resends).toBe(0);
  });

  test('no more than the agreed window is on the way', () => {
    const { host, line } = opened(undefined, 4);
    for (let i = 0; i < 10; i++) host.sendMessage(textBody(`${i}`));
    const frames = outFrames(host, line.nowMs);
    expect(frames.map((frame) => frame.seq)).toEqual([0, 1, 2, 3]);
  });

  test('a message overtakes blocks that are not sent yet', () => {
    let left = 100;
    const nextBlock = (): Uint8Array | undefined => (left-- > 0 ? new Uint8Array(2048) : undefined);
    const host = new CableLink({ role: 'host', linkId: 3, nextBlock });
    const device = new CableLink({ role: 'device' });
    const line = new VirtualLine(host, device, { bytesPerSecond: 11_520 });
    host.open(0);
    line.run(() => device.takeEvents().some((event) => event.type === 'block'));
    host.sendMessage(textBody('urgent'));
    const startMs = line.nowMs;
    line.run(() => device.takeEvents().some((event) => event.type === 'message'));
    expect(line.nowMs - startMs).toBeLessThan(1_200);
  });

  test('the message queue is bounded, and a body beyond the agreed size is a programming error', () => {
    const { host } = opened();
    let queued = 0;
    while (host.sendMessage(textBody('x'))) queued += 1;
    expect(queued).toBe(limits.messageQueueMax);
    expect(() => host.sendMessage(new Uint8Array(2049))).toThrow('sendMessage.body');
    expect(() => host.sendMessage(new Uint8Array(0))).toThrow('sendMessage.body');
  });

  test('a single frame is acknowledged after ackDelayMs, a second one at once', () => {
    const { host, device, line } = opened();
    const at = line.nowMs;
    host.sendMessage(textBody('a'));
    device.receive(host.takeOutput(at, 1_000) ?? new Uint8Array(0), at);
    expect(outFrames(device, at)).toEqual([]);
    expect(device.deadlineMs()).toBe(at + limits.ackDelayMs);
    host.sendMessage(textBody('b'));
    device.receive(host.takeOutput(at, 1_000) ?? new Uint8Array(0), at);
    expect(outFrames(device, at)).toMatchObject([{ kind: frameKinds.ack, ack: 2 }]);
  });

  test('a gap is acknowledged at once with the map, and only the lost frame is sent again', () => {
    const { host, device, line } = opened();
    const at = line.nowMs;
    const pieces = ['a', 'b', 'c'].map((text) => {
      host.sendMessage(textBody(text));
      return host.takeOutput(at, 1_000) ?? new Uint8Array(0);
    });
    device.receive(pieces[0] ?? new Uint8Array(0), at);
    device.receive(pieces[2] ?? new Uint8Array(0), at);
    const [ack] = outFrames(device, at);
    expect(ack).toMatchObject({ kind: frameKinds.ack, ack: 1, sackLow: 1 });
    host.receive(lineBytes({ ...(ack as Frame) }), at);
    expect(outFrames(host, at)).toMatchObject([{ kind: frameKinds.message, seq: 1, body: textBody('b') }]);
    expect(host.stats.resends).toBe(1);
  });

  test('a lost last frame is proven lost by PING and PONG, and nothing else is sent again', () => {
    let isCut = true;
    const drop = (piece: Uint8Array): Uint8Array[] => (isCut ? [] : [piece]);
    const { host, device, line } = opened();
    const lossy = new VirtualLine(host, device, { latencyMs: 2, disturb: drop }, { latencyMs: 2 });
    lossy.nowMs = line.nowMs;
    host.sendMessage(textBody('tail'));
    const out = host.takeOutput(lossy.nowMs, 1_000);
    expect(out).toBeDefined();
    isCut = false;
    lossy.run(() => host.isDrained);
    expect(host.stats.resends).toBe(1);
    expect(lossy.nowMs - line.nowMs).toBeLessThan(300);
    expect(types(device.takeEvents())).toEqual(['message']);
  });

  test('a slow buffer behind the writer causes no repetition at all', () => {
    let left = 64;
    const nextBlock = (): Uint8Array | undefined => (left-- > 0 ? new Uint8Array(2048) : undefined);
    const host = new CableLink({ role: 'host', linkId: 3, nextBlock });
    const device = new CableLink({ role: 'device' });
    const line = new VirtualLine(host, device, { bytesPerSecond: 960, bufferBytes: 65_536 });
    host.open(0);
    let got = 0;
    line.run(() => (got += device.takeEvents().filter((event) => event.type === 'block').length) === 64);
    expect(host.stats.resends).toBe(0);
    expect(host.state).toBe('open');
  });
});

describe('section 6: is anybody there', () => {
  test('a quiet link is pinged, so that bytes keep arriving', async () => {
    const { host, line } = opened();
    await line.pass(60_000);
    expect(host.state).toBe('open');
    expect(line.nowMs - host.stats.lastByteAtMs).toBeLessThanOrEqual(limits.keepAliveMs + 10);
  });

  test('total silence ends the link after silenceMs', () => {
    const { host, device, line } = opened();
    line.cut();
    host.sendMessage(textBody('anyone'));
    device.sendMessage(textBody('anyone'));
    const startMs = line.nowMs;
    line.run(() => host.state === 'closed' && device.state === 'closed');
    expect(types(host.takeEvents())).toEqual(['closed silent']);
    expect(types(device.takeEvents())).toEqual(['closed silent']);
    expect(line.nowMs - startMs).toBeLessThanOrEqual(limits.silenceMs + 10);
  });

  test('noise without a frame keeps it alive only for noProgressMs', () => {
    const { host, line } = opened();
    host.sendMessage(textBody('anyone'));
    const startMs = line.nowMs;
    const events: LinkEvent[] = [];
    let nowMs = startMs;
    for (; events.length === 0 && nowMs < startMs + 60_000; nowMs += 100) {
      host.takeOutput(nowMs, 1_000);
      host.receive(Uint8Array.of(1, 2, 3), nowMs);
      host.tick(nowMs);
      events.push(...host.takeEvents());
    }
    expect(types(events)).toEqual(['closed no-progress']);
    expect(nowMs - startMs).toBeGreaterThanOrEqual(limits.noProgressMs);
  });

  test('time that the program slept is not taken for silence', () => {
    const { host, line } = opened();
    host.sendMessage(textBody('before the lid was closed'));
    host.takeOutput(line.nowMs, 1_000);
    host.tick(line.nowMs + 3_600_000);
    expect(host.state).toBe('open');
    host.tick(line.nowMs + 3_600_000 + limits.silenceMs);
    expect(host.state).toBe('closed');
  });
});

function openBody(linkNumber: number): Uint8Array {
  return Uint8Array.of(1, 64, 8, 0, linkNumber >>> 24, linkNumber >>> 16, linkNumber >>> 8, linkNumber);
}
