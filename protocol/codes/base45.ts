/** The 45 characters of a QR code's alphanumeric mode, in the order of RFC 9285, section 4.2. */
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const values = new Map([...digits].map((digit, value) => [digit, value]));

function digitAt(value: number): string {
  return digits.charAt(value);
}

/** Base45 of `bytes` (RFC 9285): two bytes as three characters, a last single byte as two. */
export function base45Encode(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const [first = 0, second] = bytes.subarray(i, i + 2);
    const number = second === undefined ? first : first * 256 + second;
    text += digitAt(number % 45) + digitAt(Math.floor(number / 45) % 45);
    if (second !== undefined) text += digitAt(Math.floor(number / 2025));
  }
  return text;
}

/** The bytes of Base45, or `undefined`: a character outside the alphabet, an impossible length, or a group that is too large. */
export function base45Decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 3 === 1) return undefined;
  const out: number[] = [];
  for (let i = 0; i < text.length; i += 3) {
    const group = [...text.slice(i, i + 3)].map((digit) => values.get(digit));
    if (group.includes(undefined)) return undefined;
    const [c = 0, d = 0, e] = group;
    const number = c + d * 45 + (e ?? 0) * 2025;
    if (number > (e === undefined ? 0xff : 0xffff)) return undefined;
    if (e !== undefined) out.push(number >> 8);
    out.push(number & 0xff);
  }
  return Uint8Array.from(out);
}
