import type { LogProof } from '../../protocol/http/log.ts';

/** A record that stands in the log. */
export interface ProvenEntry {
  /** The record's number, from 1. */
  readonly number: number;
  /** Records of the log at the checkpoint. */
  readonly size: number;
  readonly origin: string;
  readonly act: string;
  readonly caseId: string | undefined;
}

/** Outcome of checking a proof. `wrong-key`: the checkpoint is not signed by the log. `not-in-log`: the path does not lead to it. */
export type ProofVerdict =
  | { readonly ok: true; readonly value: ProvenEntry }
  | { readonly ok: false; readonly error: 'malformed' | 'wrong-key' | 'not-in-log' };

/**
 * Checks in the browser that a case's newest record stands in the log. `vkeys` is the text of GET /api/log/key.
 * The code for it is fetched when it is first needed.
 */
export async function verifyCaseProof(proof: LogProof, vkeys: string): Promise<ProofVerdict> {
  const { checkProof } = await import('./log-check.ts');
  return checkProof(proof, vkeys);
}
