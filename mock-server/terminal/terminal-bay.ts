import { attachCable } from './cable.ts';
import type { CableAttachment, CableOptions } from './cable.ts';
import { socketStream } from './byte-stream.ts';
import type { MessageSocket } from './byte-stream.ts';
import { CodeDesk } from './codes.ts';
import { Keypad } from './keypad.ts';
import { openPty } from './pty.ts';
import type { PtyCable } from './pty.ts';
import type { SecureDevice } from './secure-device.ts';

/** Close codes of a simulated cable, beside the standard ones. */
export const cableCloseCodes = {
  /** The plug was pulled. */
  unplugged: 4401,
  /** Another page holds the cable. */
  inUse: 4409,
} as const;

/** A terminal on the bench: the device, its keypad, and the cables that lead to it. */
export class TerminalBay {
  readonly device: SecureDevice;
  readonly keypad: Keypad;
  /** The terminal's barcode reader and the codes on its screen. */
  readonly codes: CodeDesk;
  /** The device that answers on this terminal's cables: another one than `device` after a mix-up. */
  #answering: SecureDevice;
  #options: CableOptions;
  #isPlugged = true;
  #socket: MessageSocket | undefined;
  #socketCable: CableAttachment | undefined;
  #pty: PtyCable | undefined;
  readonly #onChange: () => void;

  /** `onChange` is called when a cable comes or goes. */
  constructor(device: SecureDevice, options: CableOptions, onChange: () => void) {
    this.device = device;
    this.keypad = new Keypad(device);
    this.codes = new CodeDesk(device);
    this.#answering = device;
    this.#options = options;
    this.#onChange = onChange;
  }

  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  get options(): CableOptions {
    return this.#options;
  }

  /** The port's path, when there is a pseudo-terminal. */
  get portPath(): string | undefined {
    return this.#pty?.path;
  }

  /** True while a page holds the simulated cable, or a program has opened a link on the port. */
  get isInUse(): boolean {
    return this.#socketCable !== undefined || this.#pty?.attachment?.session?.stats.state === 'open';
  }

  /** The serial of the device at the end of the cable. */
  get answeringSerial(): string {
    return this.#answering.factory.serial;
  }

  /** Makes the serial port. Once; later calls give the same one. */
  async openPort(): Promise<PtyCable> {
    this.#pty ??= await openPty(this.#answering, this.#options);
    if (!this.#isPlugged) await this.#pty.unplug();
    return this.#pty;
  }

  /** A page connects to the simulated cable. One at a time, and only while it is plugged in. */
  connect(socket: MessageSocket): void {
    if (!this.#isPlugged) {
      socket.close(cableCloseCodes.unplugged, 'unplugged');
      return;
    }
    if (this.#socketCable !== undefined) {
      socket.close(cableCloseCodes.inUse, 'in use');
      return;
    }
    this.#socket = socket;
    this.#socketCable = attachCable(this.#answering, socketStream(socket), this.#options);
    socket.on('close', () => {
      if (this.#socket === socket) this.#forgetSocket();
      this.#onChange();
    });
    this.#onChange();
  }

  /** Pulls the plug on all cables. */
  async unplug(): Promise<void> {
    this.#isPlugged = false;
    this.#dropSocket();
    await this.#pty?.unplug();
    this.#onChange();
  }

  /** Plugs in again; with `other`, that device is now at the end of the cable. */
  async replug(other: SecureDevice = this.device): Promise<void> {
    this.#dropSocket();
    this.#answering = other;
    this.#isPlugged = true;
    await this.#pty?.replug(other);
    this.#onChange();
  }

  /** Another rate or noise; cables in use are plugged anew. */
  async setOptions(options: CableOptions): Promise<void> {
    this.#options = options;
    this.#pty?.setOptions(options);
    if (this.#isPlugged) await this.replug(this.#answering);
  }

  async close(): Promise<void> {
    this.#dropSocket();
    await this.#pty?.close();
    this.device.powerOff();
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#forgetSocket();
    socket?.close(cableCloseCodes.unplugged, 'unplugged');
  }

  #forgetSocket(): void {
    this.#socketCable?.close();
    this.#socketCable = undefined;
    this.#socket = undefined;
  }
}
