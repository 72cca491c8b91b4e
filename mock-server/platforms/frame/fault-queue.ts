import type { Fault } from '../stand-in.ts';

/** Most faults that wait at one stand-in. */
const faultsMax = 100;

/** A fault of one kind. */
export type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { readonly kind: Kind }>;

/** The faults that were planned for one stand-in, in the order in which they were made. */
export class FaultQueue {
  #waiting: { readonly fault: Fault; left: number }[] = [];

  /** Throws a RangeError when a number makes no sense or too many faults wait already. */
  plan(fault: Fault): void {
    const times = fault.times ?? 1;
    if (!Number.isSafeInteger(times) || times < 1 || times > 1000) throw new RangeError('times: 1 to 1000');
    if (this.#waiting.length >= faultsMax) throw new RangeError(`faults: at most ${String(faultsMax)} may wait`);
    this.#waiting.push({ fault, left: times });
  }

  clear(): void {
    this.#waiting = [];
  }

  /** What still waits, with how often. */
  list(): readonly { readonly fault: Fault; readonly left: number }[] {
    return this.#waiting.map(({ fault, left }) => ({ fault, left }));
  }

  /** Takes the first fault of this kind; for faults of a call, the first that names this call or any. */
  take<Kind extends Fault['kind']>(kind: Kind, call?: string): FaultOf<Kind> | undefined {
    return this.takeIf(kind, (fault) => !('call' in fault) || fault.call === '*' || fault.call === call);
  }

  /** Takes the first fault of this kind that `fits`. */
  takeIf<Kind extends Fault['kind']>(kind: Kind, fits: (fault: FaultOf<Kind>) => boolean): FaultOf<Kind> | undefined {
    const isFit = (fault: Fault): fault is FaultOf<Kind> => fault.kind === kind && fits(fault as FaultOf<Kind>);
    const entry = this.#waiting.find(({ fault }) => isFit(fault));
    if (entry === undefined || !isFit(entry.fault)) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting = this.#waiting.filter((other) => other !== entry);
    return entry.fault;
  }
}
