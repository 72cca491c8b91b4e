import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, hexDecode, hexEncode } from '../../protocol/bytes.ts';
import { encipherCardData, encodeCardData } from '../../protocol/card/card-data.ts';
import {
  decodeDukpt,
  dukptFromInitialKey,
  encodeDukpt,
  nextTransaction,
  wipeDukpt,
} from '../../protocol/card/dukpt.ts';
import { openInitialKey } from '../../protocol/card/initial-key.ts';
import { unwrapKeyBlock, wrapKeyBlock } from '../../protocol/card/key-block.ts';
import { encipherPin } from '../../protocol/card/pin-block.ts';
import { hostDerivationKey } from '../vectors/card/host-derivation.ts';

const golden = JSON.parse(readFileSync(new URL('../vectors/card/kbpk.json', import.meta.url), 'utf8')) as {
  agreement: { kbpk: string };
  block: { keyBlock: string };
};

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

function decipher(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

describe('DUKPT', () => {
  test('a terminal and a host agree on every transaction, and no counter comes twice', () => {
    fc.assert(
      fc.property(bytes(16), bytes(8), fc.integer({ min: 1, max: 300 }), (key, ikid, count) => {
        let state = dukptFromInitialKey(key, ikid);
        let last = 0;
        for (let i = 0; i < count; i++) {
          const step = nextTransaction(state);
          if (step === undefined) throw new Error('ended');
          const { counter } = state;
          expect(counter).toBeGreaterThan(last);
          const bit = Math.log2(counter & -counter);
          expect(state.registers[bit]).toEqual(hostDerivationKey(key, ikid, counter));
          expect(step.after.registers[bit]).not.toEqual(state.registers[bit]);
          last = counter;
          state = step.after;
        }
      }),
      { numRuns: 20 },
    );
  });

  test('a record gives the same state again; another length or mask gives none', () => {
    fc.assert(
      fc.property(bytes(16), bytes(8), fc.integer({ min: 0, max: 40 }), (key, ikid, count) => {
        let state = dukptFromInitialKey(key, ikid);
        for (let i = 0; i < count; i++) state = nextTransaction(state)?.after ?? state;
        const record = encodeDukpt(state);
        expect(decodeDukpt(record)).toEqual(state);
        expect(decodeDukpt(record.subarray(1))).toBeUndefined();
        expect(decodeDukpt(concatBytes(record, Uint8Array.of(0)))).toBeUndefined();
        wipeDukpt(state);
        expect(state.registers.every((kept) => kept?.every((byte) => byte === 0) ?? true)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('key blocks', () => {
  const kbpk = hexDecode(golden.agreement.kbpk) ?? new Uint8Array();

  test('every change of one character of a real block is refused', { timeout: 60_000 }, () => {
    const { keyBlock } = golden.block;
    expect(openInitialKey(kbpk, keyBlock).ok).toBe(true);
    const accepted: string[] = [];
    for (let at = 0; at < keyBlock.length; at++) {
      for (let code = 0x20; code < 0x7f; code++) {
        const changed = keyBlock.slice(0, at) + String.fromCharCode(code) + keyBlock.slice(at + 1);
        if (changed !== keyBlock && openInitialKey(kbpk, changed).ok) accepted.push(changed);
      }
    }
    expect(accepted).toEqual([]);
  });

  test('what was wrapped opens with the same KBPK only', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), fc.constantFrom(16, 24, 32), (first, second, length) => {
        const key = first.slice(0, length);
        const padding = new Uint8Array((length === 24 ? 6 : 14) + 16).fill(7);
        const header = { usage: 'B1', algorithm: 'A', mode: 'X', version: '00', exportability: 'N', optional: [] };
        const block = wrapKeyBlock(second, header, key, padding);
        const opened = unwrapKeyBlock(second, block);
        expect(opened.ok && opened.value).toEqual({ header, key });
        const other = second.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
        expect(unwrapKeyBlock(other, block)).toMatchObject({ ok: false, error: 'not-openable' });
      }),
      { numRuns: 100 },
    );
  });

  test('nothing that is not a block makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 })), (text) => {
        expect(unwrapKeyBlock(kbpk, text).ok).toBe(false);
        expect(unwrapKeyBlock(kbpk, `D0${String(text.length + 2)}${text}`).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what leaves the device', () => {
  test('a PIN block opens to the PIN with its own PAN only', () => {
    fc.assert(
      fc.property(bytes(16), digits(4, 12), digits(12, 19), bytes(8), (key, pin, pan, random) => {
        const block = encipherPin(key, pin, pan, random);
        const panField = hexDecode(`${(pan.length - 12).toString(16)}${pan}`.padEnd(32, '0')) ?? new Uint8Array();
        const inner = decipher(key, block).map((byte, index) => byte ^ (panField[index] ?? 0));
        const field = hexEncode(decipher(key, inner));
        expect(field).toBe(`4${pin.length.toString(16)}${pin.padEnd(14, 'a')}${hexEncode(random)}`);
      }),
      { numRuns: 200 },
    );
  });

  test('card data opens to the TLV, whatever its length', () => {
    fc.assert(
      fc.property(
        bytes(16),
        bytes(16),
        digits(12, 19),
        digits(6, 6),
        digits(0, 17),
        bytes(8),
        (key, iv, pan, expiry, rest, cryptogram) => {
          const track2 = `${pan}D${rest}`;
          const plain = encodeCardData({ pan, expiry, track2, chip: new Map([['9f26', cryptogram]]) });
          const sealed = encipherCardData(key, iv, plain);
          expect(sealed.subarray(0, 16)).toEqual(iv);
          const cipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
          const padded = Buffer.concat([cipher.update(sealed.subarray(16)), cipher.final()]);
          expect(hexEncode(padded).replace(/80(00)*$/, '')).toBe(hexEncode(plain));
        },
      ),
      { numRuns: 200 },
    );
  });
});
