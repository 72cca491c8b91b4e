import { crc32, deflateRawSync } from 'node:zlib';

/** A file of an archive. The name is bytes: Chinese platforms write GBK without saying so. */
export interface ZipEntry {
  readonly name: Uint8Array;
  readonly content: Uint8Array;
}

/** Version 2.0: deflate. */
const version = 20;

/**
 * Writes a zip archive (APPNOTE.TXT, 4.3) with deflated entries and without the flag for UTF-8 names, as the platforms'
 * own programs do. `day` is the files' date, Unix milliseconds in Asia/Shanghai.
 */
export function writeZip(entries: readonly ZipEntry[], day: number): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of entries) {
    const packed = deflateRawSync(content);
    const common = commonFields(content, packed, name.length, day);
    const local = Buffer.concat([uint32(0x04034b50), uint16(version), common, uint16(0), name, packed]);
    directory.push(
      Buffer.concat([
        uint32(0x02014b50),
        uint16(version),
        uint16(version),
        common,
        ...[0, 0, 0, 0].map(uint16),
        uint32(0),
        uint32(offset),
        name,
      ]),
    );
    parts.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = [uint32(0x06054b50), uint16(0), uint16(0), uint16(entries.length), uint16(entries.length)];
  return Buffer.concat([...parts, list, ...end, uint32(list.length), uint32(offset), uint16(0)]);
}

/** Flags, method, time, CRC, sizes and the length of the name, which both headers have. */
function commonFields(content: Uint8Array, packed: Buffer, nameLength: number, day: number): Buffer {
  const date = new Date(day + 8 * 3_600_000);
  const dosDate = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const sizes = [uint32(crc32(content)), uint32(packed.length), uint32(content.length)];
  return Buffer.concat([uint16(0), uint16(8), uint16(0), uint16(dosDate), ...sizes, uint16(nameLength)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
