import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { signCertificate } from './certificate.ts';
import type { NamePart } from './certificate.ts';

const yearMs = 365 * 24 * 3_600_000;

/** Where RSA keys come from, PKCS #8 PEM, by a label that says whose it is. Tests keep them, because making one takes long. */
export type KeySource = (label: string) => string;

/** A key with its certificate, as it is kept. */
export interface Certified {
  readonly privatePem: string;
  readonly certificatePem: string;
}

/** An authority of two steps, as payment platforms have: a root that merchants pin, and a middle that issues. */
export interface Authority {
  readonly root: Certified;
  readonly middle: Certified;
  readonly middleName: readonly NamePart[];
}

/** A fresh RSA key of 2048 bits, PKCS #8 PEM, whatever the label. */
export function newPrivatePem(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** The public half, SPKI PEM. */
export function publicPemOf(privatePem: string): string {
  return createPublicKey(createPrivateKey(privatePem)).export({ type: 'spki', format: 'pem' }) as string;
}

/** Founds an authority. Its certificates last from a day before `nowMs` (Unix milliseconds) for twenty years. */
export function newAuthority(
  rootName: readonly NamePart[],
  middleName: readonly NamePart[],
  keys: KeySource,
  nowMs: number,
): Authority {
  const root = certify(
    rootName,
    keys('root'),
    { issuer: rootName, issuerKey: undefined, isAuthority: true, years: 20 },
    nowMs,
  );
  const by = { issuer: rootName, issuerKey: root.privatePem, isAuthority: true, years: 20 };
  return { root, middle: certify(middleName, keys('middle'), by, nowMs), middleName };
}

/** A certificate of the middle authority for a key, good for two years. */
export function newCertified(
  authority: Authority,
  subject: readonly NamePart[],
  privatePem: string,
  nowMs: number,
): Certified {
  const by = { issuer: authority.middleName, issuerKey: authority.middle.privatePem, isAuthority: false, years: 2 };
  return certify(subject, privatePem, by, nowMs);
}

function certify(
  subject: readonly NamePart[],
  privatePem: string,
  by: {
    readonly issuer: readonly NamePart[];
    /** The subject's own key when absent: a root. */
    readonly issuerKey: string | undefined;
    readonly isAuthority: boolean;
    readonly years: number;
  },
  nowMs: number,
): Certified {
  const signer: KeyObject = createPrivateKey(by.issuerKey ?? privatePem);
  const seconds = Math.floor(nowMs / 1000) * 1000;
  const certificatePem = signCertificate(
    {
      serial: randomBytes(8).readBigUInt64BE() | 1n,
      subject,
      issuer: by.issuer,
      publicKey: createPublicKey(createPrivateKey(privatePem)),
      notBeforeMs: seconds - 24 * 3_600_000,
      notAfterMs: seconds + by.years * yearMs,
      isAuthority: by.isAuthority,
    },
    signer,
  );
  return { privatePem, certificatePem };
}
