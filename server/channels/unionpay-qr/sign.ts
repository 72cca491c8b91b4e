import { createHash, createSign, createVerify } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { chainFault } from '../shared/chain.ts';
import { readCertificate } from '../shared/certificates.ts';
import { sortedPairs } from '../shared/form.ts';
import type { FormFields } from '../shared/form.ts';

/** The party that signs answers and notifications, as the third part of its certificate's common name. */
const unionPayName = '中国银联股份有限公司';
/** What that part is in older certificates of the test environment. */
const testName = '00040000:SIGN';

/**
 * The text that is signed (全渠道平台接入接口规范 5.1.0, 签名机制): every field but `signature` and the empty ones, sorted, not
 * URL-encoded, as SHA-256 in lower-case hex. It is this hex text that RSA then hashes once more and signs.
 */
export function digestOf(fields: FormFields): string {
  return createHash('sha256')
    .update(sortedPairs(fields, ['signature']), 'utf8')
    .digest('hex');
}

/** Signs fields with `signMethod` 01. @returns base64. */
export function signFields(fields: FormFields, key: KeyObject): string {
  return createSign('RSA-SHA256').update(digestOf(fields), 'ascii').sign(key, 'base64');
}

/** What an answer's own certificate is held against. */
export interface TrustAnchors {
  readonly roots: readonly X509Certificate[];
  readonly middles: readonly X509Certificate[];
  readonly isTest: boolean;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/**
 * Why fields are not from UnionPay, or `undefined` when they are. `signPubKeyCert` comes inside the message, so anybody
 * could put theirs there: it counts only when it chains to a pinned root, is in date, carries UnionPay's own name, and is
 * the one that `certId` names when there is one.
 */
export function signatureFault(fields: FormFields, anchors: TrustAnchors): string | undefined {
  const certificate = readCertificate(fields['signPubKeyCert'] ?? '');
  const signature = fields['signature'];
  if (certificate === undefined || signature === undefined) return 'There is no certificate or no signature.';
  if (fields['signMethod'] !== '01') return 'It is not signed with a certificate (signMethod 01).';
  const certId = fields['certId'];
  if (certId !== undefined && certId !== serialOf(certificate)) return 'certId names another certificate.';
  if (!isUnionPay(certificate, anchors.isTest)) return 'The certificate is not UnionPay’s.';
  const fault = chainFault(certificate, anchors.middles, anchors.roots, anchors.atMs);
  if (fault !== undefined) return fault;
  const isHeld =
    /^[A-Za-z0-9+/]+={0,2}$/.test(signature) &&
    createVerify('RSA-SHA256').update(digestOf(fields), 'ascii').verify(certificate.publicKey, signature, 'base64');
  return isHeld ? undefined : 'The signature does not hold.';
}

/** `certId`: a certificate's serial in decimal. */
export function serialOf({ serialNumber }: X509Certificate): string {
  return BigInt(`0x${serialNumber}`).toString(10);
}

function isUnionPay({ subject }: X509Certificate, isTest: boolean): boolean {
  const commonNames = subject.split('\n').filter((line) => line.startsWith('CN='));
  const name = commonNames.length === 1 ? commonNames[0]?.slice('CN='.length).split('@')[2] : undefined;
  return name === unionPayName || (isTest && name === testName);
}

/** Most fields of an answer that are read. */
const fieldsMax = 200;

/**
 * Reads an answer: `name=value` joined by `&`, not URL-encoded. A value in braces may hold `&` and `=` itself. @returns
 * `undefined` for anything else, also when a name comes twice.
 */
export function readAnswer(bytes: Uint8Array): FormFields | undefined {
  const text = decode(bytes);
  if (text === undefined) return undefined;
  const fields = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const equals = text.indexOf('=', at);
    const name = text.slice(at, equals);
    if (equals === -1 || !/^\w{1,40}$/.test(name) || fields.has(name) || fields.size >= fieldsMax) return undefined;
    const end = endOfValue(text, equals + 1);
    fields.set(name, text.slice(equals + 1, end));
    at = end + 1;
  }
  return fields.size === 0 ? undefined : Object.fromEntries(fields);
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') depth -= 1;
    else if (text[at] === '&' && depth <= 0) return at;
  }
  return text.length;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
