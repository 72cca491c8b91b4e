import type { Answered } from '../../phone-link/answer.ts';
import type { FeeLink } from './fee-link.svelte.ts';

/** What the scanning of phones is wired to. */
export interface PhoneScanTools {
  /** Gives the phone whose code was scanned this terminal's own code. */
  answerPhone(text: string, own: string | undefined): Promise<Answered>;
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** What the screen says. `silent`: the phone was answered and has not come. */
export type PhoneScanState = 'waiting' | 'sending' | Answered | 'silent';

/** A phone that was answered comes within a second or two. */
export const comesMs = 12_000;

/** The other direction: the terminal scans a code that the phone shows, and answers with the code of the quote in hand. */
export class PhoneScan {
  readonly #tools: PhoneScanTools;
  readonly #link: FeeLink;
  #life = new AbortController();

  state = $state<PhoneScanState>('waiting');
  isCameraOpen = $state(false);

  constructor(tools: PhoneScanTools, link: FeeLink) {
    this.#tools = tools;
    this.#link = link;
  }

  /** Begins anew, with a code to give. */
  begin(): void {
    this.#stop();
    this.state = 'waiting';
    this.#link.renew();
  }

  /** Lets everything go; an answer that is under way changes nothing any more. */
  end(): void {
    this.#stop();
  }

  toggleCamera(): void {
    this.isCameraOpen = !this.isCameraOpen;
  }

  /** Something was scanned. While one is being answered others are not looked at. */
  async take(text: string): Promise<void> {
    if (this.state === 'sending') return;
    this.#stop();
    const life = this.#life;
    this.state = 'sending';
    const answered = await this.#tools.answerPhone(text, this.#link.state?.code);
    if (life.signal.aborted) return;
    this.state = answered;
    if (answered !== 'sent') return;
    await this.#tools.pause(comesMs, life.signal);
    if (!life.signal.aborted && !this.#link.isJoined) this.state = 'silent';
  }

  #stop(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.isCameraOpen = false;
  }
}
