import type { Reply } from '../../protocol/cable/v1/services/table.ts';
import type { Firmware } from './firmware.ts';

const memoryTotalBytes = 256 * 1024 * 1024;
const storageTotalBytes = 64 * 1024 * 1024;

/** A number between 0 and `span` that wanders slowly with the time: an idle processor is never quite still. */
function wander(seconds: number, span: number): number {
  return Math.round((span * (1 + Math.sin(seconds / 7) * Math.cos(seconds / 3))) / 2);
}

/** How the terminal is: measured where the emulator has the thing (paper, storage, clock), wandering where not. */
export function healthOf(firmware: Firmware): Reply<'diagnose.health'> {
  const { body, clock, printer, store } = firmware;
  const uptimeSeconds = clock.uptimeSeconds();
  return {
    cpuPercent: 4 + wander(uptimeSeconds, 9) + (firmware.isOrderRunning ? 30 : 0),
    memoryUsedBytes: 91_000_000 + 100_000 * wander(uptimeSeconds, 40),
    memoryTotalBytes,
    storageUsedBytes: store.usedBytes(),
    storageTotalBytes,
    batteryPercent: body.batteryPercent,
    cellMillivolts: body.cellMillivolts,
    temperatureTenthsC: body.temperatureTenthsC,
    paper: printer.paperState,
    signalDbm: body.signalDbm,
    clockDriftSeconds: clock.driftSeconds(),
    uptimeSeconds,
    dropCount: body.dropCount,
    printerDots: body.printerDots,
  };
}
