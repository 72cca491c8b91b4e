import { base64UrlEncode, utf8Encode } from '../../../protocol/bytes.ts';
import type { AuditRecord } from '../../../protocol/http/system.ts';
import { entryText } from '../../../protocol/log/entry.ts';
import type { ApiClient } from '../../api/client.ts';
import { verifyCaseProof } from '../../api/log-proof.ts';

/** What a check of one record came to. `waiting`: no checkpoint covers it yet. */
export type RecordProof =
  | { readonly state: 'checking' | 'waiting' | 'refused' | 'unread' }
  | { readonly state: 'proven'; readonly number: number; readonly size: number };

/** Spells the record as the log holds it, and checks that it stands in the log at the newest checkpoint. */
export async function proveRecord(api: ApiClient, record: AuditRecord, signal: AbortSignal): Promise<RecordProof> {
  const { sequence: seq, prev, id, at, act, actor, subject, facts } = record;
  if (seq === undefined || prev === undefined) return { state: 'waiting' };
  const [checkpoint, keys] = await Promise.all([api.call('logCheckpoint', { signal }), api.call('logKey', { signal })]);
  if (!checkpoint.ok || !keys.ok) return { state: 'unread' };
  const size = checkpoint.value.split('\n')[1] ?? '0';
  if (Number(size) < seq) return { state: 'waiting' };
  const path = await api.call('logInclusion', { query: { index: String(seq - 1), size }, signal });
  if (!path.ok) return { state: 'unread' };
  const text = entryText({ seq, id, at, act, actor: actor?.id ?? null, subject, prev, facts });
  const entry = base64UrlEncode(utf8Encode(text));
  const proof = { entry, index: seq - 1, checkpoint: checkpoint.value, hashes: path.value.hashes };
  const verdict = await verifyCaseProof(proof, keys.value);
  return verdict.ok ? { state: 'proven', number: seq, size: verdict.value.size } : { state: 'refused' };
}
