import { sha256 } from '@noble/hashes/sha2.js';
import { readU32Be } from '../../bytes.ts';

/**
 * Six digits that the terminal's screen, the technician's page and the approver's page all show for one request
 * (the plain REQUEST, signature included). Equal digits mean that a person looks at the same request; they are no
 * secret and no proof.
 */
export function screenNumber(request: Uint8Array): string {
  return String(readU32Be(sha256(request)) % 1_000_000).padStart(6, '0');
}
