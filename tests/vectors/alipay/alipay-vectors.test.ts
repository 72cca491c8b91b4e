import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { certificateSn, rootCertificateSn } from '../../../server/channels/alipay/certificates.ts';
import { isRsa2, notificationText, rawMembers, requestText } from '../../../server/channels/alipay/sign.ts';
import { readPublicKey } from '../../../server/channels/shared/certificates.ts';

interface Published {
  readonly notifications: readonly {
    readonly source: string;
    readonly publicKey?: string;
    readonly certificate?: string;
    readonly fields: Readonly<Record<string, string>>;
  }[];
  readonly requests: readonly {
    readonly source: string;
    readonly certificate: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly sign: string;
  }[];
  readonly responses: readonly {
    readonly source: string;
    readonly publicKey: string;
    readonly member: string;
    readonly text: string;
  }[];
  readonly signedParts: readonly {
    readonly source: string;
    readonly member: string;
    readonly text: string;
    readonly signed: string;
  }[];
  readonly certificates: readonly { readonly source: string; readonly pem: string; readonly sn: string }[];
  readonly roots: { readonly pem: string; readonly sn: string };
}

const published = JSON.parse(readFileSync(new URL('published.json', import.meta.url), 'utf8')) as Published;

function keyOf({ publicKey, certificate }: { readonly publicKey?: string; readonly certificate?: string }): KeyObject {
  const key = readPublicKey(publicKey ?? certificate ?? '');
  if (key === undefined) throw new Error('the vector has no public key');
  return key;
}

describe('what Alipay signed', () => {
  test.each(published.notifications)('notification: $source', ({ fields, ...signer }) => {
    const { sign = '' } = fields;
    expect(isRsa2(notificationText(fields), sign, keyOf(signer))).toBe(true);
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'sign' || name === 'sign_type') continue;
      const changed = { ...fields, [name]: `${value}0` };
      expect(isRsa2(notificationText(changed), sign, keyOf(signer)), name).toBe(false);
    }
  });

  test.each(published.requests)('request in certificate mode: $source', ({ fields, sign, certificate }) => {
    const key = keyOf({ certificate });
    expect(isRsa2(requestText({ ...fields, sign }), sign, key)).toBe(true);
    expect(isRsa2(requestText({ ...fields, version: '1.1' }), sign, key)).toBe(false);
    expect(certificateSn(new X509Certificate(certificate))).toBe(fields['app_cert_sn']);
  });

  test.each(published.responses)('answer: $source', ({ text, member, publicKey }) => {
    const members = rawMembers(text);
    const sign = JSON.parse(members?.get('sign') ?? '""') as string;
    expect(isRsa2(members?.get(member) ?? '', sign, keyOf({ publicKey }))).toBe(true);
    expect(isRsa2(`${members?.get(member) ?? ''} `, sign, keyOf({ publicKey }))).toBe(false);
  });

  test.each(published.signedParts)('the part of an answer that is signed: $source', ({ text, member, signed }) => {
    expect(rawMembers(text)?.get(member)).toBe(signed);
  });
});

describe('serials of certificates', () => {
  test.each(published.certificates)('$source', ({ pem, sn }) => {
    expect(certificateSn(new X509Certificate(pem))).toBe(sn);
  });

  test('of a root bundle: those with an RSA signature only', () => {
    expect(rootCertificateSn(published.roots.pem)).toBe(published.roots.sn);
  });
});

describe('reading members of an answer', () => {
  test.each([
    ['no object', '[]'],
    ['no JSON', '{"a":1'],
    ['a name that comes twice', '{"a":1,"a":2}'],
    ['a name that comes twice, once escaped', '{"a":1,"\\u0061":2}'],
  ])('%s: refused', (_name, text) => {
    expect(rawMembers(text)).toBeUndefined();
  });

  test('braces, quotes and backslashes in texts do not confuse it', () => {
    const text = '{"r":{"a":"}\\"{\\\\","b":[1,{"c":"]"}]} , "n" : -1.5e3,"e":{}, "sign":"x"}';
    expect([...(rawMembers(text) ?? [])]).toEqual([
      ['r', '{"a":"}\\"{\\\\","b":[1,{"c":"]"}]}'],
      ['n', '-1.5e3'],
      ['e', '{}'],
      ['sign', '"x"'],
    ]);
  });
});
