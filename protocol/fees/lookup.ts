import {
  base64UrlDecode,
  base64UrlEncode,
  concatBytes,
  hexDecode,
  hexEncode,
  utf8Decode,
  utf8Encode,
} from '../bytes.ts';
import {
  encapsulatedBytes,
  hpkeOpen,
  hpkeSeal,
  type ReceiverKey,
  sealTagBytes,
  setupReceiver,
  setupSender,
} from '../phone-link/hpke.ts';
import type { Bytes, Subtle } from '../phone-link/web-crypto.ts';

/**
 * A household's number and secret, sealed at the keypad to the server's look-up key (HPKE, RFC 9180, base mode): no
 * proxy, log or copy of the wire holds them. The text is filled up to one length, so that its size tells nothing.
 * On the wire: key id (4 bytes) ‖ encapsulated key (65) ‖ sealed text (96 + 16), base64url.
 */

/** What a household is asked for by. */
export interface HouseholdAsked {
  readonly number: string;
  readonly secret: string;
}

/** Where it is asked; a sealed text is good for no other place. */
export interface LookupPlace {
  readonly service: string;
  readonly payeeId: string;
}

/** The key of the menu. */
export interface LookupPublicKey {
  readonly kid: string;
  /** Uncompressed, base64url. */
  readonly publicKey: string;
}

const info = utf8Encode('TK-LOOKUP/1');
const kidBytes = 4;
const textBytes = 96;
const sealedBytes = kidBytes + encapsulatedBytes + textBytes + sealTagBytes;
/** Longest number or secret. */
const fieldMaxChars = 32;
const space = 0x20;

function placeBytes({ service, payeeId }: LookupPlace): Bytes {
  return utf8Encode(`${service}\0${payeeId}`);
}

/** Seals what was typed. `undefined` when the menu's key is none. Throws when a field is longer than 32 characters. */
export async function sealLookup(
  subtle: Subtle,
  key: LookupPublicKey,
  place: LookupPlace,
  asked: HouseholdAsked,
): Promise<string | undefined> {
  const { number, secret } = asked;
  if (number.length > fieldMaxChars || secret.length > fieldMaxChars) throw new RangeError('sealLookup.asked');
  const [kid, receiver] = [hexDecode(key.kid), base64UrlDecode(key.publicKey)];
  if (kid?.length !== kidBytes || receiver === undefined) return undefined;
  const written = utf8Encode(JSON.stringify({ number, secret }));
  const text = new Uint8Array(textBytes).fill(space);
  if (written.length > textBytes) throw new RangeError('sealLookup.asked');
  text.set(written);
  const sender = await setupSender(subtle, receiver, info);
  if (sender === undefined) return undefined;
  const sealed = await hpkeSeal(subtle, sender.context, 0, placeBytes(place), text);
  return base64UrlEncode(concatBytes(kid, sender.encapsulated, sealed));
}

/** The id of the key that a text is sealed to; `undefined` when it is no such text. */
export function lookupKeyId(sealed: string): string | undefined {
  const bytes = base64UrlDecode(sealed);
  return bytes?.length === sealedBytes ? hexEncode(bytes.subarray(0, kidBytes)) : undefined;
}

/** What was typed; `undefined` when it was sealed to another key, for another place, or changed on the way. */
export async function openLookup(
  subtle: Subtle,
  key: ReceiverKey,
  place: LookupPlace,
  sealed: string,
): Promise<HouseholdAsked | undefined> {
  const bytes = base64UrlDecode(sealed);
  if (bytes?.length !== sealedBytes) return undefined;
  const encapsulated = bytes.slice(kidBytes, kidBytes + encapsulatedBytes);
  const context = await setupReceiver(subtle, encapsulated, key, info);
  if (context === undefined) return undefined;
  const text = await hpkeOpen(subtle, context, 0, placeBytes(place), bytes.slice(kidBytes + encapsulatedBytes));
  return text === undefined ? undefined : read(utf8Decode(text) ?? '');
}

function read(text: string): HouseholdAsked | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('number' in value) || !('secret' in value)) return undefined;
    const { number, secret } = value;
    return typeof number === 'string' && typeof secret === 'string' ? { number, secret } : undefined;
  } catch {
    return undefined;
  }
}
