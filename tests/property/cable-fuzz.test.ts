import { expect, test } from 'vitest';
import { ok } from '../../domain/result.ts';
import { hexEncode } from '../../protocol/bytes.ts';
import { Deframer } from '../../protocol/cable/v1/deframer.ts';
import { DeviceSession } from '../../protocol/cable/v1/device-session.ts';
import { FrameEncoder, frameKinds, type Frame, type FrameKind } from '../../protocol/cable/v1/frame.ts';
import { HostSession } from '../../protocol/cable/v1/host-session.ts';
import { encodedMaxBytes, windowMaxFrames } from '../../protocol/cable/v1/limits.ts';
import { encodeMessage } from '../../protocol/cable/v1/messages.ts';
import { ops, type OpName } from '../../protocol/cable/v1/services/table.ts';
import { randomBytes, seededRandom } from '../unit/cable/line.ts';
import { MemoryStore } from '../unit/cable/memory-store.ts';
import { helloReply } from '../unit/cable/pair.ts';

const encoder = new FrameEncoder();
const scratch = new Uint8Array(2 * encodedMaxBytes);

function lineOf(frame: Frame): Uint8Array {
  return scratch.slice(0, encoder.encode(frame, scratch, 0));
}

function randomFrame(random: () => number, linkId: number, bodyMax: number): Frame {
  const kind = (1 + Math.floor(random() * 8)) as FrameKind;
  const sizes: Readonly<Record<number, number>> = { 5: 0, 6: 4, 7: 4, 8: 2, 1: 8, 2: 8 };
  const body = randomBytes(sizes[kind] ?? 6 + Math.floor(random() * bodyMax), random);
  const hasSack = random() < 0.3;
  const sackLow = hasSack ? Math.floor(random() * 0x1_0000_0000) : 0;
  const u16 = (): number => Math.floor(random() * (random() < 0.7 ? 80 : 65_536));
  return { kind, linkId, seq: u16(), ack: u16(), sackLow, sackHigh: sackLow & 7, body };
}

/** One of many ways in which a line can spoil what was sent. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * bytes.length);
  const other = Math.floor(random() * bytes.length);
  const out = bytes.slice();
  switch (Math.floor(random() * 7)) {
    case 0:
      out[at] = (out[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return out;
    case 1:
      out[at] = random() * 256;
      out[other] = random() * 256;
      return out;
    case 2:
      return out.subarray(0, at);
    case 3:
      return out.subarray(at);
    case 4:
      out.copyWithin(at, other);
      return out;
    case 5:
      out[at] = 0;
      return out;
    default:
      out.set(randomBytes(out.length - at, random), at);
      return out;
  }
}

test('700,000 mutated frames: none is taken that was not sent, memory stays one frame', () => {
  const random = seededRandom(1);
  const frames = Array.from({ length: 64 }, () => randomFrame(random, 0x1234, 60));
  const sent = new Set(frames.map((frame) => hexEncode(lineOf(frame))));
  const lines = frames.map(lineOf);
  let taken = 0;
  const deframer = new Deframer((frame) => {
    taken += 1;
    if (!sent.has(hexEncode(lineOf(frame)))) throw new Error('a frame was taken that nobody sent');
  });
  for (let i = 0; i < 700_000; i++) {
    deframer.push(mutate(lines[i & 63] as Uint8Array, random));
    if (deframer.bufferedBytes > encodedMaxBytes) throw new Error('the buffer grew');
  }
  expect(deframer.badFrames).toBeGreaterThan(300_000);
  expect(taken).toBeLessThan(70_000);
});

test('100,000 runs of random bytes: no frame at all', () => {
  const random = seededRandom(2);
  let taken = 0;
  const deframer = new Deframer(() => (taken += 1));
  const noise = randomBytes(1 << 20, random);
  for (let i = 0; i < 100_000; i++) {
    const at = Math.floor(random() * (noise.length - 300));
    deframer.push(noise.subarray(at, at + Math.floor(random() * 300)));
  }
  expect(taken).toBe(0);
  expect(deframer.badFrames).toBeGreaterThan(10_000);
});

test.each(['host', 'device'] as const)(
  '100,000 valid frames with random content into a %s session: no throw',
  (role) => {
    const random = seededRandom(role === 'host' ? 3 : 4);
    const session =
      role === 'host'
        ? new HostSession({ linkId: 9 })
        : new DeviceSession({ 'identity.hello': () => ok(helloReply) }, new MemoryStore());
    let nowMs = 0;
    const openBody = Uint8Array.of(1, 64, 8, 0, 0, 0, 0, 9);
    for (let i = 0; i < 100_000; i++) {
      nowMs += random() * 3;
      if (i % 500 === 0) {
        if (session instanceof HostSession) session.open(nowMs, 9);
        const kind = role === 'host' ? frameKinds.openAck : frameKinds.open;
        session.receive(lineOf({ kind, linkId: 9, seq: 0, ack: 0, sackLow: 0, sackHigh: 0, body: openBody }), nowMs);
      }
      session.receive(lineOf(randomFrame(random, random() < 0.95 ? 9 : 8, 40)), nowMs);
      if (i % 3 === 0) session.tick(nowMs);
      session.takeOutput(nowMs, 65_536);
      expect(session.stats.inFlightFrames).toBeLessThanOrEqual(windowMaxFrames);
    }
    expect(session.stats.framesIn).toBeGreaterThan(90_000);
  },
);

test('100,000 mutated requests: a device answers or drops each, and goes on', () => {
  const random = seededRandom(5);
  const device = new DeviceSession({ 'identity.hello': () => ok(helloReply) }, new MemoryStore());
  const names = Object.keys(ops) as OpName[];
  const bodies = names.map(
    (name) =>
    encodeMessage({ type: 1, id: 5, code: ops[name].code, fields: new Map<number, number | string>([[1, 1], [2, 'x']]) }), // prettier-ignore
  );
  const openBody = Uint8Array.of(1, 64, 8, 0, 0, 0, 0, 9);
  device.receive(
    lineOf({ kind: frameKinds.open, linkId: 9, seq: 0, ack: 0, sackLow: 0, sackHigh: 0, body: openBody }),
    0,
  );
  let answers = 0;
  let seq = 0;
  const fromDevice = new Deframer((frame) => (answers += frame.kind === frameKinds.message ? 1 : 0));
  const send = (body: Uint8Array, nowMs: number): void => {
    const frame = {
      kind: frameKinds.message,
      linkId: 9,
      seq: seq & 0xffff,
      ack: answers & 0xffff,
      sackLow: 0,
      sackHigh: 0,
    };
    device.receive(lineOf({ ...frame, body }), nowMs);
    seq += 1;
    const out = device.takeOutput(nowMs, 65_536);
    if (out !== undefined) fromDevice.push(out);
  };
  for (let i = 0; i < 100_000; i++) {
    const mutated = mutate(bodies[i % bodies.length] as Uint8Array, random);
    send(mutated.length === 0 ? Uint8Array.of(0) : mutated, i / 100);
  }
  const before = answers;
  send(encodeMessage({ type: 1, id: 6, code: ops['identity.hello'].code, fields: new Map() }), 1_001);
  expect(answers).toBe(before + 1);
  expect(answers).toBeGreaterThan(10_000);
});
