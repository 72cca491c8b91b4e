import { err, ok, type Result } from '../../domain/result.ts';
import { base64UrlDecode, equalBytes, utf8Encode } from '../bytes.ts';
import { verifyStrict } from '../unlock/v1/ed25519.ts';
import type { SignatureVerifier } from '../unlock/v1/signer.ts';
import { checkEvidence, type EvidenceProblem, type ProvenMessage } from './case-evidence.ts';
import { type CaseFile, parseCaseFile } from './case-file.ts';
import { cosignaturesOf, openCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import { type LogEntry, parseEntry } from './entry.ts';
import { leafHash, verifyConsistency, verifyInclusion } from './merkle.ts';
import { decodeVkey, type NoteKey, verifyNote } from './note.ts';

/** Why a case file is refused. */
export type CaseProblem =
  | EvidenceProblem
  /** It is no case file, or not in its one spelling. */
  | 'malformed'
  /** It, or a checkpoint in it, is signed by none of the keys that may sign. */
  | 'wrong-key'
  /** A signature does not hold: something was changed. */
  | 'bad-signature'
  /** A record does not stand in the log that the checkpoint describes. */
  | 'not-in-log'
  /** Records are out of order, or one between them is left out. */
  | 'gap'
  /** A checkpoint in the file is not continued by the newest one: two histories. */
  | 'forked'
  /** The file ends before the checkpoint that the reader knows. */
  | 'rolled-back'
  /** The file has no proof that reaches back to the checkpoint that the reader knows. */
  | 'no-proof-from-known';

/** What the reader brings. */
export interface CaseTrust {
  /** The log's keys, learned elsewhere. Without one the file is only checked against itself. */
  readonly keys?: readonly NoteKey[] | undefined;
  /** A checkpoint seen earlier, as text. */
  readonly known?: string | undefined;
  readonly verify?: SignatureVerifier | undefined;
}

/** One record that stands in the log, with what proves it. */
export interface ProvenRecord {
  readonly entry: LogEntry;
  readonly evidence: readonly ProvenMessage[];
}

/** A file that holds. */
export interface ProvenCase {
  readonly file: CaseFile;
  readonly records: readonly ProvenRecord[];
  readonly checkpoint: SignedCheckpoint;
  /** Witnesses on the newest checkpoint, and on earlier ones, with the size that they cosigned last. */
  readonly witnesses: readonly { readonly name: string; readonly size: number; readonly timeSeconds: number }[];
  readonly isPinned: boolean;
  readonly knownSize?: number;
}

type Verdict<T> = Result<T, CaseProblem>;

/** Checks a case file from its first byte to its last. Never throws, whatever the text is. */
export function verifyCaseFile(text: string, trust: CaseTrust = {}): Verdict<ProvenCase> {
  const verify = trust.verify ?? verifyStrict;
  const parsed = parseCaseFile(text);
  if (!parsed.ok) return err('malformed', parsed.detail ?? parsed.error);
  const { file, note } = parsed.value;
  const keys = keysOf(file, trust.keys);
  if (keys.length === 0) return err('malformed', 'keys');
  const signed = verifyNote(note, keys, verify);
  if (!signed.ok) return err(signed.error === 'bad-signature' ? 'bad-signature' : 'wrong-key', 'file');
  const checkpoint = openOwn(file.checkpoint, keys, verify);
  if (!checkpoint.ok) return checkpoint;
  const earlier = checkEarlier(file, checkpoint.value, keys, verify);
  if (!earlier.ok) return earlier;
  const known = checkKnown(trust.known, checkpoint.value, earlier.value, keys, verify);
  if (!known.ok) return known;
  const entries = checkRecords(file, checkpoint.value);
  if (!entries.ok) return entries;
  const evidence = checkEvidence(file, entries.value, verify);
  if (!evidence.ok) return evidence;
  return ok({
    file,
    records: entries.value.map((entry) => ({ entry, evidence: evidence.value.get(entry.seq) ?? [] })),
    checkpoint: checkpoint.value,
    witnesses: witnessesOf(file, [checkpoint.value, ...earlier.value], verify),
    isPinned: trust.keys !== undefined,
    ...(known.value === undefined ? {} : { knownSize: known.value }),
  });
}

function keysOf(file: CaseFile, pinned: readonly NoteKey[] | undefined): readonly NoteKey[] {
  if (pinned !== undefined) return pinned;
  return file.keys.flatMap((vkey) => {
    const key = decodeVkey(vkey);
    return key.ok && key.value.type === 'ed25519' ? [key.value] : [];
  });
}

function openOwn(text: string, keys: readonly NoteKey[], verify: SignatureVerifier): Verdict<SignedCheckpoint> {
  const opened = openCheckpoint(text, keys, verify);
  if (opened.ok) return opened;
  if (opened.error === 'bad-signature') return err('bad-signature', 'checkpoint');
  return err(opened.error === 'unknown-key' ? 'wrong-key' : 'malformed', 'checkpoint');
}

const bytesOf = (text: string): Uint8Array => base64UrlDecode(text) ?? new Uint8Array(0);

function checkEarlier(
  file: CaseFile,
  newest: SignedCheckpoint,
  keys: readonly NoteKey[],
  verify: SignatureVerifier,
): Verdict<SignedCheckpoint[]> {
  const earlier: SignedCheckpoint[] = [];
  for (const { checkpoint, hashes } of file.earlier) {
    const opened = openOwn(checkpoint, keys, verify);
    if (!opened.ok) return opened;
    const { size: from, root: fromRoot, origin } = opened.value;
    const claim = { from, to: newest.size, fromRoot, toRoot: newest.root, hashes: hashes.map(bytesOf) };
    if (origin !== newest.origin || !verifyConsistency(claim)) return err('forked', String(from));
    earlier.push(opened.value);
  }
  return ok(earlier);
}

function checkKnown(
  text: string | undefined,
  newest: SignedCheckpoint,
  earlier: readonly SignedCheckpoint[],
  keys: readonly NoteKey[],
  verify: SignatureVerifier,
): Verdict<number | undefined> {
  if (text === undefined) return ok(undefined);
  const known = openOwn(text, keys, verify);
  if (!known.ok) return err(known.error, 'known checkpoint');
  if (known.value.size > newest.size) return err('rolled-back', String(known.value.size));
  const same = [newest, ...earlier].find((checkpoint) => checkpoint.size === known.value.size);
  if (same === undefined) return err('no-proof-from-known', String(known.value.size));
  return equalBytes(same.root, known.value.root) ? ok(known.value.size) : err('forked', String(known.value.size));
}

function checkRecords(file: CaseFile, { size, root }: SignedCheckpoint): Verdict<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const { entry: text, hashes } of file.records) {
    const entry = parseEntry(text);
    if (entry === undefined) return err('malformed', 'record');
    if (entry.seq <= (entries.at(-1)?.seq ?? 0)) return err('gap', String(entry.seq));
    const leaf = leafHash(utf8Encode(text.toWellFormed()));
    const claim = { index: entry.seq - 1, size, leaf, root, hashes: hashes.map(bytesOf) };
    if (!verifyInclusion(claim)) return err('not-in-log', String(entry.seq));
    entries.push(entry);
  }
  return checkGaps(file, entries);
}

/** Records that name the terminal's key; a file may have one of them apart from its run. */
const keyActs = ['terminal.registered', 'terminal.key-noted'];

/**
 * The terminal's records must be one unbroken run, the one that names its key apart; the records of a case's photos must be all
 * from the first. Others, such as a published keyset, stand for themselves.
 */
function checkGaps(file: CaseFile, entries: readonly LogEntry[]): Verdict<LogEntry[]> {
  const terminal = `terminal:${file.terminal.id}`;
  const about = entries.filter(({ subject }) => subject === terminal);
  const isKeyRecord = (entry: LogEntry | undefined): boolean => entry !== undefined && keyActs.includes(entry.act);
  const run = about.slice(isKeyRecord(about[0]) ? 1 : 0, isKeyRecord(about.at(-1)) ? -1 : undefined);
  const [first] = run;
  if (first === undefined || first.facts['ticketId'] !== file.ticket.id) return err('gap', 'ticket');
  const isBroken = (about: readonly LogEntry[], start: number): LogEntry | undefined =>
    about.find((entry, i) => entry.prev !== (about[i - 1]?.seq ?? start));
  const broken = isBroken(run, first.prev);
  if (broken !== undefined) return err('gap', String(broken.seq));
  const cases = new Set(entries.map(({ subject }) => subject).filter((subject) => subject.startsWith('case:')));
  for (const subject of cases) {
    const hole = isBroken(
      entries.filter((entry) => entry.subject === subject),
      0,
    );
    if (hole !== undefined) return err('gap', String(hole.seq));
  }
  return ok([...entries]);
}

function witnessesOf(
  file: CaseFile,
  checkpoints: readonly SignedCheckpoint[],
  verify: SignatureVerifier,
): ProvenCase['witnesses'] {
  const keys = file.witnesses.flatMap((vkey) => {
    const key = decodeVkey(vkey);
    return key.ok ? [key.value] : [];
  });
  return keys.flatMap((key) => {
    const seen = checkpoints.flatMap(({ note, size }) =>
      cosignaturesOf(note, [key], verify).map(({ timeSeconds }) => ({ name: key.name, size, timeSeconds })),
    );
    return seen.sort((a, b) => b.size - a.size).slice(0, 1);
  });
}
