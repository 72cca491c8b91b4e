import { err, ok, type Result } from '../../../domain/result.ts';
import { decodeCbor } from '../../cbor/decode.ts';
import { encodeCbor } from '../../cbor/encode.ts';
import { isCborArray, isCborMap, type CborMap } from '../../cbor/value.ts';
import { deviceErrorCodes, type DeviceErrorCode } from './errors.ts';
import { decodeFields, encodeFields, oneOf, text } from './fields.ts';

/** First element of a message body (docs/cable-protocol.md, section 7.1). */
export const messageTypes = { request: 1, response: 2, error: 3, event: 4 } as const;

/** A message body as it stands on the wire, before its fields are checked. */
export interface Message {
  readonly type: (typeof messageTypes)[keyof typeof messageTypes];
  /** Number of the request; 0 in events. */
  readonly id: number;
  /** Number of the operation or event. */
  readonly code: number;
  readonly fields: CborMap;
}

/** Fields of an error answer. */
export const errorFields = { code: oneOf(1, deviceErrorCodes), text: text(2, 120) } as const;

const isU16 = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 0xffff;

/** CBOR of a message: the array [type, id, code, fields]. */
export function encodeMessage(message: Message): Uint8Array {
  return encodeCbor([message.type, message.id, message.code, message.fields]);
}

/** CBOR of an error answer to request `id`. The text is cut to what its field takes. */
export function encodeError(id: number, code: number, error: DeviceErrorCode, detail = ''): Uint8Array {
  const fields = encodeFields(errorFields, { code: error, text: detail.slice(0, 120).toWellFormed() });
  return encodeMessage({ type: messageTypes.error, id, code, fields });
}

/** Reads a message body; the detail of a refusal says what was wrong. */
export function decodeMessage(body: Uint8Array): Result<Message, 'malformed'> {
  const decoded = decodeCbor(body);
  if (!decoded.ok) return err('malformed', decoded.error);
  if (!isCborArray(decoded.value) || decoded.value.length !== 4) return err('malformed', 'not four elements');
  const [type, id, code, fields] = decoded.value;
  if (type !== 1 && type !== 2 && type !== 3 && type !== 4) return err('malformed', 'type');
  if (!isU16(id) || !isU16(code) || !isCborMap(fields)) return err('malformed', 'id, code or fields');
  return ok({ type, id, code, fields });
}

/** The device error that an error answer carries; what we cannot read counts as `internal`. */
export function readError(fields: CborMap): { readonly code: DeviceErrorCode; readonly text: string } {
  const decoded = decodeFields(errorFields, fields);
  return decoded.ok ? decoded.value : { code: 'internal', text: 'an error answer that cannot be read' };
}
