import { allReasonsMask } from '../../../domain/unlock/states.ts';
import { compareBytes, concatBytes, equalBytes } from '../../bytes.ts';
import { isCborArray, type CborValue } from '../../cbor/value.ts';
import {
  allActionsMask,
  allFlagsMask,
  keyClasses,
  orderActions,
  receiptResults,
  stateNumbers,
  type KeyClass,
} from './constants.ts';
import { bytesField, nameField, optionalField, uintField, type FieldSpec, type FieldTable } from './fields.ts';
import { unlockLimits } from './limits.ts';
import type {
  CommissionOrder,
  CommissionReport,
  Delegation,
  DelegationSecond,
  Keyset,
  KeysetKey,
  SiteResponse,
  UnlockAbort,
  UnlockGrant,
  UnlockReceipt,
  UnlockRequest,
} from './messages.ts';

const u16Max = 0xffff;
const u32Max = 0xffff_ffff;
const deviceIdBytes = 8;
const nonceBytes = 16;
const logHeadBytes = 16;
const ticketBytes = 8;
const hashBytes = 32;
const publicKeyBytes = 32;
const keyHashBytes = 16;

/** A number from 1 to `max`. */
function countField(key: number, max: number): FieldSpec<number> {
  const spec = uintField(key, max);
  return { ...spec, read: (value) => (value === 0 ? undefined : spec.read(value)) };
}

/** Fields of REQUEST. */
export const requestFields: FieldTable<UnlockRequest> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  nonce: bytesField(4, nonceBytes),
  reasons: uintField(5, allReasonsMask),
  model: uintField(6, u16Max),
  firmware: uintField(7, u32Max),
  logHead: bytesField(8, logHeadBytes),
  bootCount: uintField(9, u32Max),
  deviceTimeSeconds: uintField(10, u32Max),
  flags: uintField(11, allFlagsMask),
  keysetSequence: uintField(12, u32Max),
};

/** Fields of GRANT. */
export const grantFields: FieldTable<UnlockGrant> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  nonce: bytesField(4, nonceBytes),
  actions: uintField(5, allActionsMask),
  reasonsOk: uintField(6, allReasonsMask),
  notBeforeSeconds: uintField(7, u32Max),
  notAfterSeconds: uintField(8, u32Max),
  ticket: bytesField(9, ticketBytes),
  grantSequence: uintField(10, u32Max),
  keysetFloor: uintField(11, u32Max),
  revocationFloor: uintField(12, u32Max),
};

/** The device ids stand as one byte string, ascending, so that a list has one spelling. */
const devicesField: FieldSpec<readonly Uint8Array[]> = {
  key: 4,
  read: (value) => {
    const bytesMax = deviceIdBytes * unlockLimits.delegationDevicesMax;
    if (!(value instanceof Uint8Array) || value.length === 0 || value.length > bytesMax) return undefined;
    if (value.length % deviceIdBytes !== 0) return undefined;
    const devices: Uint8Array[] = [];
    for (let at = 0; at < value.length; at += deviceIdBytes) devices.push(value.slice(at, at + deviceIdBytes));
    const isAscending = devices.every((id, i) => i === 0 || compareBytes(devices[i - 1] ?? id, id) < 0);
    return isAscending ? devices : undefined;
  },
  write: (devices) => concatBytes(...devices),
};

function readSecond(value: CborValue, priors: readonly DelegationSecond[]): DelegationSecond | undefined {
  if (!isCborArray(value) || value.length !== 2) return undefined;
  const [keyHash, deviceMask] = value;
  if (!(keyHash instanceof Uint8Array) || keyHash.length !== keyHashBytes) return undefined;
  if (typeof deviceMask !== 'number' || deviceMask < 1 || deviceMask > 0xff) return undefined;
  return priors.some((prior) => equalBytes(prior.keyHash, keyHash)) ? undefined : { keyHash, deviceMask };
}

const secondsField: FieldSpec<readonly DelegationSecond[]> = {
  key: 5,
  read: (value) => {
    if (!isCborArray(value) || value.length < 1 || value.length > unlockLimits.delegationSecondsMax) return undefined;
    const seconds: DelegationSecond[] = [];
    for (const item of value) {
      const second = readSecond(item, seconds);
      if (second === undefined) return undefined;
      seconds.push(second);
    }
    return seconds;
  },
  write: (seconds) => seconds.map(({ keyHash, deviceMask }) => [keyHash, deviceMask]),
};

/** Fields of DELEGATION. */
export const delegationFields: FieldTable<Delegation> = {
  sequence: countField(2, u32Max),
  technicianKey: bytesField(3, publicKeyBytes),
  devices: devicesField,
  seconds: secondsField,
  actions: uintField(6, allActionsMask),
  reasonsOk: uintField(7, allReasonsMask),
  notBeforeSeconds: uintField(8, u32Max),
  notAfterSeconds: uintField(9, u32Max),
  usesMax: countField(10, unlockLimits.delegationUsesMax),
  usesPerDeviceMax: countField(11, unlockLimits.delegationUsesPerDeviceMax),
  revocationEpoch: uintField(12, u32Max),
  keysetFloor: uintField(13, u32Max),
};

/** Fields of RESPONSE. */
export const responseFields: FieldTable<SiteResponse> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  nonce: bytesField(4, nonceBytes),
  delegationHash: bytesField(5, hashBytes),
  actions: uintField(6, allActionsMask),
  useIndex: countField(7, unlockLimits.delegationUsesMax),
  madeAtSeconds: uintField(8, u32Max),
};

/** Fields of RECEIPT. */
export const receiptFields: FieldTable<UnlockReceipt> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  grantHash: bytesField(4, hashBytes),
  result: nameField(5, receiptResults),
  grantedActions: uintField(6, allActionsMask),
  nonceHash: bytesField(7, nonceBytes),
  logHead: bytesField(8, logHeadBytes),
  deviceTimeSeconds: uintField(9, u32Max),
  flags: uintField(10, allFlagsMask),
  state: nameField(11, stateNumbers),
  commissionKey: optionalField(bytesField(12, publicKeyBytes)),
};

/** Fields of ABORT. */
export const abortFields: FieldTable<UnlockAbort> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  nonce: bytesField(4, nonceBytes),
  ticket: bytesField(5, ticketBytes),
};

function readKey(value: CborValue): KeysetKey | undefined {
  if (!isCborArray(value) || value.length !== 3) return undefined;
  const [classNumber, publicKey, notAfterSeconds] = value;
  const keyClass = (Object.keys(keyClasses) as KeyClass[]).find((name) => keyClasses[name] === classNumber);
  if (keyClass === undefined || !(publicKey instanceof Uint8Array) || publicKey.length !== publicKeyBytes)
    return undefined;
  if (typeof notAfterSeconds !== 'number' || notAfterSeconds < 0 || notAfterSeconds > u32Max) return undefined;
  return { keyClass, publicKey, notAfterSeconds };
}

function readKeys(value: CborValue): readonly KeysetKey[] | undefined {
  if (!isCborArray(value) || value.length < 1 || value.length > unlockLimits.keysetKeysMax) return undefined;
  const keys: KeysetKey[] = [];
  for (const item of value) {
    const key = readKey(item);
    if (key === undefined || keys.some((other) => equalBytes(other.publicKey, key.publicKey))) return undefined;
    keys.push(key);
  }
  return keys;
}

const keysField: FieldSpec<readonly KeysetKey[]> = {
  key: 3,
  read: readKeys,
  write: (keys) => keys.map((key) => [keyClasses[key.keyClass], key.publicKey, key.notAfterSeconds]),
};

/** Fields of KEYSET. */
export const keysetFields: FieldTable<Keyset> = {
  sequence: uintField(2, u32Max),
  keys: keysField,
  transportKey: bytesField(4, publicKeyBytes),
};

/** Fields of ORDER. */
export const orderFields: FieldTable<CommissionOrder> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  orderSequence: uintField(4, u32Max),
  action: nameField(5, orderActions),
  notAfterSeconds: uintField(6, u32Max),
  body: bytesField(7, 0, unlockLimits.bodyBytesMax),
  delegationSequence: optionalField(countField(8, u32Max)),
};

/** Fields of REPORT. */
export const reportFields: FieldTable<CommissionReport> = {
  deviceId: bytesField(2, deviceIdBytes),
  lockEpoch: uintField(3, u32Max),
  orderSequence: uintField(4, u32Max),
  action: nameField(5, orderActions),
  result: uintField(6, 0xff),
  body: bytesField(7, 0, unlockLimits.bodyBytesMax),
  state: nameField(8, stateNumbers),
  logHead: bytesField(9, logHeadBytes),
  deviceTimeSeconds: uintField(10, u32Max),
};
