import { describe, expect, test, vi } from 'vitest';
import { WebUsbTransport } from '../../../src/device/web-usb.ts';
import { domError } from '../../conformance/transports/fake-serial.ts';
import { FakeUsbDevice } from '../../conformance/transports/fake-usb.ts';

describe('web usb', () => {
  test('keeps three reads waiting at the device', async () => {
    const device = new FakeUsbDevice();
    const transport = new WebUsbTransport(device, false);
    await transport.open();
    expect(device.mostReadsWaiting).toBe(3);
    await transport.close();
  });

  test('clears a stall and reads on', async () => {
    const device = new FakeUsbDevice();
    const transport = new WebUsbTransport(device, false);
    const heard: number[] = [];
    transport.onBytes = (bytes) => heard.push(...bytes);
    await transport.open();
    device.stall();
    device.far.send(Uint8Array.of(7));
    await vi.waitFor(() => expect(heard).toEqual([7]));
    expect(device.haltsCleared).toBe(1);
    await transport.close();
  });

  test('a device without the vendor interface is not ours', async () => {
    const device = new FakeUsbDevice();
    device.interfaceClass = 0x08;
    expect(await new WebUsbTransport(device, false).open()).toMatchObject({ ok: false, error: 'not-ours' });
    expect(device.opened).toBe(false);
  });

  test.each([
    ['SecurityError', true, 'no-permission'],
    ['NetworkError', false, 'in-use'],
  ])('a claim that fails with %s is %s', async (name, linux, expected) => {
    const device = new FakeUsbDevice();
    device.failNextClaim = domError(name, 'Unable to claim interface.');
    expect(await new WebUsbTransport(device, linux).open()).toMatchObject({ ok: false, error: expected });
    expect(device.opened).toBe(false);
  });
});
