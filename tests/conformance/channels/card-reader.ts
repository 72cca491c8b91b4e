import { randomBytes } from 'node:crypto';
import { simulatedCards } from '../../../mock-server/platforms/bank-card/cards.ts';
import type { SimulatedCard } from '../../../mock-server/platforms/bank-card/cards.ts';
import { acquirerPublicKey } from '../../../mock-server/platforms/bank-card/host.ts';
import { factsOf } from '../../../mock-server/terminal/cards.ts';
import { encipherCardData, encodeCardData } from '../../../protocol/card/card-data.ts';
import { dukptFromInitialKey, nextTransaction } from '../../../protocol/card/dukpt.ts';
import type { DukptState } from '../../../protocol/card/dukpt.ts';
import { agreeKbpk, openInitialKey } from '../../../protocol/card/initial-key.ts';
import { encipherPin } from '../../../protocol/card/pin-block.ts';
import { hexEncode } from '../../../protocol/bytes.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type { AgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type { CardCiphertext, Channel } from '../../../server/channels/channel.ts';

/** What a customer does with a card. */
export interface Reading {
  readonly card: string;
  readonly amountFen: number;
  readonly entry?: CardCiphertext['entry'];
  /** The card's own when absent; `none` when nobody is asked. */
  readonly pin?: string;
}

/** A card reader with a key from the acquirer, by the device's own code (protocol/card), without cable and screen. */
export class CardReader {
  readonly deviceId = randomBytes(8);
  readonly key: AgreementKey = softwareAgreementKey(randomBytes(32));
  /** The ciphertext of the last reading, base64url. */
  lastData = '';
  #dukpt: DukptState | undefined;
  #counter = 0;

  /** Fetches and opens a card key. Throws when the channel gives none or it does not open. */
  async load(channel: Channel): Promise<void> {
    const device = { deviceId: hexEncode(this.deviceId), publicKey: hexEncode(this.key.publicKey) };
    const given = await channel.cardKey?.(device);
    if (given?.kind !== 'key') throw new Error(`no card key: ${JSON.stringify(given)}`);
    const kbpk = agreeKbpk(this.key, acquirerPublicKey(), this.deviceId);
    const opened = openInitialKey(kbpk ?? new Uint8Array(32), given.keyBlock);
    if (!opened.ok) throw new Error(`the key block does not open: ${opened.error}`);
    this.#dukpt = dukptFromInitialKey(opened.value.key, opened.value.ikid);
  }

  /** Reads a card, as ciphertext. */
  read(reading: Reading): CardCiphertext {
    if (this.#dukpt === undefined) throw new Error('no card key is loaded');
    const next = nextTransaction(this.#dukpt);
    if (next === undefined) throw new Error('the key is used up');
    this.#dukpt = next.after;
    this.#counter += 1;
    const card = cardCalled(reading.card);
    const entry = reading.entry ?? (card.hasChip ? 'chip' : 'magstripe');
    const ask = { amountFen: reading.amountFen, unpredictable: randomBytes(4), counter: this.#counter };
    const plain = encodeCardData(factsOf(card, entry, ask));
    const { ksn, data, pin: pinKey } = next.keys;
    const pin = reading.pin ?? card.pin;
    const block = pin === 'none' ? undefined : encipherPin(pinKey, pin, card.pan, randomBytes(8));
    this.lastData = Buffer.from(encipherCardData(data, randomBytes(16), plain)).toString('base64url');
    return {
      entry,
      ksn: hexEncode(ksn),
      data: this.lastData,
      ...(block === undefined ? {} : { pin: { ksn: hexEncode(ksn), block: hexEncode(block) } }),
      tail: card.pan.slice(-4),
    };
  }
}

/** A simulated card by its id. */
export function cardCalled(id: string): SimulatedCard {
  const card = simulatedCards.find((one) => one.id === id);
  if (card === undefined) throw new Error(`no card is called ${id}`);
  return card;
}
