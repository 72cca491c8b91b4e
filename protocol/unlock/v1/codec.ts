import { err, ok, type Result } from '../../../domain/result.ts';
import type { MessageName } from './constants.ts';
import { decodeEnvelope, encodeAuthorityEnvelope, encodeDeviceEnvelope, type EnvelopeKind } from './envelope.ts';
import { decodePayload, encodePayload, type FieldTable, type FormatRefusal } from './fields.ts';
import { unlockLimits } from './limits.ts';
import type {
  CommissionOrder,
  CommissionReport,
  Delegation,
  Keyset,
  UnlockAbort,
  UnlockGrant,
  UnlockReceipt,
  UnlockRequest,
} from './messages.ts';
import type { SignedMessage, Signer } from './signer.ts';
import {
  abortFields,
  delegationFields,
  grantFields,
  keysetFields,
  orderFields,
  receiptFields,
  reportFields,
  requestFields,
} from './tables.ts';

/** What a decoder gives back: the message with its signatures unchecked, or why the bytes are not one. */
export type Decoded<M> = Result<SignedMessage<M>, FormatRefusal>;

const byDevice: EnvelopeKind = { by: 'device' };
const byOne: EnvelopeKind = { by: 'authority', signatures: 1 };
const byTwo: EnvelopeKind = { by: 'authority', signatures: 2 };

function decode<M extends object>(
  name: MessageName,
  table: FieldTable<M>,
  kind: EnvelopeKind,
  bytes: Uint8Array,
  bytesMax: number,
): Decoded<M> {
  if (bytes.length > bytesMax) return err('malformed', 'size');
  const envelope = decodeEnvelope(bytes, kind);
  if (!envelope.ok) return envelope;
  const message = decodePayload(name, table, envelope.value.payload);
  return message.ok ? ok({ message: message.value, ...envelope.value }) : message;
}

/** A REQUEST; without a signer (identity dead) it is unsigned. Throws on a field that is not allowed. */
export function encodeRequest(message: UnlockRequest, device?: Signer): Uint8Array {
  return encodeDeviceEnvelope('request', encodePayload('request', requestFields, message), device);
}

/** Reads a REQUEST; its signature is checked by `isSignedByDevice`. */
export function decodeRequest(bytes: Uint8Array): Decoded<UnlockRequest> {
  return decode('request', requestFields, byDevice, bytes, unlockLimits.requestBytesMax);
}

/** A GRANT with both signatures. Throws on a field that is not allowed. */
export function encodeGrant(message: UnlockGrant, issuer: Signer, approver: Signer): Uint8Array {
  return encodeAuthorityEnvelope('grant', encodePayload('grant', grantFields, message), [issuer, approver]);
}

/** Reads a GRANT; `verifyGrant` decides on it. */
export function decodeGrant(bytes: Uint8Array): Decoded<UnlockGrant> {
  return decode('grant', grantFields, byTwo, bytes, unlockLimits.grantBytesMax);
}

/** A DELEGATION with both signatures. Throws on a field that is not allowed. */
export function encodeDelegation(message: Delegation, issuer: Signer, approver: Signer): Uint8Array {
  const payload = encodePayload('delegation', delegationFields, message);
  return encodeAuthorityEnvelope('delegation', payload, [issuer, approver]);
}

/** Reads a DELEGATION; `verifySite` decides on it. */
export function decodeDelegation(bytes: Uint8Array): Decoded<Delegation> {
  return decode('delegation', delegationFields, byTwo, bytes, unlockLimits.delegationBytesMax);
}

/** A RECEIPT; unsigned when the identity is dead. Throws on a field that is not allowed. */
export function encodeReceipt(message: UnlockReceipt, device?: Signer): Uint8Array {
  return encodeDeviceEnvelope('receipt', encodePayload('receipt', receiptFields, message), device);
}

/** Reads a RECEIPT; its signature is checked by `isSignedByDevice`. */
export function decodeReceipt(bytes: Uint8Array): Decoded<UnlockReceipt> {
  return decode('receipt', receiptFields, byDevice, bytes, unlockLimits.messageBytesMax);
}

/** An ABORT. Throws on a field that is not allowed. */
export function encodeAbort(message: UnlockAbort, issuer: Signer): Uint8Array {
  return encodeAuthorityEnvelope('abort', encodePayload('abort', abortFields, message), [issuer]);
}

/** Reads an ABORT; `verifyAbort` decides on it. */
export function decodeAbort(bytes: Uint8Array): Decoded<UnlockAbort> {
  return decode('abort', abortFields, byOne, bytes, unlockLimits.messageBytesMax);
}

/** A KEYSET. Throws on a field that is not allowed. */
export function encodeKeyset(message: Keyset, root: Signer): Uint8Array {
  return encodeAuthorityEnvelope('keyset', encodePayload('keyset', keysetFields, message), [root]);
}

/** Reads a KEYSET; `verifyKeyset` decides on it. */
export function decodeKeyset(bytes: Uint8Array): Decoded<Keyset> {
  return decode('keyset', keysetFields, byOne, bytes, unlockLimits.messageBytesMax);
}

/** An ORDER. Throws on a field that is not allowed. */
export function encodeOrder(message: CommissionOrder, issuer: Signer): Uint8Array {
  return encodeAuthorityEnvelope('order', encodePayload('order', orderFields, message), [issuer]);
}

/** Reads an ORDER; `verifyOrder` decides on it. */
export function decodeOrder(bytes: Uint8Array): Decoded<CommissionOrder> {
  return decode('order', orderFields, byOne, bytes, unlockLimits.messageBytesMax);
}

/** A REPORT; unsigned when the identity is dead. Throws on a field that is not allowed. */
export function encodeReport(message: CommissionReport, device?: Signer): Uint8Array {
  return encodeDeviceEnvelope('report', encodePayload('report', reportFields, message), device);
}

/** Reads a REPORT; its signature is checked by `isSignedByDevice`. */
export function decodeReport(bytes: Uint8Array): Decoded<CommissionReport> {
  return decode('report', reportFields, byDevice, bytes, unlockLimits.messageBytesMax);
}
