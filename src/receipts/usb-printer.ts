import { err, ok } from '../../domain/result.ts';
import { chunksOf, inTurn, openProblem, within } from './printers.ts';
import type { ReceiptPrinter } from './printers.ts';

/** One setting of a USB device, as far as it is used. */
interface UsbConfiguration {
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

/** The part of `USBDevice` that is used. */
export interface PrinterDevice {
  readonly opened: boolean;
  readonly configuration?: UsbConfiguration | null | undefined;
  open(): Promise<void>;
  close(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(number: number): Promise<void>;
  controlTransferIn(
    setup: USBControlTransferParameters,
    length: number,
  ): Promise<{ readonly status?: string | undefined; readonly data?: DataView | undefined }>;
  transferOut(endpoint: number, data: Uint8Array<ArrayBuffer>): Promise<{ readonly status?: string | undefined }>;
}

/** The class of printers (USB Device Class Definition for Printing Devices 1.1, section 4.2.1). */
export const usbPrinterClass = 7;
/** GET_PORT_STATUS and its bit "paper empty" (the same document, section 4.2.2). */
const getPortStatus = 1;
const paperEmptyBit = 0b0010_0000;
const answerMs = 1_000;
/** A printer may stop taking bytes while the paper moves. */
const chunkMs = 15_000;

interface OutPipe {
  readonly interfaceNumber: number;
  readonly endpoint: number;
}

/** True when one of the device's configurations has a printer in it. */
export function isUsbPrinter(device: { readonly configurations: readonly UsbConfiguration[] }): boolean {
  return device.configurations.some((configuration) => outPipeOf(configuration) !== undefined);
}

function outPipeOf(configuration: UsbConfiguration | null | undefined): OutPipe | undefined {
  for (const { interfaceNumber, alternates } of configuration?.interfaces ?? []) {
    const printer = alternates.find(({ interfaceClass }) => interfaceClass === usbPrinterClass);
    const out = printer?.endpoints.find(({ direction, type }) => direction === 'out' && type === 'bulk');
    if (out !== undefined) return { interfaceNumber, endpoint: out.endpointNumber };
  }
  return undefined;
}

/** True when the printer says that it has no paper; one that cannot say is believed to have some. */
async function saysPaperIsOut(device: PrinterDevice, interfaceNumber: number): Promise<boolean> {
  const setup = { requestType: 'class', recipient: 'interface', request: getPortStatus, value: 0 } as const;
  const asked = device.controlTransferIn({ ...setup, index: interfaceNumber }, 1);
  const answer = await within(asked, answerMs).catch(() => undefined);
  const byte = answer?.data?.byteLength === 1 ? answer.data.getUint8(0) : 0;
  return (byte & paperEmptyBit) !== 0;
}

/** A printer on USB that the person has chosen. */
export function usbPrinter(device: PrinterDevice): ReceiptPrinter {
  return {
    kind: 'usb',
    print: inTurn(async (bytes) => {
      try {
        if (!device.opened) await device.open();
        if ((device.configuration ?? null) === null) await device.selectConfiguration(1);
      } catch (cause) {
        return err(openProblem(cause, true), String(cause));
      }
      const pipe = outPipeOf(device.configuration);
      try {
        if (pipe === undefined) return err('no-printer', 'the device is no printer');
        try {
          await device.claimInterface(pipe.interfaceNumber);
        } catch (cause) {
          return err(openProblem(cause, true), String(cause));
        }
        if (await saysPaperIsOut(device, pipe.interfaceNumber)) return err('out-of-paper');
        for (const chunk of chunksOf(bytes)) {
          const taken = await within(device.transferOut(pipe.endpoint, chunk), chunkMs);
          if (taken?.status === 'ok') continue;
          const isOut = await saysPaperIsOut(device, pipe.interfaceNumber);
          return err(isOut ? 'out-of-paper' : 'printer-failed', `the printer answered ${taken?.status ?? 'nothing'}`);
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
