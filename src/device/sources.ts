import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { chooserError, describeCause } from './errors.ts';
import type { OpenError } from './errors.ts';
import { identityOf, identityText, isSameKind } from './serial-like.ts';
import type { PortLike, SerialLike } from './serial-like.ts';
import { SimulatedTransport } from './simulated.ts';
import type { Transport, TransportKind } from './transport.ts';
import { WebSerialTransport } from './web-serial.ts';
import type { WebSerialEnvironment } from './web-serial.ts';
import { vendorInterfaceClass, WebUsbTransport } from './web-usb.ts';
import type { UsbDeviceLike, UsbLike } from './web-usb.ts';

/**
 * Where a terminal can be found, and found again after it was unplugged. A replugged device is a new object in the
 * browser, so a source describes a kind of device; who it really is, hello tells.
 */
export interface Source {
  readonly kind: TransportKind;
  /** Name of the lock that one tab holds while it uses this source. */
  readonly ownerKey: string;
  /** Fresh transports for every attached device that may be the one, the likeliest first; empty when unplugged. */
  candidates(): Promise<Transport[]>;
  /** Calls `listener` when something that may be the device is attached; gives the way to stop that. */
  onAttach(listener: () => void): () => void;
}

function listen(target: EventTarget, listener: () => void): () => void {
  target.addEventListener('connect', listener);
  return () => target.removeEventListener('connect', listener);
}

/** A port that the person chose or granted earlier, and every later port of the same vendor and product. */
export class SerialSource implements Source {
  readonly kind = 'web-serial';
  readonly ownerKey: string;
  readonly #port: PortLike;
  readonly #environment: WebSerialEnvironment;

  /** `order` counts the attached ports of the same kind, so that two tabs may use two terminals of one model. */
  constructor(port: PortLike, environment: WebSerialEnvironment, order = 0) {
    this.#port = port;
    this.#environment = environment;
    this.ownerKey = `tillkeeper-cable:${identityText(identityOf(port))}:${String(order)}`;
  }

  async candidates(): Promise<Transport[]> {
    const attached = await this.#environment.serial.getPorts();
    const sameKind = attached.filter((port) => isSameKind(port, identityOf(this.#port)));
    sameKind.sort((a, b) => Number(b === this.#port) - Number(a === this.#port));
    return sameKind.map((port) => new WebSerialTransport(port, this.#environment, attached.indexOf(port)));
  }

  onAttach(listener: () => void): () => void {
    return listen(this.#environment.serial, listener);
  }
}

/** A device with the vendor interface, and every later one of the same vendor, product and serial number. */
export class UsbSource implements Source {
  readonly kind = 'web-usb';
  readonly ownerKey: string;
  readonly #device: UsbDeviceLike;
  readonly #usb: UsbLike;
  readonly #linux: boolean;

  constructor(device: UsbDeviceLike, usb: UsbLike, linux: boolean) {
    this.#device = device;
    this.#usb = usb;
    this.#linux = linux;
    this.ownerKey = `tillkeeper-cable:${new WebUsbTransport(device, linux).id}`;
  }

  async candidates(): Promise<Transport[]> {
    const attached = await this.#usb.getDevices();
    const { vendorId, productId, serialNumber } = this.#device;
    return attached
      .filter((device) => device.vendorId === vendorId && device.productId === productId)
      .filter((device) => (device.serialNumber ?? '') === (serialNumber ?? ''))
      .map((device) => new WebUsbTransport(device, this.#linux));
  }

  onAttach(listener: () => void): () => void {
    return listen(this.#usb, listener);
  }
}

/** One terminal of the emulator. */
export class SimulatedSource implements Source {
  readonly kind = 'simulated';
  readonly ownerKey: string;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    this.ownerKey = `tillkeeper-cable:${url}`;
  }

  async candidates(): Promise<Transport[]> {
    return [new SimulatedTransport(this.url)];
  }

  onAttach(): () => void {
    return () => undefined;
  }
}

/**
 * Shows the browser's port chooser. Call it as the first statement of a click handler: the browser wants the gesture,
 * and a lost one is thrown, not rejected, which is why the call stands inside `try`.
 */
export async function chooseSerial(environment: WebSerialEnvironment): Promise<Result<Source, OpenError>> {
  try {
    const port = await environment.serial.requestPort();
    return ok(await serialSource(port, environment));
  } catch (cause) {
    return err(chooserError(cause), describeCause(cause));
  }
}

/** Shows the browser's USB chooser, with devices that have a vendor interface; rules as for `chooseSerial`. */
export async function chooseUsb(usb: UsbLike, linux: boolean): Promise<Result<Source, OpenError>> {
  try {
    const device = await usb.requestDevice({ filters: [{ classCode: vendorInterfaceClass }] });
    return ok(new UsbSource(device, usb, linux));
  } catch (cause) {
    return err(chooserError(cause), describeCause(cause));
  }
}

async function serialSource(port: PortLike, environment: WebSerialEnvironment): Promise<Source> {
  const sameKind = (await attachedPorts(environment.serial)).filter((other) => isSameKind(other, identityOf(port)));
  return new SerialSource(port, environment, Math.max(0, sameKind.indexOf(port)));
}

async function attachedPorts(serial: SerialLike): Promise<PortLike[]> {
  try {
    return await serial.getPorts();
  } catch {
    return [];
  }
}

/** Every port and device that the browser lets this page open without asking again. */
export async function grantedSources(
  serial: WebSerialEnvironment | undefined,
  usb: UsbLike | undefined,
): Promise<Source[]> {
  const ports = serial === undefined ? [] : await attachedPorts(serial.serial);
  const devices = usb === undefined ? [] : await usb.getDevices().catch(() => []);
  const serialSources = serial === undefined ? [] : await Promise.all(ports.map((port) => serialSource(port, serial)));
  const linux = serial?.linux ?? false;
  return [...serialSources, ...(usb === undefined ? [] : devices.map((device) => new UsbSource(device, usb, linux)))];
}
