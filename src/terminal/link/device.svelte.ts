import { base64UrlEncode } from '../../../protocol/bytes.ts';
import type { EventBody, Reply } from '../../../protocol/cable/v1/services/table.ts';
import type { StartAttempt } from '../../../protocol/http/payments.ts';
import type { AppScreen } from '../../../protocol/http/terminal-app.ts';
import { browserEnvironment } from '../../device/environment.ts';
import { DeviceSession } from '../../device/session.svelte.ts';

type Card = NonNullable<StartAttempt['card']>;
type CardRead = Reply<'card.read'>;
/** How far a card is read. */
export type CardStage = EventBody<'card.stage'>;

/** Why no card came of a reading: the device's outcome, or the cable. */
export type CardProblem = Exclude<CardRead['outcome'], 'read'> | 'no-cable' | 'cable-lost';
/** Why the device did not sign a pairing. */
export type PairProblem = Exclude<Reply<'app.pair'>['outcome'], 'signed'> | 'no-cable' | 'cable-lost';

/** What a reading is for. */
export interface CardQuestion {
  readonly amountFen: number;
  readonly orderNo: string;
  readonly language: 'zh' | 'en';
}

/** How long the device waits for a card, seconds. */
const cardWaitSeconds = 45;
/** How long the whole reading may take, with the PIN, ms. */
const cardTimeoutMs = 115_000;
/** How long a person may take to confirm a pairing on the device's keypad, ms. */
const pairTimeoutMs = 70_000;

/** The terminal's own secure device, over its cable: it signs the pairing, reads cards, takes PINs and prints. */
export class TerminalDevice {
  readonly session: DeviceSession;
  /** How far the reading is; undefined when none runs. */
  stage = $state.raw<CardStage>();
  /** What the device's printer last said of its paper. */
  paper = $state<AppScreen['paper']>();

  constructor(session: DeviceSession = new DeviceSession(browserEnvironment())) {
    this.session = session;
    session.onEvent((event) => {
      if (event.name === 'card.stage' && this.stage !== undefined) this.stage = event.body;
    });
  }

  /** What the office's board says about the cable. */
  get cable(): AppScreen['cable'] {
    const { state, hello } = this.session;
    if (state === 'ready') return hello?.state === 'LOCKED' ? 'locked' : 'connected';
    return hello === undefined ? 'none' : 'lost';
  }

  get isReady(): boolean {
    return this.session.state === 'ready';
  }

  /** Asks the device to state, signed, that this app belongs to it; a person confirms on its keypad. */
  async signPairing(
    appPublicKey: Uint8Array,
    code: string,
  ): Promise<
    { readonly ok: true; readonly value: PairSignature } | { readonly ok: false; readonly error: PairProblem }
  > {
    if (!this.isReady) return { ok: false, error: 'no-cable' };
    const answer = await this.session.request('app.pair', { appPublicKey, code }, pairTimeoutMs);
    if (!answer.ok) return { ok: false, error: 'cable-lost' };
    const { outcome, statement, signature } = answer.value;
    if (outcome !== 'signed') return { ok: false, error: outcome };
    return { ok: true, value: { statement: base64UrlEncode(statement), signature: base64UrlEncode(signature) } };
  }

  /**
   * Sees to it that the card reader has a key: `fetchKey` brings one from the acquirer, wrapped for this device. A device
   * that cannot be asked says so itself when a card is read.
   */
  async ensureCardKey(fetchKey: () => Promise<string | undefined>): Promise<void> {
    if (!this.isReady) return;
    const status = await this.session.request('card.keyStatus', {});
    if (!status.ok || status.value.state === 'ready' || !status.value.hasAcquirer) return;
    const keyBlock = await fetchKey();
    if (keyBlock !== undefined) await this.session.request('card.loadKey', { keyBlock });
  }

  /** Reads a card and takes its PIN. Card number and PIN come as ciphertext only. */
  async readCard(
    question: CardQuestion,
  ): Promise<{ readonly ok: true; readonly value: Card } | { readonly ok: false; readonly error: CardProblem }> {
    if (!this.isReady) return { ok: false, error: 'no-cable' };
    this.stage = { stage: 'waiting', digits: 0 };
    const params = { ...question, timeoutSeconds: cardWaitSeconds, wantsPin: true };
    const answer = await this.session.request('card.read', params, cardTimeoutMs);
    this.stage = undefined;
    if (!answer.ok) return { ok: false, error: 'cable-lost' };
    const card = cardOf(answer.value);
    if (card !== undefined) return { ok: true, value: card };
    return { ok: false, error: answer.value.outcome === 'read' ? 'reader-broken' : answer.value.outcome };
  }

  /** Ends a reading. */
  async cancelCard(): Promise<void> {
    if (this.stage !== undefined) await this.session.request('card.cancel', {});
  }
}

/** A signed pairing, base64url. */
export interface PairSignature {
  readonly statement: string;
  readonly signature: string;
}

/** The reply as the server takes it; undefined when no card was read. */
export function cardOf(reply: CardRead): Card | undefined {
  const { outcome, entry, ksn, data, pinKsn, pinBlock, tail } = reply;
  if (outcome !== 'read' || entry === '') return undefined;
  const pin = pinBlock.length === 0 ? {} : { pin: { ksn: hex(pinKsn), block: hex(pinBlock) } };
  return { entry, ksn: hex(ksn), data: base64UrlEncode(data), ...pin, tail };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
