import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Encrypts secrets at rest. `purpose` binds a ciphertext to its place, so that rows cannot be swapped. */
export interface Vault {
  seal(plain: Uint8Array, purpose: string): Buffer;
  /** Throws when the bytes were changed or sealed for another purpose. */
  open(sealed: Uint8Array, purpose: string): Buffer;
}

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM with random nonces: nonce ‖ text ‖ tag. `key` is 32 bytes. */
export function createVault(key: Uint8Array): Vault {
  if (key.length !== 32) throw new RangeError('createVault.key');
  return {
    seal: (plain, purpose) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, purpose) => {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(sealed.length - tagBytes));
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()]);
    },
  };
}
