import { identityErasingMask, lockReasonBits, reasonsOf, softReasonsMask } from '../../domain/unlock/states.ts';
import type { HardwareSensor, TerminalBody } from './body.ts';
import { hardwareSensors } from './body.ts';
import { clearChallenge } from './challenge.ts';
import type { Firmware } from './firmware.ts';
import { deviceLimits } from './limits.ts';
import { eraseRecord } from './store.ts';
import type { DurableStore } from './store.ts';
import { cardSecrets, paymentSecrets, secretNames } from './vault.ts';
import type { SecretName } from './vault.ts';

/** The secrets that a trip with these reasons destroys. */
export function secretsErasedBy(reasons: number): readonly SecretName[] {
  if ((reasons & ~softReasonsMask) === 0) return [];
  const payment: readonly SecretName[] = [...paymentSecrets, ...cardSecrets, secretNames.commission];
  return (reasons & identityErasingMask) === 0 ? payment : [...payment, secretNames.identity];
}

/** What the tamper cell does by itself while the main power is off. */
export function eraseWithoutPower(store: DurableStore, reasons: number): void {
  for (const name of secretsErasedBy(reasons)) if (store.read(name) !== undefined) eraseRecord(store, name);
}

/**
 * Locks the device for the reasons in `mask`: keys first, then the record (state, epoch + 1, a new nonce, journal) in
 * one write. In LOCKED it adds reasons, and the outstanding challenge dies. Safe to repeat after a power cut.
 */
export function lockDown(firmware: Firmware, mask: number): void {
  const { core, clock, vault } = firmware;
  vault.erase(secretsErasedBy(mask));
  if ((mask & lockReasonBits['flat-cell']) !== 0) clock.lose();
  const isLocked = core.state === 'LOCKED';
  const isHard = (mask & ~softReasonsMask) !== 0;
  firmware.commit(
    {
      state: 'LOCKED',
      returnState: isLocked ? core.returnState : core.state,
      lockEpoch: core.lockEpoch + 1,
      reasons: isLocked ? core.reasons | mask : mask,
      lockedAtSeconds: isLocked ? core.lockedAtSeconds : clock.isTrusted ? clock.nowSeconds() : 0,
      nonce: firmware.random(16),
      identityAlive: core.identityAlive && (mask & identityErasingMask) === 0,
      commissioned: isHard ? 0 : core.commissioned,
      pinTries: 0,
      answeredGrantHash: new Uint8Array(0),
      blankBy: 0,
    },
    { type: 'locked', result: reasonsOf(mask).join(' '), detail: mask },
  );
  clearChallenge(firmware);
}

/** Takes over what the tamper cell has latched. */
export function takeLatchedTrips(firmware: Firmware): void {
  const mask = firmware.body.latched;
  if (mask === 0) return;
  lockDown(firmware, mask);
  firmware.body.clearLatch(mask);
}

/** A sensor that is armed again notices at once what still lasts: an open case, a flat cell. */
export function rearmSensors(firmware: Firmware): void {
  for (const sensor of hardwareSensors) if (firmware.body.isHeld(sensor)) firmware.body.latch(sensor, true);
  takeLatchedTrips(firmware);
}

/** One wrong PIN at the keypad; the last allowed one locks. The count is durable. */
export function enterWrongPin(firmware: Firmware): void {
  if (firmware.core.state === 'LOCKED') return;
  const tries = firmware.core.pinTries + 1;
  if (tries >= deviceLimits.pinTries) lockDown(firmware, lockReasonBits['pin-tries']);
  else firmware.commit({ pinTries: tries });
}

/** Words for what a sensor reads now, as `lock.status` gives them. */
export function sensorReading(body: TerminalBody, sensor: HardwareSensor): string {
  switch (sensor) {
    case 'case':
      return body.isHeld('case') ? 'open' : 'closed';
    case 'mesh':
      return body.isHeld('mesh') ? 'broken' : 'intact';
    case 'temperature':
      return `${(body.temperatureTenthsC / 10).toFixed(1)} °C`;
    case 'voltage':
      return body.isHeld('voltage') ? '2.41 V' : '3.30 V';
    case 'flat-cell':
      return `${(body.cellMillivolts / 1000).toFixed(2)} V`;
    case 'drop':
      return `${body.dropCount} in all`;
  }
}
