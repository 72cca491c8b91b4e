/**
 * Writes the COBS form of `source[0..length)` to `out` from `at` on and returns the place after it. No zero byte is
 * written, the closing one neither. `out` must have room for length + ⌈length / 254⌉ + 1 bytes.
 * Source: Cheshire and Baker, Consistent Overhead Byte Stuffing.
 */
export function cobsEncode(source: Uint8Array, length: number, out: Uint8Array, at: number): number {
  let codeAt = at;
  let next = at + 1;
  let code = 1;
  for (let i = 0; i < length; i++) {
    const byte = source[i] as number;
    if (byte !== 0) {
      out[next++] = byte;
      if (++code < 255 || i + 1 === length) continue;
    }
    out[codeAt] = code;
    codeAt = next++;
    code = 1;
  }
  out[codeAt] = code;
  return next;
}

/**
 * Reads COBS bytes `source[start..end)` into `out` from 0 on and returns the length, or -1 when a code points behind
 * the end or a zero stands inside. `out` must have room for end - start bytes.
 */
export function cobsDecode(source: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start;
  let length = 0;
  while (at < end) {
    const code = source[at++] as number;
    const blockEnd = at + code - 1;
    if (code === 0 || blockEnd > end) return -1;
    while (at < blockEnd) {
      const byte = source[at++] as number;
      if (byte === 0) return -1;
      out[length++] = byte;
    }
    if (code < 255 && at < end) out[length++] = 0;
  }
  return length;
}
