import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../domain/result.ts';
import { equalBytes } from '../bytes.ts';
import { decodeCbor } from '../cbor/decode.ts';
import { encodeCbor } from '../cbor/encode.ts';
import type { CborLimits } from '../cbor/limits.ts';
import { isCborArray, isCborBytes, type CborValue } from '../cbor/value.ts';
import { decodeDelegation, decodeRequest } from '../unlock/v1/codec.ts';
import { allActionsMask } from '../unlock/v1/constants.ts';
import { unlockLimits } from '../unlock/v1/limits.ts';
import type { Delegation, SiteResponse, UnlockRequest } from '../unlock/v1/messages.ts';
import type { SignedMessage } from '../unlock/v1/signer.ts';
import { encodeResponsePayload } from '../unlock/v1/site.ts';
import { codeLimits } from './limits.ts';

/** The only version of these two codes. */
const siteCodeVersion = 1;
const publicKeyBytes = 32;
const signatureBytes = 64;
const payloadHashBytes = 8;
const u32Max = 0xffff_ffff;
const cborLimits: CborLimits = { bytesMax: codeLimits.siteAskBytesMax, depthMax: 1, itemsMax: 8 };

/** What the technician asks the second person to sign (code `siteAsk`). The second rebuilds the payload from it. */
export interface SiteAsk {
  /** The signed DELEGATION. */
  readonly delegation: Uint8Array;
  /** The device's plain REQUEST. */
  readonly request: Uint8Array;
  /** Mask of actionBits. */
  readonly actions: number;
  readonly useIndex: number;
  /** Unix seconds, by the technician's clock. */
  readonly madeAtSeconds: number;
  /** Who the technician says they are; shown, never trusted. */
  readonly technicianName: string;
}

/** The second person's signature (code `siteAnswer`). */
export interface SiteAnswer {
  /** First 8 bytes of SHA-256 of the payload that was signed: tells at once that an answer belongs to another ask. */
  readonly payloadHash: Uint8Array;
  readonly secondKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** `malformed`: not this code. `unsupported-version`: of a later version of the app. */
export type SiteCodeRefusal = 'malformed' | 'unsupported-version';

function isCount(value: CborValue | undefined, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

/** Controls and direction marks are not part of a name, and could make it read as another one. */
function isName(value: CborValue | undefined): value is string {
  return typeof value === 'string' && [...value].length <= codeLimits.nameCharactersMax && !/\p{C}/u.test(value);
}

/** A name as it may stand in a SiteAsk: without controls, cut to its limit. */
function nameOf(text: string): string {
  const plain = text.replaceAll(/\p{C}/gu, '').trim();
  return [...plain].slice(0, codeLimits.nameCharactersMax).join('');
}

function listOf(bytes: Uint8Array, bytesMax: number, count: number): Result<readonly CborValue[], SiteCodeRefusal> {
  if (bytes.length > bytesMax) return err('malformed', 'size');
  const decoded = decodeCbor(bytes, cborLimits);
  if (!decoded.ok) return err('malformed', decoded.error);
  if (!isCborArray(decoded.value)) return err('malformed', 'array');
  if (decoded.value[0] !== siteCodeVersion) {
    return isCount(decoded.value[0], 0, u32Max) ? err('unsupported-version') : err('malformed', 'version');
  }
  return decoded.value.length === count ? ok(decoded.value.slice(1)) : err('malformed', 'array');
}

/** The bytes of a `siteAsk` code. The name is cut to its limit. Throws on a field that is not allowed. */
export function encodeSiteAsk(ask: SiteAsk): Uint8Array<ArrayBuffer> {
  const { delegation, request, actions, useIndex, madeAtSeconds, technicianName } = ask;
  const list = [siteCodeVersion, delegation, request, actions, useIndex, madeAtSeconds, nameOf(technicianName)];
  const bytes = encodeCbor(list, cborLimits);
  const read = decodeSiteAsk(bytes);
  if (!read.ok) throw new RangeError(`encodeSiteAsk: ${read.detail ?? read.error}`);
  return bytes;
}

/** Reads a `siteAsk` code. Sizes and ranges are checked; the messages inside are not yet decoded. */
export function decodeSiteAsk(bytes: Uint8Array): Result<SiteAsk, SiteCodeRefusal> {
  const list = listOf(bytes, codeLimits.siteAskBytesMax, 7);
  if (!list.ok) return list;
  const [delegation, request, actions, useIndex, madeAtSeconds, technicianName] = list.value;
  if (!isCborBytes(delegation) || delegation.length > unlockLimits.delegationBytesMax) {
    return err('malformed', 'delegation');
  }
  if (!isCborBytes(request) || request.length > unlockLimits.requestBytesMax) return err('malformed', 'request');
  if (!isCount(actions, 1, allActionsMask)) return err('malformed', 'actions');
  if (!isCount(useIndex, 1, unlockLimits.delegationUsesMax)) return err('malformed', 'useIndex');
  if (!isCount(madeAtSeconds, 0, u32Max)) return err('malformed', 'madeAtSeconds');
  if (!isName(technicianName)) return err('malformed', 'technicianName');
  return ok({ delegation, request, actions, useIndex, madeAtSeconds, technicianName });
}

/** A SiteAsk with its messages decoded, and what is to be signed under it. Signatures are not yet checked. */
export interface ReadSiteAsk {
  readonly ask: SiteAsk;
  readonly delegation: SignedMessage<Delegation>;
  readonly request: SignedMessage<UnlockRequest>;
  readonly response: SiteResponse;
  /** The RESPONSE's payload: the same bytes for technician and second person, because both make it from the ask. */
  readonly payload: Uint8Array;
}

/** Decodes what is inside an ask and rebuilds the RESPONSE that both persons sign. */
export function siteAskPayload(ask: SiteAsk): Result<ReadSiteAsk, SiteCodeRefusal> {
  const delegation = decodeDelegation(ask.delegation);
  if (!delegation.ok) return delegation;
  const request = decodeRequest(ask.request);
  if (!request.ok) return request;
  const { deviceId, lockEpoch, nonce } = request.value.message;
  const { actions, useIndex, madeAtSeconds } = ask;
  const delegationHash = sha256(ask.delegation);
  const response = { deviceId, lockEpoch, nonce, delegationHash, actions, useIndex, madeAtSeconds };
  return ok({
    ask,
    delegation: delegation.value,
    request: request.value,
    response,
    payload: encodeResponsePayload(response),
  });
}

/** The name by which an answer says which payload it signed. */
export function sitePayloadHash(payload: Uint8Array): Uint8Array {
  return sha256(payload).slice(0, payloadHashBytes);
}

/** True when `answer` signs this payload, by its own word; the signature is checked apart. */
export function isAnswerTo(answer: SiteAnswer, payload: Uint8Array): boolean {
  return equalBytes(answer.payloadHash, sitePayloadHash(payload));
}

/** The bytes of a `siteAnswer` code. Throws on a field that is not allowed. */
export function encodeSiteAnswer(answer: SiteAnswer): Uint8Array<ArrayBuffer> {
  const bytes = encodeCbor([siteCodeVersion, answer.payloadHash, answer.secondKey, answer.signature], cborLimits);
  const read = decodeSiteAnswer(bytes);
  if (!read.ok) throw new RangeError(`encodeSiteAnswer: ${read.detail ?? read.error}`);
  return bytes;
}

/** Reads a `siteAnswer` code; its signature is not yet checked. */
export function decodeSiteAnswer(bytes: Uint8Array): Result<SiteAnswer, SiteCodeRefusal> {
  const list = listOf(bytes, codeLimits.siteAnswerBytesMax, 4);
  if (!list.ok) return list;
  const [payloadHash, secondKey, signature] = list.value;
  if (!isCborBytes(payloadHash) || payloadHash.length !== payloadHashBytes) return err('malformed', 'payloadHash');
  if (!isCborBytes(secondKey) || secondKey.length !== publicKeyBytes) return err('malformed', 'secondKey');
  if (!isCborBytes(signature) || signature.length !== signatureBytes) return err('malformed', 'signature');
  return ok({ payloadHash, secondKey, signature });
}
