import { createHash, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { hexEncode, utf8Encode } from '../../../protocol/bytes.ts';
import { aesCmac, keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import * as codec from '../../../protocol/unlock/v1/codec.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { openGrant, openKeyPackage, openRequest } from '../../../protocol/unlock/v1/seal.ts';
import { makeVectors } from './make-vectors.ts';
import { fromHex, readVectors } from './read-vectors.ts';

interface KeyVector {
  readonly name: string;
  readonly secret: string;
  readonly publicKey: string;
  readonly kid: string;
}
interface MessageVector {
  readonly name: string;
  readonly payload: string;
  readonly message: string;
  readonly bytes: number;
}
interface SealingVectors {
  readonly request: { plain: string; sealed: string; responseSecret: string };
  readonly grant: { plain: string; sealed: string };
  readonly keyPackage: {
    binding: { deviceId: string; lockEpoch: number; orderSequence: number };
    plain: string;
    sealed: string;
  };
}

const keys = readVectors<KeyVector[]>('unlock/keys.json');
const messages = readVectors<MessageVector[]>('unlock/messages.json');
const sealing = readVectors<SealingVectors>('unlock/sealing.json');
const key = (name: string) => keys.find((row) => row.name === name)!;
const message = (name: string) => messages.find((row) => row.name === name)!;

const decoders: Readonly<Record<string, (bytes: Uint8Array) => codec.Decoded<unknown>>> = {
  request: codec.decodeRequest,
  grant: codec.decodeGrant,
  receipt: codec.decodeReceipt,
  abort: codec.decodeAbort,
  keyset: codec.decodeKeyset,
  order: codec.decodeOrder,
  report: codec.decodeReport,
  delegation: codec.decodeDelegation,
};

test.each(Object.entries(makeVectors()))('golden file %s: the code makes exactly what is published', (name, made) => {
  expect(made).toEqual(readVectors(`unlock/${name}`));
});

test.each(messages)('golden $name: read, and its size is stated', ({ name, message: hex, bytes, payload }) => {
  const decoded = decoders[name.split(',')[0]!]!(fromHex(hex));
  expect(decoded.ok && hexEncode(decoded.value.payload)).toBe(payload);
  expect(hex.length / 2).toBe(bytes);
});

test('sizes: request ≤ 160 bytes, grant with two signatures ≤ 230 bytes', () => {
  expect(message('request').bytes).toBeLessThanOrEqual(160);
  expect(message('grant').bytes).toBeLessThanOrEqual(230);
});

// Written out here without our encoder: envelope heads, tag and key places are checked against a second reading of the
// document, and OpenSSL checks the signatures.
test('golden grant, by hand: tag ‖ payload is signed by issuer and approver', () => {
  const grant = fromHex(message('grant').message);
  const payloadBytes = message('grant').payload.length / 2;
  expect([...grant.subarray(0, 3)]).toEqual([0x83, 0x58, payloadBytes]);
  const payload = grant.subarray(3, 3 + payloadBytes);
  const signed = Buffer.concat([utf8Encode('TK-UNLK/1/2'), Uint8Array.of(0), payload]);
  for (const [i, name] of ['issuer', 'approver'].entries()) {
    const at = 3 + payloadBytes + i * 70;
    expect([...grant.subarray(at, at + 2)]).toEqual([0x58, 68]);
    expect(hexEncode(grant.subarray(at + 2, at + 6))).toBe(key(name).kid);
    const spki = Buffer.concat([fromHex('302a300506032b6570032100'), fromHex(key(name).publicKey)]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, signed, publicKey, grant.subarray(at + 6, at + 70))).toBe(true);
  }
  expect(grant.length).toBe(3 + payloadBytes + 140);
});

test('golden sealing: every sealed text opens with the published keys', () => {
  const opened = openRequest(fromHex(sealing.request.sealed), softwareAgreementKey(fromHex(key('transport').secret)));
  expect(opened).toEqual({
    ok: true,
    value: { request: fromHex(sealing.request.plain), responseSecret: fromHex(sealing.request.responseSecret) },
  });
  const secret = fromHex(sealing.request.responseSecret);
  expect(openGrant(fromHex(sealing.grant.sealed), secret)).toEqual({ ok: true, value: fromHex(sealing.grant.plain) });
  const { binding, sealed, plain } = sealing.keyPackage;
  const commission = softwareAgreementKey(fromHex(key('commission').secret));
  const bound = { ...binding, deviceId: fromHex(binding.deviceId) };
  expect(openKeyPackage(fromHex(sealed), commission, bound)).toEqual({ ok: true, value: fromHex(plain) });
});

interface SiteVectors {
  readonly people: readonly { name: string; publicKey: string; keyHash: string }[];
  readonly response: { payload: string; message: string; bytes: number };
  readonly bundle: { message: string; bytes: number };
  readonly packageKey: {
    readonly identitySecret: string;
    readonly publicKey: string;
    readonly binding: { deviceId: string; lockEpoch: number; orderSequence: number };
    readonly plain: string;
    readonly sealed: string;
  };
}
const site = readVectors<SiteVectors>('unlock/site.json');

// Again without our encoder: OpenSSL checks the two persons' signatures, and Node derives the package key.
test('golden bundle, by hand: both persons sign tag ‖ payload, and the delegation is named by its hash', () => {
  const delegation = fromHex(message('delegation').message);
  const response = fromHex(site.response.message);
  const head = (length: number) => (length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff]);
  const bytes = [0x82, ...head(delegation.length), ...delegation, ...head(response.length), ...response];
  expect(hexEncode(Uint8Array.from(bytes))).toBe(site.bundle.message);
  expect([bytes.length, response.length]).toEqual([site.bundle.bytes, site.response.bytes]);
  const payload = fromHex(site.response.payload);
  expect(hexEncode(payload)).toContain(createHash('sha256').update(delegation).digest('hex'));
  const signed = Buffer.concat([utf8Encode('TK-UNLK/1/4'), Uint8Array.of(0), payload]);
  const tail = response.subarray(3 + payload.length);
  const publicKey = (hex: string) => {
    const der = Buffer.concat([fromHex('302a300506032b6570032100'), fromHex(hex)]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  };
  const [technician, second] = site.people;
  expect(verify(null, signed, publicKey(technician!.publicKey), tail.subarray(2, 66))).toBe(true);
  expect(hexEncode(tail.subarray(68, 100))).toBe(second!.publicKey);
  expect(verify(null, signed, publicKey(second!.publicKey), tail.subarray(100, 164))).toBe(true);
  const hash = createHash('sha256').update(fromHex(second!.publicKey)).digest('hex');
  expect(second!.keyHash).toBe(hash.slice(0, 32));
});

test('golden package key: HKDF of the identity secret, and what is sealed to it opens', () => {
  const { identitySecret, publicKey, binding, plain, sealed } = site.packageKey;
  const derived = hkdfSync('sha256', fromHex(identitySecret), '', 'TK-UNLK/1 package key', 32);
  const packageKey = softwareAgreementKey(new Uint8Array(derived));
  expect(hexEncode(packageKey.publicKey)).toBe(publicKey);
  const bound = { ...binding, deviceId: fromHex(binding.deviceId) };
  expect(openKeyPackage(fromHex(sealed), packageKey, bound)).toEqual({ ok: true, value: fromHex(plain) });
});

test.each(readVectors<{ request: string; screenNumber: string }[]>('unlock/screen-number.json'))(
  'golden screen number $screenNumber',
  (row) => {
    expect(screenNumber(fromHex(row.request))).toBe(row.screenNumber);
  },
);

const cmac = readVectors<{ key: string; cases: { message: string; mac: string }[] }>('unlock/aes-cmac.json');

test.each(cmac.cases)('RFC 4493, section 4: $mac', ({ message: text, mac }) => {
  expect(hexEncode(aesCmac(fromHex(cmac.key), fromHex(text)))).toBe(mac);
});

test('a key check value is the head of the MAC over a block of zeros', () => {
  const whole = aesCmac(fromHex(cmac.key), new Uint8Array(16));
  expect(keyCheckValue(fromHex(cmac.key))).toEqual(whole.slice(0, 3));
  expect(() => aesCmac(new Uint8Array(32), whole)).toThrow('aesCmac.key');
});
