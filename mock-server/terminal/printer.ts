import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { deviceLimits } from './limits.ts';
import type { TerminalBody } from './body.ts';
import type { Alignment, PrintItem, TextSpan } from './escpos.ts';

/** Height of one printed line in millimetres (203 dpi, 30 dots). */
const lineMm = 4;
/** 203 dpi. */
const dotsPerMm = 8;
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
  /** Where it stands; absent on the device's own slips, which are centred. */
  readonly align?: Alignment;
  /** The stretches of a line that is not all in the usual look. */
  readonly spans?: readonly TextSpan[];
  /** A picture in place of text. */
  readonly svg?: string;
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

  /** Prints what ESC/POS bytes say. A cut feeds to the tear bar; a job without one is fed at its end. */
  printItems(items: readonly PrintItem[]): Result<void, PrintErrorCode> {
    if (this.#body.isBroken('printer')) return err('printer-broken', 'the print head does not answer');
    const isCut = items.at(-1)?.kind === 'cut';
    for (const item of isCut ? items : [...items, { kind: 'cut' } as const]) {
      if (!this.#printItem(item)) return err('out-of-paper', 'the roll has ended');
    }
    this.#paper = this.#paper.slice(-deviceLimits.paperLinesKept);
    return ok(undefined);
  }

  #printItem(item: PrintItem): boolean {
    if (item.kind === 'feed') {
      const isFed = this.#body.feedPaper(Math.ceil(item.dots / dotsPerMm), 0);
      if (isFed && item.dots >= lineMm * dotsPerMm) this.#paper.push({ text: '', isLast: false });
      return isFed;
    }
    if (item.kind === 'cut') {
      if (!this.#body.feedPaper(tearMm, 0)) return false;
      const last = this.#paper.pop();
      if (last !== undefined) this.#paper.push({ ...last, isLast: true });
      return true;
    }
    const { align } = item;
    if (item.kind === 'picture') {
      if (!this.#body.feedPaper(Math.ceil(item.heightDots / dotsPerMm), item.heightDots * dotsPerCharacter))
        return false;
      this.#paper.push({ text: '', isLast: false, svg: item.svg, align });
      return true;
    }
    const text = item.spans.map((span) => span.text).join('');
    const height = Math.max(1, ...item.spans.map((span) => span.height));
    if (!this.#body.feedPaper(lineMm * height, text.length * dotsPerCharacter * height)) return false;
    const isPlain = item.spans.every((span) => !span.isBold && span.width === 1 && span.height === 1);
    this.#paper.push({ text, isLast: false, align, ...(isPlain ? {} : { spans: item.spans }) });
    return true;
  }

  /** Takes the printed paper away. */
  tearOff(): void {
    this.#paper = [];
  }
}
