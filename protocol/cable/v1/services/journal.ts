import { bytes, bytesList, uint } from '../fields.ts';
import { op } from './op.ts';

/** Records in one reply at most; the reply must also fit into one frame, so the device may send fewer. */
export const journalRecordsMax = 32;

/** Service 4: the device's chained log (docs/cable-protocol.md, section 8.4). */
export const journalOps = {
  'journal.read': op(
    0x0401,
    { fromSequence: uint(1), maxRecords: uint(2, journalRecordsMax) },
    { records: bytesList(1, journalRecordsMax, 512), head: bytes(2, 32), nextSequence: uint(3) },
  ),
} as const;
