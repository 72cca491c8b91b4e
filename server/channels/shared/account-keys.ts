import { createPublicKey } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ChannelAccount, ChannelKey } from '../channel.ts';
import { readCertificate, readPrivateKey } from './certificates.ts';

/** A private key with the certificate that names it to the platform. */
export interface CertifiedKey {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

/** An account's keys of one purpose that are in date at `atMs`, newest first. */
export function keysInDate({ keys }: ChannelAccount, purpose: string, atMs: number): readonly ChannelKey[] {
  return keys.filter(
    (key) => key.purpose === purpose && (key.notBeforeMs ?? -Infinity) <= atMs && atMs <= (key.notAfterMs ?? Infinity),
  );
}

/** Whether an account has keys of a purpose, and every one of them can be read. */
export function areReadable(
  { keys }: ChannelAccount,
  purpose: string,
  isReadable: (material: string) => boolean,
): boolean {
  const own = keys.filter((key) => key.purpose === purpose);
  return own.length > 0 && own.every(({ material }) => isReadable(material));
}

/** The newest of `certificates` for which one of `privates` is the key. */
export function certifiedKey(
  privates: readonly ChannelKey[],
  certificates: readonly ChannelKey[],
): CertifiedKey | undefined {
  const keys = privates.flatMap(({ material }) => readPrivateKey(material) ?? []);
  for (const { material } of certificates) {
    const certificate = readCertificate(material);
    const key = keys.find((candidate) => certificate?.publicKey.equals(createPublicKey(candidate)) === true);
    if (certificate !== undefined && key !== undefined) return { key, certificate };
  }
  return undefined;
}
