import { base64UrlDecode, utf8Decode } from '../../protocol/bytes.ts';
import type { LogProof } from '../../protocol/http/log.ts';
import { openCheckpoint } from '../../protocol/log/checkpoint.ts';
import { parseEntry } from '../../protocol/log/entry.ts';
import { leafHash, verifyInclusion } from '../../protocol/log/merkle.ts';
import { decodeVkey, type NoteKey } from '../../protocol/log/note.ts';
import type { ProofVerdict } from './log-proof.ts';

/** The keys of GET /api/log/key. */
export function readLogKeys(vkeys: string): NoteKey[] {
  return vkeys
    .trim()
    .split('\n')
    .flatMap((line) => {
      const key = decodeVkey(line);
      return key.ok ? [key.value] : [];
    });
}

/** Checks a proof; see `verifyCaseProof`. */
export function checkProof(proof: LogProof, vkeys: string): ProofVerdict {
  const bytes = base64UrlDecode(proof.entry);
  const entry = parseEntry((bytes && utf8Decode(bytes)) ?? '');
  if (bytes === undefined || entry === undefined || entry.seq !== proof.index + 1)
    return { ok: false, error: 'malformed' };
  const opened = openCheckpoint(proof.checkpoint, readLogKeys(vkeys));
  if (!opened.ok) return { ok: false, error: opened.error === 'malformed' ? 'malformed' : 'wrong-key' };
  const { size, root, origin } = opened.value;
  const hashes = proof.hashes.map((hash) => base64UrlDecode(hash) ?? new Uint8Array(0));
  if (!verifyInclusion({ index: proof.index, size, leaf: leafHash(bytes), root, hashes }))
    return { ok: false, error: 'not-in-log' };
  const { caseId } = entry.facts;
  const value = { number: entry.seq, size, origin, act: entry.act };
  return { ok: true, value: { ...value, caseId: typeof caseId === 'string' ? caseId : undefined } };
}
