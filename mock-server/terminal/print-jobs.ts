import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { concatBytes } from '../../protocol/bytes.ts';
import type { DeviceErrorCode } from '../../protocol/cable/v1/errors.ts';
import type { Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import { readEscpos } from './escpos.ts';
import type { Printer } from './printer.ts';

type Chunk = Params<'print.escpos'>;
type Answer = Reply<'print.escpos'>;

/**
 * Collects a print job's chunks and prints it with the last one. A chunk that came before is answered and not taken
 * again, and a job that was printed is never printed twice: the host may repeat what it got no answer to.
 */
export class PrintJobs {
  readonly #printer: Printer;
  #job: number | undefined;
  #chunks: Uint8Array[] = [];
  #printed: { readonly job: number; readonly answer: Answer } | undefined;

  constructor(printer: Printer) {
    this.#printer = printer;
  }

  /** Takes one chunk. `refused`: it is not the one that comes next; the detail names that one. */
  take({ job, index, isLast, bytes }: Chunk): Result<Answer, DeviceErrorCode> {
    if (this.#printed?.job === job) return ok(this.#printed.answer);
    if (this.#job !== job) {
      this.#job = job;
      this.#chunks = [];
    }
    if (index > this.#chunks.length) return err('refused', `chunk ${this.#chunks.length} comes next`);
    if (index === this.#chunks.length) this.#chunks.push(bytes);
    if (!isLast) return ok(this.#answer('waiting'));
    const whole = concatBytes(...this.#chunks);
    const answer = this.#print(whole);
    this.#job = undefined;
    this.#chunks = [];
    if (answer.outcome === 'printed') this.#printed = { job, answer };
    return ok(answer);
  }

  #print(bytes: Uint8Array): Answer {
    const read = readEscpos(bytes);
    if (!read.ok) return this.#answer('unreadable');
    const printed = this.#printer.printItems(read.value);
    return this.#answer(printed.ok ? 'printed' : printed.error);
  }

  #answer(outcome: Answer['outcome']): Answer {
    return { outcome, next: this.#chunks.length, paper: this.#printer.paperState };
  }
}
