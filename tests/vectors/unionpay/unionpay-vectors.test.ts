import { createVerify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../../../server/channels/shared/chain.ts';
import { digestOf, readAnswer, serialOf, signatureFault } from '../../../server/channels/unionpay-qr/sign.ts';
import type { TrustAnchors } from '../../../server/channels/unionpay-qr/sign.ts';

type Fields = Readonly<Record<string, string>>;

interface Published {
  readonly certificates: Readonly<Record<'root' | 'middle' | 'merchant', { readonly pem: string }>>;
  readonly request: { readonly fields: Fields; readonly digest: string; readonly signature: string };
  readonly notification: { readonly signedAt: string; readonly fields: Fields };
  readonly answer: { readonly signedAt: string; readonly text: string };
}

const published = JSON.parse(readFileSync(new URL('published.json', import.meta.url), 'utf8')) as Published;
const { certificates, request, notification, answer } = published;

function anchors(at: string, change: Partial<TrustAnchors> = {}): TrustAnchors {
  return {
    roots: readBundle(certificates.root.pem),
    middles: readBundle(certificates.middle.pem),
    isTest: false,
    atMs: Date.parse(at),
    ...change,
  };
}

describe('a published request', () => {
  test('has the digest and the signature of its merchant', () => {
    const { publicKey } = new X509Certificate(certificates.merchant.pem);
    expect(digestOf(request.fields)).toBe(request.digest);
    const verify = createVerify('RSA-SHA256').update(digestOf(request.fields));
    expect(verify.verify(publicKey, request.signature, 'base64')).toBe(true);
    expect(serialOf(new X509Certificate(certificates.merchant.pem))).toBe(request.fields['certId']);
  });

  test('an amount of 0 is signed, an empty field is not', () => {
    expect(digestOf({ a: '1', txnAmt: '0' })).not.toBe(digestOf({ a: '1' }));
    expect(digestOf({ a: '1', txnAmt: '' })).toBe(digestOf({ a: '1' }));
  });
});

describe('a published notification', () => {
  const { fields, signedAt } = notification;

  test('holds, with its chain to the root, its name and its date', () => {
    expect(signatureFault(fields, anchors(signedAt))).toBeUndefined();
  });

  test.each(Object.keys(fields))('does not hold with another %s', (name) => {
    const changed = { ...fields, [name]: `${fields[name] ?? ''}1` };
    expect(signatureFault(changed, anchors(signedAt))).toBeTypeOf('string');
  });

  test('does not hold without the root, without the middle, or out of date', () => {
    expect(signatureFault(fields, anchors(signedAt, { roots: [] }))).toContain('No pinned root');
    expect(signatureFault(fields, anchors(signedAt, { middles: [] }))).toContain('No pinned root');
    expect(signatureFault(fields, anchors('2025-08-01T00:00:00Z'))).toContain('not in date');
    expect(signatureFault(fields, anchors('2020-07-30T00:00:00Z'))).toContain('not in date');
  });

  test('a certificate of the same authority with another name does not count', () => {
    const changed = { ...fields, signPubKeyCert: certificates.merchant.pem };
    expect(signatureFault(changed, anchors(signedAt))).toContain('not UnionPay');
    expect(signatureFault(changed, anchors(signedAt, { isTest: true }))).toContain('not UnionPay');
  });

  test('certId, when it is there, must name the certificate inside', () => {
    const changed = { ...fields, certId: request.fields['certId'] ?? '' };
    expect(signatureFault(changed, anchors(signedAt))).toContain('another certificate');
  });
});

describe('a published answer to a refund', () => {
  const read = (text: string): Fields => readAnswer(Buffer.from(text)) ?? {};

  test('is read from its own form and holds', () => {
    const fields = read(answer.text);
    expect(fields).toMatchObject({ respCode: '00', txnType: '04', queryId: '052401051658427863998', txnAmt: '1' });
    expect(signatureFault(fields, anchors(answer.signedAt))).toBeUndefined();
  });

  test('one fen more does not hold', () => {
    const fields = read(answer.text.replace('txnAmt=1&', 'txnAmt=2&'));
    expect(signatureFault(fields, anchors(answer.signedAt))).toBe('The signature does not hold.');
  });

  test.each([
    ['values in braces keep their pairs', 'a={b=1&c={d=2&e=3}}&f=4', { a: '{b=1&c={d=2&e=3}}', f: '4' }],
    ['an empty value', 'a=&b=1', { a: '', b: '1' }],
    ['a name that comes twice', 'a=1&a=2', undefined],
    ['no pair', 'rubbish', undefined],
    ['nothing', '', undefined],
  ])('%s', (_name, text, fields) => {
    expect(readAnswer(Buffer.from(text))).toEqual(fields);
  });
});
