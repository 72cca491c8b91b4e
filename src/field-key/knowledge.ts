import * as v from 'valibot';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { base64UrlDecode, equalBytes } from '../../protocol/bytes.ts';
import { delegationSchema } from '../../protocol/http/field.ts';
import type { DelegationView } from '../../protocol/http/field.ts';
import { verifyKeyset } from '../../protocol/unlock/v1/authority.ts';
import type { ApiClient } from '../api/client.ts';
import type { ApiFailureCode } from '../api/failures.ts';
import { browserEnvironment } from './environment.ts';
import type { FieldKeyEnvironment } from './environment.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** What this device knows for judging a delegation without a network. */
export interface SiteKnowledge {
  readonly personId: string;
  /** Pinned when it was first heard; another one later is not believed. */
  readonly rootPublicKey: Bytes;
  /** The newest KEYSET that the root signed. */
  readonly keyset: Bytes;
  readonly trustAtMs: number;
  /** Delegations that name this person as second. */
  readonly delegations: readonly DelegationView[];
  /** When the list was last heard. */
  readonly delegationsAtMs?: number;
}

/** `root-changed`: the server names another root key than the one that was pinned. `bad-keyset`: not signed by it. */
export type KnowledgeProblem = ApiFailureCode | 'root-changed' | 'bad-keyset' | 'storage';

/** What is known on this device; undefined before the first refresh. Never rejects. */
export async function readKnowledge(
  personId: string,
  { store }: FieldKeyEnvironment = browserEnvironment(),
): Promise<SiteKnowledge | undefined> {
  try {
    const kept = await store.readKnowledge(personId);
    if (kept === undefined) return undefined;
    // An older version of the app may have written entries that this one does not read; the rest counts.
    const delegations = kept.delegations.filter((each) => v.is(delegationSchema, each));
    return { ...kept, delegations };
  } catch {
    return undefined;
  }
}

/** Fetches root key, keyset and the delegations that name this person, and keeps them for when there is no network. */
export async function refreshKnowledge(
  personId: string,
  api: ApiClient,
  environment: FieldKeyEnvironment = browserEnvironment(),
): Promise<Result<SiteKnowledge, KnowledgeProblem>> {
  const [known, trust, list] = await Promise.all([
    readKnowledge(personId, environment),
    api.call('trust'),
    // Those that were revoked too: a device that was told so says no.
    api.call('listDelegations', { query: { second: 'true' } }),
  ]);
  if (!trust.ok) return trust;
  const root = base64UrlDecode(trust.value.rootPublicKey);
  const heard = base64UrlDecode(trust.value.keyset);
  if (root === undefined || heard === undefined) return err('unreadable');
  if (known !== undefined && !equalBytes(known.rootPublicKey, root)) return err('root-changed');
  const keyset = newerKeyset(root, heard, known?.keyset);
  if (keyset === undefined) return err('bad-keyset');
  const nowMs = environment.now();
  const next: SiteKnowledge = {
    personId,
    rootPublicKey: root,
    keyset,
    trustAtMs: nowMs,
    delegations: list.ok ? list.value.items : (known?.delegations ?? []),
    ...(list.ok ? { delegationsAtMs: nowMs } : pick(known)),
  };
  try {
    await environment.store.writeKnowledge(next);
  } catch (cause) {
    return err('storage', String(cause));
  }
  return ok(next);
}

/** What was heard, unless what is kept is newer; undefined when what was heard is not signed by the root. */
function newerKeyset(root: Bytes, heard: Bytes, kept: Bytes | undefined): Bytes | undefined {
  const stored = kept === undefined ? undefined : verifyKeyset(kept, [root], undefined);
  const held = stored?.ok === true ? { sequence: stored.value.keyset.sequence, hash: stored.value.hash } : undefined;
  const verdict = verifyKeyset(heard, [root], held);
  if (verdict.ok) return heard;
  return verdict.error === 'stale-sequence' ? kept : undefined;
}

function pick(known: SiteKnowledge | undefined): { readonly delegationsAtMs?: number } {
  return known?.delegationsAtMs === undefined ? {} : { delegationsAtMs: known.delegationsAtMs };
}
