import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../domain/result.ts';
import { secureDevicePrinter } from '../../../src/receipts/printers.ts';
import { serialPrinter } from '../../../src/receipts/serial-printer.ts';
import { isUsbPrinter, usbPrinter, usbPrinterClass } from '../../../src/receipts/usb-printer.ts';
import type { PrinterDevice } from '../../../src/receipts/usb-printer.ts';
import { FakePort } from './fake-port.ts';

const job = Uint8Array.from({ length: 3_000 }, (_, index) => index % 251);
/** Printers here answer at once or never. */
const quick = { answerMs: 20 };

interface FakeUsb {
  readonly interfaceClass?: number;
  readonly status?: string;
  /** What GET_PORT_STATUS answers; 0x18 is "selected, no error". */
  readonly portStatus?: number;
  readonly openFails?: string;
  readonly claimFails?: string;
}

function fakeUsb({ interfaceClass = usbPrinterClass, status = 'ok', portStatus = 0x18, ...fails }: FakeUsb = {}) {
  const taken: number[] = [];
  const claimed: number[] = [];
  const asked: object[] = [];
  const endpoints = [
    { endpointNumber: 1, direction: 'in', type: 'bulk' },
    { endpointNumber: 2, direction: 'out', type: 'bulk' },
  ];
  const configuration = {
    interfaces: [{ interfaceNumber: 3, alternates: [{ interfaceClass, endpoints }] }],
  };
  const device: PrinterDevice = {
    opened: false,
    configuration,
    open: async () => {
      if (fails.openFails !== undefined) throw new DOMException('no', fails.openFails);
    },
    close: async () => undefined,
    selectConfiguration: async () => undefined,
    claimInterface: async (number) => {
      if (fails.claimFails !== undefined) throw new DOMException('no', fails.claimFails);
      claimed.push(number);
    },
    controlTransferIn: async (setup, length) => {
      asked.push({ ...setup, length });
      return { status: 'ok', data: new DataView(Uint8Array.of(portStatus).buffer) };
    },
    transferOut: async (endpoint, data) => {
      expect(endpoint).toBe(2);
      taken.push(...data);
      return { status };
    },
  };
  return { device, taken, claimed, asked, configurations: [configuration] };
}

describe('a printer on a serial port', () => {
  test('takes the whole job in order, and the port is free again', async () => {
    const port = new FakePort();
    expect(await serialPrinter(port, quick).print(job)).toEqual(ok(undefined));
    expect(Uint8Array.from(port.printed)).toEqual(job);
    expect(port.isOpen).toBe(false);
    expect(port.wasDrained).toBe(true);
  });

  test('two receipts do not mingle', async () => {
    const port = new FakePort();
    const printer = serialPrinter(port, quick);
    const [first, second] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];
    await Promise.all([printer.print(first), printer.print(second)]);
    expect(port.printed).toEqual([1, 2, 3, 4, 5]);
    expect(port.opened).toBe(2);
  });

  test.each([
    ['held by another program', { refuses: 'NetworkError', connected: true }, 'in-use'],
    ['unplugged', { refuses: 'NetworkError', connected: false }, 'unreachable'],
    ['gone from the system', { refuses: 'NotFoundError', connected: true }, 'unreachable'],
    ['open in this page: the cable has it', { isOpen: true }, 'in-use'],
    ['out of paper', { paper: 'out' }, 'out-of-paper'],
    ['the paper ends while printing', { paperEndsAfter: 2_000 }, 'out-of-paper'],
    ['the cable is pulled while printing', { failAfter: 1_024 }, 'printer-failed'],
  ] as const)('%s', async (_name, state, error) => {
    const port = new FakePort();
    if ('isOpen' in state) await port.open();
    else Object.assign(port, state);
    expect(await serialPrinter(port, quick).print(job)).toMatchObject(err(error));
    if ('isOpen' in state) expect(port.isOpen).toBe(true);
    else expect(port.isOpen).toBe(false);
  });

  test('after a failure the next job works', async () => {
    const port = new FakePort();
    const printer = serialPrinter(port, quick);
    port.failAfter = 1_024;
    expect(await printer.print(job)).toMatchObject(err('printer-failed'));
    port.failAfter = Infinity;
    port.printed.length = 0;
    expect(await printer.print(Uint8Array.of(9))).toEqual(ok(undefined));
    expect(port.printed).toEqual([9]);
  });

  test('one that never answers is printed on blindly; one that has answered must go on doing so', async () => {
    const mute = new FakePort();
    mute.paper = 'silent';
    let learnt = 0;
    expect(await serialPrinter(mute, quick, () => (learnt += 1)).print(job)).toEqual(ok(undefined));
    expect(learnt).toBe(0);
    const port = new FakePort();
    const printer = serialPrinter(port, quick, () => (learnt += 1));
    await printer.print(job);
    await printer.print(job);
    expect(learnt).toBe(1);
    port.paper = 'silent';
    expect(await printer.print(job)).toMatchObject(err('unreachable'));
    expect(await serialPrinter(mute, { ...quick, mustAnswer: true }).print(job)).toMatchObject(err('unreachable'));
  });
});

describe('a printer on USB', () => {
  test('takes the job on its printer interface, after it was asked for paper', async () => {
    const usb = fakeUsb();
    expect(await usbPrinter(usb.device).print(job)).toEqual(ok(undefined));
    expect(usb.claimed).toEqual([3]);
    expect(usb.asked).toEqual([
      { requestType: 'class', recipient: 'interface', request: 1, value: 0, index: 3, length: 1 },
    ]);
    expect(Uint8Array.from(usb.taken)).toEqual(job);
  });

  test.each([
    ['another kind of device', { interfaceClass: 3 }, 'no-printer'],
    ['a stall', { status: 'stall' }, 'printer-failed'],
    ['no paper', { portStatus: 0x38 }, 'out-of-paper'],
    ['unplugged', { openFails: 'NotFoundError' }, 'unreachable'],
    ['the system’s own driver holds it', { openFails: 'SecurityError' }, 'in-use'],
    ['another program has claimed it', { claimFails: 'NetworkError' }, 'in-use'],
  ] as const)('%s', async (_name, faults, error) => {
    const usb = fakeUsb(faults);
    expect(await usbPrinter(usb.device).print(job)).toMatchObject(err(error));
    if (!('status' in faults)) expect(usb.taken).toEqual([]);
  });

  test('is told from other devices before it is opened', () => {
    expect(isUsbPrinter(fakeUsb())).toBe(true);
    expect(isUsbPrinter(fakeUsb({ interfaceClass: 8 }))).toBe(false);
  });
});

test('the secure device’s printer hands the device’s own word on', async () => {
  const printer = secureDevicePrinter(async () => err('out-of-paper'));
  expect(await printer.print(job)).toEqual(err('out-of-paper'));
});
