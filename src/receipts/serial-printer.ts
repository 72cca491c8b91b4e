import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { chunksOf, inTurn, openProblem, within } from './printers.ts';
import type { PrintError, ReceiptPrinter } from './printers.ts';

/** The part of `SerialPort` that is used. */
export interface PrinterPort {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  /** Absent before Chrome 130. */
  readonly connected?: boolean;
  open(options: { baudRate: number }): Promise<void>;
  close(): Promise<void>;
}

/** How a serial printer is spoken to. */
export interface SerialPrinterOptions {
  /** What most receipt printers are set to at the factory when absent. */
  readonly baudRate?: number;
  /** It has answered before: silence now means that it is switched off. */
  readonly mustAnswer?: boolean;
  /** How long it may take to answer, ms. */
  readonly answerMs?: number;
}

/** Rates that receipt printers are set to, the factory's commonest first. */
export const printerBauds = [9_600, 19_200, 38_400, 115_200] as const;
const defaultAnswerMs = 600;
/** DLE EOT 4: asks for the paper's state, answered also while printing (ESC/POS, real-time status transmission). */
const askPaper = Uint8Array.of(0x10, 0x04, 0x04);
/** Of the answer: these bits are always so, which tells it from noise; both paper-end bits are set when the roll is out. */
const answerMask = 0b1001_0011;
const answerBits = 0b0001_0010;
const paperEndBits = 0b0110_0000;
/** Bits on the line for a byte: start, eight, stop. */
const bitsPerByte = 10;
/** A printer may stop the line while the paper moves. */
const patienceMs = 15_000;

/** What a printer said of its paper. `silent`: nothing, as one whose back line is not wired. */
type Paper = 'there' | 'out' | 'silent';

/** The bytes that come back while a job is printed; the last one that is an answer counts. */
class BackLine {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #done: Promise<void>;
  #heard: (byte: number) => void = () => undefined;

  constructor(readable: ReadableStream<Uint8Array> | null) {
    this.#reader = readable?.getReader();
    this.#done = this.#read().catch(() => undefined);
  }

  /** The answer to `ask`; undefined when none came in time. */
  answerTo(ask: () => Promise<void>, ms: number): Promise<number | undefined> {
    const heard = new Promise<number>((resolve) => (this.#heard = resolve));
    return within(
      ask().then(() => heard),
      ms,
    );
  }

  async close(): Promise<void> {
    await this.#reader?.cancel().catch(() => undefined);
    await this.#done;
  }

  async #read(): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined) return;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        for (const byte of value) if ((byte & answerMask) === answerBits) this.#heard(byte);
      }
    } finally {
      reader.releaseLock();
    }
  }
}

/**
 * A printer behind a serial port that the person has chosen. It is opened for each receipt, so that others can use it.
 * `learnt` is told once that it answers questions about its paper.
 */
export function serialPrinter(
  port: PrinterPort,
  options: SerialPrinterOptions = {},
  learnt: () => void = () => undefined,
): ReceiptPrinter {
  const { baudRate = printerBauds[0], mustAnswer = false, answerMs = defaultAnswerMs } = options;
  let answers = mustAnswer;
  const onPort = async (bytes: Uint8Array): Promise<Result<void, PrintError>> => {
    const writer = port.writable?.getWriter();
    if (writer === undefined) return err('printer-failed', 'the port takes nothing');
    const back = new BackLine(port.readable);
    const paper = async (): Promise<Paper> => {
      const byte = await back.answerTo(() => writer.write(askPaper), answerMs);
      if (byte === undefined) return 'silent';
      return (byte & paperEndBits) === paperEndBits ? 'out' : 'there';
    };
    try {
      const before = await paper();
      if (before === 'out') return err('out-of-paper');
      if (before === 'silent' && answers) return err('unreachable', 'it gives no answer');
      if (before === 'there' && !answers) {
        answers = true;
        learnt();
      }
      const longestMs = (bytes.length * bitsPerByte * 2_000) / baudRate + patienceMs;
      const sent = await within(
        sendAll(writer, bytes).then(() => true),
        longestMs,
      );
      if (sent === undefined) return err('printer-failed', 'it stopped taking bytes');
      if (before === 'there' && (await paper()) === 'out') return err('out-of-paper');
      // Closing the stream waits until the driver has sent everything; closing the port would throw it away.
      await within(writer.close(), longestMs);
      return ok(undefined);
    } finally {
      await back.close();
      // Never waits for what the line does not take; a stream that is closed already has nothing to give up.
      void writer.abort().catch(() => undefined);
      writer.releaseLock();
    }
  };
  return {
    kind: 'serial',
    print: inTurn(async (bytes) => {
      if (port.writable !== null) return err('in-use', 'this page has it open');
      try {
        await port.open({ baudRate });
      } catch (cause) {
        return err(openProblem(cause, port.connected ?? true), String(cause));
      }
      try {
        return await onPort(bytes);
      } catch {
        return err('printer-failed', 'the cable or the printer failed while printing');
      } finally {
        await port.close().catch(() => undefined);
      }
    }),
  };
}

async function sendAll(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<void> {
  for (const chunk of chunksOf(bytes)) await writer.write(chunk);
}
