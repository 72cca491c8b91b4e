import type { CborValue } from '../../../cbor/value.ts';
import { bool, bytes, rows, text, uint } from '../fields.ts';
import { objectMaxBytes, rangesMax } from '../limits.ts';
import { isRange } from '../ranges.ts';
import { op } from './op.ts';

/** One object that the device holds: name, size in bytes, SHA-256. */
export type ObjectRow = readonly [name: string, sizeBytes: number, sha256: Uint8Array];

function isObjectRow(row: CborValue): row is ObjectRow {
  if (!Array.isArray(row) || row.length !== 3) return false;
  const [name, sizeBytes, sha256] = row as readonly CborValue[];
  const isName = typeof name === 'string' && name.length <= 64;
  const isSize = typeof sizeBytes === 'number' && sizeBytes >= 0 && sizeBytes <= objectMaxBytes;
  return isName && isSize && sha256 instanceof Uint8Array && sha256.length === 32;
}

const ranges = (key: number) => rows(key, rangesMax, '[start, end]', isRange);

/** `direction` of `transfer.open`: the device sends. */
export const directionRead = 0;
/** `direction` of `transfer.open`: the host sends. */
export const directionWrite = 1;

/** Service 5: objects in ranges (docs/cable-protocol.md, section 9). */
export const transferOps = {
  'transfer.list': op(0x0501, {}, { objects: rows(1, 16, '[name, size, sha256]', isObjectRow) }),
  'transfer.open': op(
    0x0502,
    {
      direction: uint(1, 1),
      name: text(2, 64),
      sizeBytes: uint(3, objectMaxBytes),
      sha256: bytes(4, 32),
      have: ranges(5),
    },
    { transferId: uint(1, 255), sizeBytes: uint(2, objectMaxBytes), sha256: bytes(3, 32, 32), have: ranges(4) },
  ),
  'transfer.ranges': op(0x0503, { transferId: uint(1, 255) }, { have: ranges(1) }),
  'transfer.close': op(0x0504, { transferId: uint(1, 255) }, { verified: bool(1) }),
} as const;
