import { describe, expect, test } from 'vitest';
import * as bytes from '../../../protocol/bytes.ts';

const samples = ['', 'a', 'terminal 7', '老陈面馆', 'é€😀', '\u{10ffff}', '\0', '\ufeffx'];

describe('UTF-8', () => {
  test.each(samples)('%j agrees with the platform both ways', (text) => {
    expect(bytes.utf8Encode(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
    expect(bytes.utf8Decode(new TextEncoder().encode(text))).toBe(text);
  });
  test('all pairs and many triples of bytes: the same verdict as the platform in fatal mode', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const platform = (input: Uint8Array) => {
      try {
        return decoder.decode(input);
      } catch {
        return undefined;
      }
    };
    const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    let differences = 0;
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) {
        for (const tail of [[], [0x80], [0xbf], [0x80, 0x80], [0xbf, 0xbf], [0x41], [0x80, 0x41]]) {
          const input = Uint8Array.from([a, b, ...tail]);
          if (bytes.utf8Decode(input) !== platform(input)) differences++;
        }
      }
      for (const b of seconds) {
        for (const c of seconds) {
          const input = Uint8Array.from([a, b, c, 0x80]);
          if (bytes.utf8Decode(input) !== platform(input)) differences++;
        }
      }
    }
    expect(differences).toBe(0);
  });
  test('a lone surrogate has no bytes', () => {
    for (const text of ['\ud800', 'x\udfff', '\ude00\ud83d'])
      expect(() => bytes.utf8Encode(text)).toThrow('utf8Encode.text');
  });
});

describe('hex and base64url', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  test('agree with the platform for every length to 64', () => {
    for (let length = 0; length <= 64; length++) {
      const part = all.slice(190, 190 + length);
      expect(bytes.hexEncode(part)).toBe(Buffer.from(part).toString('hex'));
      expect(bytes.hexDecode(bytes.hexEncode(part))).toEqual(part);
      expect(bytes.base64UrlEncode(part)).toBe(Buffer.from(part).toString('base64url'));
      expect(bytes.base64UrlDecode(bytes.base64UrlEncode(part))).toEqual(part);
    }
  });
  test.each(['0', '0g', 'ab c', '0x00', 'abc'])('hex %j is refused', (text) => {
    expect(bytes.hexDecode(text)).toBeUndefined();
  });
  test.each(['A', 'AA=', 'AA==', 'A+', 'A/', 'AB', 'AAB', 'AAAAA', ' AA', 'A\n'])('base64url %j is refused', (text) => {
    expect(bytes.base64UrlDecode(text)).toBeUndefined();
  });
  test('one spelling only: whatever decodes encodes to itself', () => {
    for (const a of 'AQgwz09-_')
      for (const b of 'AQgwz09-_')
        for (const c of ['', 'A', 'E', 'Q', 'z']) {
          const decoded = bytes.base64UrlDecode(a + b + c);
          if (decoded !== undefined) expect(bytes.base64UrlEncode(decoded)).toBe(a + b + c);
        }
  });
});

test('numbers', () => {
  expect([...bytes.u16Be(0x1234)]).toEqual([0x12, 0x34]);
  expect([...bytes.u32Be(0xfedcba98)]).toEqual([0xfe, 0xdc, 0xba, 0x98]);
  expect(bytes.readU32Be(Uint8Array.of(0, 0xfe, 0xdc, 0xba, 0x98), 1)).toBe(0xfedcba98);
  expect(() => bytes.readU32Be(new Uint8Array(4), 1)).toThrow('offset');
  expect(() => bytes.readU32Be(new Uint8Array(4), -1)).toThrow('offset');
});

test('joining and comparing', () => {
  expect([...bytes.concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))]).toEqual([1, 2, 3]);
  expect(bytes.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(bytes.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(bytes.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false);
  expect(bytes.equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
});
