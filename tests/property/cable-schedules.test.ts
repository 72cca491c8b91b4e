import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CableLink } from '../../protocol/cable/v1/link.ts';
import { randomBytes, seededRandom, VirtualLine, type LineOptions } from '../unit/cable/line.ts';

/** A bad line. Shares are chances per piece. */
interface Weather {
  readonly seed: number;
  readonly drop: number;
  readonly duplicate: number;
  readonly flip: number;
  readonly jitterMs: number;
  readonly pieceBytes: number;
  readonly bytesPerSecond: number;
  readonly windowFrames: number;
}

const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer({ min: 0, max: 0x7fff_ffff }),
  drop: fc.constantFrom(0, 0.02, 0.2),
  duplicate: fc.constantFrom(0, 0.05, 0.3),
  flip: fc.constantFrom(0, 0.02, 0.2),
  jitterMs: fc.constantFrom(0, 1, 30),
  pieceBytes: fc.constantFrom(1, 7, 64, 300, 4096),
  bytesPerSecond: fc.constantFrom(Infinity, 1_000_000, 11_520),
  windowFrames: fc.constantFrom(1, 2, 16, 64),
});

function lineOf(of: Weather, random: () => number): LineOptions {
  const flipped = (piece: Uint8Array): Uint8Array => {
    const out = piece.slice();
    const at = Math.floor(random() * out.length);
    out[at] = (out[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    return out;
  };
  // The chance per piece becomes a chance per 64 bytes, so that lines cut into single bytes still carry something.
  const scale = of.pieceBytes < 64 ? of.pieceBytes / 64 : 1;
  const disturb = (piece: Uint8Array): Uint8Array[] => {
    if (random() < of.drop * scale) return [];
    const first = random() < of.flip * scale ? flipped(piece) : piece;
    return random() < of.duplicate * scale ? [first, piece] : [first];
  };
  return {
    latencyMs: 2,
    pieceBytes: of.pieceBytes,
    bytesPerSecond: of.bytesPerSecond,
    disturb,
    jitterMs: () => (of.jitterMs === 0 ? 0 : random() * of.jitterMs * scale),
  };
}

/** A body that says who sent it and which it is, so that any change, loss or exchange shows. */
function numbered(from: number, index: number, random: () => number): Uint8Array {
  const body = randomBytes(5 + Math.floor(random() * 120), random);
  body.set([from, index >> 8, index]);
  return body;
}

interface Talker {
  readonly link: CableLink;
  readonly out: Uint8Array[];
  readonly arrived: Uint8Array[];
  sent: number;
}

function talk(talker: Talker, other: Talker): void {
  while (talker.sent < talker.out.length && talker.link.sendMessage(talker.out[talker.sent] as Uint8Array)) {
    talker.sent += 1;
  }
  for (const event of talker.link.takeEvents()) {
    if (event.type !== 'message') continue;
    expect(event.body).toEqual(other.out[talker.arrived.length]);
    talker.arrived.push(event.body);
  }
}

function converse(of: Weather, messages: number): { host: Talker; device: Talker } {
  const random = seededRandom(of.seed);
  const bodies = (from: number): Uint8Array[] =>
    Array.from({ length: messages }, (_, index) => numbered(from, index, random));
  const talker = (link: CableLink, from: number): Talker => ({ link, out: bodies(from), arrived: [], sent: 0 });
  const host = talker(new CableLink({ role: 'host', linkId: of.seed + 1 }), 1);
  const device = talker(new CableLink({ role: 'device', windowFrames: of.windowFrames }), 2);
  const line = new VirtualLine(host.link, device.link, lineOf(of, random));
  host.link.open(0);
  const isOver = (): boolean => {
    talk(host, device);
    talk(device, host);
    const isDone = host.arrived.length === messages && device.arrived.length === messages;
    return isDone || (host.link.state === 'closed' && line.nowMs > 0);
  };
  line.run(isOver, 3_600_000);
  return { host, device };
}

describe('docs/cable-protocol.md, section 5: whatever the line does', () => {
  test('messages arrive once, in order and unchanged, or the link closes', () => {
    let whole = 0;
    fc.assert(
      fc.property(weather, (of) => {
        const { host, device } = converse(of, 60);
        // talk() has compared each message with the one that was due; after a close the last ones may be missing.
        if (host.link.state !== 'open') return;
        expect([host.arrived.length, device.arrived.length]).toEqual([60, 60]);
        whole += 1;
      }),
      { numRuns: 150, seed: 20261123 },
    );
    expect(whole).toBeGreaterThan(100);
  });

  test('a line with a tenth of its pieces lost, doubled or flipped still carries everything', () => {
    const bad = { drop: 0.1, duplicate: 0.1, flip: 0.1, jitterMs: 0, pieceBytes: 64, bytesPerSecond: 11_520 };
    for (const windowFrames of [1, 2, 16, 64]) {
      const { host, device } = converse({ seed: 7, ...bad, windowFrames }, 300);
      expect([host.arrived.length, device.arrived.length]).toEqual([300, 300]);
    }
  });

  test('links opened again and again never let an old message through', () => {
    fc.assert(
      fc.property(weather, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 6 }), (of, pauses) => {
        const random = seededRandom(of.seed);
        const host = new CableLink({ role: 'host', linkId: 1 });
        const device = new CableLink({ role: 'device', windowFrames: of.windowFrames });
        const line = new VirtualLine(host, device, { ...lineOf(of, random), jitterMs: () => 0 });
        let generation = 0;
        let lastSeen = 0;
        for (const pauseMs of pauses) {
          generation += 1;
          host.open(line.nowMs, 1 + generation * 7_919);
          const untilMs = line.nowMs + pauseMs;
          line.run(() => {
            for (const event of host.takeEvents()) {
              if (event.type === 'opened') for (let i = 0; i < 20; i++) host.sendMessage(Uint8Array.of(generation, i));
            }
            for (const event of device.takeEvents()) {
              if (event.type !== 'message') continue;
              const seen = (event.body[0] ?? 0) * 100 + (event.body[1] ?? 0);
              expect(seen).toBeGreaterThan(lastSeen);
              lastSeen = seen;
            }
            return line.nowMs >= untilMs || host.state === 'closed';
          }, 3_600_000);
        }
      }),
      { numRuns: 100, seed: 20261124 },
    );
  });
});
