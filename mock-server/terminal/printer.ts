import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { deviceLimits } from './limits.ts';
import type { TerminalBody } from './body.ts';

/** Height of one printed line in millimetres (203 dpi, 30 dots). */
const lineMm = 4;
/** Paper fed after a slip so that it can be torn off. */
const tearMm = 18;
/** Dots heated for one character, about. */
const dotsPerCharacter = 62;

/** Why nothing, or not everything, was printed. */
export type PrintErrorCode =
  /** The roll ended before or while printing. Put in paper and print again. */
  | 'out-of-paper'
  /** The print head does not answer. The terminal needs a repair. */
  | 'printer-broken';

/** One line on the paper that hangs out of the printer. */
export interface PaperLine {
  readonly text: string;
  /** The slip was torn off after this line. */
  readonly isLast: boolean;
}

/** The receipt printer. What is printed stays visible until torn off or pushed out by newer lines. */
export class Printer {
  readonly #body: TerminalBody;
  #paper: PaperLine[] = [];

  constructor(body: TerminalBody) {
    this.#body = body;
  }

  /** The lines that hang out, oldest first. */
  get paper(): readonly PaperLine[] {
    return this.#paper;
  }

  /** The paper's state as `diagnose.health` reports it. */
  get paperState(): 'ok' | 'low' | 'out' {
    if (this.#body.paperMm < lineMm + tearMm) return 'out';
    return this.#body.paperMm < 300 ? 'low' : 'ok';
  }

  /** Prints `lines` and feeds to the tear bar. Lines already printed when the roll ends stay on the paper. */
  print(lines: readonly string[]): Result<void, PrintErrorCode> {
    if (this.#body.isBroken('printer')) return err('printer-broken', 'the print head does not answer');
    for (const text of lines) {
      if (!this.#body.feedPaper(lineMm, text.length * dotsPerCharacter))
        return err('out-of-paper', 'the roll has ended');
      this.#paper.push({ text, isLast: false });
    }
    if (!this.#body.feedPaper(tearMm, 0)) return err('out-of-paper', 'the roll has ended');
    const last = this.#paper.pop();
    if (last !== undefined) this.#paper.push({ ...last, isLast: true });
    this.#paper = this.#paper.slice(-deviceLimits.paperLinesKept);
    return ok(undefined);
  }

  /** Takes the printed paper away. */
  tearOff(): void {
    this.#paper = [];
  }
}
