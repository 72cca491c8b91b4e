import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8Encode } from '../../../protocol/bytes.ts';
import { base45Decode, base45Encode } from '../../../protocol/codes/base45.ts';

describe('Base45 (RFC 9285)', () => {
  // Sections 4.3 and 4.4.
  test.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
    ['', ''],
  ])('"%s" is "%s" and back', (plain, encoded) => {
    expect(base45Encode(utf8Encode(plain))).toBe(encoded);
    expect(base45Decode(encoded)).toEqual(utf8Encode(plain));
  });

  test('65535 is FGW, the largest group', () => {
    expect(base45Encode(Uint8Array.of(255, 255))).toBe('FGW');
  });

  // Section 6 asks that these are refused.
  test.each([
    ['GGW', 'a group of three above 65535'],
    [':::', 'the largest group of three'],
    ['::', 'a group of two above 255'],
    ['5R', 'a group of two that is 256 and more'],
    ['BB8A', 'a single character left over'],
    ['bb8', 'lower case'],
    ['BB_', 'a character outside the alphabet'],
    ['BB\n', 'a line end'],
    ['💥A', 'a surrogate pair'],
  ])('"%s" is refused: %s', (text) => {
    expect(base45Decode(text)).toBeUndefined();
  });

  test('any bytes survive, and only one text decodes to them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(base45Decode(base45Encode(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'09AZ $:/'), maxLength: 60 }), (text) => {
        const bytes = base45Decode(text);
        if (bytes !== undefined) expect(base45Encode(bytes)).toBe(text);
      }),
    );
  });
});
