import { afterAll, beforeEach } from 'vitest';

/** What the tests of one block use together. */
export interface Shared {
  /** Why these tests cannot run on this machine; each is skipped with it. */
  readonly problem?: string | undefined;
  open(): Promise<unknown>;
  close(): Promise<void>;
  /** What goes after every try, such as pages. */
  tidy?(): Promise<void>;
}

/**
 * Opens it before the first test and closes it after the last. After a test that failed it is closed at once and opened
 * anew: neither its second try nor the next test finds what it left half done.
 */
export function openForTests({ problem, open, close, tidy }: Shared): void {
  let isOpen = false;
  const end = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await close();
  };
  afterAll(end);
  beforeEach(async ({ skip, task }) => {
    skip(problem !== undefined, problem);
    if (!isOpen) await open();
    isOpen = true;
    return async () => {
      await tidy?.();
      if (task.result?.state === 'fail') await end();
    };
  });
}
