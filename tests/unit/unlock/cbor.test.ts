import { describe, expect, test } from 'vitest';
import { hexDecode, hexEncode } from '../../../protocol/bytes.ts';
import { decodeCbor } from '../../../protocol/cbor/decode.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import type { CborValue } from '../../../protocol/cbor/value.ts';

const decodeHex = (hex: string) => decodeCbor(hexDecode(hex) as Uint8Array);
const bytes = (...values: number[]) => Uint8Array.from(values);

// From RFC 8949, appendix A, as far as the subset goes.
test.each<[CborValue, string]>([
  [0, '00'],
  [1, '01'],
  [10, '0a'],
  [23, '17'],
  [24, '1818'],
  [25, '1819'],
  [100, '1864'],
  [1000, '1903e8'],
  [1000000, '1a000f4240'],
  [1000000000000, '1b000000e8d4a51000'],
  [9007199254740991, '1b001fffffffffffff'],
  [-1, '20'],
  [-10, '29'],
  [-100, '3863'],
  [-1000, '3903e7'],
  [-9007199254740991, '3b001ffffffffffffe'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [bytes(), '40'],
  [bytes(1, 2, 3, 4), '4401020304'],
  ['', '60'],
  ['IETF', '6449455446'],
  ['ü', '62c3bc'],
  ['水', '63e6b0b4'],
  ['𐅑', '64f0908591'],
  [[], '80'],
  [[1, 2, 3], '83010203'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [new Map(), 'a0'],
  [
    new Map([
      [1, 2],
      [3, 4],
    ]),
    'a201020304',
  ],
  [[0, new Map([[1, [bytes(9)]]])], '8200a101814109'],
])('%j ⇄ %s', (value, hex) => {
  expect(hexEncode(encodeCbor(value))).toBe(hex);
  expect(decodeHex(hex)).toEqual({ ok: true, value });
});

test('map keys are sorted, whatever order they were set in', () => {
  const map = new Map<number, CborValue>([
    [256, 1],
    [24, 2],
    [1, 3],
    [23, 4],
    [65536, 5],
  ]);
  expect(hexEncode(encodeCbor(map))).toBe('a501031704181802190100011a0001000005');
});

describe('refused by the decoder', () => {
  test.each([
    ['nothing at all', '', 'truncated'],
    ['a head cut short', '19 03', 'truncated'],
    ['a string cut short', '44 010203', 'truncated'],
    ['an array cut short', '83 0102', 'truncated'],
    ['a map cut short', 'a1 01', 'truncated'],
    ['a string that claims 2^53 - 1 bytes', '5b 001fffffffffffff', 'truncated'],
    ['an array that claims 4 billion items', '9a ffffffff', 'truncated'],
    ['a map that claims 4 billion pairs', 'ba ffffffff', 'truncated'],
    ['a byte behind the value', '00 00', 'trailing-bytes'],
    ['a longer head: 23 in two bytes', '18 17', 'not-deterministic'],
    ['a longer head: 255 in three bytes', '19 00ff', 'not-deterministic'],
    ['a longer head: 65535 in five bytes', '1a 0000ffff', 'not-deterministic'],
    ['a longer head: 2^32 - 1 in nine bytes', '1b 00000000ffffffff', 'not-deterministic'],
    ['a longer head of a string', '58 01 00', 'not-deterministic'],
    ['a longer head of an array', '98 01 00', 'not-deterministic'],
    ['a longer head of a map', 'b8 01 0000', 'not-deterministic'],
    ['map keys out of order', 'a2 0200 0100', 'not-deterministic'],
    ['a map key twice', 'a2 0100 0100', 'not-deterministic'],
    ['a text key', 'a1 6161 00', 'unsupported-type'],
    ['a negative key', 'a1 20 00', 'unsupported-type'],
    ['a key that is a list', 'a1 80 00', 'unsupported-type'],
    ['2^53', '1b 0020000000000000', 'unsupported-type'],
    ['-2^53', '3b 001fffffffffffff', 'unsupported-type'],
    ['2^64 - 1', '1b ffffffffffffffff', 'unsupported-type'],
    ['a half float', 'f9 3c00', 'unsupported-type'],
    ['a float', 'fa 47c35000', 'unsupported-type'],
    ['a double', 'fb 3ff199999999999a', 'unsupported-type'],
    ['undefined', 'f7', 'unsupported-type'],
    ['a simple value', 'f0', 'unsupported-type'],
    ['a simple value in two bytes', 'f8 ff', 'unsupported-type'],
    ['a tag', 'c0 00', 'unsupported-type'],
    ['a bignum', 'c2 41 01', 'unsupported-type'],
    ['an indefinite array', '9f 01 ff', 'unsupported-type'],
    ['an indefinite map', 'bf 01 02 ff', 'unsupported-type'],
    ['an indefinite string', '5f 41 01 ff', 'unsupported-type'],
    ['a break alone', 'ff', 'unsupported-type'],
    ['a reserved head', '1c', 'unsupported-type'],
    ['an overlong text', '62 c080', 'bad-text'],
    ['a surrogate in a text', '63 eda080', 'bad-text'],
    ['seven levels', '81 81 81 81 81 81 81 00', 'too-large'],
  ])('%s', (_name, hex, error) => {
    expect(decodeHex(hex.replaceAll(' ', ''))).toEqual({ ok: false, error });
  });

  test('too many bytes, too many items', () => {
    const limits = { bytesMax: 8, depthMax: 2, itemsMax: 3 };
    expect(decodeCbor(encodeCbor([1, 2]), limits).ok).toBe(true);
    expect(decodeCbor(encodeCbor([1, 2, 3]), limits)).toEqual({ ok: false, error: 'too-large' });
    expect(decodeCbor(encodeCbor(new Uint8Array(8)), limits)).toEqual({ ok: false, error: 'too-large' });
  });
});

test('every short input either fails or encodes back to itself: one value, one form', () => {
  let readCount = 0;
  const check = (input: Uint8Array) => {
    const decoded = decodeCbor(input);
    if (!decoded.ok) return;
    readCount++;
    if (hexEncode(encodeCbor(decoded.value)) !== hexEncode(input)) throw new Error(hexEncode(input));
  };
  for (let a = 0; a < 256; a++) {
    check(bytes(a));
    for (let b = 0; b < 256; b++) {
      check(bytes(a, b));
      for (let c = 0; c < 256; c += 3) check(bytes(a, b, c));
    }
  }
  expect(readCount).toBeGreaterThan(500);
});

test('a decoded byte string is a copy: later changes of the buffer do not reach it', () => {
  const input = encodeCbor(bytes(1, 2, 3));
  const decoded = decodeCbor(input);
  input.fill(0);
  expect(decoded).toEqual({ ok: true, value: bytes(1, 2, 3) });
});

test.each<[string, unknown, string]>([
  ['a fraction', 1.5, 'safe integer'],
  ['minus zero', -0, 'safe integer'],
  ['not a number', Number.NaN, 'safe integer'],
  ['2^53', 2 ** 53, 'safe integer'],
  ['undefined', undefined, 'undefined'],
  ['undefined in a list', [undefined], 'undefined'],
  ['an object', {}, 'CborValue'],
  ['a negative key', new Map([[-1, 0]]), 'map key'],
  ['a text key', new Map([['a', 0]]), 'map key'],
  ['seven levels', [[[[[[[0]]]]]]], 'depthMax'],
  ['too many bytes', new Uint8Array(5000), 'bytesMax'],
  ['too many items', new Array(1024).fill(0), 'itemsMax'],
])('the encoder throws on %s', (_name, value, message) => {
  expect(() => encodeCbor(value as CborValue)).toThrow(message);
});
