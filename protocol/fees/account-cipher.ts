import { base64UrlDecode, base64UrlEncode, utf8Encode } from '../bytes.ts';

/** The bank's public key as a quote names it: modulus and exponent big-endian, base64url. */
export interface AccountKey {
  readonly modulus: string;
  readonly exponent: string;
}

/** Shortest and longest key that is taken, in bytes: 2,048 to 4,096 bits. */
const modulusBytes = { min: 256, max: 512 } as const;
/** Longest public exponent in bytes; 65,537 has three. */
const exponentBytesMax = 4;
/** RFC 8017, section 7.2.1: 00 02, at least eight bytes of padding, 00. */
const overheadBytes = 11;

/** True for what a bank takes as an account or card number: 8 to 34 digits, nothing else. */
export function isAccount(text: string): boolean {
  return /^\d{8,34}$/.test(text);
}

function toNumber(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function toBytes(value: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let at = length - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Square and multiply. The exponent is public, so its bits may be told by time; the base is used once. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** `length` random bytes, none of them zero: zeros are drawn again. */
function padding(length: number, random: (length: number) => Uint8Array): Uint8Array {
  const bytes = random(length);
  // Each round leaves about one zero in 256; a source that gives nothing else must not hang the page.
  for (let round = 0; round < 100 && bytes.includes(0); round++) {
    const fresh = random(length);
    for (let at = 0; at < length; at++) if (bytes[at] === 0) bytes[at] = fresh[at] ?? 0;
  }
  if (bytes.length !== length || bytes.includes(0)) throw new RangeError('padding: random gives only zeros');
  return bytes;
}

/**
 * The account encrypted to the bank: RSAES-PKCS1-v1_5 (RFC 8017, section 7.2.1), which is what UnionPay's 敏感信息加密
 * asks for and Web Crypto does not offer; base64 with padding, as it stands in the platform's message. Whoever carries it
 * cannot open it, and two of the same account differ. `undefined` when the key is none that a bank would use.
 */
export function encryptAccount(
  account: string,
  key: AccountKey,
  random: (length: number) => Uint8Array,
): string | undefined {
  if (!isAccount(account)) throw new RangeError('account: 8 to 34 digits');
  const [modulusRaw, exponentRaw] = [base64UrlDecode(key.modulus), base64UrlDecode(key.exponent)];
  if (modulusRaw === undefined || exponentRaw === undefined || exponentRaw.length > exponentBytesMax) return undefined;
  const [modulus, exponent] = [toNumber(modulusRaw), toNumber(exponentRaw)];
  const length = modulusRaw.length - (modulusRaw[0] === 0 ? 1 : 0);
  const isUsable = length >= modulusBytes.min && length <= modulusBytes.max && (modulus & 1n) === 1n;
  if (!isUsable || modulus >> BigInt(8 * length - 1) !== 1n || exponent < 3n || (exponent & 1n) === 0n)
    return undefined;
  const message = utf8Encode(account);
  const block = new Uint8Array(length);
  block[1] = 2;
  block.set(padding(length - message.length - overheadBytes + 8, random), 2);
  block.set(message, length - message.length);
  return base64(toBytes(power(toNumber(block), exponent, modulus), length));
}

function base64(bytes: Uint8Array): string {
  const text = base64UrlEncode(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
