import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../domain/result.ts';
import { concatBytes, equalBytes, hexDecode, hexEncode, readU32Be, u32Be, utf8Encode } from '../bytes.ts';
import { isStrictPublicKey, verifyStrict } from '../unlock/v1/ed25519.ts';
import type { SignatureVerifier } from '../unlock/v1/signer.ts';
import { base64Decode, base64Encode } from './base64.ts';
import { logLimits } from './limits.ts';

/** Signature types of C2SP signed-note that we know: plain Ed25519, and a witness's cosignature with a time. */
export const noteKeyTypes = { ed25519: 1, cosignature: 4 } as const;
/** Signature types of C2SP signed-note that we know. */
export type NoteKeyType = keyof typeof noteKeyTypes;

/** A key that signs notes. */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteKeyType;
  readonly publicKey: Uint8Array;
  readonly id: number;
}

/** One signature line. `bytes` comes after the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** A note as parsed; signatures not yet checked. `text` ends with its newline. */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Why a note or key is refused. */
export type NoteProblem = 'malformed' | 'too-large' | 'unknown-key' | 'bad-signature';

/** True for a name that a key may have: not empty, without spaces, controls or `+`. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= logLimits.keyNameMaxChars && !/[\s+\p{Cc}\p{Z}]/u.test(name);
}

function keyId(name: string, type: NoteKeyType, publicKey: Uint8Array): number {
  return readU32Be(sha256(concatBytes(utf8Encode(`${name}\n`), Uint8Array.of(noteKeyTypes[type]), publicKey)));
}

/** A key with its id. Throws when the name is none or the public key is no strict Ed25519 point. */
export function noteKey(name: string, type: NoteKeyType, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new RangeError('noteKey.name');
  if (!isStrictPublicKey(publicKey)) throw new RangeError('noteKey.publicKey');
  return { name, type, publicKey, id: keyId(name, type, publicKey) };
}

/** A key as people hand it on (C2SP signed-note, verifier keys): name+id+base64(type ‖ key). */
export function encodeVkey(key: NoteKey): string {
  const body = base64Encode(concatBytes(Uint8Array.of(noteKeyTypes[key.type]), key.publicKey));
  return `${key.name}+${hexEncode(u32Be(key.id))}+${body}`;
}

/** Reads a verifier key; strict in every part, and the id must be the key's own. */
export function decodeVkey(text: string): Result<NoteKey, NoteProblem> {
  const [, name = '', idText = '', bodyText = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const body = base64Decode(bodyText);
  const id = hexDecode(idText);
  if (!isKeyName(name) || body?.length !== 33 || id?.length !== 4) return err('malformed');
  const type =
    body[0] === noteKeyTypes.ed25519 ? 'ed25519' : body[0] === noteKeyTypes.cosignature ? 'cosignature' : undefined;
  const publicKey = body.slice(1);
  if (type === undefined || !isStrictPublicKey(publicKey)) return err('malformed');
  const key = noteKey(name, type, publicKey);
  return equalBytes(u32Be(key.id), id) ? ok(key) : err('malformed');
}

const dash = '—';

/** A signature line with its newline. */
export function signatureLine({ name, id, bytes }: NoteSignature): string {
  return `${dash} ${name} ${base64Encode(concatBytes(u32Be(id), bytes))}\n`;
}

/** Reads one signature line without its newline. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const [mark, name = '', body = '', ...rest] = line.split(' ');
  const bytes = base64Decode(body);
  if (mark !== dash || rest.length > 0 || !isKeyName(name) || bytes === undefined || bytes.length < 5) return undefined;
  return { name, id: readU32Be(bytes), bytes: bytes.slice(4) };
}

/** The whole note. `text` must end with a newline. */
export function formatNote({ text, signatures }: SignedNote): string {
  if (!text.endsWith('\n')) throw new RangeError('formatNote.text');
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

/** Splits a note into text and signatures. `maxChars` bounds the whole. */
export function parseNote(note: string, maxChars: number): Result<SignedNote, NoteProblem> {
  if (note.length > maxChars) return err('too-large');
  // eslint-disable-next-line no-control-regex -- the format forbids exactly these
  if (!note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return err('malformed');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return err('malformed');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > logLimits.noteSignaturesMax) return err('too-large');
  const signatures = lines.map(parseSignatureLine);
  if (signatures.length === 0 || !signatures.every((item) => item !== undefined)) return err('malformed');
  return ok({ text: note.slice(0, split + 1), signatures });
}

/** A plain Ed25519 signature of a note's text. */
export function signNote(text: string, key: NoteKey, sign: (message: Uint8Array) => Uint8Array): NoteSignature {
  return { name: key.name, id: key.id, bytes: sign(utf8Encode(text)) };
}

/**
 * Checks a note's text by the known keys: lines of others are passed over, every line of a known key must hold, and
 * there must be one. @returns the keys that signed.
 */
export function verifyNote(
  note: SignedNote,
  keys: readonly NoteKey[],
  verify: SignatureVerifier = verifyStrict,
): Result<NoteKey[], NoteProblem> {
  const signers: NoteKey[] = [];
  const message = utf8Encode(note.text);
  for (const { name, id, bytes } of note.signatures) {
    const key = keys.find((known) => known.type === 'ed25519' && known.name === name && known.id === id);
    if (key === undefined) continue;
    if (!verify(key.publicKey, message, bytes)) return err('bad-signature');
    signers.push(key);
  }
  return signers.length === 0 ? err('unknown-key') : ok(signers);
}
