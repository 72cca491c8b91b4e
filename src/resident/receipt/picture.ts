import type { ReceiptRow, ReceiptRows } from './receipt-text.ts';

/** The picture's width in px: sharp on a phone, below a hundred kilobytes. */
const width = 1080;
const margin = 72;
const ink = '#0f1a1e';
const soft = '#405058';
const line = '#d5dde1';
const ok = '#17663a';
const face = "-apple-system, 'Segoe UI', Roboto, 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";

/** Writes down the page from top to bottom; knows how far it is. */
class Paper {
  y = margin;
  readonly context: CanvasRenderingContext2D;

  constructor(context: CanvasRenderingContext2D) {
    this.context = context;
    context.textBaseline = 'top';
  }

  text(text: string, size: number, color: string, weight: number): void {
    this.#font(size, weight, color);
    for (const part of this.#wrapped(text, width - 2 * margin)) {
      this.context.fillText(part, margin, this.y);
      this.y += size * 1.4;
    }
  }

  row([label, value]: ReceiptRow, weight = 400, size = 40): void {
    this.#font(size, weight, soft);
    const labelWidth = this.context.measureText(label).width;
    this.context.fillText(label, margin, this.y);
    this.#font(size, weight, ink);
    this.context.textAlign = 'right';
    for (const part of this.#wrapped(value, width - 2 * margin - labelWidth - 40)) {
      this.context.fillText(part, width - margin, this.y);
      this.y += size * 1.5;
    }
    this.context.textAlign = 'left';
  }

  /** A rule over the whole width; a double one closes a sum. */
  rule(isDouble = false): void {
    this.context.fillStyle = isDouble ? ink : line;
    for (const shift of isDouble ? [0, 7] : [0])
      this.context.fillRect(margin, this.y + 12 + shift, width - 2 * margin, 3);
    this.y += 40;
  }

  #font(size: number, weight: number, color: string): void {
    this.context.font = `${weight} ${size}px ${face}`;
    this.context.fillStyle = color;
  }

  #wrapped(text: string, room: number): string[] {
    const parts: string[] = [];
    let part = '';
    for (const char of text) {
      if (part !== '' && this.context.measureText(part + char).width > room) {
        parts.push(part);
        part = '';
      }
      part += char;
    }
    return [...parts, part];
  }
}

function draw(context: CanvasRenderingContext2D, rows: ReceiptRows, paid: string, mark: string): number {
  const paper = new Paper(context);
  paper.text(paid, 56, ok, 700);
  paper.text(rows.total[1], 132, ink, 700);
  paper.rule(true);
  paper.text(rows.title, 44, ink, 500);
  paper.rule();
  for (const row of rows.lines) paper.row(row);
  paper.row(rows.total, 700);
  paper.rule();
  for (const row of rows.facts) paper.row(row);
  paper.rule();
  paper.text(mark, 32, soft, 400);
  return paper.y + margin / 2;
}

/** Draws the receipt as a PNG, black on white in every scheme; `undefined` where the browser has no canvas. */
export async function receiptPicture(rows: ReceiptRows, paid: string, mark: string): Promise<Blob | undefined> {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = 10;
  const measured = canvas.getContext('2d');
  if (measured === null) return undefined;
  // Drawn twice: how tall it becomes is known only afterwards, and a canvas that is resized is empty again.
  canvas.height = Math.ceil(draw(measured, rows, paid, mark));
  const context = canvas.getContext('2d');
  if (context === null) return undefined;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  draw(context, rows, paid, mark);
  const picture = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
  return picture ?? undefined;
}
