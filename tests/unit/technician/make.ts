import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { DeviceStatus, HeldRequest, Observation, RunRecord } from '../../../src/technician/run/observation.ts';

/** The moment at which every example stands. */
export const nowMs = Date.parse('2026-11-24T06:05:00.000Z');
export const caseId = '0195a000-0000-7000-8000-000000000001';

export function device(changes: Partial<DeviceStatus> = {}): DeviceStatus {
  return {
    state: 'LOCKED',
    lockEpoch: 7,
    reasons: 1,
    lockedAtSeconds: 0,
    sensors: [['case', true, 'open']],
    cellMillivolts: 3020,
    clockTrusted: true,
    identityAlive: true,
    keysPresent: false,
    failedAttempts: 0,
    retryAfterSeconds: 0,
    lifetimeUnlocks: 1,
    keysetSequence: 1,
    challengeAgeSeconds: 0,
    screenNumber: '418207',
    commissioned: 0,
    probationUntilSeconds: 0,
    logHead: new Uint8Array(16),
    ...changes,
  };
}

export function unlockCase(state: UnlockCase['state'], changes: Partial<UnlockCase> = {}): UnlockCase {
  const at = new Date(nowMs).toISOString();
  return {
    id: caseId,
    ticketId: '0195a000-0000-7000-8000-0000000000aa',
    ticketNumber: 'U-1124-031',
    terminal: {
      id: '0195a000-0000-7000-8000-0000000000bb',
      label: 'G3-02',
      serial: 'QT60-2551-00317',
      model: 'QT-60',
      deviceId: '0011223344556677',
      merchantName: 'Guiyuan Property Office',
      place: 'Building 3',
      seal: '00478812',
    },
    technician: { id: 'wang', name: 'Wang' },
    state,
    askedAt: at,
    updatedAt: at,
    request: {
      reasons: ['case'],
      lockEpoch: 7,
      firmware: '4.2.1',
      bootCount: 12,
      signed: true,
      identityAlive: true,
      clockTrusted: true,
      batteryOk: true,
      sizeBytes: 149,
      screenNumber: '418207',
      logContinues: true,
    },
    photos: [],
    keyset: { bytes: 'AAAA', sequence: 1 },
    ...changes,
  };
}

/** A case with a grant that is good for ten more minutes. */
export function granted(changes: Partial<UnlockCase> = {}): UnlockCase {
  const notAfter = new Date(nowMs + 600_000).toISOString();
  return unlockCase('granted', {
    grant: { sealed: 'BBBB', sizeBytes: 218, notAfter, state: 'PENDING', late: false },
    ...changes,
  });
}

export function request(changes: Partial<HeldRequest> = {}): HeldRequest {
  return {
    caseId,
    sealed: 'CCCC',
    requestBytes: 149,
    isSigned: true,
    lockEpoch: 7,
    screenNumber: '418207',
    readAtMs: nowMs,
    ageSeconds: 0,
    ...changes,
  };
}

export function record(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    ticketId: '0195a000-0000-7000-8000-0000000000aa',
    ticketNumber: 'U-1124-031',
    terminal: unlockCase('waiting').terminal,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    startedAtMs: nowMs,
    steps: {},
    request: request(),
    ...changes,
  };
}

/** A locked terminal on a live cable, a live network, no case yet, the request read and the run started. */
export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    nowMs,
    cable: 'ready',
    device: device(),
    isNetworkUp: true,
    case: undefined,
    isCaseFresh: true,
    order: undefined,
    keyset: undefined,
    delegation: undefined,
    queued: 0,
    record: record(),
    ...changes,
  };
}
