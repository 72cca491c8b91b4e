import { err } from '../../domain/result.ts';
import { i18n } from '../i18n/i18n.svelte.ts';
import type { PaperColumns, ReceiptLine } from '../../protocol/receipt/layout.ts';
import type { ReceiptPrinter } from '../receipts/printers.ts';
import type { TerminalDevice } from './link/device.svelte.ts';
import { printerPort } from './link/printer-ports.ts';
import type { ChoiceOf, PrinterChoice } from './link/printer-ports.ts';
import type { TerminalDesk } from './desk.svelte.ts';
import type { PrintOutcome, PrintReceipt } from './printing.svelte.ts';

/** Characters in a line of the paper of a printer: of the narrowest, 58 mm, until a person says another. */
export function paperOf(choice: PrinterChoice | undefined): PaperColumns {
  return choice === undefined || choice.kind === 'secure-device' ? 32 : (choice.columns ?? 32);
}

/** Sets a paper in lines of so many characters. */
export type LayLines = (columns: PaperColumns) => readonly ReceiptLine[];

/** What printing stands on. */
export interface PrinterPlace {
  readonly device: TerminalDevice;
  /** What the person has chosen; nothing yet when undefined. */
  choice(): PrinterChoice | undefined;
  /** The chosen serial printer has answered, and will have to from now on. */
  noteAnswers(): void;
}

/** Where a desk prints: on the printer of its settings. */
export function printerPlace(desk: Pick<TerminalDesk, 'settings' | 'set'>, device: TerminalDevice): PrinterPlace {
  return {
    device,
    choice: () => desk.settings.printer,
    noteAnswers() {
      const { printer } = desk.settings;
      if (printer?.kind === 'serial') void desk.set({ printer: { ...printer, answers: true } });
    },
  };
}

/**
 * Prints a receipt: on the printer that the person has chosen, else on the secure device's own or on one that this page
 * may open anyway. The code for it is fetched when the first receipt is printed.
 */
export async function printReceipt(
  place: PrinterPlace,
  ...[document, options]: Parameters<PrintReceipt>
): Promise<PrintOutcome> {
  try {
    const { escposOf } = await import('../receipts/escpos.ts');
    const bytes = await escposOf(document, { columns: paperOf(place.choice()), language: i18n.language, ...options });
    return await printBytes(place, bytes);
  } catch {
    // The code could not be fetched: there is no network.
    return { ok: false, error: 'printer-failed' };
  }
}

/** Prints what `lay` sets in lines for the paper: bills and receipts of fees. */
export async function printLines(place: PrinterPlace, lay: LayLines): Promise<PrintOutcome> {
  try {
    const columns = paperOf(place.choice());
    const { escposOfLines } = await import('../receipts/escpos.ts');
    return await printBytes(place, await escposOfLines(lay(columns), columns));
  } catch {
    return { ok: false, error: 'printer-failed' };
  }
}

/** Prints ESC/POS bytes. Rejects when the code for the printer cannot be fetched. */
export async function printBytes(place: PrinterPlace, bytes: Uint8Array): Promise<PrintOutcome> {
  const found = await findPrinters(place);
  let outcome: PrintOutcome = { ok: false, error: place.choice() === undefined ? 'no-printer' : 'unreachable' };
  for (const printer of found) {
    const printed = await printer.print(bytes);
    if (printed.ok) return { ok: true, printer: printer.kind };
    outcome = printed;
  }
  return outcome;
}

/** In the order in which they are tried. A printer that was chosen stands alone: paper must come out where people wait. */
async function findPrinters(place: PrinterPlace): Promise<readonly ReceiptPrinter[]> {
  const choice = place.choice();
  if (choice?.kind === 'serial') return serialPrinters(choice, place);
  if (choice?.kind === 'usb') return usbPrinters((one) => isChosen(one, choice));
  const own = await ownPrinter(place.device);
  return choice === undefined ? [...own, ...(await usbPrinters(() => true))] : own;
}

/** True for the USB printer that was chosen, also after it was unplugged. */
export function isChosen(one: USBDevice, choice: ChoiceOf<'usb'>): boolean {
  return (
    one.vendorId === choice.vendorId &&
    one.productId === choice.productId &&
    (one.serialNumber ?? '') === choice.serialNumber
  );
}

async function serialPrinters(choice: ChoiceOf<'serial'>, place: PrinterPlace): Promise<readonly ReceiptPrinter[]> {
  const { serialPrinter } = await import('../receipts/serial-printer.ts');
  const { serial } = navigator as { readonly serial?: Serial };
  const port = printerPort((await serial?.getPorts().catch(() => [])) ?? [], choice);
  const options = { baudRate: choice.baudRate, mustAnswer: choice.answers };
  return port === undefined ? [] : [serialPrinter(port, options, () => place.noteAnswers())];
}

async function usbPrinters(isWanted: (one: USBDevice) => boolean): Promise<readonly ReceiptPrinter[]> {
  const { isUsbPrinter, usbPrinter } = await import('../receipts/usb-printer.ts');
  const { usb } = navigator as { readonly usb?: USB };
  const granted = usb === undefined ? [] : await usb.getDevices().catch(() => []);
  return granted.filter((one) => isUsbPrinter(one) && isWanted(one)).map((one) => usbPrinter(one));
}

async function ownPrinter(device: TerminalDevice): Promise<readonly ReceiptPrinter[]> {
  const { secureDevicePrinter } = await import('../receipts/printers.ts');
  return device.isReady ? [secureDevicePrinter((bytes) => printOnDevice(device, bytes))] : [];
}

/** Prints on the secure device; what its own names say is told in those of printers. */
async function printOnDevice(device: TerminalDevice, bytes: Uint8Array): ReturnType<ReceiptPrinter['print']> {
  const printed = await device.print(bytes);
  if (printed.ok) return printed;
  return err(printed.error === 'out-of-paper' ? 'out-of-paper' : 'printer-failed', printed.error);
}
