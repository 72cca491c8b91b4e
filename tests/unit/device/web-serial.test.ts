import { beforeEach, describe, expect, test, vi } from 'vitest';
import { chooseSerial, SerialSource } from '../../../src/device/sources.ts';
import { WebSerialTransport } from '../../../src/device/web-serial.ts';
import { domError, FakePort, FakeSerial } from '../../conformance/transports/fake-serial.ts';
import { serialEnvironment } from '../../conformance/transports/lines.ts';

describe('web serial', () => {
  let serial: FakeSerial;
  let port: FakePort;
  let transport: WebSerialTransport;
  let heard: number[];
  let lost: string[];

  beforeEach(() => {
    serial = new FakeSerial();
    port = serial.plug();
    transport = new WebSerialTransport(port, serialEnvironment(serial));
    heard = [];
    lost = [];
    transport.onBytes = (bytes) => heard.push(...bytes);
    transport.onLost = (cause) => lost.push(cause);
  });

  test('asks for a large read buffer and the rate', async () => {
    await transport.open(921_600);
    expect(port.openedWith).toEqual({ baudRate: 921_600, bufferSize: 262_144 });
  });

  test.each(['BufferOverrunError', 'BreakError', 'FramingError', 'ParityError'] as const)(
    'goes on reading after %s',
    async (name) => {
      await transport.open();
      port.far.send(Uint8Array.of(1));
      await vi.waitFor(() => expect(heard).toEqual([1]));
      port.interrupt(name);
      await vi.waitFor(() => expect(port.readable?.locked).toBe(true));
      port.far.send(Uint8Array.of(2));
      await vi.waitFor(() => expect(heard).toEqual([1, 2]));
      expect(lost).toEqual([]);
    },
  );

  test('a port that only ever breaks is lost after a limit, not read for ever', async () => {
    await transport.open();
    const breaking = setInterval(() => port.interrupt('BreakError'), 0);
    await vi.waitFor(() => expect(lost.length).toBe(1), { timeout: 5000 });
    clearInterval(breaking);
  });

  test('close leaves no lock, so that the port really closes', async () => {
    await transport.open();
    await transport.close();
    expect(port.isOpen).toBe(false);
  });

  test('close settles while a write hangs', async () => {
    await transport.open();
    port.takeWrite = () => new Promise(() => undefined);
    const writing = transport.write(Uint8Array.of(1));
    const began = performance.now();
    await transport.close();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(await writing).toMatchObject({ ok: false, error: 'lost' });
  });

  test('a held port is told from missing rights by what opened before', async () => {
    const environment = serialEnvironment(serial, true);
    const first = new WebSerialTransport(port, environment);
    port.failNextOpen = domError('NetworkError', 'Failed to open serial port.');
    expect(await first.open()).toMatchObject({ ok: false, error: 'no-permission' });
    expect((await first.open()).ok).toBe(true);
    await first.close();
    port.failNextOpen = domError('NetworkError', 'Failed to open serial port.');
    expect(await first.open()).toMatchObject({ ok: false, error: 'in-use' });
  });

  test('writes wait until the line has taken them', async () => {
    await transport.open();
    let letGo: () => void = () => undefined;
    port.takeWrite = () => new Promise((resolve) => (letGo = resolve));
    let isWritten = false;
    void transport.write(Uint8Array.of(1)).then(() => (isWritten = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isWritten).toBe(false);
    letGo();
    await vi.waitFor(() => expect(isWritten).toBe(true));
  });

  test('the chosen port comes first among those of its kind, others never', async () => {
    const other = serial.plug(new FakePort());
    serial.plug(new FakePort(0x0403, 0x6001));
    const source = new SerialSource(other, serialEnvironment(serial));
    const found = (await source.candidates()) as WebSerialTransport[];
    expect(found.map((candidate) => candidate.isPort(other))).toEqual([true, false]);
  });

  test('two ports of one kind get two locks', async () => {
    const other = serial.plug(new FakePort());
    serial.choice = port;
    const first = await chooseSerial(serialEnvironment(serial));
    serial.choice = other;
    const second = await chooseSerial(serialEnvironment(serial));
    expect([first, second].map((chosen) => chosen.ok && chosen.value.ownerKey)).toEqual([
      'tillkeeper-cable:1209:7470:0',
      'tillkeeper-cable:1209:7470:1',
    ]);
  });
});
