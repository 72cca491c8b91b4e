import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readFileRows } from '../../../server/services/fees/import/read-file.ts';

/** A zip archive with one part; `said` is the size that its directory names. */
function archive(part: Buffer, said: number): Buffer {
  const data = deflateRawSync(part, { level: 9 });
  const name = Buffer.from('xl/worksheets/sheet1.xml');
  const [local, central, end] = [Buffer.alloc(30), Buffer.alloc(46), Buffer.alloc(22)];
  local.writeUInt32LE(0x04034b50, 0);
  central.writeUInt32LE(0x02014b50, 0);
  end.writeUInt32LE(0x06054b50, 0);
  for (const [head, at] of [
    [local, 8],
    [central, 10],
  ] as const) {
    head.writeUInt16LE(8, at);
    head.writeUInt32LE(data.length, at + 10);
    head.writeUInt32LE(said, at + 14);
    head.writeUInt16LE(name.length, at + 18);
  }
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([local, name, data, central, name, end]);
}

describe('a workbook that is an archive', () => {
  it.each([
    ['unpacks to too much and says so', 41_000_000, 41_000_000],
    ['unpacks to too much and says that it is small', 41_000_000, 1_000],
  ])('is refused before it is unpacked when it %s', async (_name, size, said) => {
    const bytes = archive(Buffer.alloc(size, 0x20), said);
    expect(bytes.length).toBeLessThan(100_000);
    expect(await readFileRows(bytes)).toEqual({ ok: false, error: 'too-large' });
  });

  it('is unreadable when it is small and none', async () => {
    expect(await readFileRows(archive(Buffer.from('nothing'), 7))).toMatchObject({ error: 'unreadable' });
    expect(await readFileRows(Buffer.from('504b0304504b0102', 'hex'))).toMatchObject({ error: 'unreadable' });
  });
});
