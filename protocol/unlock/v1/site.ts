import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { concatBytes } from '../../bytes.ts';
import { decodeCbor } from '../../cbor/decode.ts';
import { encodeCbor } from '../../cbor/encode.ts';
import { isCborArray, isCborBytes } from '../../cbor/value.ts';
import { signatureBytes, signedBytes } from './envelope.ts';
import { decodePayload, encodePayload, payloadCborLimits, type FormatRefusal } from './fields.ts';
import { unlockLimits } from './limits.ts';
import type { SiteResponse } from './messages.ts';
import { responseFields } from './tables.ts';

/** Bytes of an Ed25519 public key. */
const publicKeyBytes = 32;
/** Bytes of the hash by which a delegation names a second person's key. */
const keyHashBytes = 16;

/** The name under which a delegation lists a second person's key: the first 16 bytes of SHA-256 of it. */
export function secondKeyHash(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, keyHashBytes);
}

/** The payload of a RESPONSE, which both persons sign. Throws on a field that is not allowed. */
export function encodeResponsePayload(message: SiteResponse): Uint8Array {
  return encodePayload('response', responseFields, message);
}

/** What technician and second person sign: tag and payload. */
export function responseSignedBytes(payload: Uint8Array): Uint8Array {
  return signedBytes('response', payload);
}

/** A RESPONSE with its signatures, not yet checked. */
export interface SignedResponse {
  readonly message: SiteResponse;
  readonly payload: Uint8Array;
  readonly technicianSignature: Uint8Array;
  /** The second person's whole key; the delegation lists only its hash. */
  readonly secondKey: Uint8Array;
  readonly secondSignature: Uint8Array;
}

/** `[payload, technician's signature, second's key ‖ signature]`. Throws when a part has the wrong size. */
export function assembleResponse(parts: Omit<SignedResponse, 'message'>): Uint8Array {
  const { payload, technicianSignature, secondKey, secondSignature } = parts;
  if (technicianSignature.length !== signatureBytes) throw new RangeError('assembleResponse.technicianSignature');
  if (secondKey.length !== publicKeyBytes) throw new RangeError('assembleResponse.secondKey');
  if (secondSignature.length !== signatureBytes) throw new RangeError('assembleResponse.secondSignature');
  return encodeCbor([payload, technicianSignature, concatBytes(secondKey, secondSignature)], payloadCborLimits);
}

/** Reads a RESPONSE; `verifySite` decides on it. */
export function decodeResponse(bytes: Uint8Array): Result<SignedResponse, FormatRefusal> {
  if (bytes.length > unlockLimits.responseBytesMax) return err('malformed', 'size');
  const decoded = decodeCbor(bytes, payloadCborLimits);
  if (!decoded.ok) return err('malformed', decoded.error);
  if (!isCborArray(decoded.value) || decoded.value.length !== 3) return err('malformed', 'envelope');
  const [payload, technicianSignature, second] = decoded.value;
  if (!isCborBytes(payload) || !isCborBytes(technicianSignature) || !isCborBytes(second)) {
    return err('malformed', 'envelope');
  }
  const isSized = technicianSignature.length === signatureBytes && second.length === publicKeyBytes + signatureBytes;
  if (!isSized) return err('malformed', 'signature');
  const message = decodePayload('response', responseFields, payload);
  if (!message.ok) return message;
  return ok({
    message: message.value,
    payload,
    technicianSignature,
    secondKey: second.subarray(0, publicKeyBytes),
    secondSignature: second.subarray(publicKeyBytes),
  });
}

/** What the device takes on site: the delegation and one response under it, each as signed. */
export interface SiteBundle {
  readonly delegation: Uint8Array;
  readonly response: Uint8Array;
}

/** `[delegation, response]`. Throws when it is larger than a device takes. */
export function encodeSiteBundle({ delegation, response }: SiteBundle): Uint8Array {
  const bytes = encodeCbor([delegation, response], payloadCborLimits);
  if (bytes.length > unlockLimits.siteBundleBytesMax) throw new RangeError('encodeSiteBundle: too large');
  return bytes;
}

/** Takes a bundle apart; what is inside is not yet decoded. */
export function decodeSiteBundle(bytes: Uint8Array): Result<SiteBundle, 'malformed'> {
  if (bytes.length > unlockLimits.siteBundleBytesMax) return err('malformed', 'size');
  const decoded = decodeCbor(bytes, payloadCborLimits);
  if (!decoded.ok) return err('malformed', decoded.error);
  if (!isCborArray(decoded.value) || decoded.value.length !== 2) return err('malformed', 'bundle');
  const [delegation, response] = decoded.value;
  return isCborBytes(delegation) && isCborBytes(response) ? ok({ delegation, response }) : err('malformed', 'bundle');
}
