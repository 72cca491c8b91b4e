import { concatBytes, hexEncode, readU32Be, u16Be, utf8Encode } from '../bytes.ts';
import { writeHello, type LinkNames } from './code.ts';
import { expand, extract } from './hkdf.ts';
import {
  encapsulatedBytes,
  hpkeExport,
  hpkeOpen,
  hpkeSeal,
  importAesKey,
  setupReceiver,
  setupSender,
  type ReceiverKey,
} from './hpke.ts';
import type { Bytes, KeyHandle, Subtle } from './web-crypto.ts';

/** First byte of a frame. */
export const frameTypes = { first: 1, opening: 2, sealed: 3 } as const;
/** Bytes of the terminal's share of the first keys, and of the phone's share of the keys after a reload. */
export const nonceBytes = 16;
/** Version 1, filled up. */
const firstPlain: Bytes = Uint8Array.of(1, ...new Uint8Array(15));
const digitsFrom = 10;
const digitsCount = 90;
const aesKeyBytes = 16;
const ivBytes = 12;
const directionBytes = aesKeyBytes + ivBytes;
const secretBytes = 32;

/** What both sides bind the handshake to. */
export interface HandshakeParts {
  readonly names: LinkNames;
  /** Host of the page, `till.example.com`. */
  readonly site: string;
}

/** The keys of one direction. */
export interface DirectionKeys {
  readonly key: KeyHandle;
  readonly iv: Bytes;
}

/** The keys of one epoch. */
export interface EpochKeys {
  readonly terminal: DirectionKeys;
  readonly phone: DirectionKeys;
}

async function infoOf(subtle: Subtle, site: string, hello: Bytes): Promise<Bytes> {
  const hash = new Uint8Array(await subtle.digest('SHA-256', hello));
  return concatBytes(utf8Encode(`tillkeeper phone link 1\n${site}\n`), hash);
}

/**
 * The phone's first message to the terminal whose key was checked against the code; and the secret that only this phone
 * and the holder of that key have. The same bytes are sent again when no answer comes: another message is another phone.
 * @returns `undefined` when the key is no point of the curve.
 */
export async function makeFirst(
  subtle: Subtle,
  terminalKey: Bytes,
  { names, site }: HandshakeParts,
): Promise<{ readonly frame: Bytes; readonly exported: Bytes } | undefined> {
  const info = await infoOf(subtle, site, writeHello(terminalKey));
  const sender = await setupSender(subtle, terminalKey, info, names.psk);
  if (sender === undefined) return undefined;
  const [sealed, exported] = await Promise.all([
    hpkeSeal(subtle, sender.context, 0, names.psk.id, firstPlain),
    hpkeExport(subtle, sender.context, utf8Encode('keys'), secretBytes),
  ]);
  return { frame: concatBytes(Uint8Array.of(frameTypes.first), sender.encapsulated, sealed), exported };
}

/**
 * The terminal's look at a first message. `digest` tells one phone from another.
 * @returns `undefined` when whoever made it has not seen the code, or it was changed on the way.
 */
export async function openFirst(
  subtle: Subtle,
  own: ReceiverKey,
  { names, site }: HandshakeParts,
  frame: Bytes,
): Promise<{ readonly exported: Bytes; readonly digest: string } | undefined> {
  if (frame[0] !== frameTypes.first) return undefined;
  const encapsulated = frame.slice(1, 1 + encapsulatedBytes);
  const info = await infoOf(subtle, site, writeHello(own.publicBytes));
  const context = await setupReceiver(subtle, encapsulated, own, info, names.psk);
  if (context === undefined) return undefined;
  const plain = await hpkeOpen(subtle, context, 0, names.psk.id, frame.slice(1 + encapsulatedBytes));
  if (plain?.[0] !== firstPlain[0]) return undefined;
  const [exported, digest] = await Promise.all([
    hpkeExport(subtle, context, utf8Encode('keys'), secretBytes),
    subtle.digest('SHA-256', frame),
  ]);
  return { exported, digest: hexEncode(new Uint8Array(digest)) };
}

/** Keys of an epoch: for the terminal key and iv, then for the phone, then `more` bytes for other ends. */
async function epochKeys(
  subtle: Subtle,
  prk: Bytes,
  epoch: number,
  more = 0,
): Promise<{ readonly keys: EpochKeys; readonly rest: Bytes }> {
  const info = concatBytes(utf8Encode('epoch'), u16Be(epoch));
  const bytes = await expand(subtle, prk, info, 2 * directionBytes + more);
  const direction = async (at: number): Promise<DirectionKeys> => ({
    key: await importAesKey(subtle, bytes.slice(at, at + aesKeyBytes)),
    iv: bytes.slice(at + aesKeyBytes, at + directionBytes),
  });
  const [terminal, phone] = await Promise.all([direction(0), direction(directionBytes)]);
  return { keys: { terminal, phone }, rest: bytes.slice(2 * directionBytes) };
}

/** What the handshake gives: keys of epoch 0, the secret that a reload goes on from, and the two digits. */
export interface Agreed {
  readonly keys: EpochKeys;
  readonly resume: Bytes;
  readonly digits: string;
}

/** Epoch 0, out of the handshake's secret and the terminal's nonce. */
export async function agreeFirst(subtle: Subtle, exported: Bytes, nonce: Bytes): Promise<Agreed> {
  const prk = await extract(subtle, nonce, exported);
  const { keys, rest } = await epochKeys(subtle, prk, 0, secretBytes + 4);
  const digits = String(digitsFrom + (readU32Be(rest, secretBytes) % digitsCount));
  return { keys, resume: rest.slice(0, secretBytes), digits };
}

/**
 * The keys of a later epoch, out of the kept secret and a nonce of the phone: a tab that was copied with its storage
 * cannot come to the same keys, so no number of an envelope is used twice under one key.
 */
export async function agreeAgain(subtle: Subtle, resume: Bytes, epoch: number, nonce: Bytes): Promise<EpochKeys> {
  const { keys } = await epochKeys(subtle, await extract(subtle, nonce, resume), epoch);
  return keys;
}
