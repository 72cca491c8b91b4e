import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCbor } from '../../protocol/cbor/decode.ts';
import { encodeCbor } from '../../protocol/cbor/encode.ts';
import { defaultCborLimits } from '../../protocol/cbor/limits.ts';
import type { CborValue } from '../../protocol/cbor/value.ts';
import * as codec from '../../protocol/unlock/v1/codec.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import { signers } from '../unit/unlock/fixture.ts';

const uint = (max: number) => fc.integer({ min: 0, max });
const u32 = uint(0xffff_ffff);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const leaf = fc.oneof(
  fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 40 }),
);
const { value: cborValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: defaultCborLimits.depthMax - 1, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(fc.maxSafeNat(), tie('value')), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  ),
}));

test('CBOR: whatever is encoded is read back', () => {
  fc.assert(
    fc.property(cborValue, (value) => {
      const decoded = decodeCbor(encodeCbor(value));
      expect(decoded.ok && encodeCbor(decoded.value)).toEqual(encodeCbor(value));
    }),
    { numRuns: 1000 },
  );
});

test('CBOR: random bytes never throw, and what is read has one form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
      const decoded = decodeCbor(input);
      if (decoded.ok) expect(encodeCbor(decoded.value)).toEqual(new Uint8Array(input));
    }),
    { numRuns: 20_000 },
  );
});

const bound = { deviceId: bytes(8), lockEpoch: u32 };
const requests = fc.record({
  ...bound,
  nonce: bytes(16),
  model: uint(0xffff),
  firmware: u32,
  reasons: uint(511),
  logHead: bytes(16),
  bootCount: u32,
  deviceTimeSeconds: u32,
  flags: uint(7),
  keysetSequence: u32,
});
const grants = fc.record({
  ...bound,
  nonce: bytes(16),
  actions: uint(127),
  reasonsOk: uint(511),
  notBeforeSeconds: u32,
  notAfterSeconds: u32,
  ticket: bytes(8),
  grantSequence: u32,
  keysetFloor: u32,
  revocationFloor: u32,
});

test('every request that can be written is read back, within 160 bytes', () => {
  fc.assert(
    fc.property(requests, fc.boolean(), (message, isAlive) => {
      const encoded = codec.encodeRequest(message, isAlive ? signers.device : undefined);
      expect(encoded.length).toBeLessThanOrEqual(unlockLimits.requestBytesMax);
      expect(codec.decodeRequest(encoded)).toMatchObject({ ok: true, value: { message } });
    }),
    { numRuns: 200 },
  );
});

test('every grant that can be written is read back, within 230 bytes', () => {
  fc.assert(
    fc.property(grants, (message) => {
      const encoded = codec.encodeGrant(message, signers.issuer, signers.approver);
      expect(encoded.length).toBeLessThanOrEqual(unlockLimits.grantBytesMax);
      expect(codec.decodeGrant(encoded)).toMatchObject({ ok: true, value: { message } });
    }),
    { numRuns: 200 },
  );
});
