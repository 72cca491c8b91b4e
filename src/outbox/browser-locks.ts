import type { Locks } from './runner.ts';

/** The lock manager of this browser; undefined where it has none. */
export function browserLocks(): Locks | undefined {
  return (navigator as { readonly locks?: LockManager }).locks as Locks | undefined;
}
