import { simulatedCards } from './cards.ts';
import type { SimulatedCard } from './cards.ts';
import { isChipRight } from './sealed-card.ts';
import type { OpenedCard } from './sealed-card.ts';

/** Above this, in fen, a PIN is needed however the card is read; a stripe always needs one. */
const noPinMaxFen = 100_000;
const wrongPinsMax = 3;

/** What stands behind a card. Kept in the stand-in's state, without number or PIN. */
export interface CardAccount {
  balanceFen: number;
  wrongPins: number;
  /** Shanghai day of the last payment, and payments on it. */
  day: string;
  payments: number;
}

interface Terms {
  readonly balanceFen: number;
  readonly singleMaxFen?: number;
  readonly paymentsADay?: number;
  readonly code?: '41' | '91';
}

/** The terms of cards that are not like the first one, by id. */
const terms: Readonly<Record<string, Terms>> = {
  credit: { balanceFen: 2_000_000, singleMaxFen: 50_000 },
  poor: { balanceFen: 1_000 },
  lost: { balanceFen: 1_000_000, code: '41' },
  silent: { balanceFen: 1_000_000, code: '91' },
  counted: { balanceFen: 1_000_000, paymentsADay: 2 },
};

/** Cards that no issuer knows. */
const strangers: readonly string[] = ['stranger'];

/** The simulated issuer: decides about payments and keeps balances. */
export class Issuer {
  readonly #accounts: Record<string, CardAccount>;

  constructor(accounts: Record<string, CardAccount>) {
    this.#accounts = accounts;
  }

  /**
   * Decides about a payment and takes the money when it approves.
   * @returns field 39 and the card's id; the id is absent when nobody knows the card.
   */
  decide(opened: OpenedCard, amountFen: number, day: string): { readonly code: string; readonly cardId?: string } {
    const card = simulatedCards.find(({ pan }) => pan === opened.pan);
    if (card === undefined || strangers.includes(card.id)) return { code: '14' };
    const code = this.#refusal(card, opened, amountFen, day) ?? '00';
    if (code === '00') {
      const account = this.account(card.id);
      account.balanceFen -= amountFen;
      account.payments = (account.day === day ? account.payments : 0) + 1;
      account.day = day;
    }
    return { code, cardId: card.id };
  }

  /** Gives money back, or takes it again when `amountFen` is below zero. */
  giveBack(cardId: string, amountFen: number): void {
    this.account(cardId).balanceFen += amountFen;
  }

  /** What stands behind a card. */
  account(cardId: string): CardAccount {
    const fresh = { balanceFen: terms[cardId]?.balanceFen ?? 5_000_000, wrongPins: 0, day: '', payments: 0 };
    return (this.#accounts[cardId] ??= fresh);
  }

  #refusal(card: SimulatedCard, opened: OpenedCard, amountFen: number, day: string): string | undefined {
    const account = this.account(card.id);
    const its = terms[card.id];
    if (its?.code !== undefined) return its.code;
    // A card is good to the end of its month: compare yyMM with yyMM.
    if (`20${card.expiry}` < day.slice(0, 7).replace('-', '') || !opened.expiry.startsWith(card.expiry)) return '54';
    if (opened.entry !== 'magstripe' && !isChipRight(opened, card.chipKey, amountFen)) return '05';
    if (opened.entry === 'magstripe' && card.hasChip) return '57';
    const pin = this.#pinRefusal(card, opened, amountFen, account);
    if (pin !== undefined) return pin;
    if (amountFen > (its?.singleMaxFen ?? Infinity)) return '61';
    if (account.day === day && account.payments >= (its?.paymentsADay ?? Infinity)) return '65';
    return amountFen > account.balanceFen ? '51' : undefined;
  }

  #pinRefusal(card: SimulatedCard, opened: OpenedCard, amountFen: number, account: CardAccount): string | undefined {
    if (account.wrongPins >= wrongPinsMax) return '75';
    const isNeeded = opened.entry === 'magstripe' || amountFen > noPinMaxFen;
    if (opened.pin === undefined) return isNeeded ? '55' : undefined;
    if (opened.pin === card.pin) {
      account.wrongPins = 0;
      return undefined;
    }
    account.wrongPins += 1;
    return account.wrongPins >= wrongPinsMax ? '75' : '55';
  }
}
