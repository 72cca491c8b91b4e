import * as v from 'valibot';
import { err, ok, type Result } from '../../domain/result.ts';
import { base64UrlDecode } from '../bytes.ts';
import { canonicalJson } from './entry.ts';
import { logLimits } from './limits.ts';
import { formatNote, type NoteKey, type NoteProblem, parseNote, signNote, type SignedNote } from './note.ts';

/** Messages that a record may name as its evidence, by the SHA-256 in its facts (`requestSha256`, …). */
export const evidenceKinds = ['request', 'grant', 'bundle', 'receipt', 'order', 'report'] as const;
/** One kind of evidence. */
export type EvidenceKind = (typeof evidenceKinds)[number];

const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const bytesSchema = v.pipe(
  text(4_096),
  v.check((value) => base64UrlDecode(value) !== undefined, 'must be base64url'),
);
const hashesSchema = v.pipe(v.array(bytesSchema), v.maxLength(logLimits.proofHashesMax));
const vkeysSchema = v.pipe(v.array(text(300)), v.maxLength(64));

const caseFileSchema = v.strictObject({
  format: v.literal(1),
  madeAt: v.pipe(v.string(), v.isoTimestamp()),
  ticket: v.strictObject({ id: text(40), number: text(40) }),
  terminal: v.strictObject({ id: text(40), label: text(200), serial: text(200) }),
  /** Names of the persons in the records, by id; the office's word, not the log's. */
  people: v.record(text(64), text(200)),
  /** The log's verifier keys; who has pinned one need not believe these. */
  keys: v.pipe(vkeysSchema, v.minLength(1)),
  /** Verifier keys of the witnesses that the log knows. */
  witnesses: vkeysSchema,
  /** Covers every record. */
  checkpoint: text(logLimits.checkpointMaxChars),
  /** Checkpoints from before, each with the proof that `checkpoint` continues it. */
  earlier: v.pipe(
    v.array(v.strictObject({ checkpoint: text(logLimits.checkpointMaxChars), hashes: hashesSchema })),
    v.maxLength(16),
  ),
  /** In the order of the log, each with the proof that it stands there. */
  records: v.pipe(
    v.array(v.strictObject({ entry: text(logLimits.entryMaxBytes), hashes: hashesSchema })),
    v.minLength(1),
    v.maxLength(logLimits.caseFileRecordsMax),
  ),
  /** The terminal's long-lived key, the root key, and every keyset that a grant was made under. */
  identityPublicKey: bytesSchema,
  rootPublicKey: bytesSchema,
  keysets: v.pipe(v.array(bytesSchema), v.maxLength(64)),
  messages: v.pipe(
    v.array(v.strictObject({ kind: v.picklist(evidenceKinds), bytes: bytesSchema })),
    v.maxLength(2_000),
  ),
});
/** Everything about one ticket, for somebody who trusts nobody. Bytes are base64url without padding. */
export type CaseFile = v.InferOutput<typeof caseFileSchema>;

/** First line of a case file's text; no log may have it as its name, so no checkpoint is ever mistaken for a file. */
export const caseFileTitle = 'Tillkeeper case file 1';

/** The case file as a signed note (C2SP signed-note) over its one canonical spelling. */
export function formatCaseFile(file: CaseFile, key: NoteKey, sign: (message: Uint8Array) => Uint8Array): string {
  const body = `${caseFileTitle}\n${canonicalJson(file)}\n`;
  return formatNote({ text: body, signatures: [signNote(body, key, sign)] });
}

/** A case file as parsed; nothing of it is checked yet. */
export interface ParsedCaseFile {
  readonly note: SignedNote;
  readonly file: CaseFile;
}

/** Takes a case file's text apart. Only the one canonical spelling with one signature is read. */
export function parseCaseFile(whole: string): Result<ParsedCaseFile, NoteProblem> {
  const note = parseNote(whole, logLimits.caseFileMaxChars);
  if (!note.ok) return note;
  const [title, body = '', end, ...rest] = note.value.text.split('\n');
  if (title !== caseFileTitle || end !== '' || rest.length > 0) return err('malformed', 'title');
  if (note.value.signatures.length !== 1) return err('malformed', 'signatures');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return err('malformed', 'json');
  }
  const parsed = v.safeParse(caseFileSchema, value);
  if (!parsed.success) return err('malformed', v.getDotPath(parsed.issues[0]) ?? 'json');
  return canonicalJson(parsed.output) === body
    ? ok({ note: note.value, file: parsed.output })
    : err('malformed', 'spelling');
}
