import type { Result } from '../../domain/result.ts';

/** Why nothing came out. */
export type PrintError =
  /** None is there, or the browser was not given one. Choose a printer, or show the picture. */
  | 'no-printer'
  /** The chosen one is unplugged, switched off, or gives no answer though it did before. Look at plug and switch. */
  | 'unreachable'
  /** Another program, another tab or the cable to the secure device holds it. Close that, print again. */
  | 'in-use'
  /** The roll has ended. Put in paper and print again. */
  | 'out-of-paper'
  /** The printer or its cable failed while printing. Look at both, print again. */
  | 'printer-failed';

/** A printer that takes ESC/POS bytes. */
export interface ReceiptPrinter {
  readonly kind: 'secure-device' | 'serial' | 'usb';
  /** Resolves when the printer has taken everything; paper may still be moving. */
  print(bytes: Uint8Array): Promise<Result<void, PrintError>>;
}

/** Small enough for the buffer of any receipt printer; the next waits until it was taken. */
const chunkBytes = 1_024;
/** A receipt with a picture is below this; anything larger is a fault of the caller. */
const jobMaxBytes = 256 * 1024;

/** The job in pieces that any printer's buffer holds. Throws `RangeError` for a job that is no receipt. */
export function chunksOf(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  if (bytes.length > jobMaxBytes) throw new RangeError('print.bytes: too long for a receipt');
  const count = Math.ceil(bytes.length / chunkBytes);
  return Array.from({ length: count }, (_, index) =>
    Uint8Array.from(bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
  );
}

/** Does one job after the other: two receipts must not mingle on one roll. */
export function inTurn(print: ReceiptPrinter['print']): ReceiptPrinter['print'] {
  let last: Promise<unknown> = Promise.resolve();
  return (bytes) => {
    const run = (): ReturnType<ReceiptPrinter['print']> => print(bytes);
    const next = last.then(run, run);
    last = next;
    return next;
  };
}

/** What `work` gives, or undefined when it takes longer than `ms`. Rejects as `work` does. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Why opening failed, by the DOM name of what was thrown: the browser says no more than "gone" or "held". */
export function openProblem(cause: unknown, isAttached: boolean): 'unreachable' | 'in-use' {
  const name = typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : '';
  return isAttached && name !== 'NotFoundError' ? 'in-use' : 'unreachable';
}

/** The printer inside the secure device; `send` carries the bytes over the cable and says what became of them. */
export function secureDevicePrinter(send: ReceiptPrinter['print']): ReceiptPrinter {
  return { kind: 'secure-device', print: inTurn(send) };
}
