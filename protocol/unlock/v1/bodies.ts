import { err, ok, type Result } from '../../../domain/result.ts';
import { utf8Encode } from '../../bytes.ts';
import { decodeCbor } from '../../cbor/decode.ts';
import { encodeCbor } from '../../cbor/encode.ts';
import { isCborArray, isCborMap, type CborValue } from '../../cbor/value.ts';
import { aesCmac } from './cmac.ts';
import { keySlots, type KeySlot } from './constants.ts';
import { bytesField, fieldsToMap, mapToFields, payloadCborLimits, uintField, type FieldTable } from './fields.ts';
import { unlockLimits } from './limits.ts';
import type {
  KeyCheck,
  PaymentKey,
  ProbationOrder,
  SelfTestLine,
  TestPaymentOrder,
  TestPaymentReport,
} from './messages.ts';

/** What a body decoder answers. */
export type DecodedBody<T> = Result<T, 'malformed'>;

const keyBytes = 16;
const kcvBytes = 3;
const macBytes = 16;
const slotNames = Object.keys(keySlots) as KeySlot[];

/** Rows of a body that is one array of arrays; `undefined` from `read` refuses the whole body. */
function decodeRows<T>(
  bytes: Uint8Array,
  rowsMax: number,
  columns: number,
  read: (row: readonly CborValue[]) => T | undefined,
): DecodedBody<readonly T[]> {
  const decoded = decodeCbor(bytes, payloadCborLimits);
  if (!decoded.ok || !isCborArray(decoded.value)) return err('malformed');
  if (decoded.value.length < 1 || decoded.value.length > rowsMax) return err('malformed');
  const rows: T[] = [];
  for (const item of decoded.value) {
    const row = isCborArray(item) && item.length === columns ? read(item) : undefined;
    if (row === undefined) return err('malformed');
    rows.push(row);
  }
  return ok(rows);
}

function readSlotRow(row: readonly CborValue[], bytes: number): readonly [KeySlot, Uint8Array] | undefined {
  const [slotNumber, value] = row;
  const slot = slotNames.find((name) => keySlots[name] === slotNumber);
  if (slot === undefined || !(value instanceof Uint8Array) || value.length !== bytes) return undefined;
  return [slot, value];
}

function encodeSlotRows(rows: readonly (readonly [KeySlot, Uint8Array])[], bytes: number): Uint8Array {
  const slots = new Set(rows.map(([slot]) => slot));
  if (rows.length === 0 || slots.size !== rows.length) throw new RangeError('slot: missing or doubled');
  if (rows.some(([, value]) => value.length !== bytes)) throw new RangeError('key: wrong size');
  const wire = rows.map(([slot, value]) => [keySlots[slot], value]);
  return encodeCbor(wire, payloadCborLimits);
}

function decodeSlotRows(bytes: Uint8Array, size: number): DecodedBody<readonly (readonly [KeySlot, Uint8Array])[]> {
  const rows = decodeRows(bytes, slotNames.length, 2, (row) => readSlotRow(row, size));
  if (!rows.ok) return rows;
  return new Set(rows.value.map(([slot]) => slot)).size === rows.value.length ? rows : err('malformed');
}

/** Plain body of INSTALL_KEYS, to be sealed: [[slot, key], …]. */
export function encodePaymentKeys(keys: readonly PaymentKey[]): Uint8Array {
  return encodeSlotRows(
    keys.map(({ slot, key }) => [slot, key]),
    keyBytes,
  );
}

/** Reads the opened body of INSTALL_KEYS. */
export function decodePaymentKeys(bytes: Uint8Array): DecodedBody<readonly PaymentKey[]> {
  const rows = decodeSlotRows(bytes, keyBytes);
  return rows.ok ? ok(rows.value.map(([slot, key]) => ({ slot, key }))) : rows;
}

/** Report of INSTALL_KEYS: [[slot, key check value], …]. */
export function encodeKeyChecks(checks: readonly KeyCheck[]): Uint8Array {
  return encodeSlotRows(
    checks.map(({ slot, kcv }) => [slot, kcv]),
    kcvBytes,
  );
}

/** Reads the report of INSTALL_KEYS. */
export function decodeKeyChecks(bytes: Uint8Array): DecodedBody<readonly KeyCheck[]> {
  const rows = decodeSlotRows(bytes, kcvBytes);
  return rows.ok ? ok(rows.value.map(([slot, kcv]) => ({ slot, kcv }))) : rows;
}

function readSelfTestRow(row: readonly CborValue[]): SelfTestLine | undefined {
  const [name, passed, detail] = row;
  if (typeof name !== 'string' || typeof passed !== 'boolean' || typeof detail !== 'string') return undefined;
  if (name === '' || utf8Encode(name).length > unlockLimits.selfTestNameBytesMax) return undefined;
  if (utf8Encode(detail).length > unlockLimits.selfTestDetailBytesMax) return undefined;
  return { name, passed, detail };
}

/** Report of SELF_TEST: [[name, passed, detail], …]. Throws when a text or the list is too long. */
export function encodeSelfTest(lines: readonly SelfTestLine[]): Uint8Array {
  const wire = lines.map(({ name, passed, detail }) => [name, passed, detail]);
  if (wire.length < 1 || wire.length > unlockLimits.selfTestLinesMax) throw new RangeError('lines: count');
  if (wire.some((row) => readSelfTestRow(row) === undefined)) throw new RangeError('lines: text too long');
  return encodeCbor(wire, payloadCborLimits);
}

/** Reads the report of SELF_TEST. */
export function decodeSelfTest(bytes: Uint8Array): DecodedBody<readonly SelfTestLine[]> {
  return decodeRows(bytes, unlockLimits.selfTestLinesMax, 3, readSelfTestRow);
}

const testPaymentOrderFields: FieldTable<TestPaymentOrder> = {
  amountFen: uintField(1, 1),
  trace: uintField(2, 999_999),
  challenge: bytesField(3, macBytes),
  serverMac: bytesField(4, macBytes),
};

const testPaymentReportFields: FieldTable<TestPaymentReport> = {
  saleMac: bytesField(1, macBytes),
  voidMac: bytesField(2, macBytes),
};

const probationOrderFields: FieldTable<ProbationOrder> = {
  untilSeconds: uintField(1, 0xffff_ffff),
  transactionLimitFen: uintField(2, 0xffff_ffff),
};

function encodeBody<T extends object>(table: FieldTable<T>, values: T): Uint8Array {
  return encodeCbor(fieldsToMap(table, values), payloadCborLimits);
}

function decodeBody<T extends object>(table: FieldTable<T>, bytes: Uint8Array): DecodedBody<T> {
  const decoded = decodeCbor(bytes, payloadCborLimits);
  if (!decoded.ok || !isCborMap(decoded.value)) return err('malformed');
  const values = mapToFields(table, decoded.value);
  return values === undefined ? err('malformed') : ok(values);
}

/** Body of TEST_PAYMENT. */
export function encodeTestPaymentOrder(body: TestPaymentOrder): Uint8Array {
  return encodeBody(testPaymentOrderFields, body);
}

/** Reads the body of TEST_PAYMENT. */
export function decodeTestPaymentOrder(bytes: Uint8Array): DecodedBody<TestPaymentOrder> {
  return decodeBody(testPaymentOrderFields, bytes);
}

/** Report of TEST_PAYMENT. */
export function encodeTestPaymentReport(body: TestPaymentReport): Uint8Array {
  return encodeBody(testPaymentReportFields, body);
}

/** Reads the report of TEST_PAYMENT. */
export function decodeTestPaymentReport(bytes: Uint8Array): DecodedBody<TestPaymentReport> {
  return decodeBody(testPaymentReportFields, bytes);
}

/** Body of ENTER_PROBATION. */
export function encodeProbationOrder(body: ProbationOrder): Uint8Array {
  return encodeBody(probationOrderFields, body);
}

/** Reads the body of ENTER_PROBATION. */
export function decodeProbationOrder(bytes: Uint8Array): DecodedBody<ProbationOrder> {
  return decodeBody(probationOrderFields, bytes);
}

/** Which of the three MACs of a test payment: the server's own, the device's over the sale, or over its void. */
export type TestPaymentPart = 'server' | 'sale' | 'void';
const partNumbers = { server: 0, sale: 1, void: 2 } as const satisfies Record<TestPaymentPart, number>;

/** One MAC of a test payment (docs/unlock-protocol.md, section 8.6): AES-CMAC over [part, device, amount, trace, challenge]. */
export function testPaymentMac(
  macKey: Uint8Array,
  part: TestPaymentPart,
  deviceId: Uint8Array,
  payment: Pick<TestPaymentOrder, 'amountFen' | 'trace' | 'challenge'>,
): Uint8Array {
  const input = [partNumbers[part], deviceId, payment.amountFen, payment.trace, payment.challenge];
  return aesCmac(macKey, encodeCbor(input, payloadCborLimits));
}
