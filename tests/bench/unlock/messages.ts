import { randomBytes } from 'node:crypto';
import { allFlagsMask, actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { encodeGrant, encodeKeyset, encodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import {
  preparedVerifier,
  signingPublicKey,
  softwareSigner,
  verifyStrict,
} from '../../../protocol/unlock/v1/ed25519.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import type { Keyset, UnlockGrant, UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import type { SignatureVerifier } from '../../../protocol/unlock/v1/signer.ts';
import { verifyGrant } from '../../../protocol/unlock/v1/verify-grant.ts';
import type { DeviceView } from '../../../protocol/unlock/v1/verify-grant.ts';
import { allReasonsMask } from '../../../domain/unlock/states.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';

const warmUpRuns = 30;
const runs = 300;
const largestU32 = 0xffff_ffff;
/** A time whose encoding is as long as any that will be met: five bytes until the year 2106. */
const nowSeconds = 4_000_000_000;

const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const [deviceSecret, issuerSecret, approverSecret, rootSecret] = [bytes(32), bytes(32), bytes(32), bytes(32)];

/** A request whose every number is as long as it can be. */
const largestRequest: UnlockRequest = {
  deviceId: bytes(8),
  model: 0xffff,
  firmware: largestU32,
  lockEpoch: largestU32,
  nonce: bytes(16),
  reasons: allReasonsMask,
  logHead: bytes(16),
  bootCount: largestU32,
  deviceTimeSeconds: nowSeconds,
  flags: allFlagsMask,
  keysetSequence: largestU32,
};

const largestGrant: UnlockGrant = {
  deviceId: largestRequest.deviceId,
  lockEpoch: largestU32,
  nonce: largestRequest.nonce,
  actions: actionBits.clearTamper | actionBits.setParameters,
  reasonsOk: allReasonsMask,
  notBeforeSeconds: nowSeconds,
  notAfterSeconds: nowSeconds + unlockLimits.grantSpanSecondsMax,
  ticket: bytes(8),
  grantSequence: largestU32,
  keysetFloor: largestU32,
  revocationFloor: largestU32,
};

const keyset: Keyset = {
  sequence: largestU32,
  keys: [
    { keyClass: 'issuer', publicKey: signingPublicKey(issuerSecret), notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: signingPublicKey(approverSecret), notAfterSeconds: 0 },
  ],
  transportKey: signingPublicKey(rootSecret),
};

const device: DeviceView = {
  deviceId: largestRequest.deviceId,
  state: 'LOCKED',
  lockEpoch: largestU32,
  nonce: largestRequest.nonce,
  reasons: allReasonsMask,
  lastGrantSequence: 0,
  allowedActions: 127,
  clock: { trusted: true, nowSeconds, floorSeconds: 0 },
};

function signedGrant(): Uint8Array {
  return encodeGrant(largestGrant, softwareSigner(issuerSecret), softwareSigner(approverSecret));
}

/** Median time of the device's whole decision on a grant: decoding, bindings, and both signatures by noble. */
function medianVerificationMs(verify: SignatureVerifier): number {
  const grant = signedGrant();
  const times: number[] = [];
  for (let run = 0; run < warmUpRuns + runs; run += 1) {
    const startedMs = performance.now();
    const verdict = verifyGrant(grant, device, keyset, verify);
    const tookMs = performance.now() - startedMs;
    if (!verdict.ok) throw new Error(`The bench's grant was refused: ${verdict.error}`);
    if (run >= warmUpRuns) times.push(tookMs);
  }
  return percentile(times, 0.5);
}

/** Sizes of the largest messages that the fields allow, and the time that a device takes to verify a grant. */
export function* messageFigures(): Iterable<Figure> {
  const request = encodeRequest(largestRequest, softwareSigner(deviceSecret));
  const keysetBytes = encodeKeyset(keyset, softwareSigner(rootSecret));
  yield { name: 'request, signed, largest', value: request.length, unit: 'B', goal: { atMost: 160 } };
  yield { name: 'grant, signed twice, largest', value: signedGrant().length, unit: 'B', goal: { atMost: 230 } };
  yield { name: 'keyset of two keys', value: keysetBytes.length, unit: 'B' };
  const prepared = preparedVerifier(keyset.keys.map(({ publicKey }) => publicKey));
  const goal = { atMost: 5 };
  yield { name: 'device verifies a grant, median', value: medianVerificationMs(prepared), unit: 'ms', goal };
  yield { name: 'the same without prepared keys', value: medianVerificationMs(verifyStrict), unit: 'ms' };
}
