import { aesBlock, aesCbc, aesCmac } from './ciphers.ts';
import { workingKey } from './card-keys.ts';

/** A card as field 57 brought it, open. Stays in memory for as long as one message is answered. */
export interface OpenedCard {
  readonly pan: string;
  /** `yyMMdd`. */
  readonly expiry: string;
  readonly entry: 'chip' | 'contactless' | 'magstripe';
  readonly pin?: string;
  readonly chip: ReadonlyMap<string, Buffer>;
  /** KSN of the data key: initial key id and counter. */
  readonly ksn: Buffer;
}

/** Why field 57 does not open: it is no such field, the data do not decipher, or the PIN block does not. */
export type CardFault = 'malformed' | 'data' | 'pin';

const entries: Readonly<Record<string, OpenedCard['entry']>> = { '02': 'magstripe', '05': 'chip', '07': 'contactless' };

/** Opens field 57 with the base derivation key. */
export function openCard(base: Uint8Array, field: Buffer): OpenedCard | CardFault {
  const outer = readTlv(field);
  const [ksn, data, code] = [outer?.get('c1'), outer?.get('c2'), outer?.get('c5')?.toString('hex') ?? ''];
  const entry = entries[code];
  if (outer === undefined || ksn?.length !== 12 || data === undefined || entry === undefined) return 'malformed';
  const plain = openData(workingKey(base, ksn, 'data'), data);
  const inner = plain === undefined ? undefined : readTlv(plain);
  const pan = inner?.get('5a')?.toString('hex').replace(/f+$/, '') ?? '';
  const expiry = inner?.get('5f24')?.toString('hex') ?? '';
  if (inner === undefined || !/^\d{12,19}$/.test(pan) || !/^\d{6}$/.test(expiry)) return 'data';
  const card = { pan, expiry, entry, chip: inner, ksn };
  const block = outer.get('c4');
  if (block === undefined) return card;
  const pinKsn = outer.get('c3');
  if (pinKsn?.length !== 12) return 'malformed';
  const pin = openPinBlock(workingKey(base, pinKsn, 'pin'), block, pan);
  return pin === undefined ? 'pin' : { ...card, pin };
}

/** IV (16), then AES-CBC; the plain text ends with 80 and zeros. */
function openData(key: Buffer, data: Buffer): Buffer | undefined {
  if (data.length < 32 || data.length % 16 !== 0) return undefined;
  const plain = aesCbc('decrypt', key, data.subarray(0, 16), data.subarray(16));
  const end = plain.lastIndexOf(0x80);
  const isFilled = end >= plain.length - 16 && plain.subarray(end + 1).every((byte) => byte === 0);
  return end > 0 && isFilled ? plain.subarray(0, end) : undefined;
}

/**
 * Opens a PIN block of ISO 9564-1 format 4. The block was enciphered, joined with the PAN and enciphered again; a wrong
 * PAN or key leaves something that is no PIN field. @returns 4 to 12 digits.
 */
export function openPinBlock(key: Uint8Array, block: Buffer, pan: string): string | undefined {
  if (block.length !== 16) return undefined;
  const panField = Buffer.from(`${(pan.length - 12).toString(16)}${pan}`.padEnd(32, '0'), 'hex');
  const middle = aesBlock('decrypt', key, block);
  const joined = Buffer.from(middle.map((byte, at) => byte ^ (panField[at] ?? 0)));
  const text = aesBlock('decrypt', key, joined).toString('hex');
  const length = Number.parseInt(text.charAt(1), 16);
  const isRight = text.startsWith('4') && length >= 4 && length <= 12;
  const pin = text.slice(2, 2 + length);
  const filler = text.slice(2 + length, 16);
  return isRight && /^\d+$/.test(pin) && /^a*$/.test(filler) ? pin : undefined;
}

/** What the chip signs, in its order (the device's document, docs/card-security.md). */
const signedTags = ['9f02', '9f1a', '5f2a', '9f37', '82', '9f36'] as const;

/** Whether the chip's cryptogram holds, and is for this amount. */
export function isChipRight(card: OpenedCard, chipKey: string, amountFen: number): boolean {
  const values = signedTags.map((tag) => card.chip.get(tag));
  const cryptogram = card.chip.get('9f26');
  if (values.includes(undefined) || cryptogram === undefined || !/^[0-9a-f]{32}$/.test(chipKey)) return false;
  if (Number(card.chip.get('9f02')?.toString('hex')) !== amountFen) return false;
  const signed = Buffer.concat(values.filter((value) => value !== undefined));
  return aesCmac(Buffer.from(chipKey, 'hex'), signed).subarray(0, 8).equals(cryptogram);
}

/** TLV with BER tags and lengths (one to three bytes of length), each tag once. */
function readTlv(bytes: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const found = new Map<string, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    const tagBytes = ((bytes[at] ?? 0) & 0x1f) === 0x1f ? 2 : 1;
    const tag = bytes.subarray(at, at + tagBytes).toString('hex');
    at += tagBytes;
    const first = bytes[at++];
    if (first === undefined) return undefined;
    const more = first < 0x80 ? 0 : first - 0x80;
    if (more > 2 || at + more > bytes.length) return undefined;
    const length = more === 0 ? first : bytes.readUIntBE(at, more);
    at += more;
    if (at + length > bytes.length || found.has(tag)) return undefined;
    found.set(tag, bytes.subarray(at, at + length));
    at += length;
  }
  return found;
}
