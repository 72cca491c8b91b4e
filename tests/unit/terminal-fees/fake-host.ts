import type { PhoneMessage, TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { HostOptions, HostState, LinkFailure, LinkHost } from '../../../src/phone-link/contract.ts';

/** One code and the phone that a test makes join it. */
export class FakeHost implements LinkHost {
  readonly #options: Pick<HostOptions, 'onState' | 'onMessage'>;
  state: HostState = { phase: 'starting', carrier: 'none' };
  readonly sent: TerminalMessage[] = [];
  closed: string | undefined;

  constructor(options: Pick<HostOptions, 'onState' | 'onMessage'>) {
    this.#options = options;
  }

  send(message: TerminalMessage): boolean {
    if (this.state.phase === 'over') return false;
    this.sent.push(message);
    return true;
  }

  close(reason: string): void {
    if (this.state.phase === 'over') return;
    this.closed = reason;
    this.become({ phase: 'over', failure: 'ended' });
  }

  become(change: Partial<HostState>): void {
    this.state = { ...this.state, ...change };
    this.#options.onState(this.state);
  }

  show(): void {
    this.become({ phase: 'showing', code: 'https://till.example/l#code', linkId: 'l'.repeat(22), carrier: 'relay' });
  }

  join(digits = '47'): void {
    this.become({ phase: 'joined', digits });
  }

  fail(failure: LinkFailure): void {
    this.become({ phase: 'over', failure });
  }

  say(message: PhoneMessage): void {
    this.#options.onMessage(message);
  }

  /** The types of what the phone was sent, in order. */
  get told(): readonly string[] {
    return this.sent.map((message) => (message.type === 'stage' ? `stage ${message.stage}` : message.type));
  }
}
