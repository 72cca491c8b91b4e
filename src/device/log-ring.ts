/** Where a log line comes from. */
export type LogSource = 'cable' | 'link' | 'server' | 'net' | 'run';

/** One line of the log; `atMs` is epoch milliseconds. */
export interface LogLine {
  readonly atMs: number;
  readonly source: LogSource;
  readonly text: string;
}

/** Lines kept; the oldest go first. */
export const logMaxLines = 2000;
/** Characters kept of one line. */
const lineMaxChars = 400;

/** The last lines, bounded. Reading gives a copy in order. */
export class LogRing {
  readonly #lines: LogLine[] = [];
  /** Lines ever written, also those that were dropped. */
  count = 0;

  add(line: LogLine): void {
    this.#lines.push({ ...line, text: line.text.slice(0, lineMaxChars) });
    if (this.#lines.length > logMaxLines) this.#lines.splice(0, this.#lines.length - logMaxLines);
    this.count += 1;
  }

  lines(): readonly LogLine[] {
    return [...this.#lines];
  }

  get last(): LogLine | undefined {
    return this.#lines.at(-1);
  }
}

/** Fields whose text says something about a merchant or opens something; only their length is logged. */
const secretFields = new Set(['screenNumber', 'parameters', 'code', 'keyBlock']);

/** A message's fields as one line, with every byte string and secret text replaced by its size. */
export function redacted(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${redactedValue(name, value)}`)
    .join(' ');
}

function redactedValue(name: string, value: unknown): string {
  if (value instanceof Uint8Array) return `<${String(value.length)} B>`;
  if (typeof value === 'string') return secretFields.has(name) ? `<${String(value.length)} characters>` : value;
  if (Array.isArray(value)) return `[${value.map((item) => redactedValue('', item)).join(' ')}]`;
  return String(value);
}
