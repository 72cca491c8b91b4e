import type { UsbDeviceLike, UsbInResult, UsbLike } from '../../../src/device/web-usb.ts';
import { domError } from './fake-serial.ts';
import type { FarEnd } from './fake-serial.ts';

interface Asked {
  readonly resolve: (result: UsbInResult) => void;
  readonly reject: (cause: unknown) => void;
}

/** A USB device with one vendor interface and a bulk pair; transfers behave like Chromium's, one result per request. */
export class FakeUsbDevice extends EventTarget implements UsbDeviceLike {
  readonly vendorId = 0x1209;
  readonly productId = 0x7471;
  readonly serialNumber: string;
  readonly configurations = [{ configurationValue: 1 }];
  opened = false;
  interfaceClass = 0xff;
  /** Makes the next `claimInterface` fail with this error, once. */
  failNextClaim: DOMException | undefined;
  configuration: UsbDeviceLike['configuration'] = null;
  readonly far: FarEnd;
  haltsCleared = 0;
  mostReadsWaiting = 0;
  #attached = true;
  #asked: Asked[] = [];
  #unread: UsbInResult[] = [];

  constructor(serialNumber = 'QT60-2551-00317') {
    super();
    this.serialNumber = serialNumber;
    this.far = {
      received: [],
      onReceived: () => undefined,
      send: (bytes) => this.#offer({ status: 'ok', data: new DataView(bytes.slice().buffer) }),
    };
  }

  async open(): Promise<void> {
    if (!this.#attached) throw domError('NotFoundError', 'The device was disconnected.');
    this.opened = true;
  }

  async close(): Promise<void> {
    this.opened = false;
    for (const { reject } of this.#asked.splice(0)) reject(domError('AbortError', 'The transfer was cancelled.'));
  }

  async selectConfiguration(): Promise<void> {
    const endpoints = [
      { endpointNumber: 3, direction: 'in', type: 'bulk' },
      { endpointNumber: 4, direction: 'out', type: 'bulk' },
    ];
    const cdc = { interfaceNumber: 0, alternates: [{ interfaceClass: 2, endpoints: [] }] };
    const vendor = { interfaceNumber: 2, alternates: [{ interfaceClass: this.interfaceClass, endpoints }] };
    this.configuration = { interfaces: [cdc, vendor] };
  }

  async claimInterface(number: number): Promise<void> {
    const failure = this.failNextClaim;
    this.failNextClaim = undefined;
    if (failure !== undefined) throw failure;
    if (number !== 2) throw domError('NotFoundError');
  }

  async releaseInterface(): Promise<void> {
    await Promise.resolve();
  }

  async clearHalt(): Promise<void> {
    this.haltsCleared += 1;
  }

  transferIn(): Promise<UsbInResult> {
    const ready = this.#unread.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.mostReadsWaiting = Math.max(this.mostReadsWaiting, this.#asked.length);
    });
  }

  async transferOut(_endpoint: number, data: Uint8Array): Promise<{ status: string; bytesWritten: number }> {
    if (!this.#attached) throw domError('NetworkError', 'A transfer error has occurred.');
    for (const byte of data) this.far.received.push(byte);
    this.far.onReceived(data.slice());
    return { status: 'ok', bytesWritten: data.length };
  }

  /** Answers the next read with a stall. */
  stall(): void {
    this.#offer({ status: 'stall', data: null });
  }

  lose(): void {
    this.#attached = false;
    for (const { reject } of this.#asked.splice(0)) reject(domError('NetworkError', 'The device was disconnected.'));
  }

  #offer(result: UsbInResult): void {
    const next = this.#asked.shift();
    if (next === undefined) this.#unread.push(result);
    else next.resolve(result);
  }
}

/** `navigator.usb` with a scripted chooser. */
export class FakeUsb extends EventTarget implements UsbLike {
  readonly attached: FakeUsbDevice[] = [];
  choice: FakeUsbDevice | undefined;

  async requestDevice(): Promise<FakeUsbDevice> {
    if (this.choice === undefined) throw domError('NotFoundError', 'No device selected.');
    return this.choice;
  }

  async getDevices(): Promise<FakeUsbDevice[]> {
    return [...this.attached];
  }

  plug(device = new FakeUsbDevice()): FakeUsbDevice {
    this.attached.push(device);
    this.dispatchEvent(new Event('connect'));
    return device;
  }

  unplug(device: FakeUsbDevice): void {
    this.attached.splice(this.attached.indexOf(device), 1);
    device.lose();
    this.dispatchEvent(new Event('disconnect'));
  }
}
