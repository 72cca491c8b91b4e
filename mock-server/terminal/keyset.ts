import { sha256 } from '@noble/hashes/sha2.js';
import { decodeKeyset } from '../../protocol/unlock/v1/codec.ts';
import { preparedVerifier } from '../../protocol/unlock/v1/ed25519.ts';
import type { Keyset } from '../../protocol/unlock/v1/messages.ts';
import type { SignatureVerifier } from '../../protocol/unlock/v1/signer.ts';
import type { CoreRecord } from './core-record.ts';

const decoded = new WeakMap<Uint8Array, Keyset>();
const verifiers = new WeakMap<Uint8Array, SignatureVerifier>();

/** The keys that the device accepts. Throws when the stored keyset is damaged, which verified bytes never are. */
export function keysetOf(core: CoreRecord): Keyset {
  const known = decoded.get(core.keyset);
  if (known !== undefined) return known;
  const result = decodeKeyset(core.keyset);
  if (!result.ok) throw new Error(`the stored keyset does not decode: ${result.error}`);
  decoded.set(core.keyset, result.value.message);
  return result.value.message;
}

/**
 * Checks signatures of the keyset's keys, with tables that are made once for each stored keyset. Whoever makes a
 * challenge calls it too: a grant will come, and the tables are then ready.
 */
export function verifierOf(core: CoreRecord): SignatureVerifier {
  const known = verifiers.get(core.keyset);
  if (known !== undefined) return known;
  const made = preparedVerifier(keysetOf(core).keys.map(({ publicKey }) => publicKey));
  verifiers.set(core.keyset, made);
  return made;
}

/** What the device compares a new keyset with. */
export function storedKeyset(core: CoreRecord): { readonly sequence: number; readonly hash: Uint8Array } {
  return { sequence: keysetOf(core).sequence, hash: sha256(core.keyset) };
}
