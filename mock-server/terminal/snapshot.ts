import { lockReasonBits } from '../../domain/unlock/states.ts';
import { hardwareSensors } from './body.ts';
import type { BreakablePart, HardwareSensor } from './body.ts';
import { breakableParts } from './body.ts';
import type { ShownCode } from './codes.ts';
import type { SiteRing } from './core-record.ts';
import type { PaperLine } from './printer.ts';
import type { ScreenView } from './screen.ts';
import type { TerminalBay } from './terminal-bay.ts';
import { sensorReading } from './trips.ts';

/** One sensor as the page shows it. */
export interface SensorSnapshot {
  readonly sensor: HardwareSensor;
  readonly isTripped: boolean;
  readonly isHeld: boolean;
  readonly reading: string;
}

/** Everything about one terminal that the page and the tests see. Holds no secret. */
export interface TerminalSnapshot {
  readonly serial: string;
  readonly label: string;
  readonly model: string;
  readonly isOn: boolean;
  readonly isPlugged: boolean;
  readonly isInUse: boolean;
  /** The serial of the device at the end of this terminal's cable. */
  readonly answeringSerial: string;
  readonly portPath: string;
  /** 0: as fast as it goes. */
  readonly baud: number;
  readonly noiseOneIn: number;
  readonly state: string;
  readonly lockEpoch: number;
  readonly reasons: number;
  readonly bootCount: number;
  readonly lifetimeUnlocks: number;
  readonly isIdentityAlive: boolean;
  readonly screen: ScreenView | null;
  /** The code on its screen. */
  readonly code: ShownCode | null;
  readonly digitCount: number;
  readonly paper: readonly PaperLine[];
  readonly paperMm: number;
  readonly sensors: readonly SensorSnapshot[];
  /** False while the place has no network, or the terminal's own part for it is broken. */
  readonly hasNetwork: boolean;
  /** On-site records that the server has not yet confirmed to this terminal. */
  readonly recordsWaiting: number;
  readonly broken: readonly BreakablePart[];
  /** The card in the reader's slot, by its name on the bench. */
  readonly insertedCard: string | null;
}

function waitingRecords({ records, next, handedIn }: SiteRing): number {
  return Math.min(records.length, next - 1 - handedIn);
}

/** How the terminal in `bay` is now. */
export function snapshotOf(bay: TerminalBay): TerminalSnapshot {
  const { device } = bay;
  const { firmware, factory, body } = device;
  const reasons = firmware?.core.reasons ?? body.latched;
  return {
    serial: factory.serial,
    label: factory.label,
    model: factory.model,
    isOn: firmware !== undefined,
    isPlugged: bay.isPlugged,
    isInUse: bay.isInUse,
    answeringSerial: bay.answeringSerial,
    portPath: bay.portPath ?? '',
    baud: bay.options.baud ?? 0,
    noiseOneIn: bay.options.noise?.oneIn ?? 0,
    state: firmware?.core.state ?? 'OFF',
    lockEpoch: firmware?.core.lockEpoch ?? 0,
    reasons,
    bootCount: firmware?.core.bootCount ?? 0,
    lifetimeUnlocks: firmware?.core.lifetimeUnlocks ?? 0,
    isIdentityAlive: firmware?.core.identityAlive ?? false,
    screen: device.screen ?? null,
    code: (firmware?.desk.prompt === undefined ? bay.codes.shown : undefined) ?? null,
    digitCount: bay.keypad.digitCount,
    paper: firmware?.printer.paper ?? [],
    paperMm: body.paperMm,
    sensors: hardwareSensors.map((sensor) => ({
      sensor,
      isTripped: (reasons & lockReasonBits[sensor]) !== 0,
      isHeld: body.isHeld(sensor),
      reading: sensorReading(body, sensor),
    })),
    hasNetwork: body.hasNetwork,
    recordsWaiting: firmware === undefined ? 0 : waitingRecords(firmware.core.siteRecords),
    broken: breakableParts.filter((part) => body.isBroken(part)),
    insertedCard: body.slot.inserted?.id ?? null,
  };
}
