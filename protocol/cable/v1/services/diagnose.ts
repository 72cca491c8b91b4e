import { int, text, uint } from '../fields.ts';
import { op } from './op.ts';

/** Service 3: how the terminal is (docs/cable-protocol.md, section 8.3). */
export const diagnoseOps = {
  'diagnose.health': op(
    0x0301,
    {},
    {
      cpuPercent: uint(1, 100),
      memoryUsedBytes: uint(2, Number.MAX_SAFE_INTEGER),
      memoryTotalBytes: uint(3, Number.MAX_SAFE_INTEGER),
      storageUsedBytes: uint(4, Number.MAX_SAFE_INTEGER),
      storageTotalBytes: uint(5, Number.MAX_SAFE_INTEGER),
      batteryPercent: uint(6, 100),
      cellMillivolts: uint(7, 10_000),
      temperatureTenthsC: int(8),
      paper: text(9, 16),
      signalDbm: int(10),
      clockDriftSeconds: int(11),
      uptimeSeconds: uint(12),
      dropCount: uint(13),
      printerDots: uint(14),
    },
  ),
} as const;
