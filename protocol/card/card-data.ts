import { concatBytes, hexDecode } from '../bytes.ts';
import { aesBlockBytes, cbcEncrypt } from './aes.ts';

/** What a card says when it is read; never to be kept, shown or logged. */
export interface CardFacts {
  /** 12 to 19 digits. */
  readonly pan: string;
  /** `yyMMdd`. */
  readonly expiry: string;
  /** Track 2 or its equivalent: digits with D between PAN and expiry, at most 37. */
  readonly track2: string;
  /** Sequence number of the card, 2 digits; absent on a magnetic stripe. */
  readonly sequence?: string;
  /** What a chip adds: EMV tag in hex → value. */
  readonly chip?: ReadonlyMap<string, Uint8Array>;
}

/** Tags of the card's own data (EMV Book 3, annex A). */
const cardTags = { pan: '5a', expiry: '5f24', track2: '57', sequence: '5f34' } as const;
const valueMaxBytes = 127;

function digitsOf(text: string): Uint8Array {
  const padded = text.length % 2 === 0 ? text : `${text}f`;
  const bytes = hexDecode(padded);
  if (bytes === undefined) throw new RangeError('cardData: a field is not digits');
  return bytes;
}

function tlv(tag: string, value: Uint8Array): Uint8Array {
  const tagBytes = hexDecode(tag);
  if (tagBytes === undefined || value.length > valueMaxBytes) throw new RangeError(`cardData: tag ${tag}`);
  return concatBytes(tagBytes, Uint8Array.of(value.length), value);
}

/**
 * The card's data as BER-TLV (docs/card-security.md, section 4): 5A PAN as digits, padded with F; 5F24 expiry; 57 track 2
 * equivalent; 5F34 sequence; then what the chip gave. Throws a RangeError, without the value, on what is not digits.
 */
export function encodeCardData(card: CardFacts): Uint8Array {
  if (!/^\d{12,19}$/.test(card.pan) || !/^\d{6}$/.test(card.expiry)) throw new RangeError('cardData: pan or expiry');
  if (!/^[\dD]{1,37}$/.test(card.track2)) throw new RangeError('cardData: track2');
  const parts = [
    tlv(cardTags.pan, digitsOf(card.pan)),
    tlv(cardTags.expiry, digitsOf(card.expiry)),
    tlv(cardTags.track2, digitsOf(card.track2)),
  ];
  if (card.sequence !== undefined) parts.push(tlv(cardTags.sequence, digitsOf(card.sequence)));
  for (const [tag, value] of card.chip ?? []) parts.push(tlv(tag, value));
  return concatBytes(...parts);
}

/**
 * Card data as it leaves the device: `iv` (16 fresh random bytes), then AES-128-CBC under the transaction's data key,
 * padded by ISO/IEC 9797-1 method 2 (one 80, then zeros).
 */
export function encipherCardData(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  if (iv.length !== aesBlockBytes) throw new RangeError('cardData.iv: not 16 bytes');
  const padded = new Uint8Array((Math.floor(plain.length / aesBlockBytes) + 1) * aesBlockBytes);
  padded.set(plain);
  padded[plain.length] = 0x80;
  const sealed = concatBytes(iv, cbcEncrypt(key, iv, padded));
  padded.fill(0);
  return sealed;
}
