/** `sizeBytes` bytes that look random and are the same every time (xorshift32). They hold no information. */
export function noiseBytes(sizeBytes: number, seed = 0x9e3779b9): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < sizeBytes; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state >>> 11;
  }
  return bytes;
}
