import { createHash, randomBytes } from 'node:crypto';
import { allReasonsMask } from '../../../domain/unlock/states.ts';
import { compareBytes } from '../../../protocol/bytes.ts';
import { encodeDelegation } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import {
  preparedVerifier,
  signingPublicKey,
  softwareSigner,
  verifyStrict,
} from '../../../protocol/unlock/v1/ed25519.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import type { Keyset } from '../../../protocol/unlock/v1/messages.ts';
import type { SignatureVerifier } from '../../../protocol/unlock/v1/signer.ts';
import {
  assembleResponse,
  encodeResponsePayload,
  encodeSiteBundle,
  responseSignedBytes,
  secondKeyHash,
} from '../../../protocol/unlock/v1/site.ts';
import { verifySite } from '../../../protocol/unlock/v1/verify-site.ts';
import type { SiteView } from '../../../protocol/unlock/v1/verify-site.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';

const warmUpRuns = 30;
const runs = 300;
const largestU32 = 0xffff_ffff;
/** A time whose encoding is as long as any that will be met: five bytes until the year 2106. */
const nowSeconds = 4_000_000_000;

const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const [issuerSecret, approverSecret, technicianSecret, secondSecret] = [bytes(32), bytes(32), bytes(32), bytes(32)];
const devices = Array.from({ length: unlockLimits.delegationDevicesMax }, () => bytes(8)).sort(compareBytes);
const lastDevice = devices.at(-1) ?? bytes(8);
const nonce = bytes(16);
const secondKey = signingPublicKey(secondSecret);
const others = Array.from({ length: unlockLimits.delegationSecondsMax - 1 }, () => bytes(16));

/** Every list full, every number as long as it can be. */
function largestDelegation(): Uint8Array {
  const message = {
    sequence: largestU32,
    technicianKey: signingPublicKey(technicianSecret),
    devices,
    seconds: [secondKeyHash(secondKey), ...others].map((keyHash) => ({ keyHash, deviceMask: 0xff })),
    actions: actionBits.clearTamper | actionBits.setParameters | actionBits.wipeReinit,
    reasonsOk: allReasonsMask,
    notBeforeSeconds: nowSeconds,
    notAfterSeconds: nowSeconds + unlockLimits.delegationSpanSecondsMax,
    usesMax: unlockLimits.delegationUsesMax,
    usesPerDeviceMax: unlockLimits.delegationUsesPerDeviceMax,
    revocationEpoch: largestU32,
    keysetFloor: largestU32,
  };
  return encodeDelegation(message, softwareSigner(issuerSecret), softwareSigner(approverSecret));
}

function largestResponse(delegation: Uint8Array): Uint8Array {
  const payload = encodeResponsePayload({
    deviceId: lastDevice,
    lockEpoch: largestU32,
    nonce,
    delegationHash: new Uint8Array(createHash('sha256').update(delegation).digest()),
    actions: actionBits.clearTamper | actionBits.setParameters | actionBits.wipeReinit,
    useIndex: 1,
    madeAtSeconds: nowSeconds,
  });
  const signed = responseSignedBytes(payload);
  const technicianSignature = softwareSigner(technicianSecret).sign(signed);
  return assembleResponse({
    payload,
    technicianSignature,
    secondKey,
    secondSignature: softwareSigner(secondSecret).sign(signed),
  });
}

const keyset: Keyset = {
  sequence: largestU32,
  keys: [
    { keyClass: 'issuer', publicKey: signingPublicKey(issuerSecret), notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: signingPublicKey(approverSecret), notAfterSeconds: 0 },
  ],
  transportKey: signingPublicKey(bytes(32)),
};

const device: SiteView = {
  deviceId: lastDevice,
  state: 'LOCKED',
  lockEpoch: largestU32,
  nonce,
  reasons: allReasonsMask,
  lastGrantSequence: 0,
  allowedActions: 127,
  clock: { trusted: true, nowSeconds, floorSeconds: 0 },
  revocationFloor: largestU32,
};

/** Median time of the device's whole decision: decoding, bindings, and four signatures. */
function medianVerificationMs(bundle: Uint8Array, verify: SignatureVerifier): number {
  const times: number[] = [];
  for (let run = 0; run < warmUpRuns + runs; run += 1) {
    const startedMs = performance.now();
    const verdict = verifySite(bundle, device, keyset, verify);
    const tookMs = performance.now() - startedMs;
    if (!verdict.ok) throw new Error(`The bench's bundle was refused: ${verdict.error}`);
    if (run >= warmUpRuns) times.push(tookMs);
  }
  return percentile(times, 0.5);
}

/** Sizes of the largest messages of work on site, and the time that a device takes to verify a bundle. */
export function* messageFigures(): Iterable<Figure> {
  const delegation = largestDelegation();
  const response = largestResponse(delegation);
  const bundle = encodeSiteBundle({ delegation, response });
  yield { name: 'delegation, 8 terminals, 8 second persons', value: delegation.length, unit: 'B' };
  yield { name: 'response, signed by two persons', value: response.length, unit: 'B' };
  yield { name: 'on-site bundle, largest', value: bundle.length, unit: 'B', goal: { atMost: 720 } };
  const prepared = preparedVerifier(keyset.keys.map(({ publicKey }) => publicKey));
  const value = medianVerificationMs(bundle, prepared);
  yield { name: 'device verifies a bundle of four signatures', value, unit: 'ms' };
  yield { name: 'the same without prepared keys', value: medianVerificationMs(bundle, verifyStrict), unit: 'ms' };
}
