import { err, ok, type Result } from '../../../domain/result.ts';
import { concatBytes, utf8Encode } from '../../bytes.ts';
import { decodeCbor } from '../../cbor/decode.ts';
import { encodeCbor } from '../../cbor/encode.ts';
import type { CborLimits } from '../../cbor/limits.ts';
import { isCborMap, type CborValue } from '../../cbor/value.ts';

/** Longest pairing statement in bytes. */
export const pairingStatementMaxBytes = 256;

const statementType = 1;
const statementVersion = 1;
const cborLimits: CborLimits = { bytesMax: pairingStatementMaxBytes, depthMax: 1, itemsMax: 16 };
const codePattern = /^[2-9A-HJKMNP-TV-Z]{8}$/;

/** What a secure device states when its keypad has confirmed a pairing (docs/terminal-app.md, section 2). */
export interface PairingStatement {
  /** 8 bytes. */
  readonly deviceId: Uint8Array;
  /** The app's ECDSA P-256 key, uncompressed, 65 bytes. */
  readonly appPublicKey: Uint8Array;
  /** The activation code that stood on the device's screen: eight characters. */
  readonly code: string;
  /** The device's clock in seconds since 1970; 0 when it does not trust it. */
  readonly deviceTimeSeconds: number;
}

function isStatement(values: readonly (CborValue | undefined)[]): values is [Uint8Array, Uint8Array, string, number] {
  const [deviceId, appPublicKey, code, time] = values;
  return (
    deviceId instanceof Uint8Array &&
    deviceId.length === 8 &&
    appPublicKey instanceof Uint8Array &&
    appPublicKey.length === 65 &&
    appPublicKey[0] === 4 &&
    typeof code === 'string' &&
    codePattern.test(code) &&
    typeof time === 'number' &&
    time >= 0 &&
    time <= 0xffff_ffff
  );
}

/** The statement's bytes: a CBOR map of type, version and four fields. Throws on a field that is not allowed. */
export function encodePairingStatement(statement: PairingStatement): Uint8Array {
  const { deviceId, appPublicKey, code, deviceTimeSeconds } = statement;
  const values: readonly CborValue[] = [deviceId, appPublicKey, code, deviceTimeSeconds];
  if (!isStatement(values)) throw new RangeError('pairing: a field is not allowed');
  const map = new Map<number, CborValue>([
    [0, statementType],
    [1, statementVersion],
  ]);
  for (const [index, value] of values.entries()) map.set(index + 2, value);
  return encodeCbor(map, cborLimits);
}

/** Reads a statement. `malformed`: not one, or a field out of its bounds; `unsupported-version`: a later one. */
export function decodePairingStatement(
  bytes: Uint8Array,
): Result<PairingStatement, 'malformed' | 'unsupported-version'> {
  const decoded = decodeCbor(bytes, cborLimits);
  if (!decoded.ok) return err('malformed', decoded.error);
  const map = decoded.value;
  if (!isCborMap(map) || map.get(0) !== statementType) return err('malformed', 'type');
  if (map.get(1) !== statementVersion) return err('unsupported-version');
  const values = [2, 3, 4, 5].map((key) => map.get(key));
  if (map.size !== 6 || !isStatement(values)) return err('malformed', 'fields');
  const [deviceId, appPublicKey, code, deviceTimeSeconds] = values;
  return ok({ deviceId, appPublicKey, code, deviceTimeSeconds });
}

/**
 * What the device signs with its identity (Ed25519): the tag `TK-APP/1/1` and 0x00, then the statement. No other
 * message of ours begins like this, so no other signature can be taken for a pairing.
 */
export function pairingSignedBytes(statement: Uint8Array): Uint8Array {
  return concatBytes(utf8Encode('TK-APP/1/1'), Uint8Array.of(0), statement);
}
