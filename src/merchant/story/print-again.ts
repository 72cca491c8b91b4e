import type { ReceiptCopy, ReceiptDocument } from '../../../protocol/http/receipts.ts';
import type { Printed } from '../../../protocol/http/terminal-app.ts';
import type { Language } from '../../i18n/languages.ts';
import type { PrintError, ReceiptPrinter } from '../../receipts/printers.ts';

/** What became of one print: on which printer, or why nothing came out. */
export type PrintedAgain =
  { readonly ok: true; readonly printer: Printed['printer'] } | { readonly ok: false; readonly error: PrintError };

/** Characters in a line of the narrowest paper, 58 mm. */
const columns = 32;

/**
 * Prints a copy on a receipt printer that this browser was given, else hands the picture on the screen to the browser's
 * own printing. A copy that was printed before is marked as a duplicate.
 */
export async function printAgain(
  document: ReceiptDocument,
  options: { readonly copy: ReceiptCopy; readonly duplicate: boolean; readonly language: Language },
  printPicture: () => void,
): Promise<PrintedAgain> {
  const printer = await givenPrinter();
  if (printer === undefined) {
    printPicture();
    return { ok: true, printer: 'picture' };
  }
  const { escposOf } = await import('../../receipts/escpos.ts');
  const printed = await printer.print(await escposOf(document, { columns, ...options }));
  return printed.ok ? { ok: true, printer: printer.kind } : { ok: false, error: printed.error };
}

async function givenPrinter(): Promise<ReceiptPrinter | undefined> {
  const { usb } = navigator as { readonly usb?: USB };
  const given = usb === undefined ? [] : await usb.getDevices().catch(() => []);
  if (given.length === 0) return undefined;
  const { isUsbPrinter, usbPrinter } = await import('../../receipts/usb-printer.ts');
  const found = given.find((one) => isUsbPrinter(one));
  return found === undefined ? undefined : usbPrinter(found);
}
