/** What stands for a character that the printers' font does not hold. */
const missing: readonly [number, number] = [0xa3, 0xbf]; // ？

/**
 * GBK as receipt printers in China read it, built from the platform's own decoder (WHATWG Encoding, "gbk"): two bytes
 * for everything that is not ASCII. 24,000 pairs are tried once, in a few milliseconds, instead of shipping a table.
 */
function buildTable(): ReadonlyMap<string, readonly [number, number]> {
  const decoder = new TextDecoder('gbk');
  const table = new Map<string, readonly [number, number]>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const char = decoder.decode(Uint8Array.of(lead, trail));
      // Not a pair, or one of the private characters that no font holds.
      if (char.length !== 1 || char === '\ufffd' || (char >= '\ue000' && char <= '\uf8ff')) continue;
      if (!table.has(char)) table.set(char, [lead, trail]);
    }
  }
  return table;
}

let table: ReadonlyMap<string, readonly [number, number]> | undefined;

/** Encodes a text for a Chinese receipt printer; what its font does not hold becomes ？. */
export function gbkBytes(text: string): Uint8Array<ArrayBuffer> {
  table ??= buildTable();
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (point >= 0x20 && point < 0x7f) bytes.push(point);
    else bytes.push(...(table.get(char) ?? missing));
  }
  return Uint8Array.from(bytes);
}
