import { constants, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encryptAccount, isAccount } from '../../../protocol/fees/account-cipher.ts';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function bankKey(bits: number, exponent = 65_537) {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent });
  const { n = '', e = '' } = pair.publicKey.export({ format: 'jwk' });
  return { key: { modulus: n, exponent: e }, privateKey: pair.privateKey };
}

/** The padded block as OpenSSL sees it: raw RSA, so that the padding itself can be looked at. */
function block(ciphertext: string, privateKey: ReturnType<typeof bankKey>['privateKey']): Buffer {
  const padding = constants.RSA_NO_PADDING;
  return privateDecrypt({ key: privateKey, padding }, Buffer.from(ciphertext, 'base64'));
}

function accountIn(raw: Buffer): string {
  expect([...raw.subarray(0, 2)]).toEqual([0, 2]);
  const end = raw.indexOf(0, 2);
  expect(end).toBeGreaterThanOrEqual(10);
  return raw.subarray(end + 1).toString('utf8');
}

const bank = bankKey(2048);
const { key } = bank;
const account = '6221558812340000';

describe('an account encrypted to the bank (RFC 8017, 7.2)', () => {
  test.each([
    [2048, 65_537],
    [3072, 65_537],
    [4096, 3],
  ])('node:crypto opens it with a key of %i bits, exponent %i', (bits, exponent) => {
    const other = bankKey(bits, exponent);
    const sealed = encryptAccount(account, other.key, random) ?? '';
    expect(Buffer.from(sealed, 'base64')).toHaveLength(bits / 8);
    expect(sealed.length).toBeLessThanOrEqual(700);
    expect(accountIn(block(sealed, other.privateKey))).toBe(account);
  });

  test.each(['12345678', '6217001210012345678', '1'.repeat(34)])('%s arrives whole', (text) => {
    expect(accountIn(block(encryptAccount(text, key, random) ?? '', bank.privateKey))).toBe(text);
  });

  test('the same account is never the same ciphertext', () => {
    expect(encryptAccount(account, key, random)).not.toBe(encryptAccount(account, key, random));
  });

  test('zeros in the padding are drawn again', () => {
    let calls = 0;
    const stubborn = (length: number): Uint8Array => new Uint8Array(length).fill(calls++ < 3 ? 0 : 7);
    const raw = block(encryptAccount(account, key, stubborn) ?? '', bank.privateKey);
    expect(accountIn(raw)).toBe(account);
    expect(() => encryptAccount(account, key, (length) => new Uint8Array(length))).toThrow('padding');
  });

  test.each([
    ['no key at all', { modulus: '', exponent: 'AQAB' }],
    ['not base64url', { modulus: 'a+b/', exponent: 'AQAB' }],
    ['1,024 bits', bankKey(1024).key],
    ['an even exponent', { modulus: key.modulus, exponent: 'AQAA' }],
    ['exponent one', { modulus: key.modulus, exponent: 'AQ' }],
    ['an even modulus', { modulus: `${key.modulus.slice(0, -2)}AA`, exponent: 'AQAB' }],
  ])('is refused for %s', (_name, bad) => {
    expect(encryptAccount(account, bad, random)).toBeUndefined();
  });

  test.each(['', '1234567', 'x2345678', '6221 5588', '1'.repeat(35)])('“%s” is no account', (text) => {
    expect(isAccount(text)).toBe(false);
    expect(() => encryptAccount(text, key, random)).toThrow('account');
  });
});
