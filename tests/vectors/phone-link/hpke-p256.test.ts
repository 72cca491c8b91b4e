import { describe, expect, test } from 'vitest';
import { base64UrlEncode, hexEncode } from '../../../protocol/bytes.ts';
import {
  hpkeExport,
  hpkeOpen,
  hpkeSeal,
  makeReceiverKey,
  setupReceiver,
  setupSender,
} from '../../../protocol/phone-link/hpke.ts';
import type { Bytes, Subtle } from '../../../protocol/phone-link/web-crypto.ts';
import { fromHex, readVectors } from '../unlock/read-vectors.ts';

interface Suite {
  readonly setup: Readonly<Record<string, string>>;
  readonly encryptions: readonly { sequence: number; plain: string; aad: string; sealed: string }[];
  readonly exports: readonly { context: string; length: number; value: string }[];
}

const vectors = readVectors<{ readonly base: Suite; readonly psk: Suite }>('phone-link/rfc9180-a3.json');
const subtle: Subtle = crypto.subtle;
const bytes = (hex: string): Bytes => Uint8Array.from(fromHex(hex));

async function keyPair(publicHex: string, secretHex: string) {
  const point = fromHex(publicHex);
  const [x, y] = [base64UrlEncode(point.subarray(1, 33)), base64UrlEncode(point.subarray(33))];
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  const jwk = { kty: 'EC', crv: 'P-256', x, y };
  const d = base64UrlEncode(fromHex(secretHex));
  return {
    publicKey: await crypto.subtle.importKey('jwk', jwk, algorithm, true, []),
    privateKey: await crypto.subtle.importKey('jwk', { ...jwk, d }, algorithm, false, ['deriveBits']),
  };
}

async function setUp({ setup }: Suite) {
  const field = (name: string): Bytes => bytes(setup[name] as string);
  const psk = setup['psk'] === undefined ? undefined : { key: field('psk'), id: field('psk_id') };
  const ephemeral = await keyPair(setup['pkEm'] as string, setup['skEm'] as string);
  const { privateKey } = await keyPair(setup['pkRm'] as string, setup['skRm'] as string);
  const sender = await setupSender(subtle, field('pkRm'), field('info'), psk, ephemeral);
  const own = { privateKey, publicBytes: field('pkRm') };
  const receiver = await setupReceiver(subtle, field('enc'), own, field('info'), psk);
  return { sender: sender!, receiver: receiver! };
}

describe.each([
  ['A.3.1 base', vectors.base],
  ['A.3.2 psk', vectors.psk],
] as const)('RFC 9180 %s', (_name, suite) => {
  test('set-up gives the published values on both sides', async () => {
    const { sender, receiver } = await setUp(suite);
    expect(hexEncode(sender.encapsulated)).toBe(suite.setup['enc']);
    for (const context of [sender.context, receiver]) {
      expect(hexEncode(context.baseNonce)).toBe(suite.setup['base_nonce']);
      expect(hexEncode(context.exporterSecret)).toBe(suite.setup['exporter_secret']);
    }
  });

  test.each(suite.encryptions)('text number $sequence', async ({ sequence, plain, aad, sealed }) => {
    const { sender, receiver } = await setUp(suite);
    const made = await hpkeSeal(subtle, sender.context, sequence, bytes(aad), bytes(plain));
    expect(hexEncode(made)).toBe(sealed);
    const opened = await hpkeOpen(subtle, receiver, sequence, bytes(aad), bytes(sealed));
    expect(hexEncode(opened!)).toBe(plain);
    expect(await hpkeOpen(subtle, receiver, sequence + 1, bytes(aad), bytes(sealed))).toBeUndefined();
    expect(await hpkeOpen(subtle, receiver, sequence, bytes('00'), bytes(sealed))).toBeUndefined();
    expect(await hpkeOpen(subtle, receiver, sequence, bytes(aad), bytes(sealed).slice(0, 15))).toBeUndefined();
  });

  test.each(suite.exports)('export for context "$context"', async ({ context, length, value }) => {
    const { sender, receiver } = await setUp(suite);
    expect(hexEncode(await hpkeExport(subtle, receiver, bytes(context), length))).toBe(value);
    expect(hexEncode(await hpkeExport(subtle, sender.context, bytes(context), length))).toBe(value);
  });
});

test('a key that is no point of the curve is refused on both sides', async () => {
  const receiver = await makeReceiverKey(subtle);
  const info = bytes('00');
  const wrong = [new Uint8Array(65), Uint8Array.from({ length: 65 }, (_, i) => (i === 0 ? 4 : 7)), new Uint8Array(64)];
  for (const key of wrong) {
    expect(await setupReceiver(subtle, key, receiver, info)).toBeUndefined();
    expect(await setupSender(subtle, key, info)).toBeUndefined();
  }
});

test('another pre-shared key, another name of it or none at all opens nothing', async () => {
  const receiver = await makeReceiverKey(subtle);
  const info = bytes('0102');
  const psk = { key: new Uint8Array(32).fill(1), id: bytes('aa') };
  const sender = (await setupSender(subtle, receiver.publicBytes, info, psk))!;
  const sealed = await hpkeSeal(subtle, sender.context, 0, info, bytes('030405'));
  const others = [undefined, { ...psk, id: bytes('ab') }, { ...psk, key: new Uint8Array(32).fill(2) }];
  for (const other of others) {
    const context = (await setupReceiver(subtle, sender.encapsulated, receiver, info, other))!;
    expect(await hpkeOpen(subtle, context, 0, info, sealed)).toBeUndefined();
  }
  const short = { ...psk, key: new Uint8Array(31) };
  await expect(setupSender(subtle, receiver.publicBytes, info, short)).rejects.toThrow('keySchedule.psk');
});
