import type { ChannelMemory } from '../channel.ts';

/** Keys of transactions, of what is not finished, and how many one listing brings. */
const txnPrefix = 'txn/';
const openPrefix = 'open/';
const listMax = 500;

/** Place of a transaction: its batch and trace number, six digits each, and the Shanghai day `yyyymmdd`. */
export interface Slot {
  readonly batch: string;
  readonly trace: string;
  readonly date: string;
}

/** What the host said of a transaction that it did. */
export interface Approval {
  /** Field 37. */
  readonly reference: string;
  readonly amountFen: number;
  readonly currency: string;
  readonly merchantId: string;
  /** Unix milliseconds, from fields 12 and 13. */
  readonly atMs: number;
}

/**
 * One transaction as this terminal remembers it.
 * `armed`: may be on its way; when `untilMs` has passed without an end it must be undone (a refund: repeated).
 * `due`: must be undone. `approved`, `declined`: the host said so. `reversed`: undone, the host said so.
 * `cancelled`: never sent and never to be. `moved`: done under another number.
 */
export interface Txn {
  readonly kind: 'purchase' | 'void' | 'refund';
  readonly state: 'armed' | 'due' | 'approved' | 'declined' | 'reversed' | 'cancelled' | 'moved';
  /** Attempt or refund number. */
  readonly number: string;
  readonly date: string;
  readonly amountFen: number;
  readonly untilMs: number;
  /** Field 22 of a purchase. */
  readonly entryMode?: string;
  /** Last four digits of the card. */
  readonly tail?: string;
  /** Field 39 of the reversal: why it is undone. */
  readonly why?: string;
  /** How often the host has answered a reversal and not undone it. */
  readonly refusals?: number;
  /** A void or refund of this purchase was begun, so that it may not be reversed any more. */
  readonly isReturned?: boolean;
  /** Why it was declined: field 39 of the answer. */
  readonly code?: string;
  readonly approval?: Approval;
  readonly movedTo?: Slot;
  /** What a void or refund gives back. */
  readonly original?: Slot & { readonly reference: string };
}

/** A transaction with the version under which it was read. */
export interface Kept {
  readonly slot: Slot;
  readonly txn: Txn;
  readonly version: number;
}

/**
 * The terminal's own journal. What is not finished has an entry of its own under `open/`, written before the transaction
 * and removed after its end, so that a crash anywhere leaves something that is looked at again. Every change is guarded
 * by the version: of an answer and a reversal at the same time only one can win.
 */
export class Journal {
  readonly #memory: ChannelMemory;

  constructor(memory: ChannelMemory) {
    this.#memory = memory;
  }

  async get(slot: Slot): Promise<Kept | undefined> {
    const kept = await this.#memory.get(txnKey(slot));
    return kept === undefined ? undefined : { slot, txn: JSON.parse(kept.value) as Txn, version: kept.version };
  }

  /** The transaction at `slot`, or where it was moved to (a few times at most). */
  async follow(slot: Slot): Promise<Kept | undefined> {
    let kept = await this.get(slot);
    for (let hops = 0; hops < 4 && kept?.txn.movedTo !== undefined; hops++) kept = await this.get(kept.txn.movedTo);
    return kept;
  }

  /** Begins a transaction. @returns `undefined` when there is one at this place already. */
  async open(slot: Slot, txn: Txn): Promise<Kept | undefined> {
    if (!isFinal(txn)) await this.#note(slot, txn);
    return this.#write({ slot, txn, version: 0 });
  }

  /** Changes a transaction. @returns `undefined` when somebody else changed it since it was read. */
  async change(kept: Kept, change: Partial<Txn>): Promise<Kept | undefined> {
    const txn = { ...kept.txn, ...change };
    const reopens = isFinal(kept.txn) && !isFinal(txn);
    if (reopens) await this.#note(kept.slot, txn);
    const written = await this.#write({ ...kept, txn });
    // Once more, because whoever finished it may just have taken the entry away.
    if (reopens && written !== undefined) await this.#note(kept.slot, txn);
    if (isFinal(txn) && written !== undefined) await this.finish(kept.slot);
    return written;
  }

  /** @returns the transaction under its new version; `undefined` when it is another one by now. */
  async #write({ slot, txn, version }: Kept): Promise<Kept | undefined> {
    const value = JSON.stringify(txn);
    if (!(await this.#memory.put(txnKey(slot), value, version))) return undefined;
    const now = await this.#memory.get(txnKey(slot));
    return now?.value === value ? { slot, txn, version: now.version } : undefined;
  }

  async #note(slot: Slot, { untilMs }: Txn): Promise<void> {
    await this.#memory.put(openKey(slot), JSON.stringify({ untilMs, date: slot.date }), 0);
  }

  /** Takes away the entry of what is finished. */
  async finish(slot: Slot): Promise<void> {
    const entry = await this.#memory.get(openKey(slot));
    if (entry !== undefined) await this.#memory.remove(openKey(slot), entry.version);
    const kept = await this.get(slot);
    if (kept !== undefined && !isFinal(kept.txn)) await this.#note(slot, kept.txn);
  }

  /** Entries of what is not finished, oldest first; `batch` alone when given. */
  async unfinished(limit: number, batch = ''): Promise<readonly { readonly slot: Slot; readonly untilMs: number }[]> {
    const entries = await this.#memory.list(`${openPrefix}${batch}`, limit);
    return entries.map(({ key, value }) => {
      const [, inBatch = '', trace = ''] = key.split('/');
      const { untilMs, date } = JSON.parse(value) as { untilMs: number; date: string };
      return { slot: { batch: inBatch, trace, date }, untilMs };
    });
  }

  /** Every transaction of a batch. A listing that is full is taken apart by the next digit of the trace number. */
  async ofBatch(batch: string, digits = ''): Promise<readonly Kept[]> {
    const found = await this.#memory.list(`${txnPrefix}${batch}/${digits}`, listMax);
    if (found.length < listMax || digits.length === 6) return found.map(readKept);
    const parts: Kept[] = [];
    for (const digit of '0123456789') parts.push(...(await this.ofBatch(batch, `${digits}${digit}`)));
    return parts;
  }

  /** Forgets finished transactions of other batches that are older than `beforeMs`, at most 200 a call. */
  async forget(currentBatch: string, beforeMs: number): Promise<void> {
    for (const entry of await this.#memory.list(txnPrefix, 200)) {
      const { slot, txn, version } = readKept(entry);
      if (slot.batch !== currentBatch && isFinal(txn) && txn.untilMs < beforeMs) {
        await this.#memory.remove(txnKey(slot), version);
      }
    }
  }
}

/** Whether nothing more is to be done about a transaction. */
export function isFinal({ state }: Txn): boolean {
  return state !== 'armed' && state !== 'due';
}

function txnKey({ batch, trace }: Slot): string {
  return `${txnPrefix}${batch}/${trace}`;
}

function openKey({ batch, trace }: Slot): string {
  return `${openPrefix}${batch}/${trace}`;
}

function readKept(entry: { readonly key: string; readonly value: string; readonly version: number }): Kept {
  const [, batch = '', trace = ''] = entry.key.split('/');
  const txn = JSON.parse(entry.value) as Txn;
  return { slot: { batch, trace, date: txn.date }, txn, version: entry.version };
}
