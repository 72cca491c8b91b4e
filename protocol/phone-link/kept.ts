import { base64UrlDecode, base64UrlEncode } from '../bytes.ts';
import type { LinkCode } from './code.ts';
import type { StreamRecord } from './stream.ts';
import type { Bytes } from './web-crypto.ts';

/**
 * What a tab keeps of its link for the page after a reload. Secrets as bytes, because storage of a tab holds text only;
 * IndexedDB could hold keys that cannot be read, but belongs to all tabs and outlives them. Before the terminal's key is
 * there: the code, whose address is gone. Before the terminal has answered: the first message, to be sent again as it was.
 * Afterwards only the secret that the next epoch comes from: what was sealed before cannot be opened with it.
 */
export type KeptLink =
  | LinkCode
  | { readonly linkId: string; readonly first: Bytes; readonly exported: Bytes }
  | {
      readonly linkId: string;
      readonly resume: Bytes;
      readonly epoch: number;
      readonly digits: string;
      readonly stream: StreamRecord;
    };

/** As text for the tab's storage. */
export function writeKept(kept: KeptLink): string {
  const texts = Object.entries(kept).map(
    ([name, value]: [string, unknown]) => [name, value instanceof Uint8Array ? base64UrlEncode(value) : value] as const,
  );
  return JSON.stringify(Object.fromEntries(texts));
}

/** Reads what an earlier page kept; `undefined` when it is nothing of ours. */
export function readKept(text: string | null): KeptLink | undefined {
  try {
    const fields = JSON.parse(text ?? '') as Readonly<Record<string, unknown>>;
    const { linkId, epoch, digits, stream } = fields;
    const names = ['first', 'exported', 'resume', 'helloHash', 'secret'];
    const [first, exported, resume, helloHash, secret] = names.map((name) => bytesOf(fields[name]));
    if (helloHash !== undefined && secret !== undefined) return { helloHash, secret };
    if (typeof linkId !== 'string') return undefined;
    if (first !== undefined && exported !== undefined) return { linkId, first, exported };
    const isWhole = typeof epoch === 'number' && typeof digits === 'string' && resume !== undefined;
    return isWhole ? { linkId, resume, epoch, digits, stream: stream as StreamRecord } : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(value: unknown): Bytes | undefined {
  return typeof value === 'string' ? base64UrlDecode(value) : undefined;
}
