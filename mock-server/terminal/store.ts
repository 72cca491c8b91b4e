import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { fstatSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The device's non-volatile memory: named records. Each call is one durable step: when it returns, the record is
 * there after a power cut; when power fails inside it, the record is wholly old or wholly new.
 */
export interface DurableStore {
  /** A copy of the record, or `undefined`. */
  read(name: string): Uint8Array | undefined;
  /** Puts `bytes` in place of the record, all or nothing. */
  write(name: string, bytes: Uint8Array): void;
  /** Fills the record with zeros where it lies. Nothing happens when it does not exist. */
  overwrite(name: string): void;
  /** Takes the record away. Nothing happens when it does not exist. */
  remove(name: string): void;
  /** The names of all records, sorted. */
  names(): readonly string[];
  /** The size of all records together, in bytes. */
  usedBytes(): number;
}

/** Overwrites a record and then removes it: two durable steps, in the order that leaves no readable secret behind. */
export function eraseRecord(store: DurableStore, name: string): void {
  store.overwrite(name);
  store.remove(name);
}

/** A store that lives as long as the process. */
export function memoryStore(): DurableStore {
  const records = new Map<string, Uint8Array>();
  return {
    read: (name) => records.get(name)?.slice(),
    write(name, bytes) {
      records.set(name, bytes.slice());
    },
    overwrite(name) {
      records.get(name)?.fill(0);
    },
    remove(name) {
      records.delete(name);
    },
    names: () => [...records.keys()].sort(),
    usedBytes: () => [...records.values()].reduce((sum, record) => sum + record.length, 0),
  };
}

const recordName = /^[a-z0-9][a-z0-9._-]{0,80}$/;
const temporarySuffix = '.tmp';

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function writeSynced(path: string, bytes: Uint8Array, flags: string): void {
  const handle = openSync(path, flags, 0o600);
  try {
    let at = 0;
    while (at < bytes.length) at += writeSync(handle, bytes, at, bytes.length - at, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function overwriteInPlace(path: string): void {
  const handle = openSync(path, 'r+');
  try {
    const zeros = new Uint8Array(fstatSync(handle).size);
    if (zeros.length > 0) writeSync(handle, zeros, 0, zeros.length, 0);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A write that power interrupted leaves its temporary file; it may hold a secret, so it is zeroed and removed. */
function clearTemporaries(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(temporarySuffix))) {
    overwriteInPlace(join(folder, name));
    unlinkSync(join(folder, name));
  }
  syncFolder(folder);
}

/**
 * One file a record in `folder` (made when missing, readable by its owner only). A write goes to a temporary file,
 * fsync, rename, fsync of the folder. Overwriting happens in the file's own blocks; a file system that copies on
 * write may keep older ones, as flash would: real firmware must use its erase command here.
 */
export function directoryStore(folder: string): DurableStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  clearTemporaries(folder);
  const pathOf = (name: string): string => {
    if (!recordName.test(name) || name.endsWith(temporarySuffix)) throw new RangeError(`store.name: ${name}`);
    return join(folder, name);
  };
  const names = (): readonly string[] =>
    readdirSync(folder)
      .filter((file) => recordName.test(file))
      .sort();
  return {
    read: (name) => (existsSync(pathOf(name)) ? new Uint8Array(readFileSync(pathOf(name))) : undefined),
    write(name, bytes) {
      const path = pathOf(name);
      writeSynced(path + temporarySuffix, bytes, 'w');
      renameSync(path + temporarySuffix, path);
      syncFolder(folder);
    },
    overwrite(name) {
      if (existsSync(pathOf(name))) overwriteInPlace(pathOf(name));
    },
    remove(name) {
      if (!existsSync(pathOf(name))) return;
      unlinkSync(pathOf(name));
      syncFolder(folder);
    },
    names,
    usedBytes: () => names().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
  };
}
