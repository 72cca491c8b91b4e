import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { utf8Decode, utf8Encode } from '../../bytes.ts';
import { unlockLimits } from './limits.ts';

/** The business parameters of a terminal, body of SET_PARAMETERS. */
export interface TerminalParameters {
  readonly merchantId: string;
  readonly merchantName: string;
  readonly terminalLabel: string;
  readonly currency: 'CNY';
  readonly locale: string;
  /** The most that one payment may be, in fen. */
  readonly transactionLimitFen: number;
  readonly receiptHeader: string;
  readonly receiptFooter: string;
}

const textNames = [
  'merchantId',
  'merchantName',
  'terminalLabel',
  'currency',
  'locale',
  'receiptHeader',
  'receiptFooter',
] as const satisfies readonly (keyof TerminalParameters)[];

function isParameters(value: unknown): value is TerminalParameters {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Readonly<Record<string, unknown>>;
  const limitFen = record['transactionLimitFen'];
  return (
    Object.keys(record).length === textNames.length + 1 &&
    textNames.every((name) => typeof record[name] === 'string') &&
    record['currency'] === 'CNY' &&
    typeof limitFen === 'number' &&
    Number.isSafeInteger(limitFen) &&
    limitFen >= 0
  );
}

/** The body of SET_PARAMETERS: JSON in UTF-8. Throws when it is longer than an ORDER's body or not allowed. */
export function encodeParameters(parameters: TerminalParameters): Uint8Array {
  if (!isParameters(parameters)) throw new TypeError('parameters: not allowed');
  const bytes = utf8Encode(JSON.stringify(parameters));
  if (bytes.length > unlockLimits.bodyBytesMax) throw new RangeError('parameters: too long');
  return bytes;
}

/** Reads the body of SET_PARAMETERS; unknown or missing names are refused. Never throws. */
export function decodeParameters(bytes: Uint8Array): Result<TerminalParameters, 'malformed'> {
  const text = bytes.length <= unlockLimits.bodyBytesMax ? utf8Decode(bytes) : undefined;
  if (text === undefined) return err('malformed');
  try {
    const value: unknown = JSON.parse(text);
    return isParameters(value) ? ok(value) : err('malformed');
  } catch {
    return err('malformed');
  }
}

/** SHA-256 over the body as received: the report of SET_PARAMETERS, and what `config.read` gives. */
export function parametersDigest(body: Uint8Array): Uint8Array {
  return sha256(body);
}
