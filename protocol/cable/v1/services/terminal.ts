import { bool, bytes, oneOf, text, texts, uint } from '../fields.ts';
import { op } from './op.ts';

/** Bytes in one chunk of a print job: fits into the smallest body that two sides may agree on. */
export const printChunkMaxBytes = 900;
/** Chunks of one print job at most: about 56 KiB, a receipt with a picture. */
export const printChunksMax = 64;

/** What became of a chunk: more is awaited, or the job was printed, or why it was not. */
export const printOutcomes = ['waiting', 'printed', 'out-of-paper', 'printer-broken', 'unreadable'] as const;

/** Services 6 to 9: settings, printer, display, restart (docs/cable-protocol.md, section 8.5). */
export const terminalOps = {
  'config.read': op(0x0601, {}, { digest: bytes(1, 32), parameters: text(2, 900) }),
  'print.lines': op(0x0701, { lines: texts(1, 24, 64) }, {}),
  'print.escpos': op(
    0x0702,
    { job: uint(1), index: uint(2, printChunksMax - 1), isLast: bool(3), bytes: bytes(4, printChunkMaxBytes) },
    { outcome: oneOf(1, printOutcomes), next: uint(2, printChunksMax), paper: oneOf(3, ['ok', 'low', 'out']) },
  ),
  'display.show': op(0x0801, { lines: texts(1, 6, 32), seconds: uint(2, 600) }, {}),
  'reboot.restart': op(0x0901, {}, { windowSeconds: uint(1, 600) }),
} as const;
