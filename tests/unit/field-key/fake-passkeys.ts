import { webcrypto } from 'node:crypto';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64UrlEncode, concatBytes, equalBytes, utf8Encode } from '../../../protocol/bytes.ts';
import type { FieldKeyEnvironment } from '../../../src/field-key/environment.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Credentials = NonNullable<FieldKeyEnvironment['credentials']>;

/** How the next answers of the authenticator are spoilt. */
export interface Spoil {
  challenge?: string;
  origin?: string;
  type?: string;
  host?: string;
  flags?: number;
  signature?: 'other';
  credential?: 'other';
  refuses?: boolean;
  /** Gives the secret of another passkey, or none. */
  secret?: 'other' | 'none';
}

interface Held {
  readonly id: Bytes;
  readonly pair: CryptoKeyPair;
  readonly seed: Bytes;
}

/** An ECDSA signature as DER, the way that authenticators give it. */
function derOf(raw: Uint8Array): Bytes {
  const integer = (bytes: Uint8Array): Bytes => {
    const from = bytes.findIndex((byte) => byte !== 0);
    const least = bytes.slice(from === -1 ? bytes.length - 1 : from);
    const body = (least[0] ?? 0) > 0x7f ? concatBytes(Uint8Array.of(0), least) : least;
    return concatBytes(Uint8Array.of(2, body.length), body);
  };
  const both = concatBytes(integer(raw.slice(0, 32)), integer(raw.slice(32)));
  return concatBytes(Uint8Array.of(0x30, both.length), both);
}

/** A platform authenticator in memory: ES256, with or without the PRF extension. Counts how often a person was asked. */
export class FakePasskeys implements Credentials {
  readonly #hasPrf: boolean;
  readonly #prfWhenMade: boolean;
  readonly #origin: string;
  readonly #held: Held[] = [];
  spoil: Spoil = {};
  asked = 0;

  constructor(options: { readonly prf: boolean; readonly prfWhenMade?: boolean; readonly origin: string }) {
    this.#hasPrf = options.prf;
    this.#prfWhenMade = options.prfWhenMade ?? false;
    this.#origin = options.origin;
  }

  async create(options?: CredentialCreationOptions): Promise<Credential | null> {
    this.#ask();
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const id = webcrypto.getRandomValues(new Uint8Array(16));
    const held = { id, pair: pair as CryptoKeyPair, seed: webcrypto.getRandomValues(new Uint8Array(32)) };
    this.#held.push(held);
    const spki = await webcrypto.subtle.exportKey('spki', held.pair.publicKey);
    const results = this.#prfWhenMade ? this.#prf(held, options?.publicKey?.extensions) : undefined;
    const extensions = this.#hasPrf ? { prf: { enabled: true, ...results } } : { prf: { enabled: false } };
    const response = {
      getPublicKey: () => spki,
      getPublicKeyAlgorithm: () => -7,
      getTransports: () => ['internal'],
    };
    return this.#credential(id, response, extensions);
  }

  async get(options?: CredentialRequestOptions): Promise<Credential | null> {
    this.#ask();
    const publicKey = options?.publicKey;
    const wanted = publicKey?.allowCredentials?.[0]?.id as Bytes;
    const held = this.#held.find(({ id }) => equalBytes(id, wanted));
    if (publicKey === undefined || held === undefined) throw new DOMException('none', 'NotAllowedError');
    const { spoil } = this;
    const said = {
      type: spoil.type ?? 'webauthn.get',
      challenge: spoil.challenge ?? base64UrlEncode(publicKey.challenge as Bytes),
      origin: spoil.origin ?? this.#origin,
      crossOrigin: false,
    };
    const clientDataJSON = utf8Encode(JSON.stringify(said));
    const host = spoil.host ?? publicKey.rpId ?? '';
    const authenticatorData = concatBytes(
      sha256(utf8Encode(host)),
      Uint8Array.of(spoil.flags ?? 5),
      Uint8Array.of(0, 0, 0, 1),
    );
    const signed = concatBytes(authenticatorData, sha256(clientDataJSON));
    const how = { name: 'ECDSA', hash: 'SHA-256' };
    const raw = new Uint8Array(await webcrypto.subtle.sign(how, held.pair.privateKey, signed));
    if (spoil.signature === 'other') raw[40] = (raw[40] ?? 0) ^ 1;
    const response = { clientDataJSON, authenticatorData, signature: derOf(raw) };
    const id = spoil.credential === 'other' ? new Uint8Array(16) : held.id;
    return this.#credential(id, response, { prf: this.#prf(held, publicKey.extensions) });
  }

  #ask(): void {
    this.asked += 1;
    if (this.spoil.refuses) throw new DOMException('no', 'NotAllowedError');
  }

  #prf(held: Held, extensions?: AuthenticationExtensionsClientInputs): AuthenticationExtensionsPRFOutputs {
    const salt = extensions?.prf?.eval?.first as Bytes | undefined;
    if (!this.#hasPrf || salt === undefined || this.spoil.secret === 'none') return {};
    const seed = this.spoil.secret === 'other' ? new Uint8Array(32) : held.seed;
    return { results: { first: Uint8Array.from(hmac(sha256, seed, salt)) } };
  }

  #credential(id: Bytes, response: object, extensions: AuthenticationExtensionsClientOutputs): Credential {
    return { rawId: id, response, getClientExtensionResults: () => extensions } as unknown as Credential;
  }
}
