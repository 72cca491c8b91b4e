import type { SignedDocument } from '../fees/documents.ts';
import { byeReasons, payStages, printStates } from './words.ts';
import type { TerminalMessage } from './messages.ts';

/*
 * The terminal's messages as the phone reads them, by hand. `terminalMessageSchema` says the same; it would bring 3 kB of
 * schema library into a first load of 45 kB. A property test holds the two together.
 */

type Fields = Readonly<Record<string, unknown>>;
type Stage = Extract<TerminalMessage, { type: 'stage' }>;

/** Lengths as `signedDocumentSchema` has them. */
const kidMax = 16;
const bytesMax = 15_334;
const signatureLength = 86;

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function oneOf<const T extends readonly string[]>(words: T, value: unknown): T[number] | undefined {
  return words.find((word) => word === value);
}

function document(value: unknown): SignedDocument | undefined {
  const { kid, bytes, signature } = fields(value) ?? {};
  if (!isText(kid) || !isText(bytes) || !isText(signature)) return undefined;
  const fits = kid.length <= kidMax && bytes.length <= bytesMax && signature.length === signatureLength;
  return fits ? { kid, bytes, signature } : undefined;
}

function words(value: unknown): { zh: string; en: string }[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read = value.map((one) => {
    const { zh, en } = fields(one) ?? {};
    return isText(zh) && isText(en) ? { zh, en } : undefined;
  });
  return read.includes(undefined) ? undefined : (read as { zh: string; en: string }[]);
}

const stageParts: Readonly<Record<string, (value: unknown) => unknown>> = {
  payId: (value) => (isText(value) ? value : undefined),
  receipt: document,
  quote: document,
  reason: (value) => (isText(value) ? value : undefined),
  changed: words,
  print: (value) => oneOf(printStates, value),
};

function stage(from: Fields): Stage | undefined {
  const named = oneOf(payStages, from['stage']);
  if (named === undefined) return undefined;
  const read: Record<string, unknown> = { type: 'stage', stage: named };
  for (const [name, part] of Object.entries(stageParts)) {
    if (from[name] === undefined) continue;
    read[name] = part(from[name]);
    if (read[name] === undefined) return undefined;
  }
  return read as unknown as Stage;
}

/** One message of the terminal; `undefined` when it is none. What is not known is left out. */
export function readTerminalMessage(json: unknown): TerminalMessage | undefined {
  const from = fields(json) ?? {};
  switch (from['type']) {
    case 'bill': {
      const quote = document(from['quote']);
      const { confirm } = from;
      return quote === undefined || typeof confirm !== 'boolean' ? undefined : { type: 'bill', quote, confirm };
    }
    case 'confirmed':
      return { type: 'confirmed' };
    case 'pay': {
      const way = document(from['way']);
      const { payId } = from;
      return way === undefined || !isText(payId) ? undefined : { type: 'pay', payId, way };
    }
    case 'stage':
      return stage(from);
    case 'bye': {
      const reason = oneOf(byeReasons, from['reason']);
      return reason === undefined ? undefined : { type: 'bye', reason };
    }
    default:
      return undefined;
  }
}
