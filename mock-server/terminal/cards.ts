import { cmac } from '@noble/ciphers/aes.js';
import { concatBytes, hexDecode, u16Be } from '../../protocol/bytes.ts';
import type { CardFacts } from '../../protocol/card/card-data.ts';

/** A simulated card as the reader meets it. */
export interface ReadableCard {
  /** Name on the bench, `[a-z0-9-]`. */
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly pan: string;
  /** `yyMM`. */
  readonly expiry: string;
  /** Three digits; the first one 2 or 6 means that the card has a chip. */
  readonly serviceCode: string;
  /** Two digits. */
  readonly sequence: string;
  /** What its holder types. */
  readonly pin: string;
  readonly hasChip: boolean;
  readonly hasContactless: boolean;
  readonly stripe: 'good' | 'damaged';
  /** AES key of the chip, hex: makes its cryptograms. */
  readonly chipKey: string;
}

/** How a card can be given to the reader. */
export const cardEntryNames = ['chip', 'contactless', 'magstripe'] as const;
/** One way of giving a card. */
export type CardEntryName = (typeof cardEntryNames)[number];

/** The payment for which a chip makes a cryptogram. */
export interface ChipAsk {
  readonly amountFen: number;
  /** 4 bytes from the device. */
  readonly unpredictable: Uint8Array;
  /** The chip's own counter of transactions. */
  readonly counter: number;
}

function bcd(value: string, bytes: number): Uint8Array {
  return hexDecode(value.padStart(2 * bytes, '0')) ?? new Uint8Array(bytes);
}

/** Data elements that go into the cryptogram, in this order (EMV Book 2, table 26, shortened to what varies here). */
function chipTags(card: ReadableCard, ask: ChipAsk): ReadonlyMap<string, Uint8Array> {
  const asked = new Map<string, Uint8Array>([
    ['9f02', bcd(String(ask.amountFen), 6)],
    ['9f1a', bcd('0156', 2)],
    ['5f2a', bcd('0156', 2)],
    ['9f37', ask.unpredictable],
    ['82', Uint8Array.of(0x7c, 0x00)],
    ['9f36', u16Be(ask.counter)],
  ]);
  const cryptogram = cmac(concatBytes(...asked.values()), hexDecode(card.chipKey) ?? new Uint8Array(16)).slice(0, 8);
  return new Map([['9f26', cryptogram], ['9f27', Uint8Array.of(0x80)], ...asked]);
}

/** What the reader gets from the card. The stripe has no sequence and no cryptogram. */
export function factsOf(card: ReadableCard, entry: CardEntryName, ask: ChipAsk): CardFacts {
  const { pan, expiry, serviceCode, sequence } = card;
  const track2 = `${pan}D${expiry}${serviceCode}0000012300`.slice(0, 37);
  // The last day of the month is not on the card; 31 stands for it, as issuers do in tag 5F24.
  const facts = { pan, expiry: `${expiry}31`, track2 };
  return entry === 'magstripe' ? facts : { ...facts, sequence, chip: chipTags(card, ask) };
}

/** The reader's mechanics: what is in the slot, whether or not there is power. */
export class CardSlot {
  #inserted: ReadableCard | undefined;
  readonly #counters = new Map<string, number>();
  /** The card in the slot has been read already: it must come out before it can pay again. */
  wasRead = false;

  /** The card in the slot. */
  get inserted(): ReadableCard | undefined {
    return this.#inserted;
  }

  /** Puts a card in; false when one is in already. */
  insert(card: ReadableCard): boolean {
    if (this.#inserted !== undefined) return false;
    this.#inserted = card;
    this.wasRead = false;
    return true;
  }

  /** Takes the card out; false when none is in. */
  takeOut(): boolean {
    const wasIn = this.#inserted !== undefined;
    this.#inserted = undefined;
    return wasIn;
  }

  /** The next transaction number of a card's chip. */
  nextCounter(card: ReadableCard): number {
    const counter = (this.#counters.get(card.id) ?? 0) + 1;
    this.#counters.set(card.id, counter);
    return counter;
  }
}
