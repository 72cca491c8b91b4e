import { encode } from 'uqr';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';

/** How a stretch of text stands on the paper. */
export interface TextLook {
  readonly isBold: boolean;
  /** 1 to 8 times the usual width and height. */
  readonly width: number;
  readonly height: number;
}

/** A stretch of text with one look. */
export interface TextSpan extends TextLook {
  readonly text: string;
}

/** Where a line or a picture stands. */
export type Alignment = 'left' | 'center' | 'right';

/** What ESC/POS bytes put on the paper, in order. */
export type PrintItem =
  | { readonly kind: 'line'; readonly spans: readonly TextSpan[]; readonly align: Alignment }
  /** `svg` is one picture; heights are in dots of 1/8 mm. */
  | { readonly kind: 'picture'; readonly svg: string; readonly heightDots: number; readonly align: Alignment }
  | { readonly kind: 'feed'; readonly dots: number }
  | { readonly kind: 'cut' };

/** Characters of the usual width on paper of 57 mm (384 dots, 12 dots each); a Chinese character takes two. */
const lineColumns = 32;
const lineDots = 30;
/** Highest picture; a longer one is a fault of the sender. */
const pictureMaxDots = 4096;
const rowMaxBytes = 72;
const qrMaxBytes = 1000;

const pageUtf8 = 255;
const pageWindows1252 = 16;
/** The characters above 127 of code page 437 that receipts use. */
const page437: Readonly<Record<number, string>> = { 0x9d: '¥', 0xb3: '│', 0xba: '║', 0xc4: '─', 0xcd: '═', 0xf8: '°' };

const usualLook: TextLook = { isBold: false, width: 1, height: 1 };

/** The bytes do not follow the commands that this printer knows. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** Text and the first character that takes two columns: all but ASCII in GB18030, Chinese in UTF-8, none in a page. */
interface Stretch {
  readonly span: TextSpan;
  readonly wideFrom: number;
}

function svgOf(width: number, height: number, path: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" shape-rendering="crispEdges"><path d="${path}"/></svg>`;
}

/** Runs of dark dots as one path. */
function dotPath(width: number, height: number, isDark: (x: number, y: number) => boolean): string {
  const runs: string[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isDark(x, y)) continue;
      const from = x;
      while (x < width && isDark(x, y)) x++;
      runs.push(`M${from} ${y}h${x - from}v1h-${x - from}z`);
    }
  }
  return runs.join('');
}

/** Commands with parameters of a fixed length that change nothing that this printer shows. */
const ignored: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  // ESC: character space, underline, line spacing, font, italic, pulse, positions, country, upside down, side, white
  0x1b: {
    0x20: 1,
    0x2d: 1,
    0x32: 0,
    0x33: 1,
    0x34: 1,
    0x35: 0,
    0x4d: 1,
    0x70: 3,
    0x24: 2,
    0x5c: 2,
    0x52: 1,
    0x7b: 1,
    0x56: 1,
    0x3d: 1,
  },
  // GS: inverse, barcode height, width, text and font, margins and areas
  0x1d: { 0x42: 1, 0x68: 1, 0x77: 1, 0x48: 1, 0x66: 1, 0x4c: 2, 0x57: 2, 0x50: 2 },
  // FS: character size, code system, spacing, double, underline
  0x1c: { 0x21: 1, 0x43: 1, 0x53: 2, 0x57: 1, 0x2d: 1 },
};

/** Reads one job. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #items: PrintItem[] = [];
  #at = 0;
  #raw: number[] = [];
  #stretches: Stretch[] = [];
  #look: TextLook = usualLook;
  #align: Alignment = 'left';
  #page = 0;
  #isChinese = true;
  #qrText = '';

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): readonly PrintItem[] {
    while (this.#at < this.#bytes.length) this.#step(this.#byte());
    this.#endLine(false);
    // Line feeds behind the last cut only end that command's line.
    const lastCut = this.#items.findLastIndex(({ kind }) => kind === 'cut');
    const isOver = this.#items.slice(lastCut + 1).every((item) => item.kind === 'line' && item.spans.length === 0);
    return lastCut >= 0 && isOver ? this.#items.slice(0, lastCut + 1) : this.#items;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Unreadable(`the job ends in a command at ${this.#at}`);
    this.#at += 1;
    return byte;
  }

  #u16(): number {
    return this.#byte() + 256 * this.#byte();
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new Unreadable(`the job ends in data at ${this.#at}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #step(byte: number): void {
    if (byte >= 0x20) this.#raw.push(byte);
    else if (byte === 0x0a) this.#endLine(true);
    else if (byte === 0x09) this.#raw.push(0x20, 0x20, 0x20, 0x20);
    else if (byte === 0x1b || byte === 0x1d || byte === 0x1c) this.#command(byte);
    else if (byte !== 0x0d && byte !== 0x00 && byte !== 0x0c) throw new Unreadable(`byte ${byte} at ${this.#at - 1}`);
  }

  #command(lead: number): void {
    const at = this.#at;
    const code = this.#byte();
    this.#endSpan();
    const skip = ignored[lead]?.[code];
    if (skip !== undefined) this.#take(skip);
    else if (lead === 0x1b && this.#escape(code)) return;
    else if (lead === 0x1d && this.#group(code)) return;
    else if (lead === 0x1c && (code === 0x26 || code === 0x2e)) this.#isChinese = code === 0x26;
    else throw new Unreadable(`command ${lead} ${code} at ${at}`);
  }

  #escape(code: number): boolean {
    switch (code) {
      case 0x40:
        this.#look = usualLook;
        this.#align = 'left';
        this.#page = 0;
        this.#isChinese = true;
        return true;
      case 0x45:
      case 0x47:
        this.#look = { ...this.#look, isBold: (this.#byte() & 1) === 1 };
        return true;
      case 0x61:
        this.#align = (['left', 'center', 'right'] as const)[this.#byte() & 3] ?? 'left';
        return true;
      case 0x74:
        this.#page = this.#byte();
        return true;
      case 0x64:
        this.#endLine(false);
        this.#items.push({ kind: 'feed', dots: lineDots * this.#byte() });
        return true;
      case 0x4a:
        this.#endLine(false);
        this.#items.push({ kind: 'feed', dots: this.#byte() });
        return true;
      case 0x21: {
        const mode = this.#byte();
        this.#look = { isBold: (mode & 8) !== 0, height: (mode & 16) === 0 ? 1 : 2, width: (mode & 32) === 0 ? 1 : 2 };
        return true;
      }
      case 0x2a:
        this.#columnImage();
        return true;
      case 0x69:
      case 0x6d:
        this.#cut();
        return true;
      default:
        return false;
    }
  }

  #group(code: number): boolean {
    switch (code) {
      case 0x21: {
        const size = this.#byte();
        this.#look = { ...this.#look, width: ((size >> 4) & 7) + 1, height: (size & 7) + 1 };
        return true;
      }
      case 0x56:
        if (this.#byte() >= 65) this.#byte();
        this.#cut();
        return true;
      case 0x28: {
        const kind = this.#byte();
        const data = this.#take(this.#u16());
        if (kind === 0x6b) this.#symbol(data);
        return true;
      }
      case 0x6b:
        this.#barcode();
        return true;
      case 0x76:
        this.#rasterImage();
        return true;
      default:
        return false;
    }
  }

  #symbol(data: Uint8Array): void {
    const [family, job] = data;
    if (family !== 49) return;
    if (job === 80) this.#qrText = new TextDecoder().decode(data.subarray(3));
    if (job !== 81 || this.#qrText === '' || this.#qrText.length > qrMaxBytes) return;
    const { size, data: rows } = encode(this.#qrText, { ecc: 'M', border: 0 });
    const scale = 5;
    const path = dotPath(size, size, (x, y) => rows[y]?.[x] === true);
    this.#picture(
      svgOf(size, size, path).replace(/ width="\d+" height="\d+"/, ` width="${size * scale}" height="${size * scale}"`),
      size * scale,
    );
  }

  /** A barcode's bars are not drawn; its text stands where they would be. */
  #barcode(): void {
    const kind = this.#byte();
    const text: number[] = [];
    if (kind >= 65) text.push(...this.#take(this.#byte()));
    else for (let byte = this.#byte(); byte !== 0; byte = this.#byte()) text.push(byte);
    const plain = String.fromCharCode(...text).replace(/^\{[ABC]/, '');
    this.#items.push({ kind: 'line', spans: [{ ...usualLook, text: `║▌│║▌ ${plain} ▌║│▌║` }], align: 'center' });
  }

  #rasterImage(): void {
    if (this.#byte() !== 0x30) throw new Unreadable('GS v');
    this.#byte();
    const rowBytes = this.#u16();
    const height = this.#u16();
    if (rowBytes > rowMaxBytes || height > pictureMaxDots) throw new Unreadable('the picture is too large');
    const data = this.#take(rowBytes * height);
    const isDark = (x: number, y: number): boolean =>
      (((data[y * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 1;
    this.#picture(svgOf(8 * rowBytes, height, dotPath(8 * rowBytes, height, isDark)), height);
  }

  #columnImage(): void {
    const high = this.#byte() >= 32 ? 3 : 1;
    const width = this.#u16();
    if (width > 8 * rowMaxBytes) throw new Unreadable('the picture is too large');
    const data = this.#take(width * high);
    const isDark = (x: number, y: number): boolean => (((data[x * high + (y >> 3)] ?? 0) >> (7 - (y & 7))) & 1) === 1;
    this.#picture(svgOf(width, 8 * high, dotPath(width, 8 * high, isDark)), 8 * high);
  }

  #picture(svg: string, heightDots: number): void {
    this.#endLine(false);
    this.#items.push({ kind: 'picture', svg, heightDots, align: this.#align });
    // The line feed behind a picture only ends its line.
    if (this.#bytes[this.#at] === 0x0a) this.#at += 1;
  }

  #cut(): void {
    this.#endLine(false);
    this.#items.push({ kind: 'cut' });
  }

  #decode(): string {
    const bytes = Uint8Array.from(this.#raw);
    if (this.#page === pageUtf8) return new TextDecoder().decode(bytes);
    if (this.#isChinese) return new TextDecoder('gb18030').decode(bytes);
    if (this.#page === pageWindows1252) return new TextDecoder('windows-1252').decode(bytes);
    return this.#raw.map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : (page437[byte] ?? '□'))).join('');
  }

  #wideFrom(): number {
    if (this.#page === pageUtf8) return 0x2e80;
    return this.#isChinese ? 0x80 : Infinity;
  }

  #endSpan(): void {
    if (this.#raw.length === 0) return;
    this.#stretches.push({ span: { text: this.#decode(), ...this.#look }, wideFrom: this.#wideFrom() });
    this.#raw = [];
  }

  /** Breaks what was collected into lines of the paper's width. `isFeed`: an empty line counts too. */
  #endLine(isFeed: boolean): void {
    this.#endSpan();
    if (this.#stretches.length === 0 && !isFeed) return;
    let line: TextSpan[] = [];
    let used = 0;
    for (const { span, wideFrom } of this.#stretches) {
      let text = '';
      for (const character of span.text) {
        const columns = ((character.codePointAt(0) ?? 0) >= wideFrom ? 2 : 1) * span.width;
        if (used + columns > lineColumns) {
          this.#items.push({ kind: 'line', spans: [...line, { ...span, text }], align: this.#align });
          [line, used, text] = [[], 0, ''];
        }
        text += character;
        used += columns;
      }
      if (text !== '') line.push({ ...span, text });
    }
    this.#items.push({ kind: 'line', spans: line, align: this.#align });
    this.#stretches = [];
  }
}

/**
 * Reads ESC/POS bytes as a receipt printer of 57 mm does: text in GB18030 (the usual, and after FS &), UTF-8 (ESC t 255),
 * code page 437 or Windows-1252 (after FS .), bold, sizes, alignment, feed, cut, QR codes, pictures. The detail of a
 * refusal says where reading stopped.
 */
export function readEscpos(bytes: Uint8Array): Result<readonly PrintItem[], 'unreadable'> {
  try {
    return ok(new Reader(bytes).read());
  } catch (cause) {
    if (cause instanceof Unreadable) return err('unreadable', cause.message);
    throw cause;
  }
}
