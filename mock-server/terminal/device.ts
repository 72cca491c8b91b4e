import { lockReasonBits } from '../../domain/unlock/states.ts';
import { tidyCardKey } from './card-key.ts';
import { clearDeadChallenge } from './challenge.ts';
import { Firmware } from './firmware.ts';
import type { FirmwareParts } from './firmware.ts';
import { finishPending } from './credentials.ts';
import { tidyCommissioning } from './orders.ts';
import { lockDown, takeLatchedTrips } from './trips.ts';
import { cardSecrets, paymentSecrets, secretNames } from './vault.ts';

/** A store that lost its core record counts as an attack: whatever it was, it is locked now. */
function lockWhenUnsound(firmware: Firmware): void {
  const { core, vault } = firmware;
  const worksForMoney = core.state === 'NORMAL' || core.state === 'PROBATION';
  if (firmware.wasDamaged || (worksForMoney && !vault.hasPaymentKeys)) {
    lockDown(firmware, lockReasonBits['self-test']);
  }
}

/** Secrets that the present state must not have: what an interrupted erasure left over. */
function finishErasing(firmware: Firmware): void {
  const { core, vault } = firmware;
  const softOnly = lockReasonBits['pin-tries'] | lockReasonBits.policy;
  if (core.state === 'LOCKED' && (core.reasons & ~softOnly) !== 0) {
    vault.erase([...paymentSecrets, ...cardSecrets, secretNames.commission]);
  }
  if (!core.identityAlive) vault.erase([secretNames.identity]);
  vault.finishErasures();
}

/**
 * Starts the firmware from its store: the boot is counted, a consumed grant is finished, trips that the tamper cell
 * holds are taken over, and what a power cut left half done is completed. After it the device is in a defined state.
 */
export function bootDevice(parts: FirmwareParts): Firmware {
  const firmware = new Firmware(parts);
  const { bootCount, clockTrusted } = firmware.core;
  firmware.commit(
    { bootCount: bootCount + 1 },
    { type: 'boot', result: clockTrusted ? '' : 'clock-lost', detail: bootCount + 1 },
  );
  finishPending(firmware);
  takeLatchedTrips(firmware);
  lockWhenUnsound(firmware);
  finishErasing(firmware);
  tidyCommissioning(firmware);
  tidyCardKey(firmware);
  clearDeadChallenge(firmware);
  return firmware;
}
