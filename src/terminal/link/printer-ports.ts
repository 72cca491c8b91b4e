import type { PaperColumns } from '../../../protocol/receipt/lines.ts';
import type { PortLike, SerialLike } from '../../device/serial-like.ts';

/** A paper other than the narrowest; the printers that are chosen have one. */
interface Paper {
  readonly columns?: PaperColumns;
}

/** Which printer takes the receipts. Enough to find it again among what the browser lets this page open. */
export type PrinterChoice =
  | { readonly kind: 'secure-device' }
  | (Paper & {
      readonly kind: 'serial';
      /** 0 for a port that is not USB. */
      readonly vendorId: number;
      readonly productId: number;
      readonly baudRate: number;
      /** It has answered questions about its paper. */
      readonly answers: boolean;
    })
  | (Paper & {
      readonly kind: 'usb';
      readonly vendorId: number;
      readonly productId: number;
      readonly serialNumber: string;
      readonly name: string;
    });

/** A choice of one kind. */
export type ChoiceOf<K extends PrinterChoice['kind']> = Extract<PrinterChoice, { readonly kind: K }>;

/** What Web Serial says of a port before it is opened. */
export function kindOfPort(port: Pick<PortLike, 'getInfo'>): Pick<ChoiceOf<'serial'>, 'vendorId' | 'productId'> {
  const { usbVendorId = 0, usbProductId = 0 } = port.getInfo();
  return { vendorId: usbVendorId, productId: usbProductId };
}

/**
 * The chosen printer among the granted ports; undefined when it is unplugged. The browser tells two of one kind apart
 * only while the page lives, so that of several the one granted last is taken that this page does not hold open.
 */
export function printerPort<P extends Pick<PortLike, 'getInfo' | 'writable'>>(
  ports: readonly P[],
  choice: ChoiceOf<'serial'>,
): P | undefined {
  const same = ports.filter((port) => {
    const { vendorId, productId } = kindOfPort(port);
    return vendorId === choice.vendorId && productId === choice.productId;
  });
  return same.findLast(({ writable }) => writable === null) ?? same.at(-1);
}

/** Serial ports for the cable: all but the printer's, which must not be sent a greeting to see who it is. */
export function portsForCable(
  serial: SerialLike,
  printer: () => Promise<PrinterChoice | undefined> | PrinterChoice | undefined,
): SerialLike {
  return {
    requestPort: (options) => serial.requestPort(options),
    async getPorts() {
      const ports = await serial.getPorts();
      const choice = await printer();
      const hidden = choice?.kind === 'serial' ? printerPort(ports, choice) : undefined;
      return ports.filter((port) => port !== hidden);
    },
    addEventListener: serial.addEventListener.bind(serial),
    removeEventListener: serial.removeEventListener.bind(serial),
    dispatchEvent: serial.dispatchEvent.bind(serial),
  };
}
