import type { Answered } from '../../../src/phone-link/answer.ts';
import { FeeDesk } from '../../../src/terminal/fees/fee-desk.svelte.ts';
import type { Key } from '../../../src/terminal/flow/keys.ts';
import type { PrintOutcome } from '../../../src/terminal/printing.svelte.ts';
import { lineText } from '../../../protocol/receipt/layout.ts';
import { MemoryKept, settle } from '../terminal-app/bench.ts';
import { FakeFees } from './fake-fees.ts';
import { FakeHost } from './fake-host.ts';
import { id } from './make.ts';

/** The desk for fees over a server, a phone and a printer in memory. Time passes only by `pass`. */
export class FeesBench {
  readonly server = new FakeFees();
  readonly kept = new MemoryKept();
  readonly papers: string[] = [];
  readonly spoken: string[] = [];
  readonly left: boolean[] = [];
  hosts: FakeHost[] = [];
  printOutcome: PrintOutcome = { ok: true, printer: 'secure-device' };
  nowMs = Date.parse('2026-11-24T06:34:00.000Z');
  isSlow = false;
  /** What was scanned, and the code that a phone was given for it. */
  readonly scanned: (readonly [text: string, own: string | undefined])[] = [];
  answered: Answered = 'sent';
  #made = 4_096;
  #sleepers: { untilMs: number; wake: () => void }[] = [];
  desk: FeeDesk = this.#desk();

  /** The phone's side of the newest code. */
  get host(): FakeHost {
    const host = this.hosts.at(-1);
    if (host === undefined) throw new Error('No code was made');
    return host;
  }

  /** Where the desk stands: the screen, and of a quote its stage. */
  get place(): string {
    const { screen, payment } = this.desk;
    return screen.at === 'bill' ? `bill ${payment.stage ?? 'none'}` : screen.at;
  }

  async press(...keys: readonly Key[]): Promise<void> {
    for (const key of keys) {
      this.desk.press(key);
      await settle();
    }
  }

  async type(digits: string): Promise<void> {
    await this.press(...([...digits] as Key[]));
  }

  /** From the list of services to the household. */
  async toHousehold({ number, secret } = this.server.right): Promise<void> {
    await this.desk.open();
    await this.press('1', '1');
    await this.type(number);
    await this.press('confirm');
    await this.type(secret);
    await this.press('confirm');
  }

  /** To the code of the only bill. */
  async toCode(): Promise<void> {
    await this.toHousehold();
    await this.press('1');
    this.host.show();
  }

  /** The phone chooses a channel. */
  async choose(payId = id(77), totalFen = this.desk.payment.document?.totalFen ?? 0): Promise<void> {
    const quoteId = this.desk.payment.view?.quoteId ?? '';
    this.host.say({ type: 'choose', payId, quoteId, channel: 'wechat-pay', totalFen });
    await settle();
  }

  /** Lets `ms` pass in steps, as the screen's second hand does. */
  async pass(ms: number, stepMs = 1_000): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.nowMs += stepMs;
      const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.nowMs);
      this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.nowMs);
      for (const { wake } of due) wake();
      this.desk.tick();
      await settle();
    }
  }

  /** The power goes; another desk comes up over what is kept. */
  powerCut(): void {
    this.#sleepers = [];
    this.hosts = [];
    this.desk = this.#desk();
  }

  #desk(): FeeDesk {
    return new FeeDesk({
      api: this.server,
      kept: this.kept,
      host: (options) => {
        const host = new FakeHost(options);
        this.hosts.push(host);
        return host;
      },
      answerPhone: async (text, own) => {
        this.scanned.push([text, own]);
        return this.answered;
      },
      print: async (lay) => {
        if (this.printOutcome.ok)
          this.papers.push(
            lay(32)
              .map((line) => lineText(line, 32))
              .join('\n'),
          );
        return this.printOutcome;
      },
      now: () => this.nowMs,
      serverNow: () => this.nowMs,
      newId: () => id((this.#made += 1)),
      pause: (ms, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) return resolve();
          this.#sleepers.push({ untilMs: this.nowMs + ms, wake: resolve });
          signal.addEventListener('abort', () => resolve());
        }),
      pollMs: () => 2_000,
      language: () => 'en',
      isSlow: () => this.isSlow,
      say: (text) => void this.spoken.push(text),
      choose: () => undefined,
      leave: (isOff) => void this.left.push(isOff),
    });
  }
}
