import { lockReasonBits } from '../../domain/unlock/states.ts';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { utf8Encode } from '../../protocol/bytes.ts';
import type { DeviceErrorCode } from '../../protocol/cable/v1/errors.ts';
import { bodyMaxBytes, protocolVersion, ratesBaud, windowMaxFrames } from '../../protocol/cable/v1/limits.ts';
import type { Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import type { SensorRow } from '../../protocol/cable/v1/services/lock.ts';
import type { DeviceHandlers } from '../../protocol/cable/v1/session-types.ts';
import { parametersDigest } from '../../protocol/unlock/v1/parameters.ts';
import { pairApp } from './app-pairing.ts';
import { hardwareSensors } from './body.ts';
import { cardKeyStatus, loadCardKey } from './card-key.ts';
import { readCard } from './card-reading.ts';
import { askRequest, outstandingChallenge } from './challenge.ts';
import type { Firmware } from './firmware.ts';
import { retryAfterSeconds } from './credentials.ts';
import { useAbort, useGrant, useKeyset } from './grants.ts';
import { healthOf } from './health.ts';
import { oldestSequence } from './journal.ts';
import { keysetOf, verifierOf } from './keyset.ts';
import { deviceLimits } from './limits.ts';
import { firmwareText } from './model.ts';
import { runOrder } from './orders.ts';
import { askSiteRequest, readSiteRecord, useSiteBundle } from './site.ts';
import { sensorReading } from './trips.ts';

/** What the firmware cannot do by itself: the unit around it switches the power and the line. */
export interface UnitControls {
  /** Restarts the device; returns after how many seconds it is back at the latest. */
  restart(): number;
  /** Changes the line's rate once the reply is out. */
  setBaud(baud: number): void;
}

function sensorRows(firmware: Firmware): readonly SensorRow[] {
  const { reasons, pinTries } = firmware.core;
  const rows = hardwareSensors.map((sensor): SensorRow => {
    return [sensor, (reasons & lockReasonBits[sensor]) !== 0, sensorReading(firmware.body, sensor)];
  });
  const soft: SensorRow[] = [
    ['pin-tries', (reasons & lockReasonBits['pin-tries']) !== 0, `${pinTries} of ${deviceLimits.pinTries}`],
    ['self-test', (reasons & lockReasonBits['self-test']) !== 0, ''],
    ['policy', (reasons & lockReasonBits.policy) !== 0, ''],
  ];
  return [...rows, ...soft];
}

function lockStatus(firmware: Firmware): Reply<'lock.status'> {
  const { core, clock, body } = firmware;
  const challenge = outstandingChallenge(firmware);
  return {
    state: core.state,
    lockEpoch: core.lockEpoch,
    reasons: core.reasons,
    lockedAtSeconds: core.state === 'LOCKED' ? core.lockedAtSeconds : 0,
    sensors: sensorRows(firmware),
    cellMillivolts: body.cellMillivolts,
    clockTrusted: clock.isTrusted,
    identityAlive: core.identityAlive,
    keysPresent: firmware.vault.hasPaymentKeys,
    failedAttempts: core.attempts.failed,
    retryAfterSeconds: retryAfterSeconds(firmware),
    lifetimeUnlocks: core.lifetimeUnlocks,
    keysetSequence: keysetOf(core).sequence,
    challengeAgeSeconds: challenge === undefined ? 0 : Math.max(0, clock.nowSeconds() - challenge.madeAtSeconds),
    screenNumber: challenge?.screenNumber ?? '',
    commissioned: core.commissioned,
    probationUntilSeconds: core.probationUntilSeconds,
    logHead: core.journal.head,
  };
}

function hello(firmware: Firmware): Reply<'identity.hello'> {
  return {
    protocol: protocolVersion,
    serial: firmware.factory.serial,
    deviceId: firmware.factory.deviceId,
    model: firmware.factory.model,
    firmware: firmwareText,
    bootCount: firmware.core.bootCount,
    state: firmware.core.state,
    capabilities: [
      'unlock/1',
      'onsite/1',
      'commission/1',
      'transfer',
      'journal',
      'print',
      'escpos/1',
      'card/1',
      'pair/1',
      'display',
      'reboot',
      'rate',
    ],
    bodyMaxBytes,
    windowFrames: windowMaxFrames,
    rates: ratesBaud,
  };
}

function readJournal(firmware: Firmware, params: Params<'journal.read'>): Reply<'journal.read'> {
  const { journal } = firmware.core;
  const oldest = oldestSequence(journal);
  const first = Math.max(oldest, params.fromSequence);
  const records: Uint8Array[] = [];
  let total = 0;
  for (const record of journal.records.slice(first - oldest, first - oldest + params.maxRecords)) {
    total += record.length;
    if (total > deviceLimits.journalReadBytes) break;
    records.push(record);
  }
  return { records, head: journal.head, nextSequence: first + records.length };
}

function request(firmware: Firmware, isFresh: boolean): Result<Reply<'lock.request'>, DeviceErrorCode> {
  const asked = askRequest(firmware, isFresh);
  if (!asked.ok) return asked;
  verifierOf(firmware.core);
  const { sealed, request: plain, isSigned, madeAtSeconds, screenNumber } = asked.value;
  const ageSeconds = Math.max(0, firmware.clock.nowSeconds() - madeAtSeconds);
  return ok({ sealed, requestBytes: plain.length, signed: isSigned, ageSeconds, screenNumber });
}

function grant(firmware: Firmware, sealed: Uint8Array): Reply<'lock.grant'> {
  const answer = useGrant(firmware, sealed);
  return { accepted: answer.refusal === '', ...answer };
}

function siteRequest(firmware: Firmware): Result<Reply<'lock.siteRequest'>, DeviceErrorCode> {
  const asked = askSiteRequest(firmware);
  if (asked.ok) verifierOf(firmware.core);
  return asked;
}

function siteUnlock(firmware: Firmware, bundle: Uint8Array): Reply<'lock.siteUnlock'> {
  const answer = useSiteBundle(firmware, bundle);
  return { accepted: answer.refusal === '', ...answer };
}

function siteRecord(firmware: Firmware, number: number): Reply<'lock.siteRecord'> {
  const { first, next, record } = readSiteRecord(firmware, number);
  const none = new Uint8Array(0);
  return { first, next, ...(record ?? { request: none, bundle: none, receipt: none }) };
}

function print(firmware: Firmware, lines: readonly string[]): Result<Record<string, never>, DeviceErrorCode> {
  if (firmware.core.state === 'LOCKED') return err('not-in-state', 'a locked device prints nothing');
  const printed = firmware.printer.print(lines);
  firmware.tell({ type: 'screen' });
  return printed.ok ? ok({}) : err('refused', printed.error);
}

function printEscpos(
  firmware: Firmware,
  chunk: Params<'print.escpos'>,
): Result<Reply<'print.escpos'>, DeviceErrorCode> {
  if (firmware.core.state === 'LOCKED') return err('not-in-state', 'a locked device prints nothing');
  const taken = firmware.printJobs.take(chunk);
  firmware.tell({ type: 'screen' });
  return taken;
}

function show(firmware: Firmware, params: Params<'display.show'>): Result<Record<string, never>, DeviceErrorCode> {
  if (firmware.core.state === 'LOCKED') return err('not-in-state', 'a locked screen shows only why');
  firmware.display.show(params.lines, params.seconds);
  firmware.tell({ type: 'screen' });
  return ok({});
}

/** The operations of the cable over one boot of the firmware. */
export function serviceHandlers(firmware: Firmware, unit: UnitControls): DeviceHandlers {
  return {
    'identity.hello': () => ok(hello(firmware)),
    'identity.rate': ({ baud }) => {
      if (!(ratesBaud as readonly number[]).includes(baud)) return err('refused', 'no such rate');
      unit.setBaud(baud);
      return ok({ baud });
    },
    'lock.status': () => ok(lockStatus(firmware)),
    'lock.request': ({ fresh }) => request(firmware, fresh),
    'lock.grant': ({ sealed }) => ok(grant(firmware, sealed)),
    'lock.abort': ({ abort }) => {
      const burnt = useAbort(firmware, abort);
      return burnt.ok ? ok({ receipt: burnt.value }) : err('refused', burnt.error);
    },
    'lock.keyset': ({ keyset }) => {
      const taken = useKeyset(firmware, keyset);
      return taken.ok ? ok({ keysetSequence: taken.value }) : err('refused', taken.error);
    },
    'lock.order': async ({ order }) => {
      const done = await runOrder(firmware, order);
      return done.ok ? ok({ report: done.value }) : done;
    },
    'lock.lastReceipt': () => ok({ receipt: firmware.core.lastReceipt }),
    'lock.siteRequest': () => siteRequest(firmware),
    'lock.siteUnlock': ({ bundle }) => ok(siteUnlock(firmware, bundle)),
    'lock.siteRecord': ({ number }) => ok(siteRecord(firmware, number)),
    'diagnose.health': () => ok(healthOf(firmware)),
    'journal.read': (params) => ok(readJournal(firmware, params)),
    'config.read': () => {
      const { parameters } = firmware.core;
      return ok({ digest: parametersDigest(utf8Encode(parameters)), parameters });
    },
    'print.lines': ({ lines }) => print(firmware, lines),
    'print.escpos': (params) => printEscpos(firmware, params),
    'display.show': (params) => show(firmware, params),
    'card.read': (params) => readCard(firmware, params),
    'card.cancel': () => ok({ wasRunning: firmware.desk.cancel() }),
    'card.loadKey': ({ keyBlock }) => {
      const { state } = firmware.core;
      if (state !== 'NORMAL' && state !== 'PROBATION') return err('not-in-state', 'card keys come after commissioning');
      return ok(loadCardKey(firmware, keyBlock));
    },
    'card.keyStatus': () => ok(cardKeyStatus(firmware)),
    'app.pair': (params) => pairApp(firmware, params),
    'reboot.restart': () => ok({ windowSeconds: unit.restart() }),
  };
}
