import { err, ok, type Result } from '../../domain/result.ts';
import { deviceErrorCodes, type DeviceErrorCode } from '../cable/v1/errors.ts';
import { decodeFields, encodeFields } from '../cable/v1/fields.ts';
import { opNames, ops, opSpec, type OpName } from '../cable/v1/services/table.ts';
import { decodeCbor } from '../cbor/decode.ts';
import { encodeCbor } from '../cbor/encode.ts';
import type { CborLimits } from '../cbor/limits.ts';
import { isCborArray, isCborMap, type CborValue } from '../cbor/value.ts';
import { codeLimits } from './limits.ts';

/** The only version of these two codes. */
const cableCodeVersion = 1;
const numberMax = 0xffff_ffff;
const cborLimits: CborLimits = { bytesMax: codeLimits.bytesMax, depthMax: 6, itemsMax: 512 };

/** One operation of the cable with its parameters, as fields by name. */
export interface CodeCall {
  readonly op: OpName;
  readonly params: Readonly<Record<string, CborValue>>;
}

/** What the technician's page asks a terminal by a code (kind `deviceAsk`): several operations in turn. */
export interface DeviceAsk {
  readonly serial: string;
  /** Chosen by the page; the answer repeats it. */
  readonly number: number;
  readonly calls: readonly CodeCall[];
}

/** The outcome of one call. */
export interface CodeReply {
  readonly op: OpName;
  readonly result: Result<Readonly<Record<string, CborValue>>, DeviceErrorCode>;
}

/** What a terminal shows as a code (kind `deviceAnswer`). `number` 0: shown unasked, to begin with. */
export interface DeviceAnswer {
  readonly serial: string;
  readonly number: number;
  readonly replies: readonly CodeReply[];
}

/** `malformed`: not this code. `unsupported-version`: of a later version. `unknown-op`: an operation that is not known here. */
export type CableCodeRefusal = 'malformed' | 'unsupported-version' | 'unknown-op';

/** The calls that a terminal answers when it shows a code unasked, and that a page begins with. */
export const openingCalls: readonly CodeCall[] = [
  { op: 'identity.hello', params: {} },
  { op: 'lock.status', params: {} },
  { op: 'lock.request', params: { fresh: false } },
  { op: 'lock.siteRequest', params: {} },
];

/** The bytes of a `deviceAsk` code. Throws on parameters of the wrong shape, and when it is too large. */
export function encodeDeviceAsk({ serial, number, calls }: DeviceAsk): Uint8Array<ArrayBuffer> {
  const list = calls.map(({ op, params }) => [ops[op].code, encodeFields(opSpec(op).params, params as never)]);
  return encodeCbor([cableCodeVersion, serial, number, list], cborLimits);
}

/** Reads a `deviceAsk` code; every operation is known and its parameters are in order. */
export function decodeDeviceAsk(bytes: Uint8Array): Result<DeviceAsk, CableCodeRefusal> {
  const read = readFrame(bytes);
  if (!read.ok) return read;
  const calls: CodeCall[] = [];
  for (const item of read.value.items) {
    const [code, map] = isCborArray(item) ? item : [];
    const op = typeof code === 'number' ? opNames.get(code) : undefined;
    if (op === undefined) return err('unknown-op', String(code));
    const params = isCborMap(map) ? decodeFields(opSpec(op).params, map) : err('malformed');
    if (!params.ok) return err('malformed', op);
    calls.push({ op, params: params.value });
  }
  return ok({ serial: read.value.serial, number: read.value.number, calls });
}

/** The bytes of a `deviceAnswer` code. Throws on a reply of the wrong shape, and when it is too large. */
export function encodeDeviceAnswer({ serial, number, replies }: DeviceAnswer): Uint8Array<ArrayBuffer> {
  const list = replies.map(({ op, result }) =>
    result.ok
      ? [ops[op].code, encodeFields(opSpec(op).reply, result.value as never)]
      : [ops[op].code, result.error, (result.detail ?? '').slice(0, 60).toWellFormed()],
  );
  return encodeCbor([cableCodeVersion, serial, number, list], cborLimits);
}

/** Reads a `deviceAnswer` code; every reply has the fields of its operation. */
export function decodeDeviceAnswer(bytes: Uint8Array): Result<DeviceAnswer, CableCodeRefusal> {
  const read = readFrame(bytes);
  if (!read.ok) return read;
  const replies: CodeReply[] = [];
  for (const item of read.value.items) {
    const reply = readReply(item);
    if (!reply.ok) return reply;
    replies.push(reply.value);
  }
  return ok({ serial: read.value.serial, number: read.value.number, replies });
}

function readReply(item: CborValue): Result<CodeReply, CableCodeRefusal> {
  const [code, body, detail] = isCborArray(item) ? item : [];
  const op = typeof code === 'number' ? opNames.get(code) : undefined;
  if (op === undefined) return err('unknown-op', String(code));
  if (isCborMap(body)) {
    const fields = decodeFields(opSpec(op).reply, body);
    return fields.ok ? ok({ op, result: ok(fields.value) }) : err('malformed', op);
  }
  const error = deviceErrorCodes.find((one) => one === body);
  if (error === undefined || typeof detail !== 'string') return err('malformed', op);
  return ok({ op, result: err(error, detail) });
}

interface Frame {
  readonly serial: string;
  readonly number: number;
  readonly items: readonly CborValue[];
}

function readFrame(bytes: Uint8Array): Result<Frame, CableCodeRefusal> {
  const decoded = decodeCbor(bytes, cborLimits);
  if (!decoded.ok || !isCborArray(decoded.value)) return err('malformed');
  const [version, serial, number, items] = decoded.value;
  if (typeof version !== 'number') return err('malformed', 'version');
  if (version !== cableCodeVersion) return err('unsupported-version');
  const isSound = typeof serial === 'string' && serial.length <= 40 && typeof number === 'number' && isCborArray(items);
  if (!isSound || number < 0 || number > numberMax || decoded.value.length !== 4) return err('malformed', 'frame');
  return ok({ serial, number, items });
}
