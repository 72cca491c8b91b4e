import { err, ok, type Result } from '../../../domain/result.ts';
import { concatBytes, utf8Encode } from '../../bytes.ts';
import { decodeCbor } from '../../cbor/decode.ts';
import { encodeCbor } from '../../cbor/encode.ts';
import { isCborArray, isCborBytes, type CborValue } from '../../cbor/value.ts';
import { messageTypes, type MessageName } from './constants.ts';
import { payloadCborLimits, type FormatRefusal } from './fields.ts';
import type { MessageSignature, Signer } from './signer.ts';

/** Bytes of a key id: the first of SHA-256 of the public key. */
export const kidBytes = 4;
/** Bytes of an Ed25519 signature. */
export const signatureBytes = 64;

/** Whose signatures an envelope carries: the device's own bare one, or named ones of the authority. */
export type EnvelopeKind = { readonly by: 'device' } | { readonly by: 'authority'; readonly signatures: number };

/** What is signed: the tag `TK-UNLK/1/` + type number + 0x00, then the payload. */
export function signedBytes(name: MessageName, payload: Uint8Array): Uint8Array {
  return concatBytes(utf8Encode(`TK-UNLK/1/${messageTypes[name]}`), Uint8Array.of(0), payload);
}

/** `[payload, signature]`, or `[payload]` when the device's identity is dead. */
export function encodeDeviceEnvelope(name: MessageName, payload: Uint8Array, signer: Signer | undefined): Uint8Array {
  const parts: CborValue[] = [payload];
  if (signer !== undefined) parts.push(signer.sign(signedBytes(name, payload)));
  return encodeCbor(parts, payloadCborLimits);
}

/** `[payload, kid ‖ signature, …]` in the order of `signers`. */
export function encodeAuthorityEnvelope(
  name: MessageName,
  payload: Uint8Array,
  signers: readonly Signer[],
): Uint8Array {
  const signed = signedBytes(name, payload);
  const signatures = signers.map((signer) => concatBytes(signer.kid, signer.sign(signed)));
  return encodeCbor([payload, ...signatures], payloadCborLimits);
}

function readSignature(value: CborValue, kind: EnvelopeKind): MessageSignature | undefined {
  if (!isCborBytes(value)) return undefined;
  if (kind.by === 'device') return value.length === signatureBytes ? { signature: value } : undefined;
  if (value.length !== kidBytes + signatureBytes) return undefined;
  return { kid: value.subarray(0, kidBytes), signature: value.subarray(kidBytes) };
}

/** Takes an envelope apart. The count of signatures must be the one that `kind` prescribes. */
export function decodeEnvelope(
  bytes: Uint8Array,
  kind: EnvelopeKind,
): Result<{ readonly payload: Uint8Array; readonly signatures: readonly MessageSignature[] }, FormatRefusal> {
  const decoded = decodeCbor(bytes, payloadCborLimits);
  if (!decoded.ok) return err('malformed', decoded.error);
  if (!isCborArray(decoded.value)) return err('malformed', 'envelope');
  const [payload, ...rest] = decoded.value;
  const isRightCount = kind.by === 'device' ? rest.length <= 1 : rest.length === kind.signatures;
  if (!isCborBytes(payload) || !isRightCount) return err('malformed', 'envelope');
  const signatures: MessageSignature[] = [];
  for (const value of rest) {
    const signature = readSignature(value, kind);
    if (signature === undefined) return err('malformed', 'signature');
    signatures.push(signature);
  }
  return ok({ payload, signatures });
}
