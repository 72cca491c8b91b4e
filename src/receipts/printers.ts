import { err, ok, type Result } from '../../domain/result.ts';

/** Why nothing came out. */
export type PrintError =
  /** None is there, or the browser was not given one. Choose a printer, or show the picture. */
  | 'no-printer'
  /** The roll has ended. Put in paper and print again. */
  | 'out-of-paper'
  /** The printer or its cable failed. Look at both, print again. */
  | 'printer-failed';

/** A printer that takes ESC/POS bytes. */
export interface ReceiptPrinter {
  readonly kind: 'secure-device' | 'serial' | 'usb';
  /** Resolves when the printer has taken everything; paper may still be moving. */
  print(bytes: Uint8Array): Promise<Result<void, PrintError>>;
}

/** The part of `SerialPort` that is used. */
export interface PrinterPort {
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { baudRate: number }): Promise<void>;
  close(): Promise<void>;
}

/** The part of `USBDevice` that is used. */
export interface PrinterDevice {
  readonly opened: boolean;
  readonly configuration?:
    | {
        readonly interfaces: readonly {
          readonly interfaceNumber: number;
          readonly alternates: readonly {
            readonly interfaceClass: number;
            readonly endpoints: readonly {
              readonly endpointNumber: number;
              readonly direction: string;
              readonly type: string;
            }[];
          }[];
        }[];
      }
    | null
    | undefined;
  open(): Promise<void>;
  close(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(number: number): Promise<void>;
  transferOut(endpoint: number, data: Uint8Array<ArrayBuffer>): Promise<{ readonly status?: string | undefined }>;
}

/** The class of printers (USB Device Class Definition for Printing Devices 1.1, section 4.2.1). */
export const usbPrinterClass = 7;
/** What most receipt printers with a serial plug are set to at the factory. */
const printerBaud = 9_600;
/** Small enough for the buffer of any receipt printer; the next waits until it was taken. */
const chunkBytes = 1_024;
/** A receipt with a picture is below this; anything larger is a fault of the caller. */
const jobMaxBytes = 256 * 1024;

function chunksOf(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  if (bytes.length > jobMaxBytes) throw new RangeError('print.bytes: too long for a receipt');
  const count = Math.ceil(bytes.length / chunkBytes);
  return Array.from({ length: count }, (_, index) =>
    Uint8Array.from(bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
  );
}

/** Does one job after the other: two receipts must not mingle on one roll. */
function inTurn(print: ReceiptPrinter['print']): ReceiptPrinter['print'] {
  let last: Promise<unknown> = Promise.resolve();
  return (bytes) => {
    const run = (): ReturnType<ReceiptPrinter['print']> => print(bytes);
    const next = last.then(run, run);
    last = next;
    return next;
  };
}

/** The printer inside the secure device; `send` carries the bytes over the cable and says what became of them. */
export function secureDevicePrinter(send: ReceiptPrinter['print']): ReceiptPrinter {
  return { kind: 'secure-device', print: inTurn(send) };
}

/** A printer behind a serial port that the person has chosen. It is opened for each receipt, so that others can use it. */
export function serialPrinter(port: PrinterPort, baudRate = printerBaud): ReceiptPrinter {
  return {
    kind: 'serial',
    print: inTurn(async (bytes) => {
      const chunks = chunksOf(bytes);
      try {
        await port.open({ baudRate });
      } catch {
        return err('no-printer', 'the port could not be opened');
      }
      try {
        const writer = port.writable?.getWriter();
        if (writer === undefined) return err('printer-failed', 'the port takes nothing');
        try {
          for (const chunk of chunks) await writer.write(chunk);
        } finally {
          writer.releaseLock();
        }
        return ok(undefined);
      } catch {
        return err('printer-failed', 'the cable or the printer failed while printing');
      } finally {
        await port.close().catch(() => undefined);
      }
    }),
  };
}

interface OutPipe {
  readonly interfaceNumber: number;
  readonly endpoint: number;
}

function outPipeOf(device: PrinterDevice): OutPipe | undefined {
  for (const { interfaceNumber, alternates } of device.configuration?.interfaces ?? []) {
    const printer = alternates.find(({ interfaceClass }) => interfaceClass === usbPrinterClass);
    const out = printer?.endpoints.find(({ direction, type }) => direction === 'out' && type === 'bulk');
    if (out !== undefined) return { interfaceNumber, endpoint: out.endpointNumber };
  }
  return undefined;
}

/** A printer on USB that the person has chosen. */
export function usbPrinter(device: PrinterDevice): ReceiptPrinter {
  return {
    kind: 'usb',
    print: inTurn(async (bytes) => {
      const chunks = chunksOf(bytes);
      try {
        if (!device.opened) await device.open();
        if ((device.configuration ?? null) === null) await device.selectConfiguration(1);
      } catch {
        return err('no-printer', 'the device could not be opened');
      }
      const pipe = outPipeOf(device);
      try {
        if (pipe === undefined) return err('no-printer', 'the device is no printer');
        await device.claimInterface(pipe.interfaceNumber);
        for (const chunk of chunks) {
          const { status } = await device.transferOut(pipe.endpoint, chunk);
          if (status !== 'ok') return err('printer-failed', `the printer answered ${status ?? 'nothing'}`);
        }
        return ok(undefined);
      } catch {
        return err('printer-failed', 'the cable or the printer failed while printing');
      } finally {
        await device.close().catch(() => undefined);
      }
    }),
  };
}
