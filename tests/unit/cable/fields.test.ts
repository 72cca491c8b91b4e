import { describe, expect, test } from 'vitest';
import type { CborValue } from '../../../protocol/cbor/value.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import * as f from '../../../protocol/cable/v1/fields.ts';
import { bodyLeastBytes } from '../../../protocol/cable/v1/limits.ts';
import { op } from '../../../protocol/cable/v1/services/op.ts';
import { opNames, ops, opSpec, type OpName } from '../../../protocol/cable/v1/services/table.ts';

interface Row {
  readonly field: f.FieldSpec<CborValue>;
  readonly good: readonly CborValue[];
  readonly bad: readonly CborValue[];
}

const rows: readonly Row[] = [
  { field: f.uint(1, 9), good: [0, 9], bad: [-1, 10, '1', null] },
  { field: f.int(1), good: [-0x7fff_ffff, 0, 0x7fff_ffff], bad: [0x8000_0000, -0x8000_0000, true] },
  { field: f.bool(1), good: [true, false], bad: [0, 1, 'true'] },
  { field: f.text(1, 3), good: ['', 'abc'], bad: ['abcd', 1, Uint8Array.of(65)] },
  { field: f.oneOf(1, ['a', 'b']), good: ['a', 'b'], bad: ['c', '', 0] },
  {
    field: f.bytes(1, 2, 1),
    good: [Uint8Array.of(1), Uint8Array.of(1, 2)],
    bad: [new Uint8Array(0), new Uint8Array(3), [1]],
  },
  { field: f.texts(1, 2, 2), good: [[], ['ab', '']], bad: [['abc'], ['a', 'b', 'c'], [1], 'ab'] },
  { field: f.uints(1, 2), good: [[], [1, 2]], bad: [[1, 2, 3], [-1], [0x1_0000_0000], 1] },
  { field: f.bytesList(1, 1, 1), good: [[], [Uint8Array.of(1)]], bad: [[new Uint8Array(2)], [1]] },
];

describe('section 7.2: fields', () => {
  test.each(rows)('$field.kind', ({ field, good, bad }) => {
    for (const value of good) expect(field.accepts(value)).toBe(true);
    for (const value of [...bad, undefined]) expect(field.accepts(value)).toBe(false);
  });

  const table = { a: f.uint(1), b: f.text(2) } as const;

  test('encoding names the field that does not fit', () => {
    expect(() => f.encodeFields(table, { a: -1, b: '' })).toThrow('a: not uint');
    expect(() => f.encodeFields(table, { a: 1 } as never)).toThrow('b: not text');
  });

  test('decoding wants every key and no other', () => {
    const decode = (entries: readonly (readonly [number, CborValue])[]): unknown =>
      f.decodeFields(table, new Map(entries));
    expect(decode([[1, 5], [2, 'x']])).toEqual({ ok: true, value: { a: 5, b: 'x' } }); // prettier-ignore
    expect(decode([[1, 5]])).toEqual({ ok: false, error: 'missing-or-wrong', detail: 'b' });
    expect(decode([[1, 5], [2, 'x'], [3, 0]])).toEqual({ ok: false, error: 'unknown-key' }); // prettier-ignore
  });
});

describe('section 8: the tables', () => {
  test('every operation has its own number, and a table with a doubled key is refused', () => {
    expect(opNames.size).toBe(Object.keys(ops).length);
    expect(() => op(1, { a: f.uint(1), b: f.uint(1) }, {})).toThrow('share a key');
  });

  test('the largest lock status fits into the least body that a device may offer', () => {
    const largest: Record<string, CborValue> = { sensors: Array(12).fill(['s'.repeat(24), true, 'r'.repeat(32)]) };
    const table = opSpec('lock.status').reply;
    for (const [name, field] of Object.entries(table)) {
      const candidates = [0xffff_ffff, 0xffff, 10_000, true, 'PROBATION', '418207', new Uint8Array(16)];
      largest[name] ??= candidates.find((value) => field.accepts(value)) ?? '';
    }
    const body = encodeCbor([2, 0xffff, 0x0201, f.encodeFields(table, largest as never)]);
    expect(body.length).toBeLessThanOrEqual(bodyLeastBytes);
  });

  test.each((Object.keys(ops) as OpName[]).map((name) => [name]))('%s: method and service from 1 on', (name) => {
    expect(ops[name].code >> 8).toBeGreaterThanOrEqual(1);
    expect(ops[name].code & 255).toBeGreaterThanOrEqual(1);
    expect(ops[name].code).toBeLessThanOrEqual(0xffff);
  });
});
