import type { CardCiphertext } from '../channel.ts';

/** Entry modes as byte C5 writes them. */
const entryBytes = { magstripe: '02', chip: '05', contactless: '07' } as const;

/**
 * Field 57: what the secure device encrypted, carried on unopened (docs/card-security.md). TLV with tags of one byte and
 * lengths as in BER: C1 KSN of the data key, C2 IV and card data, C3 KSN of the PIN key, C4 PIN block of ISO 9564
 * format 4, C5 how the card was read. @returns hex; `undefined` when a part has a wrong length.
 */
export function cardField(card: CardCiphertext): string | undefined {
  const data = Buffer.from(card.data, 'base64url').toString('hex');
  const parts = [tlv('c1', card.ksn, 12), tlv('c2', data)];
  if (card.pin !== undefined) parts.push(tlv('c3', card.pin.ksn, 12), tlv('c4', card.pin.block, 16));
  parts.push(tlv('c5', entryBytes[card.entry], 1));
  if (parts.includes(undefined)) return undefined;
  const field = parts.join('');
  return field.length / 2 > 999 ? undefined : field;
}

function tlv(tag: string, value: string, bytes?: number): string | undefined {
  if (!/^(?:[0-9a-f]{2})+$/.test(value)) return undefined;
  const size = value.length / 2;
  if (bytes !== undefined && size !== bytes) return undefined;
  return `${tag}${berLength(size)}${value}`;
}

/** A length as BER writes it: one byte below 128, otherwise 81 or 82 before one or two bytes. */
function berLength(size: number): string {
  if (size < 0x80) return size.toString(16).padStart(2, '0');
  return size < 0x100 ? `81${size.toString(16).padStart(2, '0')}` : `82${size.toString(16).padStart(4, '0')}`;
}
