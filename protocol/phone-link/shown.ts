import { concatBytes, utf8Encode } from '../bytes.ts';
import { checkHello, deriveNames, hashHello, readCode, writeCode, writeHello, type LinkNames } from './code.ts';
import {
  encapsulatedBytes,
  hpkeOpen,
  hpkeSeal,
  makeReceiverKey,
  setupReceiver,
  setupSender,
  type ReceiverKey,
} from './hpke.ts';
import { shownMark } from './relay-path.ts';
import type { Bytes, Subtle } from './web-crypto.ts';

/** First byte of an answer, before and inside the seal: another version of either is not read. */
const answerVersion = 1;
/** So that no key of a code that a terminal shows comes out of a secret that a phone shows. */
const purpose = 'tillkeeper phone shows 1';
const secretBytes = 32;

/** A code that a phone shows, and what opens the answer to it. */
export interface ShownCode {
  /** The part of the address after `#`: the mark and 64 characters. */
  readonly hash: string;
  /** The mailbox's name. */
  readonly id: string;
  /** What the phone leaves there for the terminal. */
  readonly hello: Bytes;
  readonly own: ReceiverKey;
  readonly names: LinkNames;
}

/** Makes a new code for a phone to show. `secret`: 32 random bytes of this code only. */
export async function makeShownCode(subtle: Subtle, secret: Bytes): Promise<ShownCode> {
  if (secret.length !== secretBytes) throw new RangeError('makeShownCode.secret');
  const own = await makeReceiverKey(subtle);
  const hello = writeHello(own.publicBytes);
  const code = { helloHash: await hashHello(subtle, hello), secret };
  const names = await deriveNames(subtle, secret, purpose);
  return { hash: `${shownMark}${writeCode(code)}`, id: names.linkId, hello, own, names };
}

/** Finds a phone's code in what a scanner or camera read: the whole address, or only the part after `#`. */
export function readShownCode(text: string): string | undefined {
  const at = text.lastIndexOf(shownMark);
  const code = at < 0 ? undefined : text.slice(at + shownMark.length).trim();
  return code !== undefined && readCode(code) !== undefined ? code : undefined;
}

/** The names of a phone's code, for the terminal that scanned it. `code`: from `readShownCode`. */
export async function namesOfShown(subtle: Subtle, code: string): Promise<LinkNames | undefined> {
  const read = readCode(code);
  return read && deriveNames(subtle, read.secret, purpose);
}

async function infoOf(subtle: Subtle, site: string, hello: Bytes): Promise<Bytes> {
  const hash = new Uint8Array(await subtle.digest('SHA-256', hello));
  return concatBytes(utf8Encode(`${purpose}\n${site}\n`), hash);
}

/** What a terminal answers with. */
export interface ShownAnswer {
  /** From `readShownCode`. */
  readonly code: string;
  /** What the relay gave for it. */
  readonly hello: Bytes;
  /** Host of the page that both belong to. */
  readonly site: string;
  /** The terminal's own code: the 64 characters that its picture shows. */
  readonly own: string;
}

/**
 * Seals the terminal's own code for the phone whose code it scanned.
 * @returns `undefined` when the hello is not the one that the code promises: the relay, or who sits between, lies.
 */
export async function sealAnswer(subtle: Subtle, { code, hello, site, own }: ShownAnswer): Promise<Bytes | undefined> {
  const [read, ownCode] = [readCode(code), readCode(own)];
  if (read === undefined || ownCode === undefined) throw new RangeError('sealAnswer.code');
  const phoneKey = await checkHello(subtle, hello, read);
  if (phoneKey === undefined) return undefined;
  const { psk } = await deriveNames(subtle, read.secret, purpose);
  const sender = await setupSender(subtle, phoneKey, await infoOf(subtle, site, hello), psk);
  if (sender === undefined) return undefined;
  const plain = concatBytes(Uint8Array.of(answerVersion), ownCode.helloHash, ownCode.secret);
  const sealed = await hpkeSeal(subtle, sender.context, 0, psk.id, plain);
  return concatBytes(Uint8Array.of(answerVersion), sender.encapsulated, sealed);
}

/**
 * The terminal's code out of an answer.
 * @returns `undefined` when whoever answered has not seen the phone's code, or it was changed on the way.
 */
export async function openAnswer(
  subtle: Subtle,
  { own, names, hello }: ShownCode,
  site: string,
  answer: Bytes,
): Promise<string | undefined> {
  if (answer[0] !== answerVersion) return undefined;
  const encapsulated = answer.slice(1, 1 + encapsulatedBytes);
  const context = await setupReceiver(subtle, encapsulated, own, await infoOf(subtle, site, hello), names.psk);
  if (context === undefined) return undefined;
  const plain = await hpkeOpen(subtle, context, 0, names.psk.id, answer.slice(1 + encapsulatedBytes));
  if (plain?.[0] !== answerVersion || plain.length !== 49) return undefined;
  return writeCode({ helloHash: plain.slice(1, 17), secret: plain.slice(17) });
}
