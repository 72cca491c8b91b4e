import { WebSocketServer } from 'ws';
import type { WebSocket as ServerSocket } from 'ws';
import { chooseSerial, chooseUsb, SerialSource, SimulatedSource, UsbSource } from '../../../src/device/sources.ts';
import type { Source } from '../../../src/device/sources.ts';
import type { OpenError } from '../../../src/device/errors.ts';
import type { Result } from '../../../domain/result.ts';
import type { WebSerialEnvironment } from '../../../src/device/web-serial.ts';
import { FakeSerial } from './fake-serial.ts';
import { FakeUsb } from './fake-usb.ts';

/** A source under test, with its far end in the test's hands. */
export interface Line {
  readonly source: Source;
  /** Bytes that reached the far end. */
  received(): Uint8Array;
  send(bytes: Uint8Array): void;
  /** Cuts the line from the far side. */
  drop(): void;
  /** Makes the far side available again after `drop`. */
  restore(): void;
  end(): Promise<void>;
}

/** How to make a line of one kind; `cancelChooser` is absent where the kind has no chooser, with the reason. */
export interface LineKind {
  readonly kind: string;
  make(): Promise<Line>;
  readonly cancelChooser: (() => Promise<Result<unknown, OpenError>>) | { readonly noChooser: string };
}

/** A serial environment that forgets nothing and stands on no operating system in particular. */
export function serialEnvironment(serial: FakeSerial, linux = false): WebSerialEnvironment {
  const opened = new Set<string>();
  return { serial, linux, openedBefore: (name) => opened.has(name), noteOpened: (name) => void opened.add(name) };
}

const webSerial: LineKind = {
  kind: 'web-serial',
  cancelChooser: () => chooseSerial(serialEnvironment(new FakeSerial())),
  async make() {
    const serial = new FakeSerial();
    let port = serial.plug();
    return {
      source: new SerialSource(port, serialEnvironment(serial)),
      received: () => Uint8Array.from(port.far.received),
      send: (bytes) => port.far.send(bytes),
      drop: () => serial.unplug(port),
      restore: () => {
        port = serial.plug();
      },
      end: () => Promise.resolve(),
    };
  },
};

const webUsb: LineKind = {
  kind: 'web-usb',
  cancelChooser: () => chooseUsb(new FakeUsb(), false),
  async make() {
    const usb = new FakeUsb();
    let device = usb.plug();
    return {
      source: new UsbSource(device, usb, false),
      received: () => Uint8Array.from(device.far.received),
      send: (bytes) => device.far.send(bytes),
      drop: () => usb.unplug(device),
      restore: () => {
        device = usb.plug();
      },
      end: () => Promise.resolve(),
    };
  },
};

const simulated: LineKind = {
  kind: 'simulated',
  cancelChooser: { noChooser: 'the emulator is named by its address' },
  async make() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    const sockets: ServerSocket[] = [];
    const chunks: Uint8Array[] = [];
    server.on('connection', (socket) => {
      sockets.push(socket);
      socket.on('message', (data: Buffer) => chunks.push(new Uint8Array(data)));
    });
    const { port } = server.address() as { port: number };
    return {
      source: new SimulatedSource(`ws://127.0.0.1:${String(port)}/cable/TEST`),
      received: () => Uint8Array.from(Buffer.concat(chunks)),
      send: (bytes) => sockets.at(-1)?.send(bytes),
      drop: () => sockets.at(-1)?.terminate(),
      restore: () => undefined,
      end: async () => {
        for (const socket of sockets) socket.terminate();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};

/** Every transport of the app. */
export const lineKinds: readonly LineKind[] = [webSerial, webUsb, simulated];
