import type { QuoteView } from '../../../protocol/http/fees-terminal.ts';
import type { QuoteDocument, SignedDocument } from '../../../protocol/fees/documents.ts';
import type { PhoneMessage, TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { HostOptions, HostState, LinkFailure, LinkHost } from '../../phone-link/contract.ts';
import { mustConfirm } from './flow/fee-stage.ts';
import { nextCode } from './flow/link-plan.ts';

/** What the link of a quote is wired to. */
export interface FeeLinkTools {
  host(options: Pick<HostOptions, 'onState' | 'onMessage'>): LinkHost;
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** A message of the phone that is not about the link itself. */
  onMessage(message: PhoneMessage): void;
}

/** The quote that a phone is given. */
export interface Offered {
  readonly signed: SignedDocument;
  readonly document: QuoteDocument;
}

/**
 * The codes of one quote: one after the other until a phone has joined, and again when it left. Obligations: one host at
 * a time; an older host changes nothing; after two phones or other digits nothing is paid before the digits were confirmed.
 */
export class FeeLink {
  readonly #tools: FeeLinkTools;
  #host: LinkHost | undefined;
  #life = new AbortController();
  #offered: Offered | undefined;
  /** Codes since a hand was last at the terminal. */
  #codes = 0;
  #wereTwoPhones = false;
  /** No new code: a payment is under way, its phone may come back to the old one. */
  #isHeld = false;

  state = $state.raw<HostState>();
  isSame = $state(false);
  /** Why the last code ended. */
  lost = $state<LinkFailure>();
  /** No code comes by itself any more; a key brings one. */
  isResting = $state(false);

  constructor(tools: FeeLinkTools) {
    this.#tools = tools;
  }

  /** True when nothing may be paid before somebody at the terminal has confirmed the digits. */
  get needsDigits(): boolean {
    return this.#offered !== undefined && mustConfirm(this.#offered.document, this.#wereTwoPhones);
  }

  get isJoined(): boolean {
    return this.state?.phase === 'joined';
  }

  /** Shows a code for another quote: what happened to the codes of the one before is no concern of it. */
  begin(offered: Offered): void {
    this.#wereTwoPhones = false;
    this.open(offered);
  }

  /** Shows a code for this quote; also again, after a payment that came to nothing. */
  open(offered: Offered): void {
    this.close('done');
    this.#offered = offered;
    this.#isHeld = false;
    this.#codes = 0;
    this.lost = undefined;
    this.#make();
  }

  /** The quote was made anew: a phone that is there is told. */
  replace(offered: Offered, changed: QuoteView['changed'] = []): void {
    this.#offered = offered;
    const news = { type: 'stage', stage: 'changed', quote: offered.signed } as const;
    // A long quote leaves no room for the reasons; that it is another one must arrive in any case.
    if (!this.send({ ...news, changed })) this.send(news);
    if (this.needsDigits) this.isSame = false;
  }

  /** A payment runs: its phone may be away. */
  hold(is: boolean): void {
    this.#isHeld = is;
    if (!is && this.state?.phase === 'over') this.renew();
  }

  /** The digits are the same on both screens. */
  same(): void {
    if (!this.isJoined) return;
    this.isSame = true;
    this.lost = undefined;
    this.send({ type: 'confirmed' });
  }

  /** They are not: whoever joined is sent away. */
  notSame(): void {
    this.#wereTwoPhones = true;
    this.#end('not-same');
    this.#after('not-same');
  }

  /** A hand asks for a code. */
  renew(): void {
    if (this.#offered === undefined || this.isJoined) return;
    this.#codes = 0;
    if (this.state?.phase === 'showing' || this.state?.phase === 'starting') return;
    this.#make();
  }

  send(message: TerminalMessage): boolean {
    return this.isJoined && (this.#host?.send(message) ?? false);
  }

  /** Ends it; no further code comes. */
  close(reason: Parameters<LinkHost['close']>[0]): void {
    this.#offered = undefined;
    this.#end(reason);
  }

  #end(reason: Parameters<LinkHost['close']>[0]): void {
    this.#life.abort();
    this.#life = new AbortController();
    const host = this.#host;
    this.#host = undefined;
    this.state = undefined;
    this.isSame = false;
    this.isResting = false;
    host?.close(reason);
  }

  #make(): void {
    this.#end('done');
    const life = this.#life;
    this.#codes += 1;
    const isCurrent = (): boolean => life === this.#life && !life.signal.aborted;
    this.#host = this.#tools.host({
      onState: (state) => {
        if (isCurrent()) this.#heard(state);
      },
      onMessage: (message) => {
        if (isCurrent()) this.#said(message);
      },
    });
    this.state ??= this.#host.state;
  }

  #heard(state: HostState): void {
    const wasJoined = this.isJoined;
    this.state = state;
    if (state.phase === 'joined' && !wasJoined && this.#offered !== undefined) {
      this.send({ type: 'bill', quote: this.#offered.signed, confirm: this.needsDigits });
    }
    if (state.phase === 'starting' || state.phase === 'showing') this.#isReached(state.failure);
    if (state.phase !== 'over') return;
    if (state.failure === 'two-phones') this.#wereTwoPhones = true;
    if (!this.#isHeld) this.#after(state.failure ?? 'ended');
  }

  /** Whether phones can come: said while they cannot, and no longer when they can again. */
  #isReached(failure: LinkFailure | undefined): void {
    if (failure !== undefined) this.lost = failure;
    else if (this.lost === 'no-connection') this.lost = undefined;
  }

  #said(message: PhoneMessage): void {
    if (message.type === 'bye' && !this.#isHeld) {
      this.#end('done');
      this.#after('ended');
    } else this.#tools.onMessage(message);
  }

  /** A code has ended: says why, and brings the next one. */
  #after(failure: LinkFailure): void {
    // A code that nobody used and whose time is over is no news.
    this.lost = failure === 'expired' ? this.lost : failure;
    if (this.#offered === undefined) return;
    const next = nextCode(failure, this.#codes);
    if (next.do === 'now') this.#make();
    else if (next.do === 'ask') this.isResting = true;
    else void this.#later(next.ms);
  }

  async #later(ms: number): Promise<void> {
    const life = this.#life;
    await this.#tools.pause(ms, life.signal);
    if (life === this.#life && this.#offered !== undefined) this.#make();
  }
}
