import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { describeCause, openingError } from './errors.ts';
import type { OpenError } from './errors.ts';
import { closeWaitMs, ignore } from './transport.ts';
import type { Transport } from './transport.ts';
import { settledWithin } from './wait.ts';

/** The part of `USBDevice` that is used; own types, so that everything runs in Node against a fake. */
export interface UsbDeviceLike {
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber?: string | null | undefined;
  readonly opened: boolean;
  readonly configuration?: { readonly interfaces: readonly UsbInterfaceLike[] } | null | undefined;
  readonly configurations: readonly { readonly configurationValue: number }[];
  open(): Promise<void>;
  close(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(number: number): Promise<void>;
  releaseInterface(number: number): Promise<void>;
  clearHalt(direction: 'in' | 'out', endpointNumber: number): Promise<void>;
  transferIn(endpoint: number, bytes: number): Promise<UsbInResult>;
  transferOut(
    endpoint: number,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly status?: string | undefined; readonly bytesWritten: number }>;
}

/** What a read from a USB endpoint gives. */
export interface UsbInResult {
  readonly status?: string | undefined;
  readonly data?: DataView | null | undefined;
}

/** One interface of a USB device, as far as it is looked at. */
export interface UsbInterfaceLike {
  readonly interfaceNumber: number;
  readonly alternates: readonly {
    readonly interfaceClass: number;
    readonly endpoints: readonly {
      readonly endpointNumber: number;
      readonly direction: string;
      readonly type: string;
    }[];
  }[];
}

/** The part of `navigator.usb` that is used. */
export interface UsbLike extends EventTarget {
  requestDevice(options: { filters: { classCode?: number; vendorId?: number }[] }): Promise<UsbDeviceLike>;
  getDevices(): Promise<UsbDeviceLike[]>;
}

/** The interface class of the terminal's own pipe; class drivers of the operating system leave it alone. */
export const vendorInterfaceClass = 0xff;
/** Reads kept waiting at the device at once: three hide the turn-around of the host. */
const readsInFlight = 3;
/** Writes handed to the device before the first has finished. */
const writesInFlight = 3;
const transferBytes = 16 * 1024;

interface Pipe {
  readonly interfaceNumber: number;
  readonly inEndpoint: number;
  readonly outEndpoint: number;
}

function pipeOf(device: UsbDeviceLike): Pipe | undefined {
  for (const { interfaceNumber, alternates } of device.configuration?.interfaces ?? []) {
    const vendor = alternates.find(({ interfaceClass }) => interfaceClass === vendorInterfaceClass);
    const bulk = vendor?.endpoints.filter(({ type }) => type === 'bulk') ?? [];
    const inEndpoint = bulk.find(({ direction }) => direction === 'in')?.endpointNumber;
    const outEndpoint = bulk.find(({ direction }) => direction === 'out')?.endpointNumber;
    if (inEndpoint !== undefined && outEndpoint !== undefined) return { interfaceNumber, inEndpoint, outEndpoint };
  }
  return undefined;
}

/**
 * A terminal behind `navigator.usb`: the vendor interface (class 0xFF) with one bulk pair.
 *
 * Obligations: reads are handed on in the order in which they were asked for, whatever their number in flight; a
 * stalled endpoint is cleared and read again; a write resolves in order, when the device has taken it.
 */
export class WebUsbTransport implements Transport {
  readonly id: string;
  readonly kind = 'web-usb';
  onBytes: (bytes: Uint8Array) => void = ignore;
  onLost: (cause: string) => void = ignore;
  readonly #device: UsbDeviceLike;
  readonly #linux: boolean;
  #state: 'closed' | 'opening' | 'open' | 'closing' = 'closed';
  #pipe: Pipe | undefined;
  #reading: Promise<void> = Promise.resolve();
  #writes: Promise<unknown>[] = [];

  /** `linux` tells the operating system's refusal from the browser's. */
  constructor(device: UsbDeviceLike, linux: boolean) {
    this.#device = device;
    this.#linux = linux;
    const ids = [device.vendorId, device.productId].map((value) => value.toString(16).padStart(4, '0'));
    this.id = `web-usb:${ids.join(':')}:${device.serialNumber ?? ''}`;
  }

  async open(): Promise<Result<void, OpenError>> {
    if (this.#state !== 'closed') return err('busy-opening');
    this.#state = 'opening';
    try {
      await this.#device.open();
      const first = this.#device.configurations[0]?.configurationValue ?? 1;
      if ((this.#device.configuration ?? null) === null) await this.#device.selectConfiguration(first);
      this.#pipe = pipeOf(this.#device);
      if (this.#pipe === undefined) return await this.#giveUp('not-ours', 'no vendor interface with a bulk pair');
      await this.#device.claimInterface(this.#pipe.interfaceNumber);
    } catch (cause) {
      const circumstances = { attached: true, openedBefore: true, linux: this.#linux };
      return this.#giveUp(openingError(cause, circumstances), describeCause(cause));
    }
    this.#state = 'open';
    this.#reading = this.#readLoop(this.#pipe);
    return ok(undefined);
  }

  async write(bytes: Uint8Array): Promise<Result<void, 'lost'>> {
    const pipe = this.#pipe;
    if (this.#state !== 'open' || pipe === undefined) return err('lost', 'not open');
    try {
      for (let at = 0; at < bytes.length; at += transferBytes) {
        if (this.#writes.length >= writesInFlight) await this.#writes.shift();
        const sent = this.#device.transferOut(pipe.outEndpoint, bytes.slice(at, at + transferBytes));
        sent.catch(ignore);
        this.#writes.push(sent);
      }
      await Promise.all(this.#writes.splice(0));
      return ok(undefined);
    } catch (cause) {
      this.#writes = [];
      return err('lost', describeCause(cause));
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    const pipe = this.#pipe;
    this.#pipe = undefined;
    if (pipe !== undefined) await settledWithin(this.#device.releaseInterface(pipe.interfaceNumber), closeWaitMs);
    await settledWithin(this.#device.close(), closeWaitMs);
    await settledWithin(this.#reading, closeWaitMs);
    this.#state = 'closed';
  }

  async #giveUp(error: OpenError, detail: string): Promise<Result<void, OpenError>> {
    this.#pipe = undefined;
    await settledWithin(this.#device.close(), closeWaitMs);
    this.#state = 'closed';
    return err(error, detail);
  }

  async #readLoop(pipe: Pipe): Promise<void> {
    const ask = (): Promise<UsbInResult> => {
      const asked = this.#device.transferIn(pipe.inEndpoint, transferBytes);
      asked.catch(ignore);
      return asked;
    };
    const waiting = Array.from({ length: readsInFlight }, ask);
    try {
      for (let next = waiting.shift(); next !== undefined && this.#state === 'open'; next = waiting.shift()) {
        const { status, data } = await next;
        if (status === 'stall') await this.#device.clearHalt('in', pipe.inEndpoint);
        if (this.#isOpen()) waiting.push(ask());
        if (data && data.byteLength > 0 && this.#isOpen()) {
          this.onBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        }
      }
    } catch (cause) {
      await this.#lose(describeCause(cause));
    }
  }

  #isOpen(): boolean {
    return this.#state === 'open';
  }

  async #lose(cause: string): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#pipe = undefined;
    await settledWithin(this.#device.close(), closeWaitMs);
    this.#state = 'closed';
    this.onLost(cause);
  }
}
