import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** One stretch of a process's memory. */
export interface MemoryPart {
  readonly pid: number;
  readonly bytes: Buffer;
}

/** Stretches longer than this are read in pieces that overlap, so that nothing falls between two. */
const pieceBytes = 64 * 1024 * 1024;
const overlapBytes = 4096;

/** The process ids of a browser's pages and workers, and of its network and storage. */
export async function browserProcesses(browser: Browser): Promise<number[]> {
  const cdp = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer' || type === 'utility').map(({ id }) => id);
  } finally {
    await cdp.detach();
  }
}

/** Why memory of other processes cannot be read on this machine; undefined when it can. */
export function memoryProblem(): string | undefined {
  if (process.platform !== 'linux') return 'memory of processes is read from /proc, which only Linux has';
  return process.getuid?.() === 0 ? undefined : 'only root may read the memory of a sandboxed page';
}

/** Goes through all memory of a process that it can write: not what it shares with its program's files (proc(5), maps and mem). */
export function* memoryOf(pid: number): Generator<MemoryPart> {
  const maps = readFileSync(`/proc/${String(pid)}/maps`, 'utf8');
  const handle = openSync(`/proc/${String(pid)}/mem`, 'r');
  try {
    for (const line of maps.split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (match === null) continue;
      const [from, to] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)];
      for (let at = from; at < to; at += pieceBytes) {
        const bytes = readPiece(handle, at, Math.min(pieceBytes + overlapBytes, to - at));
        if (bytes !== undefined) yield { pid, bytes };
      }
    }
  } finally {
    closeSync(handle);
  }
}

/** Pages that nobody has touched cannot be read: they hold nothing. */
function readPiece(handle: number, at: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  try {
    const count = readSync(handle, bytes, 0, length, at);
    return bytes.subarray(0, count);
  } catch {
    return undefined;
  }
}
