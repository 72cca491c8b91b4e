import type { PlatformClock } from './clock.ts';
import type { FaultQueue } from './fault-queue.ts';

/** A request as it came over HTTP. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, exactly as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What goes back. `isLost`: everything was done and the connection is cut without a byte of answer. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly isLost?: boolean;
}

/** How a platform shows the faults that are planned for one of its calls. */
export interface CallShape {
  /** The call's name in the stand-in's README, which fault plans use. */
  readonly call: string;
  /** The platform's own way to say that it is out of order, with this HTTP status. */
  readonly outOfOrder: (status: number) => WireAnswer;
  /** Breaks the answer's signature; absent when the platform signs no answers of this call. */
  readonly spoil?: (answer: WireAnswer) => WireAnswer;
}

/**
 * Does the work of one call under the faults that are planned for it: `status` answers without doing anything; `slow` does
 * it and answers late; `answer-lost` does it and cuts; `wrong-signature` does it and breaks the signature.
 */
export async function underFaults(
  faults: FaultQueue,
  clock: PlatformClock,
  shape: CallShape,
  work: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  const status = faults.take('status', shape.call);
  if (status !== undefined) return shape.outOfOrder(status.status);
  const answer = await work();
  const slow = faults.take('slow', shape.call);
  if (slow !== undefined) {
    await new Promise<void>((resolve) => {
      clock.after(slow.delayMs, resolve);
    });
  }
  if (faults.take('answer-lost', shape.call) !== undefined) return { ...answer, isLost: true };
  if (shape.spoil !== undefined && faults.take('wrong-signature', shape.call) !== undefined) return shape.spoil(answer);
  return answer;
}
