import type { KeyObject } from 'node:crypto';
import type { ChannelKey } from '../channel.ts';
import { certificateFacts, readPublicKey } from '../shared/certificates.ts';
import { objectIn, readJsonObject, textIn } from '../shared/json.ts';
import type { JsonObject } from '../shared/json.ts';
import { decrypt } from './sign.ts';

/** Most certificates that one download may hold. */
const certificatesMax = 20;
/** Between two downloads because of an unknown serial, in milliseconds: a forger must not make us download for ever. */
const refreshPauseMs = 10_000;

/** What the keys of the platform work with. */
export interface PlatformKeysParts {
  readonly given: readonly ChannelKey[];
  readonly clock: () => number;
  readonly learn: (key: ChannelKey) => Promise<void>;
  /** Downloads the certificates and verifies the answer against what it holds. Absent in public-key mode. */
  readonly download?: () => Promise<readonly ChannelKey[] | undefined>;
}

/** The platform's public keys and certificates by the serial or id that its answers name. */
export class PlatformKeys {
  readonly #parts: PlatformKeysParts;
  readonly #known = new Map<string, { readonly key: KeyObject; readonly from: number; readonly until: number }>();
  #downloading: Promise<boolean> | undefined;
  #triedAtMs: number | undefined;

  constructor(parts: PlatformKeysParts) {
    this.#parts = parts;
    for (const key of parts.given) this.#add(key);
  }

  /** The key of a serial. One that is not known is looked for once in a new download; one out of its time is none. */
  async find(serial: string): Promise<KeyObject | undefined> {
    if (!this.#known.has(serial)) await this.refresh();
    const entry = this.#known.get(serial);
    const nowMs = this.#parts.clock();
    return entry === undefined || nowMs < entry.from || nowMs > entry.until ? undefined : entry.key;
  }

  /** Downloads anew, at most once in ten seconds and never twice at once. @returns whether it brought certificates. */
  refresh(): Promise<boolean> {
    const { clock, download } = this.#parts;
    if (download === undefined) return Promise.resolve(false);
    if (this.#downloading !== undefined) return this.#downloading;
    if (this.#triedAtMs !== undefined && clock() - this.#triedAtMs < refreshPauseMs && this.#known.size > 0) {
      return Promise.resolve(false);
    }
    this.#triedAtMs = clock();
    this.#downloading = this.#take(download).finally(() => {
      this.#downloading = undefined;
    });
    return this.#downloading;
  }

  /** Unix milliseconds of the last download that was begun. */
  get triedAtMs(): number | undefined {
    return this.#triedAtMs;
  }

  /** When the certificate that lasts longest ends, in Unix milliseconds. */
  get lastsUntilMs(): number {
    return Math.max(0, ...[...this.#known.values()].map(({ until }) => until));
  }

  async #take(download: NonNullable<PlatformKeysParts['download']>): Promise<boolean> {
    const keys = await download();
    for (const key of keys ?? []) {
      const isNew = !this.#known.has(key.keyId);
      this.#add(key);
      if (isNew) await this.#parts.learn(key);
    }
    return keys !== undefined;
  }

  #add({ keyId, material, notBeforeMs, notAfterMs }: ChannelKey): void {
    const key = readPublicKey(material);
    if (key === undefined) return;
    this.#known.set(keyId, { key, from: notBeforeMs ?? 0, until: notAfterMs ?? Number.MAX_SAFE_INTEGER });
  }
}

/**
 * Opens the answer of `GET /v3/certificates`. @returns every certificate in it that the APIv3 key opens and whose serial is
 * the one that it says; `undefined` when the answer is no such list.
 */
export function openCertificates(body: Uint8Array, apiV3Key: string): readonly ChannelKey[] | undefined {
  const list = readJsonObject(body)?.['data'];
  if (!Array.isArray(list) || list.length > certificatesMax) return undefined;
  return list.flatMap((entry: unknown) => {
    const key = openCertificate(entry as JsonObject, apiV3Key);
    return key === undefined ? [] : [key];
  });
}

function openCertificate(entry: JsonObject, apiV3Key: string): ChannelKey | undefined {
  const sealed = objectIn(entry, 'encrypt_certificate');
  const [serial, nonce, ciphertext] = [
    textIn(entry, 'serial_no'),
    textIn(sealed, 'nonce'),
    textIn(sealed, 'ciphertext'),
  ];
  if (serial === undefined || nonce === undefined || ciphertext === undefined) return undefined;
  if (textIn(sealed, 'algorithm') !== 'AEAD_AES_256_GCM') return undefined;
  const pem = decrypt(apiV3Key, nonce, textIn(sealed, 'associated_data') ?? '', ciphertext)?.toString('utf8');
  const facts = pem === undefined ? undefined : certificateFacts(pem);
  if (pem === undefined || facts?.serial !== serial.toUpperCase()) return undefined;
  const { notBeforeMs, notAfterMs } = facts;
  return { purpose: 'platform-certificate', keyId: serial, material: pem, notBeforeMs, notAfterMs };
}
