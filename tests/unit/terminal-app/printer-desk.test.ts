import { beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../../domain/result.ts';
import type { SerialLike } from '../../../src/device/serial-like.ts';
import { printerText } from '../../../src/i18n/terminal-printer.ts';
import { usbPrinterClass } from '../../../src/receipts/usb-printer.ts';
import { portsForCable } from '../../../src/terminal/link/printer-ports.ts';
import type { PrinterChoice } from '../../../src/terminal/link/printer-ports.ts';
import type { TerminalDevice } from '../../../src/terminal/link/device.svelte.ts';
import { PrinterDesk } from '../../../src/terminal/printer-desk.svelte.ts';
import { paperOf, printLines } from '../../../src/terminal/print-receipt.ts';
import { printerActs } from '../../../src/terminal/flow/screens.ts';
import { FakePort } from '../receipts/fake-port.ts';

await printerText.load();
const printerKind = { usbVendorId: 0x1a86, usbProductId: 0x7523 };
const cableKind = { usbVendorId: 0x1209, usbProductId: 0x7470 };

let choice: PrinterChoice | undefined;
let ports: FakePort[];
let onDevice: Uint8Array[];
let asked: string[];
let chooser: () => FakePort;
let isCable: boolean;

function fakeUsb(interfaceClass = usbPrinterClass) {
  const endpoints = [{ endpointNumber: 2, direction: 'out', type: 'bulk' }];
  const configuration = { interfaces: [{ interfaceNumber: 0, alternates: [{ interfaceClass, endpoints }] }] };
  return {
    ...{ vendorId: 0x04b8, productId: 0x0202, serialNumber: 'A1', productName: 'TM-T20', opened: false, configuration },
    configurations: [configuration],
    isForgotten: false,
    taken: 0,
    open: async () => undefined,
    close: async () => undefined,
    claimInterface: async () => undefined,
    controlTransferIn: async () => ({ status: 'ok', data: new DataView(Uint8Array.of(0x18).buffer) }),
    async transferOut(_endpoint: number, data: Uint8Array) {
      this.taken += data.length;
      return { status: 'ok' };
    },
    async forget() {
      this.isForgotten = true;
    },
  };
}
let usbDevice = fakeUsb();

function open(): PrinterDesk {
  const device = {
    get isReady() {
      return isCable;
    },
    print: async (bytes: Uint8Array) => {
      onDevice.push(bytes);
      return ok(undefined);
    },
  } as unknown as TerminalDevice;
  const serial = {
    getPorts: async () => ports,
    requestPort: async () => {
      asked.push('serial');
      const port = chooser();
      ports.push(port);
      return port;
    },
  };
  const usb = {
    getDevices: async () => [usbDevice],
    requestDevice: async () => {
      asked.push('usb');
      return usbDevice;
    },
  };
  const browser = { serial, usb } as unknown as Pick<Navigator, 'serial' | 'usb'>;
  // Printing looks at the browser's own list.
  Object.defineProperty(globalThis, 'navigator', { value: browser, configurable: true });
  return new PrinterDesk({
    ...{ device, browser, label: 'E1-01', now: () => Date.parse('2026-11-24T06:32:00.000Z') },
    choice: () => choice,
    noteAnswers: () => {
      if (choice?.kind === 'serial') choice = { ...choice, answers: true };
    },
    keep: async (chosen) => {
      choice = chosen;
    },
  });
}

beforeEach(() => {
  const { navigator: real } = globalThis;
  [choice, ports, onDevice, asked, isCable] = [undefined, [], [], [], true];
  chooser = () => new FakePort(printerKind);
  usbDevice = fakeUsb();
  return () => Object.defineProperty(globalThis, 'navigator', { value: real, configurable: true });
});

describe('the printer’s settings', () => {
  test('a serial printer is chosen once, answers a test, and is found again after a reload', async () => {
    await open().do('serial');
    expect(choice).toEqual({ kind: 'serial', vendorId: 0x1a86, productId: 0x7523, baudRate: 9_600, answers: false });
    const again = open();
    await again.do('test');
    expect(again.tested).toBe('printed');
    expect(asked).toEqual(['serial']);
    expect(ports[0]?.printed.length).toBeGreaterThan(40);
    expect(choice).toMatchObject({ answers: true });
    expect(onDevice).toEqual([]);
  });

  test('one that answered and is now silent, or is gone, is named; nothing goes to another printer instead', async () => {
    const desk = open();
    await desk.do('serial');
    await desk.do('test');
    Object.assign(ports[0] ?? {}, { paper: 'silent' });
    await desk.do('test');
    expect(desk.tested).toBe('unreachable');
    ports = [];
    await desk.do('test');
    expect(desk.tested).toBe('unreachable');
    expect(onDevice).toEqual([]);
  });

  test('a port that an administrator has granted is taken without asking, unless it may be the cable', async () => {
    ports = [new FakePort(printerKind)];
    isCable = false;
    const desk = open();
    await desk.do('serial');
    expect(asked).toEqual(['serial']);
    choice = undefined;
    ports = [new FakePort(printerKind)];
    isCable = true;
    await desk.do('serial');
    expect(asked).toEqual(['serial']);
    expect(choice).toMatchObject({ kind: 'serial' });
    await desk.do('serial');
    expect(asked, 'a second press asks for another one').toEqual(['serial', 'serial']);
  });

  test('the speeds go round', async () => {
    const desk = open();
    await desk.do('serial');
    const seen: number[] = [];
    for (let press = 0; press < 4; press += 1) {
      await desk.do('speed');
      if (choice?.kind === 'serial') seen.push(choice.baudRate);
    }
    expect(seen).toEqual([19_200, 38_400, 115_200, 9_600]);
  });

  test('the width of the paper goes round, and the test’s rule is as long as a line', async () => {
    const ruleOf = (bytes: Uint8Array | undefined): string =>
      /-{20,}/.exec(new TextDecoder('latin1').decode(bytes))?.[0] ?? '';
    const desk = open();
    await desk.do('test');
    expect(ruleOf(onDevice[0])).toHaveLength(32);
    await desk.do('width');
    expect(choice, 'the secure device has the paper that it has').toBeUndefined();
    await desk.do('serial');
    const seen: number[] = [];
    for (let press = 0; press < 3; press += 1) {
      await desk.do('width');
      seen.push(paperOf(choice));
      await desk.do('test');
      const printed = ports[0]?.printed.splice(0) ?? [];
      expect(ruleOf(Uint8Array.from(printed))).toHaveLength(paperOf(choice));
    }
    expect(seen).toEqual([42, 48, 32]);
    await desk.do('width');
    await desk.do('speed');
    expect(choice).toMatchObject({ baudRate: 19_200, columns: 42 });
  });

  test('receipts, bills and their pictures of lines are as wide as the paper', async () => {
    const desk = open();
    await desk.do('usb');
    await desk.do('width');
    await desk.do('width');
    expect(choice).toMatchObject({ kind: 'usb', columns: 48 });
    const asked: number[] = [];
    const place = { device: {} as TerminalDevice, choice: () => choice, noteAnswers: () => undefined };
    const printed = await printLines(place, (columns) => {
      asked.push(columns);
      return [{ kind: 'rule', isDouble: false }];
    });
    expect(printed).toEqual({ ok: true, printer: 'usb' });
    expect(asked).toEqual([48]);
  });

  test('a USB printer prints, and forgetting it gives the permission back', async () => {
    const desk = open();
    await desk.do('usb');
    expect(choice).toMatchObject({ kind: 'usb', serialNumber: 'A1', name: 'TM-T20' });
    await desk.do('test');
    expect(desk.tested).toBe('printed');
    expect(usbDevice.taken).toBeGreaterThan(40);
    await desk.do('forget');
    expect(choice).toBeUndefined();
    expect(usbDevice.isForgotten).toBe(true);
  });

  test('forgetting a serial printer goes back to the secure device', async () => {
    const desk = open();
    await desk.do('serial');
    await desk.do('forget');
    expect(ports[0]?.wasForgotten).toBe(true);
    await desk.do('test');
    expect(onDevice).toHaveLength(1);
  });

  test.each([
    ['NotFoundError', 'none-chosen'],
    ['SecurityError', 'blocked'],
  ] as const)('%s of the chooser leaves the choice and says %s', async (name, problem) => {
    chooser = () => {
      throw new DOMException('no', name);
    };
    const desk = open();
    await desk.do('serial');
    expect(desk.problem).toBe(problem);
    expect(choice).toBeUndefined();
  });

  test('a USB device that is no printer is refused', async () => {
    usbDevice = fakeUsb(8);
    const desk = open();
    await desk.do('usb');
    expect(desk.problem).toBe('no-printer-there');
    expect(choice).toBeUndefined();
  });

  test('every kind has its acts behind number keys', () => {
    expect(printerActs('secure-device')).toEqual(['secure-device', 'serial', 'usb', 'test']);
    expect(printerActs('serial').slice(4)).toEqual(['speed', 'width', 'forget']);
    expect(printerActs('usb').slice(4)).toEqual(['width', 'forget']);
  });
});

describe('the cable leaves the printer alone', () => {
  const serial = Object.assign(new EventTarget(), {
    getPorts: async () => ports,
    requestPort: async () => chooser(),
  }) as unknown as SerialLike;
  const seen = async (): Promise<unknown[]> => portsForCable(serial, () => choice).getPorts();

  test('a port of the printer’s kind is hidden from it, and no other', async () => {
    const [cable, printer] = [new FakePort(cableKind), new FakePort(printerKind)];
    ports = [printer, cable];
    expect(await seen()).toEqual([printer, cable]);
    choice = { kind: 'serial', vendorId: 0x1a86, productId: 0x7523, baudRate: 9_600, answers: true };
    expect(await seen()).toEqual([cable]);
  });

  test('of two of one kind the one stays that the cable holds', async () => {
    const [cable, printer] = [new FakePort(printerKind), new FakePort(printerKind)];
    ports = [printer, cable];
    await cable.open();
    choice = { kind: 'serial', vendorId: 0x1a86, productId: 0x7523, baudRate: 9_600, answers: true };
    expect(await seen()).toEqual([cable]);
  });
});
