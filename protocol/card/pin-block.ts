import { concatBytes, hexDecode } from '../bytes.ts';
import { aesBlock, aesBlockBytes } from './aes.ts';

/** Least and most digits of a PIN (ISO 9564-1:2017, section 8.1). */
export const pinDigits = { least: 4, most: 12 } as const;

const randomBytes = 8;

function fieldOf(text: string): Uint8Array {
  const bytes = hexDecode(text);
  if (bytes?.length !== text.length / 2) throw new RangeError('pinBlock: a field is not digits');
  return bytes;
}

/** The PIN field: 4, length, digits, fill A, then 8 random bytes. */
function pinField(pin: string, random: Uint8Array): Uint8Array {
  return concatBytes(fieldOf(`4${pin.length.toString(16)}${pin.padEnd(14, 'a')}`), random);
}

/** The PAN field: length above 12, the digits (leading zeros up to 12), zeros. */
function panField(pan: string): Uint8Array {
  const digits = pan.padStart(12, '0');
  return fieldOf(`${digits.length - 12}${digits}`.padEnd(2 * aesBlockBytes, '0'));
}

/**
 * An enciphered PIN block of format 4 (ISO 9564-1:2017, section 9.3.4.2): AES over the PIN field, XOR with the PAN
 * field, AES again. `random`: 8 fresh bytes. Throws a RangeError on a PIN that is not 4 to 12 digits or a PAN that is
 * not 1 to 19; the message never holds them.
 */
export function encipherPin(key: Uint8Array, pin: string, pan: string, random: Uint8Array): Uint8Array {
  if (!/^\d{4,12}$/.test(pin)) throw new RangeError('pinBlock.pin');
  if (!/^\d{1,19}$/.test(pan)) throw new RangeError('pinBlock.pan');
  if (random.length !== randomBytes) throw new RangeError('pinBlock.random');
  const field = pinField(pin, random);
  const first = aesBlock(key, field);
  const bound = first.map((byte, index) => byte ^ (panField(pan)[index] ?? 0));
  const block = aesBlock(key, bound);
  for (const secret of [field, first, bound]) secret.fill(0);
  return block;
}
