import { bytes, text, texts, uint } from '../fields.ts';
import { op } from './op.ts';

/** Services 6 to 9: settings, printer, display, restart (docs/cable-protocol.md, section 8.5). */
export const terminalOps = {
  'config.read': op(0x0601, {}, { digest: bytes(1, 32), parameters: text(2, 900) }),
  'print.lines': op(0x0701, { lines: texts(1, 24, 64) }, {}),
  'display.show': op(0x0801, { lines: texts(1, 6, 32), seconds: uint(2, 600) }, {}),
  'reboot.restart': op(0x0901, {}, { windowSeconds: uint(1, 600) }),
} as const;
