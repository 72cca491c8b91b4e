import type { FieldTable } from './iso8583.ts';

/**
 * The fields of this profile. There is no field for a card number (2), track data (35, 36), an expiry date (14), a PIN
 * (52) or chip data (55): the card travels in field 57 as the secure device encrypted it, so nothing here can hold one in
 * clear. An answer with such a field is unreadable, which means that its end is unknown.
 */
export const profileFields: FieldTable = {
  3: { kind: 'n', length: 6 },
  4: { kind: 'n', length: 12 },
  11: { kind: 'n', length: 6 },
  12: { kind: 'n', length: 6 },
  13: { kind: 'n', length: 4 },
  15: { kind: 'n', length: 4 },
  22: { kind: 'n', length: 3 },
  25: { kind: 'n', length: 2 },
  26: { kind: 'n', length: 2 },
  32: { kind: 'n', length: 11, lengthDigits: 2 },
  37: { kind: 'an', length: 12 },
  38: { kind: 'an', length: 6 },
  39: { kind: 'an', length: 2 },
  41: { kind: 'ans', length: 8 },
  42: { kind: 'ans', length: 15 },
  44: { kind: 'ans', length: 25, lengthDigits: 2 },
  48: { kind: 'n', length: 322, lengthDigits: 3 },
  49: { kind: 'an', length: 3 },
  57: { kind: 'b', length: 999, lengthDigits: 3 },
  60: { kind: 'n', length: 17, lengthDigits: 3 },
  61: { kind: 'n', length: 29, lengthDigits: 3 },
  62: { kind: 'b', length: 999, lengthDigits: 3 },
  63: { kind: 'ans', length: 163, lengthDigits: 3 },
  64: { kind: 'b', length: 8 },
};

/** Field 3: what is done. A void and a refund go the other way than a purchase. */
export const processingCodes = { purchase: '000000', back: '200000' } as const;

/** First two digits of field 60: kind of transaction. Common CUP POS profile; an acquirer may differ. */
export const transactionTypes = { management: '00', purchase: '22', void: '23', refund: '25' } as const;

/** Last three digits of field 60 in network management: 003 sign-in with double-length keys, 401 card key (own). */
export const managementCodes = {
  signIn: '003',
  cardKey: '401',
  settlement: '201',
  uploadEqual: '202',
  uploadDiffers: '207',
} as const;

/** ISO 4217 number of the yuan in field 49. */
export const yuanNumber = '156';

/** Message type of the answer to a request: 0200 → 0210. */
export function answerMti(mti: string): string {
  return String(Number(mti) + 10).padStart(4, '0');
}

/** An amount as field 4 writes it: twelve digits of fen. */
export function amountDigits(amountFen: number): string {
  return String(amountFen).padStart(12, '0');
}

/** Field 22: how the card was read (02 swiped, 05 chip, 07 contactless), then whether a PIN was entered (1) or not (2). */
export function entryMode(entry: 'chip' | 'contactless' | 'magstripe', hasPin: boolean): string {
  return `${{ magstripe: '02', chip: '05', contactless: '07' }[entry]}${hasPin ? '1' : '2'}`;
}
