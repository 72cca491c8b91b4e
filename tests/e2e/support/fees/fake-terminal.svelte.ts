import { mount } from 'svelte';
import type { AppHome } from '../../../../protocol/http/terminal-app.ts';
import { failure } from '../../../../src/api/failures.ts';
import { i18n } from '../../../../src/i18n/i18n.svelte.ts';
import { shared } from '../../../../src/i18n/shared.ts';
import { feesText } from '../../../../src/i18n/terminal-fees.ts';
import { terminalText } from '../../../../src/i18n/terminal.ts';
import Desk from '../../../../src/terminal/Desk.svelte';
import { TerminalDesk } from '../../../../src/terminal/desk.svelte.ts';
import type { DeskTools } from '../../../../src/terminal/desk.svelte.ts';
import { FeeDesk } from '../../../../src/terminal/fees/fee-desk.svelte.ts';
import type { OpenBill } from '../../../../src/terminal/fees/flow/household.ts';
import type { PrintOutcome } from '../../../../src/terminal/printing.svelte.ts';
import { FakeFees } from '../../../unit/terminal-fees/fake-fees.ts';
import { FakeHost } from '../../../unit/terminal-fees/fake-host.ts';
import { bill, household, id, menu } from '../../../unit/terminal-fees/make.ts';

/** Server, phone, printer and clock of the terminal, played by a test; it lies on `globalThis.bench`. */
class FakeTerminal {
  readonly server = new FakeFees();
  readonly make = { bill, household, menu };
  /** The payment that a phone asks for. */
  readonly payId = id(77);
  readonly hosts: FakeHost[] = [];
  printOutcome: PrintOutcome = { ok: true, printer: 'secure-device' };
  nowMs = $state(Date.parse('2026-11-24T06:34:00.000Z'));
  downSinceMs = $state<number>();
  readonly desk: TerminalDesk;
  readonly fees: FeeDesk;
  #made = 4_096;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  constructor() {
    this.desk = new TerminalDesk(this.#deskTools());
    this.fees = this.#feeDesk();
    this.desk.home = this.#home('桂园小区东门便利店');
    this.desk.fees = this.fees;
    this.desk.show({ at: 'fees' });
  }

  /** The code that stands on the screen. */
  get host(): FakeHost {
    const host = this.hosts.at(-1);
    if (host === undefined) throw new Error('No code was made');
    return host;
  }

  /** The household owes so many months, the last of them October. */
  owe(months: number, change: Partial<OpenBill> = {}): void {
    const bills = Array.from({ length: months }, (_value, place) => {
      const first = new Date(Date.UTC(2026, 10 - months + place, 1));
      const month = first.getUTCMonth() + 1;
      const day = (date: Date): string => date.toISOString().slice(0, 10);
      return bill(place + 1, {
        title: { zh: `${month} 月电费`, en: `Electricity, month ${month}` },
        from: day(first),
        to: day(new Date(Date.UTC(2026, 11 - months + place, 0))),
        dueOn: day(new Date(Date.UTC(2026, 11 - months + place, 20))),
        ...change,
      });
    });
    this.server.home = household({ bills });
  }

  /** The platform says that it is paid. */
  settle(): void {
    this.server.settle();
    this.fees.heard();
  }

  /** What the shop is called. */
  name(merchant: string): void {
    this.desk.home = this.#home(merchant);
  }

  /** The network is gone, or back. */
  cut(isDown: boolean): void {
    this.downSinceMs = isDown ? this.nowMs : undefined;
    this.server.isOffline = isDown;
  }

  /** Lets time pass as the second hand does. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.nowMs += 1_000;
      const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.nowMs);
      this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.nowMs);
      for (const { wake } of due) wake();
      this.fees.tick();
    }
  }

  #pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      this.#sleepers.push({ untilMs: this.nowMs + ms, wake: resolve });
      signal.addEventListener('abort', () => resolve());
    });

  #newId = (): string => id((this.#made += 1));

  #home(merchant: string): AppHome {
    return {
      terminal: { id: id(801), label: 'E1-01', place: '1 号收银台', serial: 'QT60-2551-00301' },
      merchant: { id: id(900), name: merchant },
      control: { state: 'active', reason: '' },
      routes: { routes: [] },
      refundFactorAboveFen: 0,
      now: new Date(this.nowMs).toISOString(),
    };
  }

  #kept(): DeskTools['kept'] {
    return { read: async () => undefined, write: async () => undefined };
  }

  #deskTools(): DeskTools {
    const isDown = (): number | undefined => this.downSinceMs;
    const network = {
      get isUp() {
        return isDown() === undefined;
      },
      get downSinceMs() {
        return isDown();
      },
    };
    const nothing = (): (() => void) => () => undefined;
    const link = {
      api: { call: async () => failure('offline') },
      events: { state: 'open', on: nothing, onReconnect: nothing, start: nothing, stop: nothing },
      network,
      fetch,
    };
    return {
      link: link as unknown as DeskTools['link'],
      kept: this.#kept(),
      device: { stage: undefined } as DeskTools['device'],
      printing: {} as DeskTools['printing'],
      ...{ newId: this.#newId, pause: this.#pause, now: () => this.nowMs },
      version: async () => 'test',
      chooseLanguage: async (language) => {
        await i18n.change(language);
        return true;
      },
      rest: () => undefined,
    };
  }

  #feeDesk(): FeeDesk {
    return new FeeDesk({
      ...{ api: this.server, kept: this.#kept(), newId: this.#newId, pause: this.#pause },
      host: (options) => {
        const host = new FakeHost(options);
        this.hosts.push(host);
        return host;
      },
      answerPhone: async () => 'answered',
      print: async () => this.printOutcome,
      now: () => this.nowMs,
      serverNow: () => this.nowMs,
      pollMs: () => 2_000,
      language: () => i18n.language,
      isSlow: () => this.desk.settings.isVoice || this.desk.settings.isLarge,
      say: () => undefined,
      choose: (setting) => this.desk.choose(setting),
      leave: () => undefined,
    });
  }
}

/** What a test sees on `globalThis.bench`. */
export type FakeTerminalBench = FakeTerminal;

i18n.start(navigator.languages);
await Promise.all([shared.load(), terminalText.load(), feesText.load()]);
const bench = new FakeTerminal();
Object.assign(globalThis, { bench });
document.documentElement.dataset['person'] = 'terminal';
document.body.replaceChildren();
mount(Desk, { target: document.body, props: { desk: bench.desk } });
await bench.fees.open();
