import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { base64UrlDecode, base64UrlEncode } from '../../../protocol/bytes.ts';
import type { SignedDocument } from '../../../protocol/fees/documents.ts';
import { lookupKeyId, openLookup, sealLookup } from '../../../protocol/fees/lookup.ts';
import { type DocumentPublicKey, openSigned, signedBytes } from '../../../protocol/fees/verify.ts';
import { makeReceiverKey, type ReceiverKey } from '../../../protocol/phone-link/hpke.ts';
import type { Subtle } from '../../../protocol/phone-link/web-crypto.ts';
import { p256PublicKey, p256Secret, p256Signer } from '../../../server/keys/p256.ts';

const { subtle } = globalThis.crypto;
const sealing = subtle as unknown as Subtle;
const place = { service: 'electricity', payeeId: '01900000-0000-7000-8000-000000000001' };

describe('a sealed look-up', () => {
  let receiver: ReceiverKey;
  let key: { kid: string; publicKey: string };
  beforeAll(async () => {
    receiver = await makeReceiverKey(sealing);
    key = { kid: '0a1b2c3d', publicKey: base64UrlEncode(receiver.publicBytes) };
  });
  const seal = async (number: string, secret: string): Promise<string> =>
    (await sealLookup(sealing, key, place, { number, secret })) ?? '';

  it('opens for its key and place, and nowhere else', async () => {
    const sealed = await seal('0100234567', '4321');
    expect(lookupKeyId(sealed)).toBe('0a1b2c3d');
    expect(await openLookup(sealing, receiver, place, sealed)).toEqual({ number: '0100234567', secret: '4321' });
    expect(await openLookup(sealing, receiver, { ...place, service: 'water' }, sealed)).toBeUndefined();
    expect(await openLookup(sealing, await makeReceiverKey(sealing), place, sealed)).toBeUndefined();
  });

  it('is as long for every number, different every time, and no flipped byte opens', async () => {
    const [short, long] = [await seal('1234', '1234'), await seal('1'.repeat(32), '2'.repeat(32))];
    expect(short.length).toBe(long.length);
    expect(await seal('1234', '1234')).not.toBe(short);
    const bytes = base64UrlDecode(short) ?? new Uint8Array();
    for (let at = 4; at < bytes.length; at += 7) {
      const broken = bytes.slice();
      broken[at] = (broken[at] ?? 0) ^ 1;
      expect(await openLookup(sealing, receiver, place, base64UrlEncode(broken))).toBeUndefined();
    }
    for (const cut of ['', 'AAAA', short.slice(0, -4)]) {
      expect(await openLookup(sealing, receiver, place, cut)).toBeUndefined();
      expect(lookupKeyId(cut)).toBeUndefined();
    }
  });

  it('refuses what is too long, and a key that is none', async () => {
    await expect(sealLookup(sealing, key, place, { number: '1'.repeat(33), secret: '' })).rejects.toThrow('sealLookup');
    const bad = { ...key, publicKey: 'AAAA' };
    expect(await sealLookup(sealing, bad, place, { number: '1', secret: '2' })).toBeUndefined();
  });
});

describe('a signed document', () => {
  const secret = p256Secret(new Uint8Array(48).fill(7));
  const point = p256PublicKey(secret);
  const keys: readonly DocumentPublicKey[] = [
    { kid: 'other', x: base64UrlEncode(point.slice(33)), y: base64UrlEncode(point.slice(1, 33)) },
    { kid: 'k1', x: base64UrlEncode(point.slice(1, 33)), y: base64UrlEncode(point.slice(33)) },
  ];
  const sign = (text: string, kind: 'quote' | 'receipt' = 'quote'): SignedDocument => {
    const bytes = new TextEncoder().encode(text);
    const signature = p256Signer(secret)(signedBytes(kind, bytes));
    return { kid: 'k1', bytes: base64UrlEncode(bytes), signature: base64UrlEncode(signature) };
  };

  it('is what the server signed, for this purpose', async () => {
    const signed = sign('{"v":1,"totalFen":203}');
    expect(await openSigned(subtle, keys, 'quote', signed)).toEqual({ ok: true, value: { v: 1, totalFen: 203 } });
    expect(await openSigned(subtle, keys, 'receipt', signed)).toMatchObject({ ok: false, error: 'bad-signature' });
    expect(await openSigned(subtle, [], 'quote', signed)).toMatchObject({ ok: false, error: 'unknown-key' });
    expect(await openSigned(subtle, keys, 'quote', { ...signed, kid: 'other' })).toMatchObject({ ok: false });
    for (const text of ['{"v":2}', 'null', '[]', 'x'])
      expect(await openSigned(subtle, keys, 'quote', sign(text))).toMatchObject({ ok: false, error: 'bad-document' });
  });

  it('no changed byte of document or signature passes', async () => {
    const signed = sign('{"v":1,"totalFen":203}');
    const parts = fc.constantFrom('bytes' as const, 'signature' as const);
    const forging = fc.asyncProperty(parts, fc.nat(), fc.integer({ min: 1, max: 255 }), async (part, place, mask) => {
      const bytes = base64UrlDecode(signed[part]) ?? new Uint8Array();
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      const forged = { ...signed, [part]: base64UrlEncode(bytes) };
      expect((await openSigned(subtle, keys, 'quote', forged)).ok).toBe(false);
    });
    await fc.assert(forging, { numRuns: 300 });
  });
});
