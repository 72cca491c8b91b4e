import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../domain/result.ts';
import {
  type PrinterDevice,
  type PrinterPort,
  secureDevicePrinter,
  serialPrinter,
  usbPrinter,
  usbPrinterClass,
} from '../../../src/receipts/printers.ts';

const job = Uint8Array.from({ length: 3_000 }, (_, index) => index % 251);

class FakePort implements PrinterPort {
  readonly taken: number[] = [];
  isOpen = false;
  opened = 0;
  failAfter = Infinity;
  refuses = false;
  writable: WritableStream<Uint8Array> | null = null;

  async open(): Promise<void> {
    if (this.refuses || this.isOpen) throw new DOMException('in use', 'NetworkError');
    this.isOpen = true;
    this.opened += 1;
    this.writable = new WritableStream<Uint8Array>({
      write: (chunk) => {
        if (this.taken.length >= this.failAfter) throw new DOMException('gone', 'NetworkError');
        this.taken.push(...chunk);
      },
    });
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }
}

function fakeUsb(options: { readonly interfaceClass: number; readonly status: string }) {
  const taken: number[] = [];
  const claimed: number[] = [];
  const endpoints = [
    { endpointNumber: 1, direction: 'in', type: 'bulk' },
    { endpointNumber: 2, direction: 'out', type: 'bulk' },
  ];
  const alternates = [{ interfaceClass: options.interfaceClass, endpoints }];
  const device: PrinterDevice = {
    opened: false,
    configuration: { interfaces: [{ interfaceNumber: 3, alternates }] },
    open: async () => undefined,
    close: async () => undefined,
    selectConfiguration: async () => undefined,
    claimInterface: async (number) => {
      claimed.push(number);
    },
    transferOut: async (endpoint, data) => {
      expect(endpoint).toBe(2);
      taken.push(...data);
      return { status: options.status };
    },
  };
  return { device, taken, claimed };
}

describe('a printer on a serial port', () => {
  test('takes the whole job in order, and the port is free again', async () => {
    const port = new FakePort();
    expect(await serialPrinter(port).print(job)).toEqual(ok(undefined));
    expect(Uint8Array.from(port.taken)).toEqual(job);
    expect(port.isOpen).toBe(false);
  });

  test('two receipts do not mingle', async () => {
    const port = new FakePort();
    const printer = serialPrinter(port);
    const [first, second] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];
    await Promise.all([printer.print(first), printer.print(second)]);
    expect(port.taken).toEqual([1, 2, 3, 4, 5]);
    expect(port.opened).toBe(2);
  });

  test('a port in use is no printer; one that breaks fails, and the next job works', async () => {
    const port = new FakePort();
    port.refuses = true;
    expect(await serialPrinter(port).print(job)).toMatchObject(err('no-printer'));
    port.refuses = false;
    port.failAfter = 1_024;
    const printer = serialPrinter(port);
    expect(await printer.print(job)).toMatchObject(err('printer-failed'));
    expect(port.isOpen).toBe(false);
    port.failAfter = Infinity;
    expect(await printer.print(Uint8Array.of(9))).toEqual(ok(undefined));
  });
});

describe('a printer on USB', () => {
  test('takes the job on its printer interface', async () => {
    const usb = fakeUsb({ interfaceClass: usbPrinterClass, status: 'ok' });
    expect(await usbPrinter(usb.device).print(job)).toEqual(ok(undefined));
    expect(usb.claimed).toEqual([3]);
    expect(Uint8Array.from(usb.taken)).toEqual(job);
  });

  test('another kind of device is no printer; a stall fails', async () => {
    const mouse = fakeUsb({ interfaceClass: 3, status: 'ok' });
    expect(await usbPrinter(mouse.device).print(job)).toMatchObject(err('no-printer'));
    const stalled = fakeUsb({ interfaceClass: usbPrinterClass, status: 'stall' });
    expect(await usbPrinter(stalled.device).print(job)).toMatchObject(err('printer-failed'));
  });
});

test('the secure device’s printer hands the device’s own word on', async () => {
  const printer = secureDevicePrinter(async () => err('out-of-paper'));
  expect(await printer.print(job)).toEqual(err('out-of-paper'));
});
