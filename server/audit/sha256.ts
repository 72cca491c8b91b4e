import { hash } from 'node:crypto';

/** SHA-256 by OpenSSL in one call, several times faster than a software one on short texts. */
export function sha256(data: Uint8Array | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/** SHA-256 as lower-case hex: how records name the messages that are their evidence. */
export function sha256Hex(data: Uint8Array): string {
  return hash('sha256', data, 'hex');
}
