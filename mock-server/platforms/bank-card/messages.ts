import { x919 } from './ciphers.ts';

/** How the acquirer's host reads and writes fields: [kind, size, digits of a length before it]. */
type Shape = readonly ['digits' | 'text' | 'bytes', number, (2 | 3)?];

const shapes: Readonly<Record<number, Shape>> = {
  2: ['digits', 19, 2],
  3: ['digits', 6],
  4: ['digits', 12],
  11: ['digits', 6],
  12: ['digits', 6],
  13: ['digits', 4],
  14: ['digits', 4],
  15: ['digits', 4],
  22: ['digits', 3],
  23: ['digits', 3],
  25: ['digits', 2],
  26: ['digits', 2],
  32: ['digits', 11, 2],
  35: ['digits', 37, 2],
  37: ['text', 12],
  38: ['text', 6],
  39: ['text', 2],
  41: ['text', 8],
  42: ['text', 15],
  48: ['digits', 322, 3],
  49: ['text', 3],
  52: ['bytes', 8],
  55: ['bytes', 255, 3],
  57: ['bytes', 999, 3],
  60: ['digits', 17, 3],
  61: ['digits', 29, 3],
  62: ['bytes', 999, 3],
  63: ['text', 163, 3],
  64: ['bytes', 8],
};

/** A message at the host: its addresses, type, and fields as text (bytes in hex). */
export interface HostMessage {
  /** TPDU and header as they came. */
  readonly prefix: Buffer;
  readonly type: string;
  readonly fields: ReadonlyMap<number, string>;
  /** What the MAC covers. */
  readonly covered: Buffer;
}

/** Reads what a terminal sent. @returns `undefined` when it is no message of the profile. */
export function readMessage(bytes: Buffer): HostMessage | undefined {
  if (bytes.length < 21) return undefined;
  const type = bytes.toString('hex', 11, 13);
  const bits = BigInt(`0x${bytes.toString('hex', 13, 21)}`);
  if (!/^\d{4}$/.test(type) || bits >> 63n === 1n) return undefined;
  const fields = new Map<number, string>();
  let at = 21;
  for (let number = 2; number <= 64; number++) {
    if (((bits >> BigInt(64 - number)) & 1n) === 0n) continue;
    const shape = shapes[number];
    if (shape === undefined) return undefined;
    const read = readField(bytes, at, shape);
    if (read === undefined) return undefined;
    fields.set(number, read.value);
    at = read.end;
  }
  if (at !== bytes.length) return undefined;
  return { prefix: bytes.subarray(0, 11), type, fields, covered: bytes.subarray(11, bytes.length - 8) };
}

function readField(bytes: Buffer, start: number, shape: Shape): { value: string; end: number } | undefined {
  const [kind, size, lengthDigits] = shape;
  let [at, length] = [start, size];
  if (lengthDigits !== undefined) {
    const width = lengthDigits === 2 ? 1 : 2;
    const text = bytes.toString('hex', at, at + width);
    length = Number(text);
    at += width;
    if (text.length !== 2 * width || !(length <= size)) return undefined;
  }
  const end = at + (kind === 'digits' ? Math.ceil(length / 2) : length);
  if (end > bytes.length) return undefined;
  if (kind === 'text') return { value: bytes.toString('latin1', at, end), end };
  const hex = bytes.toString('hex', at, end);
  if (kind === 'bytes') return { value: hex, end };
  return /^[\dd]*$/.test(hex) ? { value: hex.slice(0, length), end } : undefined;
}

/** Writes an answer to `request`, with a MAC under `macKey` when there is one. */
export function writeAnswer(
  request: HostMessage,
  fields: ReadonlyMap<number, string>,
  macKey: Uint8Array | undefined,
): Buffer {
  const type = String(Number(request.type) + 10).padStart(4, '0');
  const all = new Map(fields);
  if (macKey !== undefined) all.set(64, '');
  const numbers = [...all.keys()].sort((a, b) => a - b);
  const bits = numbers.reduce((sum, number) => sum | (1n << BigInt(64 - number)), 0n);
  const body = numbers.filter((number) => number !== 64).map((number) => writeField(number, all.get(number) ?? ''));
  const signed = Buffer.concat([Buffer.from(`${type}${bits.toString(16).padStart(16, '0')}`, 'hex'), ...body]);
  // The answer goes back to where the request came from: source and destination of the TPDU change places.
  const [kind, to, from, header] = [0, 1, 3, 5].map((at, i) => request.prefix.subarray(at, [1, 3, 5, 11][i]));
  const prefix = Buffer.concat([kind, from, to, header].filter((part) => part !== undefined));
  return Buffer.concat([prefix, signed, ...(macKey === undefined ? [] : [x919(macKey, signed)])]);
}

function writeField(number: number, value: string): Buffer {
  const [kind, , lengthDigits] = shapes[number] ?? ['text', 0];
  const even = value.length % 2 === 0 ? value : `${value}0`;
  const body = kind === 'text' ? Buffer.from(value, 'latin1') : Buffer.from(even, 'hex');
  if (lengthDigits === undefined) return body;
  const size = kind === 'bytes' ? value.length / 2 : value.length;
  return Buffer.concat([Buffer.from(String(size).padStart(lengthDigits === 2 ? 2 : 4, '0'), 'hex'), body]);
}
