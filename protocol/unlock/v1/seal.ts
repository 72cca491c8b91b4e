import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { concatBytes, equalBytes, u32Be, utf8Encode } from '../../bytes.ts';
import type { MessageName } from './constants.ts';
import { keyIdOf } from './ed25519.ts';
import { kidBytes, signedBytes } from './envelope.ts';
import {
  encapsulatedBytes,
  hpkeExport,
  hpkeOpen,
  hpkeSeal,
  openAead,
  sealTagBytes,
  setupReceiver,
  setupSender,
  softwareAgreementKey,
  type AgreementKey,
} from './hpke.ts';
import { unlockLimits } from './limits.ts';

/** Bytes of the random number at the head of a sealed grant. */
export const responseNonceBytes = 32;
/** Bytes of the secret with which the answer to a request is sealed. */
export const responseSecretBytes = 32;

const requestInfo = utf8Encode('TK-UNLK/1 request');
const keysInfo = utf8Encode('TK-UNLK/1 keys');
const responseLabel = utf8Encode('TK-UNLK/1 response');
const empty = new Uint8Array(0);

/** The type tag alone, as additional data. */
function tagOf(name: MessageName): Uint8Array {
  return signedBytes(name, empty);
}

/** A sealed request and the secret that opens its answer; the device stores both before it shows the request. */
export interface SealedRequest {
  /** Key id of the transport key ‖ encapsulated key ‖ sealed request. */
  readonly sealed: Uint8Array;
  readonly responseSecret: Uint8Array;
}

/**
 * Device: seals a REQUEST to the server's transport key (docs/unlock-protocol.md, section 5.1).
 * `ephemeralSecret`: 32 fresh random bytes. Throws when the transport key is of small order.
 */
export function sealRequest(request: Uint8Array, transportKey: Uint8Array, ephemeralSecret: Uint8Array): SealedRequest {
  const setup = setupSender(transportKey, requestInfo, softwareAgreementKey(ephemeralSecret));
  if (setup === undefined) throw new RangeError('sealRequest.transportKey');
  const kid = keyIdOf(transportKey);
  const text = hpkeSeal(setup.context, 0, concatBytes(tagOf('request'), kid), request);
  return {
    sealed: concatBytes(kid, setup.encapsulated, text),
    responseSecret: hpkeExport(setup.context, responseLabel, responseSecretBytes),
  };
}

/** Why a sealed request does not open. */
export type OpenRequestError =
  /** Too short or too long to be one. */
  | 'malformed'
  /** Sealed to another transport key (see `sealedRequestKid`): an old keyset on the device. */
  | 'unknown-key'
  /** Not authentic. */
  | 'not-openable';

/** The key id of the transport key to which a request was sealed, so that a server with two keys can choose. */
export function sealedRequestKid(sealed: Uint8Array): Uint8Array {
  return sealed.slice(0, kidBytes);
}

/** Server: opens a sealed REQUEST. The request inside is not yet decoded or checked. */
export function openRequest(
  sealed: Uint8Array,
  transportKey: AgreementKey,
): Result<{ readonly request: Uint8Array; readonly responseSecret: Uint8Array }, OpenRequestError> {
  const overhead = kidBytes + encapsulatedBytes + sealTagBytes;
  if (sealed.length <= overhead || sealed.length > overhead + unlockLimits.requestBytesMax) return err('malformed');
  const kid = sealedRequestKid(sealed);
  if (!equalBytes(kid, keyIdOf(transportKey.publicKey))) return err('unknown-key');
  const encapsulated = sealed.subarray(kidBytes, kidBytes + encapsulatedBytes);
  const context = setupReceiver(encapsulated, transportKey, requestInfo);
  if (context === undefined) return err('not-openable');
  const text = sealed.subarray(kidBytes + encapsulatedBytes);
  const request = hpkeOpen(context, 0, concatBytes(tagOf('request'), kid), text);
  if (request === undefined) return err('not-openable');
  return ok({ request, responseSecret: hpkeExport(context, responseLabel, responseSecretBytes) });
}

function responseKeys(responseSecret: Uint8Array, responseNonce: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const prk = extract(sha256, responseSecret, responseNonce);
  return { key: expand(sha256, prk, utf8Encode('key'), 32), nonce: expand(sha256, prk, utf8Encode('nonce'), 12) };
}

/**
 * Server: seals a GRANT for the device that made the request. `responseNonce`: 32 fresh random bytes, so that a
 * second grant for the same request never meets the same key stream. Construction of RFC 9458, section 4.4; deviation:
 * the encapsulated key is not mixed into the salt again, as the exported secret depends on it already.
 */
export function sealGrant(grant: Uint8Array, responseSecret: Uint8Array, responseNonce: Uint8Array): Uint8Array {
  if (responseNonce.length !== responseNonceBytes) throw new RangeError('sealGrant.responseNonce');
  const { key, nonce } = responseKeys(responseSecret, responseNonce);
  return concatBytes(responseNonce, chacha20poly1305(key, nonce, tagOf('grant')).encrypt(grant));
}

/** Device: opens a sealed GRANT with the secret stored beside the challenge. */
export function openGrant(
  sealed: Uint8Array,
  responseSecret: Uint8Array,
): Result<Uint8Array, 'malformed' | 'not-openable'> {
  const overhead = responseNonceBytes + sealTagBytes;
  if (sealed.length <= overhead || sealed.length > overhead + unlockLimits.grantBytesMax) return err('malformed');
  const { key, nonce } = responseKeys(responseSecret, sealed.subarray(0, responseNonceBytes));
  const grant = openAead(key, nonce, tagOf('grant'), sealed.subarray(responseNonceBytes));
  return grant === undefined ? err('not-openable') : ok(grant);
}

/** What a key package is bound to: the ORDER in which it travels. */
export interface KeyPackageBinding {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  readonly orderSequence: number;
}

function bindingBytes(binding: KeyPackageBinding): Uint8Array {
  return concatBytes(tagOf('order'), binding.deviceId, u32Be(binding.lockEpoch), u32Be(binding.orderSequence));
}

/**
 * Server: seals the body of INSTALL_KEYS to the commission key from the RECEIPT (section 5.3).
 * `ephemeralSecret`: 32 fresh random bytes. Throws when the commission key is of small order.
 */
export function sealKeyPackage(
  body: Uint8Array,
  commissionKey: Uint8Array,
  binding: KeyPackageBinding,
  ephemeralSecret: Uint8Array,
): Uint8Array {
  const setup = setupSender(commissionKey, keysInfo, softwareAgreementKey(ephemeralSecret));
  if (setup === undefined) throw new RangeError('sealKeyPackage.commissionKey');
  return concatBytes(setup.encapsulated, hpkeSeal(setup.context, 0, bindingBytes(binding), body));
}

/** Device: opens the body of INSTALL_KEYS with its commission key. */
export function openKeyPackage(
  sealed: Uint8Array,
  commissionKey: AgreementKey,
  binding: KeyPackageBinding,
): Result<Uint8Array, 'not-openable'> {
  const context = setupReceiver(sealed.slice(0, encapsulatedBytes), commissionKey, keysInfo);
  if (context === undefined) return err('not-openable');
  const body = hpkeOpen(context, 0, bindingBytes(binding), sealed.subarray(encapsulatedBytes));
  return body === undefined ? err('not-openable') : ok(body);
}
