import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMessage } from '../../mock-server/platforms/bank-card/messages.ts';
import { decodeMessage, encodeMessage } from '../../server/channels/bank-card/iso8583.ts';
import type { FieldSpec, FieldTable, IsoMessage } from '../../server/channels/bank-card/iso8583.ts';
import { profileFields } from '../../server/channels/bank-card/profile.ts';

/** The profile and three fields of the second bitmap, which the profile does not use. */
const longTable: FieldTable = {
  ...profileFields,
  90: { kind: 'n', length: 42 },
  102: { kind: 'ans', length: 28, lengthDigits: 2 },
  128: { kind: 'b', length: 8 },
};

const digits = (count: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });

function valueOf({ kind, length, lengthDigits }: FieldSpec): fc.Arbitrary<string> {
  const minLength = lengthDigits === undefined ? length : 0;
  const size = { minLength, maxLength: length };
  if (kind === 'n') return fc.string({ unit: fc.constantFrom(...'0123456789'), ...size });
  if (kind === 'b') return fc.uint8Array(size).map((bytes) => Buffer.from(bytes).toString('hex'));
  return fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), ...size });
}

function messagesOf(table: FieldTable): fc.Arbitrary<IsoMessage> {
  const fields = fc.record(Object.fromEntries(Object.entries(table).map(([number, spec]) => [number, valueOf(spec)])), {
    requiredKeys: [],
  });
  return fc.record({ tpdu: digits(10), header: digits(12), mti: digits(4), fields }).map((message) => ({
    ...message,
    fields: { ...message.fields } as Record<number, string>,
  }));
}

describe('ISO 8583 codec', () => {
  test('what is written is read back, with one bitmap and with two', () => {
    fc.assert(
      fc.property(messagesOf(longTable), (message) => {
        expect(decodeMessage(longTable, encodeMessage(longTable, message))).toEqual({ ok: true, value: message });
      }),
      { numRuns: 300 },
    );
  });

  test('the acquirer’s own codec reads the same', () => {
    fc.assert(
      fc.property(messagesOf(profileFields), (message) => {
        const { 44: _unused, ...fields } = message.fields;
        const read = readMessage(encodeMessage(profileFields, { ...message, fields }));
        expect(Object.fromEntries(read?.fields ?? [])).toEqual(fields);
      }),
      { numRuns: 300 },
    );
  });

  test('no beginning of a message is a message; neither is one that something follows', () => {
    fc.assert(
      fc.property(messagesOf(longTable), (message) => {
        const bytes = encodeMessage(longTable, message);
        for (let length = 0; length < bytes.length; length++) {
          const cut = decodeMessage(longTable, bytes.subarray(0, length));
          expect(cut).toMatchObject({
            ok: false,
            error: 'short',
            detail: expect.stringMatching(/^(tpdu|header|mti|bitmap|field \d+)$/) as string,
          });
        }
        expect(decodeMessage(longTable, Buffer.concat([bytes, Buffer.alloc(1)]))).toMatchObject({ error: 'long' });
      }),
      { numRuns: 40 },
    );
  });

  test('any bytes: a message or a named fault, never a throw; what is read writes the same bytes', () => {
    const prefix = fc.tuple(digits(26), fc.uint8Array({ minLength: 0, maxLength: 300 }));
    const bytesOf = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      prefix.map(([start, rest]) => Buffer.concat([Buffer.from(start, 'hex'), rest])),
    );
    fc.assert(
      fc.property(bytesOf, (bytes) => {
        const read = decodeMessage(longTable, bytes);
        if (read.ok) expect(encodeMessage(longTable, read.value)).toEqual(Buffer.from(bytes));
        else expect(read.detail).toBeTruthy();
        readMessage(Buffer.from(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  test('one flipped byte is another message or a named fault', () => {
    fc.assert(
      fc.property(messagesOf(profileFields), fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, mask) => {
        const bytes = encodeMessage(profileFields, message);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ mask;
        const read = decodeMessage(profileFields, bytes);
        if (read.ok) expect(read.value).not.toEqual(message);
        else expect(read.detail).toBeTruthy();
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['field 4: too short', { 4: '1' }],
    ['field 4: no digits', { 4: 'x'.repeat(12) }],
    ['field 60: too long', { 60: '1'.repeat(18) }],
    ['field 63: not ASCII', { 63: '元' }],
    ['field 57: no hex', { 57: 'zz' }],
    ['field 2: not in the profile', { 2: '6217000000000000426' }],
    ['field 35: not in the profile', { 35: '6217' }],
    ['field 52: not in the profile', { 52: '0011223344556677' }],
    ['field 55: not in the profile', { 55: '9f26' }],
  ])('%s: cannot be written', (name, fields) => {
    const message = { tpdu: '6000000000', header: '602200000000', mti: '0200', fields };
    const field = name.split(':')[0] ?? '';
    expect(() => encodeMessage(profileFields, message)).toThrow(new RegExp(`^${field}:`));
  });
});
