import { terminalStates } from '../../../../domain/unlock/states.ts';
import type { CborValue } from '../../../cbor/value.ts';
import { bool, bytes, oneOf, rows, text, uint } from '../fields.ts';
import { op } from './op.ts';

/** Largest UNLK/1 message, sealed or not (docs/unlock-protocol.md). */
const unlockMessageMaxBytes = 1024;

/** One tamper sensor: its name, whether it has tripped, what it measures now in words. */
export type SensorRow = readonly [sensor: string, isTripped: boolean, reading: string];

function isSensorRow(row: CborValue): row is SensorRow {
  if (!Array.isArray(row) || row.length !== 3) return false;
  const [sensor, isTripped, reading] = row as readonly CborValue[];
  const isName = typeof sensor === 'string' && sensor.length <= 24;
  return isName && typeof isTripped === 'boolean' && typeof reading === 'string' && reading.length <= 32;
}

/** Service 2: the lock and the conversation that opens it (docs/cable-protocol.md, section 8.2). */
export const lockOps = {
  'lock.status': op(
    0x0201,
    {},
    {
      state: oneOf(1, terminalStates),
      lockEpoch: uint(2),
      reasons: uint(3, 0xffff),
      lockedAtSeconds: uint(4),
      sensors: rows(5, 12, '[name, tripped, reading]', isSensorRow),
      cellMillivolts: uint(6, 10_000),
      clockTrusted: bool(7),
      identityAlive: bool(8),
      keysPresent: bool(9),
      failedAttempts: uint(10),
      retryAfterSeconds: uint(11),
      lifetimeUnlocks: uint(12),
      keysetSequence: uint(13),
      challengeAgeSeconds: uint(14),
      screenNumber: text(15, 6),
      commissioned: uint(16, 0xffff),
      probationUntilSeconds: uint(17),
      logHead: bytes(18, 16, 16),
    },
  ),
  'lock.request': op(
    0x0202,
    { fresh: bool(1) },
    {
      sealed: bytes(1, unlockMessageMaxBytes),
      requestBytes: uint(2, unlockMessageMaxBytes),
      signed: bool(3),
      ageSeconds: uint(4),
      screenNumber: text(5, 6),
    },
  ),
  'lock.grant': op(
    0x0203,
    { sealed: bytes(1, unlockMessageMaxBytes) },
    {
      accepted: bool(1),
      receipt: bytes(2, unlockMessageMaxBytes),
      refusal: text(3, 32),
      retryAfterSeconds: uint(4),
    },
  ),
  'lock.abort': op(0x0204, { abort: bytes(1, unlockMessageMaxBytes) }, { receipt: bytes(1, unlockMessageMaxBytes) }),
  'lock.keyset': op(0x0205, { keyset: bytes(1, unlockMessageMaxBytes) }, { keysetSequence: uint(1) }),
  'lock.order': op(0x0206, { order: bytes(1, unlockMessageMaxBytes) }, { report: bytes(1, unlockMessageMaxBytes) }),
  'lock.lastReceipt': op(0x0207, {}, { receipt: bytes(1, unlockMessageMaxBytes) }),
  'lock.siteRequest': op(
    0x0208,
    {},
    {
      request: bytes(1, unlockMessageMaxBytes),
      ageSeconds: uint(2),
      screenNumber: text(3, 6),
      delegationSequence: uint(4),
      revocationFloor: uint(5),
    },
  ),
  'lock.siteUnlock': op(
    0x0209,
    { bundle: bytes(1, unlockMessageMaxBytes) },
    {
      accepted: bool(1),
      receipt: bytes(2, unlockMessageMaxBytes),
      refusal: text(3, 32),
      retryAfterSeconds: uint(4),
    },
  ),
  'lock.siteRecord': op(
    0x020a,
    { number: uint(1) },
    {
      first: uint(1),
      next: uint(2),
      request: bytes(3, unlockMessageMaxBytes),
      bundle: bytes(4, unlockMessageMaxBytes),
      receipt: bytes(5, unlockMessageMaxBytes),
    },
  ),
} as const;
