import type { Books, Entry } from './books.ts';
import type { Issuer } from './issuer.ts';
import type { HostMessage } from './messages.ts';
import { openCard } from './sealed-card.ts';

/** What the acts need. */
export interface HostDesk {
  readonly books: Books;
  readonly issuer: Issuer;
  /** Base derivation key of the card keys. */
  readonly base: Uint8Array;
  readonly nowMs: number;
  /** Shanghai day, `yyyy-mm-dd`. */
  readonly day: string;
}

/** What an act answers: field 39, and the entry whose reference, authorisation and time go into the answer. */
export interface Verdict {
  readonly code: string;
  readonly entry?: Entry;
  readonly fields?: ReadonlyMap<number, string>;
}

/** Card data in clear have no place in this profile. */
const clearFields = [2, 14, 35, 36, 45, 52, 55] as const;

/** 0200 with 3 = 000000: takes money from a card. */
export function purchase(desk: HostDesk, message: HostMessage): Verdict {
  const { fields } = message;
  const place = placeOf(message);
  const amountFen = Number(fields.get(4));
  const sealed = fields.get(57);
  const hasClear = clearFields.some((number) => fields.has(number));
  if (place === undefined || hasClear || sealed === undefined || !(amountFen > 0) || fields.get(49) !== '156') {
    return { code: '30' };
  }
  const { terminalId, batch, trace } = place;
  if (desk.books.batch(terminalId, batch).isClosed) return { code: '77' };
  if (desk.books.find(terminalId, batch, trace) !== undefined) return { code: '94' };
  const card = openCard(desk.base, Buffer.from(sealed, 'hex'));
  if (typeof card === 'string') return { code: card === 'pin' ? '99' : '30' };
  if (!modeFits(fields.get(22), card.entry, card.pin !== undefined)) return { code: '30' };
  if (!desk.books.takeCounter(card.ksn)) return { code: '59' };
  const { code, cardId } = desk.issuer.decide(card, amountFen, desk.day);
  const entry = write(desk, {
    ...place,
    kind: 'purchase',
    code,
    amountFen,
    ...(cardId === undefined ? {} : { cardId }),
  });
  return { code, entry };
}

function modeFits(mode: string | undefined, entry: 'chip' | 'contactless' | 'magstripe', hasPin: boolean): boolean {
  return mode === `${{ magstripe: '02', chip: '05', contactless: '07' }[entry]}${hasPin ? '1' : '2'}`;
}

/** 0200 with 3 = 200000: undoes an approved purchase of a batch that is still open, whole. */
export function voidPurchase(desk: HostDesk, message: HostMessage): Verdict {
  const place = placeOf(message);
  if (place === undefined) return { code: '30' };
  if (desk.books.batch(place.terminalId, place.batch).isClosed) return { code: '77' };
  if (desk.books.find(place.terminalId, place.batch, place.trace) !== undefined) return { code: '94' };
  const original = originalOf(desk, message);
  if (original === undefined) return { code: '25' };
  if (desk.books.batch(place.terminalId, original.batch).isClosed) return { code: '77' };
  if (original.returnedFen > 0) return { code: '12' };
  if (Number(message.fields.get(4)) !== original.amountFen) return { code: '64' };
  return giveBack(desk, place, 'void', original, original.amountFen);
}

/** 0220: gives back a purchase in whole or in part. An advice: the same number again gets the same answer. */
export function refund(desk: HostDesk, message: HostMessage): Verdict {
  const place = placeOf(message);
  const amountFen = Number(message.fields.get(4));
  if (place === undefined || !(amountFen > 0)) return { code: '30' };
  const known = desk.books.find(place.terminalId, place.batch, place.trace);
  const original = originalOf(desk, message);
  if (known !== undefined) {
    const isSame =
      known.kind === 'refund' && known.amountFen === amountFen && known.original?.trace === original?.trace;
    return isSame ? { code: known.code, entry: known } : { code: '94' };
  }
  if (desk.books.batch(place.terminalId, place.batch).isClosed) return { code: '77' };
  if (original === undefined) return { code: '25' };
  if (amountFen > original.amountFen - original.returnedFen) return { code: '64' };
  return giveBack(desk, place, 'refund', original, amountFen);
}

function giveBack(desk: HostDesk, place: Place, kind: 'void' | 'refund', original: Entry, amountFen: number): Verdict {
  original.returnedFen += amountFen;
  const { batch, trace, cardId } = original;
  if (cardId !== undefined) desk.issuer.giveBack(cardId, amountFen);
  const about = { original: { batch, trace }, ...(cardId === undefined ? {} : { cardId }) };
  return { code: '00', entry: write(desk, { ...place, kind, code: '00', amountFen, ...about }) };
}

/** 0400: makes a purchase or void as if it had never been; one that has not come yet can never be done any more. */
export function reverse(desk: HostDesk, message: HostMessage): Verdict {
  const place = placeOf(message);
  const [, batch = '', trace = ''] = /^(\d{6})(\d{6})\d{4}$/.exec(message.fields.get(61) ?? '') ?? [];
  const reason = message.fields.get(39);
  if (place === undefined || trace !== place.trace || batch !== place.batch || reason === undefined)
    return { code: '30' };
  const kind = message.fields.get(3) === '200000' ? 'void' : 'purchase';
  const amountFen = Number(message.fields.get(4));
  const entry = desk.books.find(place.terminalId, batch, trace);
  if (entry === undefined) {
    desk.books.add({ ...blank(desk, place, kind, amountFen), state: 'late', code: '25' });
    return { code: '25' };
  }
  if (entry.state === 'late' || entry.state === 'declined') return { code: '25' };
  if (entry.kind !== kind || entry.amountFen !== amountFen) return { code: '64' };
  if (entry.state === 'reversed') return { code: '00', entry };
  if (desk.books.batch(place.terminalId, batch).isClosed) return { code: '77' };
  if (entry.returnedFen > 0) return { code: '12' };
  undo(desk, entry);
  return { code: '00', entry };
}

function undo(desk: HostDesk, entry: Entry): void {
  entry.state = 'reversed';
  const sign = entry.kind === 'purchase' ? 1 : -1;
  if (entry.cardId !== undefined) desk.issuer.giveBack(entry.cardId, sign * entry.amountFen);
  const { original } = entry;
  const purchased = original && desk.books.find(entry.terminalId, original.batch, original.trace);
  if (purchased !== undefined) purchased.returnedFen -= entry.amountFen;
}

/** 0500: compares totals. Digit 31 of the answer's field 48: 1 equal, 2 not equal. */
export function settle(desk: HostDesk, message: HostMessage): Verdict {
  const told = message.fields.get(48) ?? '';
  const batch = message.fields.get(60)?.slice(2, 8) ?? '';
  const terminalId = message.fields.get(41) ?? '';
  if (!/^\d{62}$/.test(told) || !/^\d{6}$/.test(batch)) return { code: '30' };
  const isEqual = told.slice(0, 30) === desk.books.totals(terminalId, batch);
  const digit = isEqual ? '1' : '2';
  return { code: '00', fields: new Map([[48, `${told.slice(0, 30)}${digit}${told.slice(31)}`]]) };
}

/** 0320: takes a part of the terminal's own list (201), or the end of the batch (202 equal, 207 not equal). */
export function upload(desk: HostDesk, message: HostMessage): Verdict {
  const list = message.fields.get(48) ?? '';
  const [, number = '', code = ''] = /^00(\d{6})(201|202|207)$/.exec(message.fields.get(60) ?? '') ?? [];
  const batch = desk.books.batch(message.fields.get(41) ?? '', number);
  if (code === '201') {
    const items = list.slice(2).match(/\d{40}/g) ?? [];
    if (items.length !== Number(list.slice(0, 2)) || list.length !== 2 + 40 * items.length) return { code: '30' };
    if (!batch.isClosed) batch.uploaded = [...new Set([...batch.uploaded, ...items])].slice(0, 1_000);
    return { code: '00' };
  }
  if (code === '' || !/^\d{4}$/.test(list)) return { code: '30' };
  if (!batch.isClosed) batch.differs = code === '207';
  batch.isClosed = true;
  return { code: '00' };
}

interface Place {
  readonly terminalId: string;
  readonly batch: string;
  readonly trace: string;
}

function placeOf({ fields }: HostMessage): Place | undefined {
  const [, batch] = /^\d{2}(\d{6})/.exec(fields.get(60) ?? '') ?? [];
  const trace = fields.get(11);
  if (batch === undefined || trace === undefined) return undefined;
  return { terminalId: fields.get(41) ?? '', batch, trace };
}

/** The approved purchase that fields 37 and 61 name. */
function originalOf(desk: HostDesk, { fields }: HostMessage): Entry | undefined {
  const [, batch = '', trace = ''] = /^(\d{6})(\d{6})\d{4}$/.exec(fields.get(61) ?? '') ?? [];
  const entry = desk.books.find(fields.get(41) ?? '', batch, trace);
  const isRight = entry?.kind === 'purchase' && entry.state === 'approved' && entry.reference === fields.get(37);
  return isRight ? entry : undefined;
}

type NewEntry = Place & Pick<Entry, 'kind' | 'code' | 'amountFen' | 'cardId' | 'original'>;

function write(desk: HostDesk, fresh: NewEntry): Entry {
  const entry: Entry = {
    ...blank(desk, fresh, fresh.kind, fresh.amountFen),
    ...fresh,
    state: fresh.code === '00' ? 'approved' : 'declined',
    reference: desk.books.nextReference(desk.day),
  };
  return desk.books.add(entry);
}

function blank(desk: HostDesk, place: Place, kind: Entry['kind'], amountFen: number): Entry {
  const authCode = String((Number(place.trace) * 7919) % 1_000_000).padStart(6, '0');
  const common = { ...place, kind, amountFen, authCode, atMs: desk.nowMs, reference: '', returnedFen: 0 };
  return { ...common, state: 'declined', code: '' };
}
