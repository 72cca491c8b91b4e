/** JSON with sorted keys and no spaces: one spelling for one value. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** One audit record as the log holds it. */
export interface LogEntry {
  /** Number of the record, from 1; the leaf's index is one less. */
  readonly seq: number;
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly act: string;
  readonly actor: string | null;
  readonly subject: string;
  /** Number of the record before about the same subject; 0: none. So a gap in a case file shows. */
  readonly prev: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The leaf's data as text. */
export function entryText(entry: LogEntry): string {
  const { seq, id, at, act, actor, subject, prev, facts } = entry;
  return `${JSON.stringify([seq, id, at, act, actor, subject, prev])}${canonicalJson(facts)}`;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function partsOf(text: string): [unknown, unknown] | undefined {
  // The first bracket that ends the head: strings in it may hold brackets, so the split is tried from left to right.
  for (let at = text.indexOf(']{'); at >= 0; at = text.indexOf(']{', at + 1)) {
    try {
      return [JSON.parse(text.slice(0, at + 1)), JSON.parse(text.slice(at + 1))];
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Reads a leaf's text; `undefined` unless it is spelled exactly as `entryText` spells it. */
export function parseEntry(text: string): LogEntry | undefined {
  const [head, facts] = partsOf(text) ?? [];
  if (!Array.isArray(head) || head.length !== 7 || typeof facts !== 'object' || facts === null) return undefined;
  const [seq, id, at, act, actor, subject, prev] = head as unknown[];
  if (!isCount(seq) || seq === 0 || !isCount(prev) || prev >= seq) return undefined;
  const texts = [id, at, act, subject];
  if (!texts.every((item) => typeof item === 'string') || (actor !== null && typeof actor !== 'string'))
    return undefined;
  const entry = { seq, id, at, act, actor, subject, prev, facts } as LogEntry;
  return entryText(entry) === text ? entry : undefined;
}
