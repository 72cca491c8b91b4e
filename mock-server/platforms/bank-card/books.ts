import type { CardAccount } from './issuer.ts';

/** Most transactions that are kept; the oldest go first. */
const entriesMax = 5_000;

/** One transaction at the acquirer. `late`: reversed before it came, so that it can never be done. */
export interface Entry {
  readonly terminalId: string;
  readonly batch: string;
  readonly trace: string;
  readonly kind: 'purchase' | 'void' | 'refund';
  state: 'approved' | 'declined' | 'reversed' | 'late';
  readonly code: string;
  readonly amountFen: number;
  readonly reference: string;
  readonly authCode: string;
  readonly atMs: number;
  readonly cardId?: string;
  /** What was given back of a purchase. */
  returnedFen: number;
  /** The purchase that a void or refund is about: batch and trace. */
  readonly original?: { readonly batch: string; readonly trace: string };
}

/** A batch of a terminal: what the terminal uploaded when its totals differed, and whether it is closed. */
export interface Batch {
  isClosed: boolean;
  differs: boolean;
  uploaded: string[];
}

/** Everything that survives a restart. No card numbers and no PINs. */
export interface BookState {
  readonly seeds: string[];
  entries: Entry[];
  readonly batches: Record<string, Batch>;
  readonly cards: Record<string, CardAccount>;
  /** Highest counter that came under each initial key id, hex. */
  readonly counters: Record<string, number>;
  /** Public key of each device that fetched a key. */
  readonly devices: Record<string, string>;
  sequence: number;
}

/** Nothing yet. */
export function emptyState(): BookState {
  return { seeds: [], entries: [], batches: {}, cards: {}, counters: {}, devices: {}, sequence: 0 };
}

/** The acquirer's books of all terminals. */
export class Books {
  readonly state: BookState;

  constructor(state: BookState) {
    this.state = state;
  }

  find(terminalId: string, batch: string, trace: string): Entry | undefined {
    return this.state.entries.find(
      (entry) => entry.terminalId === terminalId && entry.batch === batch && entry.trace === trace,
    );
  }

  add(entry: Entry): Entry {
    this.state.entries = [...this.state.entries, entry].slice(-entriesMax);
    return entry;
  }

  /** Field 37 of something new: day and a running number. */
  nextReference(day: string): string {
    this.state.sequence = (this.state.sequence % 999_999) + 1;
    return `${day.replaceAll('-', '').slice(2)}${String(this.state.sequence).padStart(6, '0')}`;
  }

  batch(terminalId: string, batch: string): Batch {
    const fresh = { isClosed: false, differs: false, uploaded: [] };
    return (this.state.batches[`${terminalId}/${batch}`] ??= fresh);
  }

  /** Takes a transaction key's counter; false when it or a later one came before: somebody plays old messages again. */
  takeCounter(ksn: Buffer): boolean {
    const keyId = ksn.toString('hex', 0, 8);
    const counter = ksn.readUInt32BE(8);
    if (counter <= (this.state.counters[keyId] ?? 0)) return false;
    this.state.counters[keyId] = counter;
    return true;
  }

  /** What a batch comes to: purchases on one side, voids and refunds on the other. Reversed ones never were. */
  totals(terminalId: string, batch: string): string {
    const sum = (isTaken: boolean): string => {
      const some = this.state.entries.filter(
        (entry) =>
          entry.terminalId === terminalId &&
          entry.batch === batch &&
          entry.state === 'approved' &&
          (entry.kind === 'purchase') === isTaken,
      );
      const amount = some.reduce((total, { amountFen }) => total + amountFen, 0);
      return `${String(amount).padStart(12, '0')}${String(some.length).padStart(3, '0')}`;
    };
    return `${sum(true)}${sum(false)}`;
  }
}
