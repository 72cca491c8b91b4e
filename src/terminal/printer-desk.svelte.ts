import { paperColumns } from '../../protocol/receipt/lines.ts';
import { i18n } from '../i18n/i18n.svelte.ts';
import { printerText } from '../i18n/terminal-printer.ts';
import type { PrintError } from '../receipts/printers.ts';
import { printerBauds } from '../receipts/serial-printer.ts';
import { isUsbPrinter, usbPrinterClass } from '../receipts/usb-printer.ts';
import { kindOfPort, printerPort } from './link/printer-ports.ts';
import type { ChoiceOf, PrinterChoice } from './link/printer-ports.ts';
import type { PrinterAct } from './flow/screens.ts';
import { isChosen, paperOf, printBytes, printerPlace } from './print-receipt.ts';
import type { TerminalDesk } from './desk.svelte.ts';
import type { PrinterPlace } from './print-receipt.ts';

/** Why a printer was not chosen. */
export type ChooseProblem =
  /** The browser has no such interface: another browser, or an address without HTTPS. */
  | 'unsupported'
  /** The chooser was closed, or its list was empty. */
  | 'none-chosen'
  /** A policy or the site's settings forbid it. */
  | 'blocked'
  /** The USB device that was chosen is no printer. */
  | 'no-printer-there';

/** The parts of the browser that are used; absent where it has none. */
export interface PrinterBrowser {
  readonly serial?: Pick<Serial, 'getPorts' | 'requestPort'> | undefined;
  readonly usb?: Pick<USB, 'getDevices' | 'requestDevice'> | undefined;
}

/** What the printer's settings are wired to. */
export interface PrinterTools extends PrinterPlace {
  readonly browser: PrinterBrowser;
  /** Name of the terminal, printed on the test. */
  readonly label: string;
  now(): number;
  /** Keeps a choice; `undefined` forgets it. */
  keep(choice: PrinterChoice | undefined): Promise<void>;
}

/** The printer's settings of a desk, with their words fetched. */
export async function openPrinterDesk(desk: TerminalDesk): Promise<PrinterDesk> {
  await printerText.load();
  return new PrinterDesk({
    ...printerPlace(desk, desk.tools.device),
    browser: navigator,
    label: desk.home?.terminal.label ?? '',
    now: desk.tools.now,
    keep: (printer) => desk.set({ printer }),
  });
}

/** The printer's settings: chosen once, found again by itself, tried, forgotten. */
export class PrinterDesk {
  readonly #tools: PrinterTools;
  isBusy = $state(false);
  problem = $state<ChooseProblem>();
  /** What became of the last test. */
  tested = $state<'printed' | PrintError>();

  constructor(tools: PrinterTools) {
    this.#tools = tools;
  }

  /** What is chosen; the secure device's own printer while nothing is. */
  get choice(): PrinterChoice {
    return this.#tools.choice() ?? { kind: 'secure-device' };
  }

  /** True when the browser can speak to such a printer. */
  can(kind: 'serial' | 'usb'): boolean {
    return this.#tools.browser[kind] !== undefined;
  }

  /** Does what a person asks for; while something is under way, nothing. */
  async do(act: PrinterAct): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = undefined;
    this.tested = undefined;
    try {
      await this.#do(act);
    } finally {
      this.isBusy = false;
    }
  }

  async #do(act: PrinterAct): Promise<void> {
    switch (act) {
      case 'secure-device':
        return this.#tools.keep({ kind: 'secure-device' });
      case 'serial':
        return this.#choose(() => this.#chooseSerial());
      case 'usb':
        return this.#choose(() => this.#chooseUsb());
      case 'test':
        return this.#test();
      case 'speed':
        return this.#nextSpeed();
      case 'width':
        return this.#nextWidth();
      case 'forget':
        return this.#forget();
    }
  }

  async #choose(choose: () => Promise<PrinterChoice | ChooseProblem>): Promise<void> {
    let chosen: PrinterChoice | ChooseProblem;
    try {
      chosen = await choose();
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : '';
      chosen = name === 'SecurityError' || name === 'NotAllowedError' ? 'blocked' : 'none-chosen';
    }
    if (typeof chosen === 'string') this.problem = chosen;
    else await this.#tools.keep(chosen);
  }

  /** A kiosk whose administrator granted the printer's port has nothing to choose from; everybody else is asked. */
  async #chooseSerial(): Promise<PrinterChoice | ChooseProblem> {
    const { serial } = this.#tools.browser;
    if (serial === undefined) return 'unsupported';
    const free = (await serial.getPorts()).filter(({ writable }) => writable === null);
    const [granted] = this.#tools.device.isReady && this.choice.kind !== 'serial' && free.length === 1 ? free : [];
    const port = granted ?? (await serial.requestPort());
    return { kind: 'serial', ...kindOfPort(port), baudRate: printerBauds[0], answers: false };
  }

  async #chooseUsb(): Promise<PrinterChoice | ChooseProblem> {
    const { usb } = this.#tools.browser;
    if (usb === undefined) return 'unsupported';
    const one = await usb.requestDevice({ filters: [{ classCode: usbPrinterClass }] });
    if (!isUsbPrinter(one)) return 'no-printer-there';
    const { vendorId, productId, serialNumber, productName } = one;
    return { kind: 'usb', vendorId, productId, serialNumber: serialNumber ?? '', name: productName ?? '' };
  }

  async #test(): Promise<void> {
    const t = printerText.t.test;
    const columns = paperOf(this.choice);
    const words = [t.title, t.terminal(this.#tools.label), i18n.formats.dateTime(this.#tools.now()), t.sample];
    const lines = [...words, '-'.repeat(columns)];
    try {
      const { escposOfText } = await import('../receipts/escpos.ts');
      const printed = await printBytes(this.#tools, await escposOfText(lines, columns));
      this.tested = printed.ok ? 'printed' : printed.error;
    } catch {
      this.tested = 'printer-failed';
    }
  }

  async #nextSpeed(): Promise<void> {
    const { choice } = this;
    if (choice.kind !== 'serial') return;
    const place = printerBauds.findIndex((baud) => baud === choice.baudRate);
    const baudRate = printerBauds[(place + 1) % printerBauds.length] ?? printerBauds[0];
    await this.#tools.keep({ ...choice, baudRate, answers: false });
  }

  async #nextWidth(): Promise<void> {
    const { choice } = this;
    if (choice.kind === 'secure-device') return;
    const place = paperColumns.indexOf(paperOf(choice));
    await this.#tools.keep({ ...choice, columns: paperColumns[(place + 1) % paperColumns.length] ?? paperColumns[0] });
  }

  /** Also gives the browser's permission back, so that the next choice asks again. */
  async #forget(): Promise<void> {
    const { choice } = this;
    if (choice.kind === 'secure-device') return;
    await this.#tools.keep(undefined);
    const granted = choice.kind === 'serial' ? await this.#ports(choice) : await this.#usbDevices(choice);
    for (const one of granted) await one.forget().catch(() => undefined);
  }

  async #ports(choice: ChoiceOf<'serial'>): Promise<readonly SerialPort[]> {
    const ports = (await this.#tools.browser.serial?.getPorts().catch(() => [])) ?? [];
    const port = printerPort(ports, choice);
    return port === undefined || port.writable !== null ? [] : [port];
  }

  async #usbDevices(choice: ChoiceOf<'usb'>): Promise<readonly USBDevice[]> {
    const found = (await this.#tools.browser.usb?.getDevices().catch(() => [])) ?? [];
    return found.filter((one) => isChosen(one, choice));
  }
}
