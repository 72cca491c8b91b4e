import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sendUdevMessage } from './uevent.ts';
import type { UdevMessage } from './uevent.ts';

/** The USB descriptor that Chromium is shown. */
export interface UsbIdentity {
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber: string;
}

const usbSerialMajor = 188;

/** One USB serial port that exists only as files in a folder (bound over /sys and /run inside the browser's namespace). */
export class FakeUsbSerialPort {
  readonly #folder: string;
  readonly #minor: number;

  /** `minor` (0–511) also names the port, ttyUSB`minor`: two benches of one machine must use different ones. */
  constructor(folder: string, minor: number) {
    this.#folder = folder;
    this.#minor = minor;
  }

  get #name(): string {
    return `ttyUSB${this.#minor}`;
  }

  /** Below /sys/devices/virtual/tty. */
  get #relativePath(): string {
    return `usb1/1-${this.#minor + 1}/${this.#name}/tty/${this.#name}`;
  }

  /** Makes the folders and the driver table; no port is there yet. */
  async prepare(): Promise<void> {
    for (const name of ['sys-devices-virtual-tty', 'sys-class-tty', 'run/udev/data']) {
      await mkdir(join(this.#folder, name), { recursive: true });
    }
    await writeFile(join(this.#folder, 'run/udev/control'), '');
    const drivers = await readFile('/proc/tty/drivers', 'utf8');
    const line = `usbserial            /dev/ttyUSB  ${usbSerialMajor} 0-511 serial\n`;
    await writeFile(
      join(this.#folder, 'proc-tty-drivers'),
      drivers.includes('/dev/ttyUSB ') ? drivers : drivers + line,
    );
  }

  /** Writes the port's sysfs entry and udev record; `ptyPath` is what opening it opens. */
  async appear(ptyPath: string, usb: UsbIdentity): Promise<void> {
    const node = join(this.#folder, 'sys-devices-virtual-tty', this.#relativePath);
    await mkdir(node, { recursive: true });
    const device = ptyPath.replace(/^\/dev\//, '');
    await writeFile(join(node, 'uevent'), `MAJOR=${usbSerialMajor}\nMINOR=${this.#minor}\nDEVNAME=${device}\n`);
    await writeFile(join(node, 'dev'), `${usbSerialMajor}:${this.#minor}\n`);
    await symlink('/sys/class/tty', join(node, 'subsystem'));
    const record = Object.entries(this.#udevProperties(usb)).map(([name, value]) => `E:${name}=${value}\n`);
    await writeFile(this.#recordPath, `I:1000000\n${record.join('')}`);
    await symlink(`/sys/devices/virtual/tty/${this.#relativePath}`, join(this.#folder, 'sys-class-tty', this.#name));
  }

  /** Takes the port's entry and record away. */
  async vanish(): Promise<void> {
    await rm(join(this.#folder, 'sys-class-tty', this.#name), { force: true });
    await rm(dirname(dirname(join(this.#folder, 'sys-devices-virtual-tty', this.#relativePath))), {
      recursive: true,
      force: true,
    });
    await rm(this.#recordPath, { force: true });
  }

  /** Tells udev's listeners that the port came or went. Needs root. */
  async announce(action: UdevMessage['action'], ptyPath: string, usb: UsbIdentity): Promise<void> {
    await sendUdevMessage({
      action,
      subsystem: 'tty',
      devicePath: `/devices/virtual/tty/${this.#relativePath}`,
      properties: {
        MAJOR: String(usbSerialMajor),
        MINOR: String(this.#minor),
        DEVNAME: ptyPath,
        SEQNUM: String(100_000 + this.#minor),
        ...this.#udevProperties(usb),
      },
    });
  }

  get #recordPath(): string {
    return join(this.#folder, `run/udev/data/c${usbSerialMajor}:${this.#minor}`);
  }

  #udevProperties(usb: UsbIdentity): Record<string, string> {
    return {
      ID_BUS: 'usb',
      ID_VENDOR_ID: usb.vendorId.toString(16).padStart(4, '0'),
      ID_MODEL_ID: usb.productId.toString(16).padStart(4, '0'),
      ID_MODEL: 'Payment_Terminal',
      ID_SERIAL_SHORT: usb.serialNumber,
    };
  }
}
