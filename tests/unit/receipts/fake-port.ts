import type { PrinterPort } from '../../../src/receipts/serial-printer.ts';

/** A receipt printer on a serial port: takes bytes, answers DLE EOT 4, and fails as it is told to. */
export class FakePort implements PrinterPort {
  /** What came onto the paper. */
  readonly printed: number[] = [];
  isOpen = false;
  opened = 0;
  /** The stream was closed, so that the driver has sent everything. */
  wasDrained = false;
  failAfter = Infinity;
  paperEndsAfter = Infinity;
  paper: 'there' | 'out' | 'silent' = 'there';
  /** Name of the error that opening throws. */
  refuses: string | undefined;
  connected = true;
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  baudRate = 0;
  wasForgotten = false;
  readonly #kind: { readonly usbVendorId?: number; readonly usbProductId?: number };

  constructor(kind: { readonly usbVendorId?: number; readonly usbProductId?: number } = {}) {
    this.#kind = kind;
  }

  getInfo(): { readonly usbVendorId?: number; readonly usbProductId?: number } {
    return this.#kind;
  }

  async forget(): Promise<void> {
    this.wasForgotten = true;
  }

  async open(options?: { baudRate: number }): Promise<void> {
    if (this.refuses !== undefined || this.isOpen) throw new DOMException('no', this.refuses ?? 'InvalidStateError');
    this.isOpen = true;
    this.opened += 1;
    this.baudRate = options?.baudRate ?? 0;
    let answer: (byte: number) => void = () => undefined;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        answer = (byte) => controller.enqueue(Uint8Array.of(byte));
      },
    });
    this.writable = new WritableStream<Uint8Array>({
      write: (chunk) => this.#take(chunk, answer),
      close: () => {
        this.wasDrained = true;
      },
    });
  }

  async close(): Promise<void> {
    if (this.readable?.locked === true || this.writable?.locked === true) throw new TypeError('locked');
    this.isOpen = false;
    this.readable = null;
    this.writable = null;
  }

  #take(chunk: Uint8Array, answer: (byte: number) => void): void {
    if (chunk.length === 3 && chunk[0] === 0x10 && chunk[1] === 0x04) {
      const isOut = this.paper === 'out' || this.printed.length > this.paperEndsAfter;
      if (this.paper !== 'silent') answer(isOut ? 0x72 : 0x12);
      return;
    }
    if (this.printed.length >= this.failAfter) throw new DOMException('gone', 'NetworkError');
    this.printed.push(...chunk);
  }
}
