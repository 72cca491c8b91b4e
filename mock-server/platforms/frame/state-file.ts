import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformClock } from './clock.ts';

/** Longest wait before a change is on the disk, in milliseconds. */
const writeDelayMs = 500;
/** Largest state that is kept, in bytes of JSON; a stand-in bounds what it keeps. */
const stateMaxBytes = 8 * 1024 * 1024;

/** Where a stand-in keeps what must survive a restart: one JSON document. */
export interface StateFile {
  /** What was kept, or `undefined` at the first start. Throws when the file is damaged: delete it to begin anew. */
  load(): unknown;
  /** Says that the state has changed; `read` is called when it is written, soon and at `close`. */
  changed(read: () => unknown): void;
  close(): void;
}

/** Keeps nothing: for tests. */
export function noStateFile(): StateFile {
  return { load: () => undefined, changed: () => undefined, close: () => undefined };
}

/** Keeps the state in `folder/code.json`, written whole and renamed, readable by the owner only (it holds keys). */
export function stateFile(folder: string, code: string, clock: PlatformClock): StateFile {
  const path = join(folder, `${code}.json`);
  let pending: (() => unknown) | undefined;
  const write = (): void => {
    if (pending === undefined) return;
    const text = JSON.stringify(pending());
    pending = undefined;
    if (Buffer.byteLength(text) > stateMaxBytes) throw new RangeError(`${path}: the state of ${code} is too large`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  return {
    load: () => {
      const text = readIfThere(path);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new Error(`${path} is damaged; delete it to begin anew`, { cause: error });
      }
    },
    changed: (read) => {
      const isFirst = pending === undefined;
      pending = read;
      if (isFirst) clock.after(writeDelayMs, write);
    },
    close: write,
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
