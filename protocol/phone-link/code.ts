import { base64UrlDecode, base64UrlEncode, concatBytes, equalBytes, utf8Encode } from '../bytes.ts';
import { expand, extract } from './hkdf.ts';
import { encapsulatedBytes, type PreSharedKey } from './hpke.ts';
import type { Bytes, Subtle } from './web-crypto.ts';

const helloHashBytes = 16;
const secretBytes = 32;
const idBytes = 16;
const pskBytes = 32;
const codeBytes = helloHashBytes + secretBytes;
const helloVersion = 1;
const ordinary = 'tillkeeper phone link 1';

/** What the picture says: which terminal, by the hash of its hello, and a secret that only who saw it has. */
export interface LinkCode {
  readonly helloHash: Bytes;
  readonly secret: Bytes;
}

/** The link's name and the pre-shared key, both out of the secret; the relay sees the name only. */
export interface LinkNames {
  /** 22 characters. */
  readonly linkId: string;
  readonly psk: PreSharedKey;
}

/** The part of the address after `#`: 64 characters. */
export function writeCode(code: LinkCode): string {
  return base64UrlEncode(concatBytes(code.helloHash, code.secret));
}

/** Reads the part of an address after `#`, with or without it; `undefined` when it is no code. */
export function readCode(hash: string): LinkCode | undefined {
  const bytes = base64UrlDecode(hash.replace(/^#/, ''));
  if (bytes?.length !== codeBytes) return undefined;
  return { helloHash: bytes.slice(0, helloHashBytes), secret: bytes.slice(helloHashBytes) };
}

/** Bytes of a code's secret, to be drawn at random. */
export { secretBytes as codeSecretBytes };

/** What the terminal leaves at the relay for the phone: version and public key. Public; its hash is in the code. */
export function writeHello(publicKey: Bytes): Bytes {
  return concatBytes(Uint8Array.of(helloVersion), publicKey);
}

/** The first bytes of the hello's hash, as they stand in the code. */
export async function hashHello(subtle: Subtle, hello: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle.digest('SHA-256', hello)).slice(0, helloHashBytes);
}

/** The terminal's public key, or `undefined`: the hello is not the one that the code promises, so not this terminal's. */
export async function checkHello(subtle: Subtle, hello: Bytes, code: LinkCode): Promise<Bytes | undefined> {
  const isRight = equalBytes(await hashHello(subtle, hello), code.helloHash);
  const isKnown = hello.length === 1 + encapsulatedBytes && hello[0] === helloVersion;
  return isRight && isKnown ? hello.slice(1) : undefined;
}

/** Derives the link's name and pre-shared key from the code's secret. `purpose`: of another kind of code. */
export async function deriveNames(subtle: Subtle, secret: Bytes, purpose = ordinary): Promise<LinkNames> {
  const prk = await extract(subtle, utf8Encode(purpose), secret);
  const id = await expand(subtle, prk, utf8Encode('id'), idBytes);
  return { linkId: base64UrlEncode(id), psk: { id, key: await expand(subtle, prk, utf8Encode('psk'), pskBytes) } };
}
