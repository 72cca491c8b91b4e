/** Reads a small text that this browser keeps; undefined when there is none or storage is forbidden. */
export function readKept(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a small text in this browser; `undefined` forgets it. Does nothing where storage is forbidden. */
export function keep(key: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // A browser without storage works too: it only forgets.
  }
}
