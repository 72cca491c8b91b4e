/**
 * A new id as RFC 9562, section 5.7 (UUID version 7): sorted by time, made by the client before it asks.
 * `nowMs` is epoch ms; `random` fills the array with random bytes.
 */
export function newId(
  nowMs: number = Date.now(),
  random: (bytes: Uint8Array<ArrayBuffer>) => unknown = (bytes) => crypto.getRandomValues(bytes),
): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  new DataView(bytes.buffer).setUint32(0, Math.floor(nowMs / 0x10000));
  new DataView(bytes.buffer).setUint16(4, nowMs % 0x10000);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
