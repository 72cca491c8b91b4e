import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../../protocol/bytes.ts';
import { corrupting, randomBytes, seededRandom, type LineOptions } from './line.ts';
import { openPair, settled } from './pair.ts';

const sizeBytes = 1 << 20;
const lineBytesPerSecond = 11_520;

interface Row {
  readonly name: string;
  readonly line: LineOptions;
  readonly corruption?: number;
  readonly leastShare: number;
}

const paced = { bytesPerSecond: lineBytesPerSecond, pieceBytes: 512, latencyMs: 5 };
const rows: readonly Row[] = [
  { name: 'a clean line at 115,200 baud', line: paced, leastShare: 0.98 },
  {
    name: 'the same behind a browser buffer of 64 KiB',
    line: { ...paced, pieceBytes: 2048, bufferBytes: 65_536 },
    leastShare: 0.98,
  },
  { name: 'one byte in 10,000 corrupted', line: paced, corruption: 1e-4, leastShare: 0.85 },
  {
    name: 'one byte in 10,000 corrupted behind a browser buffer',
    line: { ...paced, pieceBytes: 1024, bufferBytes: 65_536 },
    corruption: 1e-4,
    leastShare: 0.85,
  },
];

function disturbed(row: Row, seed: number): LineOptions {
  const p = row.corruption;
  return p === undefined ? row.line : { ...row.line, disturb: corrupting(p, seededRandom(seed)) };
}

describe.each(rows)('1 MiB of random bytes over $name', (row) => {
  const data = randomBytes(sizeBytes, seededRandom(99));
  const options = { there: disturbed(row, 1), back: disturbed(row, 2) };
  const leastMs = (sizeBytes * 1000) / lineBytesPerSecond;

  test('from the device, link opening and SHA-256 included', async () => {
    const pair = openPair(options);
    pair.store.objects.set('backup', data);
    const result = await settled(pair, pair.host.readObject('backup', pair.line.nowMs));
    expect(result.ok && equalBytes(result.value.bytes, data)).toBe(true);
    expect(leastMs / pair.line.nowMs).toBeGreaterThanOrEqual(row.leastShare);
  });

  test('to the device, link opening and verification included', async () => {
    const pair = openPair(options);
    const result = await settled(pair, pair.host.writeObject(data, pair.line.nowMs, { name: 'restore' }));
    expect(result.ok).toBe(true);
    expect(equalBytes(pair.store.objects.get('restore') ?? new Uint8Array(0), data)).toBe(true);
    expect(leastMs / pair.line.nowMs).toBeGreaterThanOrEqual(row.leastShare);
  });
});
