import type { KioskAppProps } from '../app/person.ts';
import { newId } from '../api/uuid.ts';
import { Ownership } from '../device/ownership.ts';
import type { ChannelLike, LocksLike } from '../device/ownership.ts';
import { i18n } from '../i18n/i18n.svelte.ts';
import { clock } from '../ui/clock.svelte.ts';
import { TerminalDesk } from './desk.svelte.ts';
import { openSession, TerminalDevice } from './link/device.svelte.ts';
import { BrowserKept } from './link/kept.ts';
import type { Identity, KeptStore } from './link/kept.ts';
import { TerminalLink } from './link/link.svelte.ts';
import type { Pairing } from './link/pairing.svelte.ts';
import { Printing } from './printing.svelte.ts';

/** Name of the lock that the one tab holds that is the terminal. */
export const terminalLock = 'tillkeeper-terminal';

/**
 * `starting`: not known yet. `other-tab`: another tab is the terminal. `no-store`: what this browser keeps cannot be read,
 * so it is not known who it is and what it was doing. `working`: paired; the desk runs.
 */
export type KioskPhase = 'starting' | 'other-tab' | 'no-store' | 'pairing' | 'working';

/** Everything of the terminal's app above its desk: one tab at a time, paired or not, and the cable. */
export class Kiosk {
  readonly #props: KioskAppProps;
  readonly #kept: KeptStore = new BrowserKept();
  readonly #ownership: Ownership;
  readonly device = new TerminalDevice(() => openSession(async () => (await this.#kept.read('settings'))?.printer));
  readonly link: TerminalLink;
  #stopDesk: () => void = () => undefined;

  phase = $state<KioskPhase>('starting');
  /** The office or another app ended the pairing. */
  wasRevoked = $state(false);
  desk = $state.raw<TerminalDesk>();

  constructor(props: KioskAppProps) {
    this.#props = props;
    const { locks } = navigator as { readonly locks?: LocksLike };
    const channel: ChannelLike | undefined =
      typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(terminalLock);
    this.#ownership = new Ownership(locks, channel);
    this.#ownership.onAsked = () => this.#yield();
    this.link = new TerminalLink({
      fetch: (input, init) => fetch(input, init),
      now: Date.now,
      monotonic: () => performance.now(),
      random: Math.random,
      onRevoked: () => void this.#revoked(),
    });
  }

  /** Begins; gives the way to stop. */
  start(): () => void {
    void this.#begin(this.#ownership.take(terminalLock));
    return () => {
      this.#stopDesk();
      this.#ownership.close();
      void this.device.session?.close();
    };
  }

  /** Makes this tab the terminal, or tries once more to. */
  async takeOver(): Promise<void> {
    await this.#begin(this.#ownership.takeOver(terminalLock));
  }

  /** A pairing of this app, by the class that its screen brings along. */
  pairWith(Class: typeof Pairing): Pairing {
    return new Class({
      api: this.link.open,
      device: this.device,
      kept: this.#kept,
      onPaired: (identity) => this.#work(identity),
    });
  }

  /** Where the emulated devices are, in demo mode. */
  async emulated(): Promise<readonly { readonly label: string; readonly serial: string; readonly cableUrl: string }[]> {
    return (await this.#props.demo())?.terminals ?? [];
  }

  async toggleLanguage(): Promise<void> {
    await this.#props.chooseLanguage(i18n.language === 'zh' ? 'en' : 'zh');
  }

  async #begin(taking: Promise<boolean>): Promise<void> {
    if (!(await taking)) {
      this.phase = 'other-tab';
      return;
    }
    const kept = await this.#kept.read('identity').then(
      (identity) => ({ identity }),
      () => undefined,
    );
    if (kept === undefined) {
      this.phase = 'no-store';
      return;
    }
    const { identity } = kept;
    if (identity === undefined) {
      this.phase = 'pairing';
      await this.#findDevice();
    } else this.#work(identity);
  }

  #work(identity: Identity): void {
    this.wasRevoked = false;
    this.link.use(identity);
    const { api } = this.link;
    const printing: Printing = new Printing({
      api,
      newId,
      // Fetched with the first receipt. Without a network it cannot be, and the picture stands in.
      print: (document, options) =>
        import('./print-receipt.ts').then(
          ({ printerPlace, printReceipt }) => printReceipt(printerPlace(desk, this.device), document, options),
          () => ({ ok: false, error: 'printer-failed' }),
        ),
    });
    const desk: TerminalDesk = new TerminalDesk({
      ...{ link: this.link, kept: this.#kept, device: this.device, printing, newId },
      now: () => clock.nowMs,
      pause,
      version: () => this.#props.version(),
      chooseLanguage: (language) => this.#props.chooseLanguage(language),
      rest: () => this.#props.rest(),
    });
    this.desk = desk;
    this.phase = 'working';
    this.#stopDesk = desk.start();
    void this.#findDevice();
  }

  /** Takes the cable up without asking: a granted port, or in the demo the device with this terminal's serial. */
  async #findDevice(): Promise<void> {
    if (this.device.isReady) return;
    if (this.phase === 'pairing') {
      await (await this.device.open()).resume(undefined);
      return;
    }
    const home = await this.link.api.call('appHome');
    const serial = home.ok ? home.value.terminal.serial : undefined;
    const urls = (await this.emulated()).filter((one) => one.serial === serial).map(({ cableUrl }) => cableUrl);
    await (await this.device.open()).resume(serial, urls);
  }

  async #revoked(): Promise<void> {
    this.#stopDesk();
    this.desk = undefined;
    await this.#kept.write('identity', undefined);
    this.wasRevoked = true;
    this.phase = 'pairing';
  }

  /** Another tab wants to be the terminal. */
  #yield(): void {
    this.#stopDesk();
    this.desk = undefined;
    this.phase = 'other-tab';
    void Promise.resolve(this.device.session?.close()).then(() => this.#ownership.release());
  }
}

/** Waits `ms`, or until `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
