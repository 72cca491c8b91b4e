import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import type { EventBody, Reply } from '../../../protocol/cable/v1/services/table.ts';
import type { AppScreen } from '../../../protocol/http/terminal-app.ts';
import type * as cardCalls from '../../device/card.ts';
import type { AskError, CardCiphertext, PrintError, SignedPairing } from '../../device/card.ts';
import type { DeviceSession } from '../../device/session.svelte.ts';
import type { PrinterChoice } from './printer-ports.ts';

type CardRead = Reply<'card.read'>;
type CardCalls = typeof cardCalls;
/** How far a card is read. */
export type CardStage = EventBody<'card.stage'>;

/** Why no card came of a reading: the device's outcome, or the cable. */
export type CardProblem = Exclude<CardRead['outcome'], 'read'> | 'no-cable' | 'cable-lost';
/** Why the device did not sign a pairing. `locked`: it locked itself, and pairs only when it was unlocked. */
export type PairProblem = Exclude<Reply<'app.pair'>['outcome'], 'signed'> | 'locked' | 'no-cable' | 'cable-lost';

/** What a reading is for. */
export interface CardQuestion {
  readonly amountFen: number;
  readonly orderNo: string;
  readonly language: 'zh' | 'en';
}

/** How long the device waits for a card, seconds. */
const cardWaitSeconds = 45;

/** The terminal's own secure device, over its cable: it signs the pairing, reads cards, takes PINs and prints. */
export class TerminalDevice {
  readonly #open: () => Promise<DeviceSession>;
  #opened: Promise<DeviceSession> | undefined;
  /** The cable; absent until `open`. */
  session = $state.raw<DeviceSession>();
  /** How far the reading is; undefined when none runs. */
  stage = $state.raw<CardStage>();
  /** What the device's printer last said of its paper. */
  paper = $state<AppScreen['paper']>();

  constructor(open: () => Promise<DeviceSession>) {
    this.#open = open;
  }

  /** The cable, with its code fetched: nobody needs it before the first screen. Rejects when it cannot be fetched. */
  open(): Promise<DeviceSession> {
    this.#opened ??= this.#open().then(
      (session) => {
        session.onEvent((event) => {
          if (event.name === 'card.stage' && this.stage !== undefined) this.stage = event.body;
        });
        this.session = session;
        return session;
      },
      (cause: unknown) => {
        this.#opened = undefined;
        throw cause;
      },
    );
    return this.#opened;
  }

  /** What the office's board says about the cable. */
  get cable(): AppScreen['cable'] {
    const { state, hello } = this.session ?? {};
    if (state === 'ready') return hello?.state === 'LOCKED' ? 'locked' : 'connected';
    return hello === undefined ? 'none' : 'lost';
  }

  get isReady(): boolean {
    return this.session?.state === 'ready';
  }

  /** Asks the device to state, signed, that this app belongs to it; a person confirms on its keypad. */
  async signPairing(appPublicKey: Uint8Array, code: string): Promise<Result<SignedPairing, PairProblem>> {
    const [session, { askErrors, signPairing }] = await this.#asking();
    const signed = await signPairing(session, appPublicKey, code);
    if (!signed.ok && signed.error === 'not-in-state') return err('locked');
    return signed.ok ? signed : err(problemOf(signed.error, askErrors));
  }

  /**
   * Sees to it that the card reader has a key: `fetchKey` brings one from the acquirer, wrapped for this device. A device
   * that cannot be asked says so itself when a card is read.
   */
  async ensureCardKey(fetchKey: () => Promise<string | undefined>): Promise<void> {
    if (!this.isReady) return;
    const [session, { cardKeyStatus, loadCardKey }] = await this.#asking();
    const status = await cardKeyStatus(session);
    if (!status.ok || status.value.state === 'ready' || !status.value.hasAcquirer) return;
    const keyBlock = await fetchKey();
    if (keyBlock !== undefined) await loadCardKey(session, keyBlock);
  }

  /** Reads a card and takes its PIN. Card number and PIN come as ciphertext only. */
  async readCard(question: CardQuestion): Promise<Result<CardCiphertext, CardProblem>> {
    if (!this.isReady) return err('no-cable');
    this.stage = { stage: 'waiting', digits: 0 };
    const [session, { askErrors, readCard }] = await this.#asking();
    const read = await readCard(session, { ...question, timeoutSeconds: cardWaitSeconds, wantsPin: true });
    this.stage = undefined;
    return read.ok ? read : err(problemOf(read.error, askErrors));
  }

  /** Prints a receipt's ESC/POS bytes on the device's own printer. */
  async print(bytes: Uint8Array): Promise<Result<void, PrintError>> {
    const job = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const [session, { printEscpos }] = await this.#asking();
    const printed = await printEscpos(session, bytes, job);
    if (printed.ok) this.paper = printed.value;
    else if (printed.error === 'out-of-paper') this.paper = 'out';
    return printed.ok ? ok(undefined) : printed;
  }

  /** Ends a reading. */
  async cancelCard(): Promise<void> {
    if (this.stage === undefined) return;
    const [session, { cancelRead }] = await this.#asking();
    await cancelRead(session);
  }

  #asking(): Promise<readonly [DeviceSession, CardCalls]> {
    return Promise.all([this.open(), import('../../device/card.ts')]);
  }
}

/** What a person is told: a device that answers badly is no better than one that is not there. */
function problemOf<E extends string>(
  error: E | AskError,
  askErrors: readonly string[],
): Exclude<E, AskError> | 'no-cable' | 'cable-lost' {
  if (askErrors.includes(error)) return error === 'no-cable' ? 'no-cable' : 'cable-lost';
  return error as Exclude<E, AskError>;
}

/** A cable of the browser's, with its code fetched; it leaves the receipt printer's port alone. */
export async function openSession(printer: () => Promise<PrinterChoice | undefined>): Promise<DeviceSession> {
  const [{ DeviceSession: Session }, { browserEnvironment }, { portsForCable }] = await Promise.all([
    import('../../device/session.svelte.ts'),
    import('../../device/environment.ts'),
    import('./printer-ports.ts'),
  ]);
  const environment = browserEnvironment();
  const { serial } = environment;
  if (serial === undefined) return new Session(environment);
  return new Session({ ...environment, serial: { ...serial, serial: portsForCable(serial.serial, printer) } });
}
