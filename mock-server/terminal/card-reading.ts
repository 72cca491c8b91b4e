import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { utf8Encode } from '../../protocol/bytes.ts';
import { encipherCardData, encodeCardData } from '../../protocol/card/card-data.ts';
import { encipherPin, pinDigits } from '../../protocol/card/pin-block.ts';
import type { DeviceErrorCode } from '../../protocol/cable/v1/errors.ts';
import type { Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import { decodeParameters } from '../../protocol/unlock/v1/parameters.ts';
import { cardKeyStatus, takeTransaction } from './card-key.ts';
import { factsOf } from './cards.ts';
import type { CardEntryName, ReadableCard } from './cards.ts';
import type { Firmware } from './firmware.ts';
import { deviceLimits } from './limits.ts';
import type { CardStage, Signal } from './prompt-desk.ts';

type Request = Params<'card.read'>;
type CardReply = Reply<'card.read'>;
type Refusal = Exclude<CardReply['outcome'], 'read'>;

/** A card that was given to the reader. */
interface Given {
  readonly entry: CardEntryName;
  readonly card: ReadableCard;
}

/** Visible parts of reading a chip, each `tuning.stepMs` long. */
const readingSteps = 6;
const nothing = new Uint8Array(0);

function refused(outcome: Refusal): CardReply {
  return { outcome, entry: '', ksn: nothing, data: nothing, pinKsn: nothing, pinBlock: nothing, tail: '' };
}

/** The largest payment that the present state allows, in fen; undefined when it takes none at all. */
function limitFen({ core }: Firmware): number | undefined {
  if (core.state === 'PROBATION') return core.probationLimitFen;
  if (core.state !== 'NORMAL') return undefined;
  const parameters = decodeParameters(utf8Encode(core.parameters));
  return parameters.ok ? parameters.value.transactionLimitFen : Infinity;
}

/** What stands in the way before a person is bothered. */
function earlyRefusal(firmware: Firmware, request: Request): Refusal | undefined {
  const limit = limitFen(firmware);
  if (limit === undefined) return 'locked';
  if (firmware.body.isBroken('card-reader')) return 'reader-broken';
  const { state } = cardKeyStatus(firmware);
  if (state !== 'ready') return state === 'none' ? 'no-key' : 'key-ended';
  return request.amountFen > limit ? 'over-limit' : undefined;
}

/** One reading from the first prompt to the ciphertext. */
class Reading {
  readonly #firmware: Firmware;
  readonly #request: Request;

  constructor(firmware: Firmware, request: Request) {
    this.#firmware = firmware;
    this.#request = request;
  }

  async run(): Promise<CardReply> {
    const given = await this.#waitForCard();
    if (typeof given === 'string') return refused(given);
    const fault = await this.#readCard(given);
    if (fault !== undefined) return refused(fault);
    const pin = this.#request.wantsPin ? await this.#enterPin(given) : undefined;
    if (pin !== undefined && 'refusal' in pin) return refused(pin.refusal);
    return this.#encipher(given, pin?.digits);
  }

  #show(stage: CardStage, digits = 0): void {
    const { amountFen, language } = this.#request;
    this.#firmware.desk.show({ kind: 'card', stage, amountFen, language, digits });
    this.#firmware.tell({ type: 'card', stage, digits });
    this.#firmware.tell({ type: 'screen' });
  }

  /** What ends the reading at any stage; undefined for what does not. */
  #ends(signal: Signal): Refusal | undefined {
    switch (signal.type) {
      case 'timeout':
        return 'timeout';
      case 'cancel':
        return 'cancelled';
      case 'locked':
        return 'locked';
      case 'key':
        return signal.key === 'cancel' ? 'cancelled' : undefined;
      default:
        return undefined;
    }
  }

  async #waitForCard(): Promise<Given | Refusal> {
    const { desk, body } = this.#firmware;
    const deadlineMs = desk.nowMs() + this.#request.timeoutSeconds * 1000;
    this.#show('waiting');
    const { inserted, wasRead } = body.slot;
    if (inserted !== undefined && !wasRead) return { entry: 'chip', card: inserted };
    for (;;) {
      const signal = await desk.next(deadlineMs);
      if (signal.type === 'card') return { entry: signal.entry, card: signal.card };
      const refusal = this.#ends(signal);
      if (refusal !== undefined) return refusal;
    }
  }

  /** Talks to the card for a while. The reason when that fails. */
  async #readCard({ entry, card }: Given): Promise<Refusal | undefined> {
    const { desk, tuning } = this.#firmware;
    this.#show('reading');
    if (entry === 'magstripe') {
      if (card.stripe === 'damaged') return 'swipe-unreadable';
      return /^[26]/.test(card.serviceCode) ? 'use-chip' : undefined;
    }
    const untilMs = desk.nowMs() + readingSteps * (tuning.stepMs ?? 0);
    while (desk.nowMs() < untilMs) {
      const signal = await desk.next(untilMs);
      if (signal.type === 'removed' && entry === 'chip') return 'chip-removed';
      if (signal.type === 'timeout') break;
      const refusal = this.#ends(signal);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  async #enterPin({ entry }: Given): Promise<{ readonly digits: string } | { readonly refusal: Refusal }> {
    const { desk } = this.#firmware;
    const deadlineMs = desk.nowMs() + deviceLimits.promptMs;
    for (let digits = ''; ;) {
      this.#show('enter-pin', digits.length);
      const signal = await desk.next(deadlineMs);
      if (signal.type === 'removed' && entry === 'chip') return { refusal: 'chip-removed' };
      const refusal = this.#ends(signal);
      if (refusal !== undefined) return { refusal };
      if (signal.type !== 'key') continue;
      if (signal.key === 'clear') digits = digits.slice(0, -1);
      else if (signal.key !== 'enter') digits = (digits + signal.key).slice(0, pinDigits.most);
      else if (digits.length >= pinDigits.least) return { digits };
    }
  }

  /** The counter becomes durable first; then the ciphertexts are made, and the keys are zeroed. */
  #encipher({ entry, card }: Given, pin: string | undefined): CardReply {
    const { body, random } = this.#firmware;
    const taken = takeTransaction(this.#firmware);
    if (!taken.ok) return refused(taken.error === 'none' ? 'no-key' : 'key-ended');
    const { ksn, ...keys } = taken.value;
    const ask = {
      amountFen: this.#request.amountFen,
      unpredictable: random(4),
      counter: entry === 'magstripe' ? 0 : body.slot.nextCounter(card),
    };
    const plain = encodeCardData(factsOf(card, entry, ask));
    const data = encipherCardData(keys.data, random(16), plain);
    const pinBlock = pin === undefined ? nothing : encipherPin(keys.pin, pin, card.pan, random(8));
    for (const secret of [plain, ...Object.values(keys)]) secret.fill(0);
    if (entry === 'chip') body.slot.wasRead = true;
    const pinKsn = pin === undefined ? nothing : ksn;
    return { outcome: 'read', entry, ksn, data, pinKsn, pinBlock, tail: card.pan.slice(-4) };
  }
}

/**
 * Reads a card for one payment: the amount stands on the device's screen, the PIN is typed on its keypad, and only
 * ciphertext leaves. `busy` while another conversation runs. Every other outcome is in the reply.
 */
export async function readCard(firmware: Firmware, request: Request): Promise<Result<CardReply, DeviceErrorCode>> {
  const { desk, body } = firmware;
  if (request.amountFen === 0) return err('bad-params', 'amountFen');
  if (request.timeoutSeconds === 0) return err('bad-params', 'timeoutSeconds');
  if (desk.prompt !== undefined) return err('busy', 'the device is asking something else');
  const early = earlyRefusal(firmware, request);
  if (early !== undefined) return ok(refused(early));
  const stopListening = firmware.listen((event) => {
    if (event.type === 'state' && limitFen(firmware) === undefined) desk.signal({ type: 'locked' });
  });
  try {
    return ok(await new Reading(firmware, request).run());
  } finally {
    stopListening();
    desk.end();
    firmware.tell({ type: 'card', stage: body.slot.inserted === undefined ? 'ended' : 'remove-card', digits: 0 });
    firmware.tell({ type: 'screen' });
  }
}
