import { err } from '../../domain/result.ts';
import { i18n } from '../i18n/i18n.svelte.ts';
import type { ReceiptPrinter } from '../receipts/printers.ts';
import type { TerminalDevice } from './link/device.svelte.ts';
import type { PrintOutcome, PrintReceipt } from './printing.svelte.ts';

const columns = 32;

/**
 * Prints a receipt: on the secure device's own printer, or on one at a port that this page may open. The code for it is
 * fetched when the first receipt is printed.
 */
export async function printReceipt(
  device: TerminalDevice,
  ...[document, options]: Parameters<PrintReceipt>
): Promise<PrintOutcome> {
  let bytes: Uint8Array;
  let printers: readonly ReceiptPrinter[];
  try {
    const [{ escposOf }, found] = await Promise.all([import('../receipts/escpos.ts'), findPrinters(device)]);
    bytes = await escposOf(document, { columns, language: i18n.language, ...options });
    printers = found;
  } catch {
    // The code could not be fetched: there is no network.
    return { ok: false, error: 'printer-failed' };
  }
  let outcome: PrintOutcome = { ok: false, error: 'no-printer' };
  for (const printer of printers) {
    const printed = await printer.print(bytes);
    if (printed.ok) return { ok: true, printer: printer.kind };
    outcome = printed;
  }
  return outcome;
}

async function findPrinters(device: TerminalDevice): Promise<readonly ReceiptPrinter[]> {
  const { secureDevicePrinter, usbPrinter, usbPrinterClass } = await import('../receipts/printers.ts');
  const own = device.isReady ? [secureDevicePrinter((bytes) => printOnDevice(device, bytes))] : [];
  const { usb } = navigator as { readonly usb?: USB };
  const granted = usb === undefined ? [] : await usb.getDevices().catch(() => []);
  const isPrinter = (one: USBDevice): boolean =>
    one.configurations.some(({ interfaces }) =>
      interfaces.some(({ alternates }) => alternates.some(({ interfaceClass }) => interfaceClass === usbPrinterClass)),
    );
  return [...own, ...granted.filter(isPrinter).map((one) => usbPrinter(one))];
}

/** Prints on the secure device; what its own names say is told in those of printers. */
async function printOnDevice(device: TerminalDevice, bytes: Uint8Array): ReturnType<ReceiptPrinter['print']> {
  const printed = await device.print(bytes);
  if (printed.ok) return printed;
  return err(printed.error === 'out-of-paper' ? 'out-of-paper' : 'printer-failed', printed.error);
}
