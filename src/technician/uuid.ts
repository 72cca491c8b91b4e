/**
 * A UUID of version 7 in lower case (RFC 9562, section 5.7): 48 bits of `nowMs`, then random bits from `random`
 * (16 bytes), so that ids sort by the time they were made.
 */
export function uuidv7(nowMs: number, random: Uint8Array): string {
  const bytes = random.slice(0, 16);
  for (let at = 0; at < 6; at += 1) bytes[at] = Math.floor(nowMs / 2 ** (8 * (5 - at))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A new id of version 7 from the page's clock and random source. */
export function newId(): string {
  return uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
}
