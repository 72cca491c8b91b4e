import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { AttemptKind } from '../../../domain/payments/states.ts';
import type { PrinterChoice } from './printer-ports.ts';

/** Who this app is: made at the pairing. The private key never leaves the browser's store. */
export interface Identity {
  readonly appId: string;
  readonly terminalId: string;
  readonly label: string;
  readonly merchantName: string;
  readonly privateKey: CryptoKey;
}

/** The attempt that the payment in hand is after. */
export interface KeptAttempt {
  readonly id: string;
  readonly channel: string;
  readonly kind: AttemptKind;
  readonly amountFen?: number;
}

/** The payment in hand, written down before the server hears of it. */
export interface Job {
  readonly orderId: string;
  readonly amountFen: number;
  readonly attempt?: KeptAttempt;
  /** The person has asked for its end. */
  readonly wantsCancel: boolean;
  readonly startedAtMs: number;
}

/** The payment of a quote for fees, written down before the server hears of it. No number, no secret, no name. */
export interface KeptFee {
  readonly quoteId: string;
  readonly payId: string;
  readonly channel: string;
  /** `link`: on the resident's phone; `qr`: a code at this terminal. */
  readonly kind: 'link' | 'qr';
  /** The payment that was left for this one: the server ends it first, and it may have been paid by then. */
  readonly left?: string;
  /** Of the channel, where the terminal can show its code. */
  readonly name?: { readonly zh: string; readonly en: string };
  readonly totalFen: number;
  readonly startedAtMs: number;
}

/** How the terminal is set, and whether it is switched on. */
export interface Settings {
  readonly isOn: boolean;
  readonly isLarge: boolean;
  readonly isVoice: boolean;
  /** Which printer takes the receipts; the secure device's own when absent. */
  readonly printer?: PrinterChoice | undefined;
  /** The order whose end was seen last. */
  readonly doneOrderId?: string;
}

/** What the terminal's app keeps over a power cut. */
export interface Kept {
  readonly identity: Identity;
  readonly job: Job;
  readonly fee: KeptFee;
  readonly settings: Settings;
}

/** Where the app keeps it. */
export interface KeptStore {
  read<K extends keyof Kept>(name: K): Promise<Kept[K] | undefined>;
  /** Resolves when it would survive a power cut; `undefined` forgets it. */
  write<K extends keyof Kept>(name: K, value: Kept[K] | undefined): Promise<void>;
}

interface Schema extends DBSchema {
  kept: { key: string; value: Kept[keyof Kept] };
}

/** Name of the database. */
export const terminalDatabase = 'tillkeeper-terminal';

/** What is kept, in IndexedDB. Each act opens and closes the database, so that no dead connection is ever kept. */
export class BrowserKept implements KeptStore {
  async read<K extends keyof Kept>(name: K): Promise<Kept[K] | undefined> {
    return this.#with(async (database) => (await database.get('kept', name)) as Kept[K] | undefined);
  }

  async write<K extends keyof Kept>(name: K, value: Kept[K] | undefined): Promise<void> {
    await this.#with(async (database) => {
      const change = database.transaction('kept', 'readwrite', { durability: 'strict' });
      await Promise.all([value === undefined ? change.store.delete(name) : change.store.put(value, name), change.done]);
    });
  }

  async #with<T>(act: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    const database = await openDB<Schema>(terminalDatabase, 1, {
      upgrade(created) {
        created.createObjectStore('kept');
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    try {
      return await act(database);
    } finally {
      database.close();
    }
  }
}
