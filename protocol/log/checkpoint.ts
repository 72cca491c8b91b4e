import { err, ok, type Result } from '../../domain/result.ts';
import { concatBytes, u32Be, utf8Encode } from '../bytes.ts';
import { verifyStrict } from '../unlock/v1/ed25519.ts';
import type { SignatureVerifier } from '../unlock/v1/signer.ts';
import { base64Decode, base64Encode } from './base64.ts';
import { logLimits } from './limits.ts';
import { isTreeNumber, treeHashBytes } from './merkle.ts';
import { type NoteKey, type NoteProblem, type NoteSignature, parseNote, type SignedNote, verifyNote } from './note.ts';

/** Head of a log (C2SP tlog-checkpoint). We write no extension lines and accept none. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** A checkpoint with its note. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: SignedNote;
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${String(size)}\n${base64Encode(root)}\n`;
}

/** Reads a checkpoint's text. */
export function parseCheckpointText(text: string): Result<Checkpoint, NoteProblem> {
  const [origin = '', sizeText = '', rootText = '', end, ...rest] = text.split('\n');
  const size = Number(sizeText);
  const root = base64Decode(rootText);
  if (end !== '' || rest.length > 0 || origin === '') return err('malformed');
  if (!/^(?:0|[1-9]\d{0,15})$/.test(sizeText) || !isTreeNumber(size)) return err('malformed');
  return root?.length === treeHashBytes ? ok({ origin, size, root }) : err('malformed');
}

/** Reads a signed checkpoint without checking its signatures. */
export function parseCheckpoint(text: string): Result<SignedCheckpoint, NoteProblem> {
  const note = parseNote(text, logLimits.checkpointMaxChars);
  if (!note.ok) return note;
  const parsed = parseCheckpointText(note.value.text);
  return parsed.ok ? ok({ ...parsed.value, note: note.value }) : parsed;
}

/** Reads a checkpoint and checks that one of `keys` signed it under its own name as origin. */
export function openCheckpoint(
  text: string,
  keys: readonly NoteKey[],
  verify: SignatureVerifier = verifyStrict,
): Result<SignedCheckpoint, NoteProblem> {
  const parsed = parseCheckpoint(text);
  if (!parsed.ok) return parsed;
  const { note, origin } = parsed.value;
  const signers = verifyNote(
    note,
    keys.filter((key) => key.name === origin),
    verify,
  );
  return signers.ok ? parsed : signers;
}

/** A witness's word on a checkpoint. `timeSeconds`: Unix time at which the witness gave it. */
export interface Cosignature {
  readonly key: NoteKey;
  readonly timeSeconds: number;
}

const timeBytes = 8;
const timeSecondsMax = 253_402_300_799;

function cosignedBytes(text: string, timeSeconds: number): Uint8Array {
  return utf8Encode(`cosignature/v1\ntime ${String(timeSeconds)}\n${text}`);
}

/** A witness's signature of a checkpoint (C2SP tlog-cosignature, Ed25519). */
export function cosign(
  text: string,
  key: NoteKey,
  timeSeconds: number,
  sign: (message: Uint8Array) => Uint8Array,
): NoteSignature {
  if (!(Number.isSafeInteger(timeSeconds) && timeSeconds >= 0 && timeSeconds <= timeSecondsMax))
    throw new RangeError('cosign.timeSeconds');
  const high = Math.floor(timeSeconds / 2 ** 32);
  const time = concatBytes(u32Be(high), u32Be(timeSeconds % 2 ** 32));
  return { name: key.name, id: key.id, bytes: concatBytes(time, sign(cosignedBytes(text, timeSeconds))) };
}

/** The time of a cosignature that holds, or `undefined`. */
export function verifyCosignature(
  text: string,
  { name, id, bytes }: NoteSignature,
  key: NoteKey,
  verify: SignatureVerifier = verifyStrict,
): number | undefined {
  if (key.type !== 'cosignature' || key.name !== name || key.id !== id || bytes.length !== timeBytes + 64)
    return undefined;
  let timeSeconds = 0;
  for (const byte of bytes.subarray(0, timeBytes)) timeSeconds = timeSeconds * 256 + byte;
  if (timeSeconds > timeSecondsMax) return undefined;
  return verify(key.publicKey, cosignedBytes(text, timeSeconds), bytes.subarray(timeBytes)) ? timeSeconds : undefined;
}

/** Cosignatures of known witnesses on a note, one a witness; lines that do not hold are passed over. */
export function cosignaturesOf(
  note: SignedNote,
  witnesses: readonly NoteKey[],
  verify: SignatureVerifier = verifyStrict,
): Cosignature[] {
  return witnesses.flatMap((key) => {
    for (const line of note.signatures) {
      const timeSeconds = verifyCosignature(note.text, line, key, verify);
      if (timeSeconds !== undefined) return [{ key, timeSeconds }];
    }
    return [];
  });
}
