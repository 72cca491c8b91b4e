import type { SimulatedCard } from '../../../mock-server/platforms/bank-card/cards.ts';

/** Something that must be nowhere: what it is, in which spelling, and how it looks in bytes or in text. */
export interface Needle {
  readonly name: string;
  readonly bytes?: Buffer;
  readonly pattern?: RegExp;
}

/** Where bytes were taken, and the bytes. */
export interface Haystack {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What base64 writes for `bytes` wherever they stand in a longer text: the part that does not depend on neighbours. */
function base64Parts(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = Math.ceil((shift * 4) / 3);
    const spoiltTail = (shift + bytes.length) % 3 === 0 ? 0 : 1;
    return text.slice(from, text.length - spoiltTail);
  });
}

/** `bytes` as they are, in hex of either case, and in base64 of either alphabet. */
export function spellings(name: string, bytes: Buffer): Needle[] {
  const hex = bytes.toString('hex');
  const encoded = base64Parts(bytes).flatMap((part) => [part, part.replaceAll('+', '-').replaceAll('/', '_')]);
  return [
    { name: `${name}, raw`, bytes },
    { name: `${name}, hex`, bytes: Buffer.from(hex) },
    { name: `${name}, HEX`, bytes: Buffer.from(hex.toUpperCase()) },
    ...[...new Set(encoded)].map((part) => ({ name: `${name}, base64`, bytes: Buffer.from(part) })),
  ];
}

const bcd = (digits: string): Buffer => Buffer.from(digits.length % 2 === 0 ? digits : `${digits}f`, 'hex');

/** Everything secret of a card in every spelling. A PIN alone is too short for raw bytes, so its clear block stands for it. */
export function needlesOf(card: Pick<SimulatedCard, 'id' | 'pan' | 'expiry' | 'serviceCode' | 'pin'>): Needle[] {
  const track2 = `${card.pan}D${card.expiry}${card.serviceCode}`;
  const middle = card.pan.slice(0, -4);
  const pinField = Buffer.from(`4${card.pin.length.toString(16)}${card.pin}`.padEnd(16, 'a'), 'hex');
  return [
    ...spellings(`${card.id}: PAN in ASCII`, Buffer.from(card.pan)),
    { name: `${card.id}: PAN in UTF-16`, bytes: Buffer.from(card.pan, 'utf16le') },
    ...spellings(`${card.id}: PAN without its tail in ASCII`, Buffer.from(middle)),
    ...spellings(`${card.id}: PAN in BCD`, bcd(card.pan)),
    ...spellings(`${card.id}: track 2 in ASCII`, Buffer.from(track2.replace('D', '='))),
    ...spellings(`${card.id}: track 2 in BCD`, bcd(track2)),
    ...spellings(`${card.id}: clear PIN block`, pinField),
    ...spellings(`${card.id}: PIN as a JSON text`, Buffer.from(`"${card.pin}"`)),
    { name: `${card.id}: PIN in ASCII`, pattern: new RegExp(`(?<![0-9a-fA-F])${card.pin}(?![0-9a-fA-F])`) },
  ];
}

/** What was found, as "needle in haystack". `isRaw`: a heap of bytes in which short texts may stand by chance. */
export function search(haystacks: readonly Haystack[], needles: readonly Needle[], isRaw = false): string[] {
  const found: string[] = [];
  for (const { name, bytes } of haystacks) {
    const text = isRaw ? '' : bytes.toString('latin1');
    for (const needle of needles) {
      const isFound = needle.bytes === undefined ? needle.pattern?.test(text) === true : bytes.includes(needle.bytes);
      if (isFound) found.push(`${needle.name} in ${name}`);
    }
  }
  return found;
}
