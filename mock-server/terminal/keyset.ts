import { sha256 } from '@noble/hashes/sha2.js';
import { decodeKeyset } from '../../protocol/unlock/v1/codec.ts';
import type { Keyset } from '../../protocol/unlock/v1/messages.ts';
import type { CoreRecord } from './core-record.ts';

const decoded = new WeakMap<Uint8Array, Keyset>();

/** The keys that the device accepts. Throws when the stored keyset is damaged, which verified bytes never are. */
export function keysetOf(core: CoreRecord): Keyset {
  const known = decoded.get(core.keyset);
  if (known !== undefined) return known;
  const result = decodeKeyset(core.keyset);
  if (!result.ok) throw new Error(`the stored keyset does not decode: ${result.error}`);
  decoded.set(core.keyset, result.value.message);
  return result.value.message;
}

/** What the device compares a new keyset with. */
export function storedKeyset(core: CoreRecord): { readonly sequence: number; readonly hash: Uint8Array } {
  return { sequence: keysetOf(core).sequence, hash: sha256(core.keyset) };
}
