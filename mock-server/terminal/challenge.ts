import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { decodeCbor } from '../../protocol/cbor/decode.ts';
import { encodeCbor } from '../../protocol/cbor/encode.ts';
import { isCborArray } from '../../protocol/cbor/value.ts';
import { encodeRequest } from '../../protocol/unlock/v1/codec.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import { screenNumber } from '../../protocol/unlock/v1/screen-number.ts';
import { sealRequest } from '../../protocol/unlock/v1/seal.ts';
import type { Firmware } from './firmware.ts';
import { shortHash } from './journal.ts';
import { keysetOf } from './keyset.ts';
import { firmwareNumber, modelNumber } from './model.ts';
import { eraseRecord } from './store.ts';

/** A challenge that was asked for and not yet used, burnt or superseded. Survives reboots byte for byte. */
export interface Challenge {
  readonly nonce: Uint8Array;
  /** Device clock, Unix seconds. */
  readonly madeAtSeconds: number;
  /** The plain REQUEST. */
  readonly request: Uint8Array;
  readonly isSigned: boolean;
  readonly sealed: Uint8Array;
  /** Opens the grant that answers; a secret, erased with the challenge. */
  readonly responseSecret: Uint8Array;
  readonly screenNumber: string;
}

/** Why no request is given. */
export type RequestErrorCode =
  /** The device is not locked; there is nothing to ask for. */
  | 'not-in-state'
  /** A fresh challenge was asked for again before the least interval was over. */
  | 'too-soon';

const challengeName = 'challenge';

function readChallenge(bytes: Uint8Array): Challenge | undefined {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok || !isCborArray(decoded.value) || decoded.value.length !== 6) return undefined;
  const [nonce, madeAtSeconds, request, isSigned, sealed, responseSecret] = decoded.value;
  if (!(nonce instanceof Uint8Array) || !(request instanceof Uint8Array) || !(sealed instanceof Uint8Array))
    return undefined;
  if (!(responseSecret instanceof Uint8Array) || typeof madeAtSeconds !== 'number') return undefined;
  const number = screenNumber(request);
  return { nonce, madeAtSeconds, request, isSigned: isSigned === true, sealed, responseSecret, screenNumber: number };
}

/** The challenge that an accepted grant must answer, or `undefined`. Another nonce than the stored one is a dead one. */
export function outstandingChallenge(firmware: Firmware): Challenge | undefined {
  if (firmware.core.state !== 'LOCKED') return undefined;
  const bytes = firmware.store.read(challengeName);
  const challenge = bytes === undefined ? undefined : readChallenge(bytes);
  return challenge !== undefined && equalBytes(challenge.nonce, firmware.core.nonce) ? challenge : undefined;
}

/** Erases what is left of a challenge. */
export function clearChallenge(firmware: Firmware): void {
  if (firmware.store.read(challengeName) !== undefined) eraseRecord(firmware.store, challengeName);
}

/** Erases the challenge's record when its nonce is no longer the device's: after a power cut between the two. */
export function clearDeadChallenge(firmware: Firmware): void {
  if (outstandingChallenge(firmware) === undefined) clearChallenge(firmware);
}

function makeChallenge(firmware: Firmware): Challenge {
  const { core, clock, factory } = firmware;
  const { signer } = firmware;
  const keyset = keysetOf(core);
  const madeAtSeconds = clock.nowSeconds();
  const message = {
    deviceId: factory.deviceId,
    model: modelNumber(factory.model),
    firmware: firmwareNumber,
    lockEpoch: core.lockEpoch,
    nonce: core.nonce,
    reasons: core.reasons,
    logHead: core.journal.head,
    bootCount: core.bootCount,
    deviceTimeSeconds: madeAtSeconds,
    flags: firmware.flags,
    keysetSequence: keyset.sequence,
  };
  const request = encodeRequest(message, signer);
  const { sealed, responseSecret } = sealRequest(request, keyset.transportKey, firmware.random(32));
  const isSigned = signer !== undefined;
  return {
    nonce: core.nonce,
    madeAtSeconds,
    request,
    isSigned,
    sealed,
    responseSecret,
    screenNumber: screenNumber(request),
  };
}

function storeChallenge(firmware: Firmware, challenge: Challenge): void {
  const { nonce, madeAtSeconds, request, isSigned, sealed, responseSecret } = challenge;
  const fields = [nonce, madeAtSeconds, request, isSigned, sealed, responseSecret];
  firmware.store.write(challengeName, encodeCbor(fields));
  firmware.tell({ type: 'screen' });
}

/**
 * The outstanding request, made at the first asking. `isFresh` supersedes it by one with a new nonce, at most every
 * ten seconds: every grant for the old one is dead from then on.
 */
export function askRequest(firmware: Firmware, isFresh: boolean): Result<Challenge, RequestErrorCode> {
  const { core, clock } = firmware;
  if (core.state !== 'LOCKED') return err('not-in-state', `the device is ${core.state}`);
  const outstanding = outstandingChallenge(firmware);
  if (outstanding !== undefined && !isFresh) return ok(outstanding);
  const nowSeconds = clock.nowSeconds();
  if (isFresh) {
    const waitSeconds = core.freshAtSeconds + unlockLimits.challengeIntervalSeconds - nowSeconds;
    if (core.freshAtSeconds !== 0 && waitSeconds > 0) return err('too-soon', `ask again in ${waitSeconds} s`);
    const nonce = firmware.random(16);
    firmware.commit(
      { nonce, freshAtSeconds: nowSeconds },
      { type: 'challenge', result: 'fresh', detail: core.reasons, nonceHash: shortHash(nonce) },
    );
    clearChallenge(firmware);
  }
  const challenge = makeChallenge(firmware);
  storeChallenge(firmware, challenge);
  return ok(challenge);
}
