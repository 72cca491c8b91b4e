import { base64UrlDecode, base64UrlEncode } from '../bytes.ts';

/** Standard base64 with padding (RFC 4648, section 4), as notes have it. */
export function base64Encode(bytes: Uint8Array): string {
  const text = base64UrlEncode(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** The bytes of standard base64, or `undefined`: wrong character, missing or extra padding, stray bits at the end. */
export function base64Decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return base64UrlDecode(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
}
