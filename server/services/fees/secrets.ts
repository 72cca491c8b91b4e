import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { FeeService } from '../../../domain/tariffs/rating.ts';
import type { KeyRing } from '../../keys/key-ring.ts';

// A household number has few digits and its secret fewer: what protects both in a stolen database is the key, which is
// not in it. The slow hash is for the day on which the key is stolen as well.

/** Cost of one try at a secret: about 20 ms and 8 MiB. */
const scryptCost = { N: 8_192, r: 8, p: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;

/** Spaces and hyphens that people put into numbers mean nothing. */
export function plainNumber(number: string): string {
  return number.replace(/[\s-]/g, '');
}

/** What a household is found by: a keyed hash of its number, bound to payee and service. */
export function numberHash(keys: KeyRing, payeeId: string, service: FeeService, number: string): Buffer {
  const key = keys.derive('fee numbers 1');
  return createHmac('sha256', key)
    .update(`${payeeId}\0${service}\0${plainNumber(number)}`)
    .digest();
}

/** Slow keyed hash of the digits that were agreed with the payee's office: salt ‖ hash. */
export async function secretHash(keys: KeyRing, secret: string): Promise<Buffer> {
  const salt = randomBytes(saltBytes);
  return Buffer.concat([salt, await slowHash(keys, plainNumber(secret), salt)]);
}

/**
 * True when `secret` is the one of which `stored` is the hash. Without `stored` it is false after the same work, so that
 * a wrong number takes as long as a wrong secret.
 */
export async function verifySecret(keys: KeyRing, secret: string, stored: Uint8Array | null): Promise<boolean> {
  const isThere = stored?.length === saltBytes + hashBytes;
  const against = isThere ? Buffer.from(stored) : Buffer.alloc(saltBytes + hashBytes);
  const hash = await slowHash(keys, plainNumber(secret), against.subarray(0, saltBytes));
  return timingSafeEqual(hash, against.subarray(saltBytes)) && isThere;
}

function slowHash(keys: KeyRing, secret: string, salt: Uint8Array): Promise<Buffer> {
  const peppered = createHmac('sha256', keys.derive('fee secrets 1')).update(secret).digest();
  return new Promise((resolve, reject) => {
    scrypt(peppered, salt, hashBytes, scryptCost, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

const sealPurpose = (accountId: string): string => `fee-number:${accountId}`;

/** The number as the table keeps it for the payee's office. */
export function sealNumber(keys: KeyRing, accountId: string, number: string): Buffer {
  return keys.vault.seal(Buffer.from(plainNumber(number)), sealPurpose(accountId));
}

/** The number again. Throws when the row was changed or moved. */
export function openNumber(keys: KeyRing, accountId: string, sealed: Uint8Array): string {
  return keys.vault.open(sealed, sealPurpose(accountId)).toString('utf8');
}

/** The last digits, by which people tell numbers apart: four, but never more than half of the number. */
export function tailOf(number: string): string {
  const digits = plainNumber(number);
  return digits.slice(-Math.min(4, Math.floor(digits.length / 2)));
}

/** A label as a passer-by may read it: of the last run of digits only the first two stay. `3 号楼 1203 室` → `3 号楼 12** 室`. */
export function maskedLabel(label: string): string {
  const runs = [...label.matchAll(/\d+/g)];
  const last = runs.at(-1);
  if (last === undefined) return label.length <= 2 ? label : `${label.slice(0, 2)}${'*'.repeat(label.length - 2)}`;
  const [digits] = last;
  const kept = digits.slice(0, Math.floor(digits.length / 2));
  const masked = `${kept}${'*'.repeat(digits.length - kept.length)}`;
  return `${label.slice(0, last.index)}${masked}${label.slice(last.index + digits.length)}`;
}
