import { eraseRecord } from './store.ts';
import type { DurableStore } from './store.ts';

/** Names of the secret records. */
export const secretNames = {
  identity: 'key.identity',
  pin: 'key.pin',
  mac: 'key.mac',
  data: 'key.data',
  commission: 'key.commission',
  /** The card key's state lies in one of these two by turns, so that the old one can be overwritten where it lies. */
  cardA: 'key.card-a',
  cardB: 'key.card-b',
} as const;
/** One secret record. */
export type SecretName = (typeof secretNames)[keyof typeof secretNames];

/** The secrets that every hard tamper erases. */
export const paymentSecrets: readonly SecretName[] = [secretNames.pin, secretNames.mac, secretNames.data];

/** The secrets of card payments: not needed for being commissioned, but erased with the payment keys. */
export const cardSecrets: readonly SecretName[] = [secretNames.cardA, secretNames.cardB];

/** Secrets in memory with their records in the store. Erasing zeroes the memory first, then the record, then removes it. */
export class Vault {
  readonly #store: DurableStore;
  readonly #loaded = new Map<SecretName, Uint8Array>();

  /** Loads what is there. A record of zeros is one whose erasure was interrupted: it counts as gone. */
  constructor(store: DurableStore) {
    this.#store = store;
    for (const name of Object.values(secretNames)) {
      const bytes = store.read(name);
      if (bytes?.some((byte) => byte !== 0) === true) this.#loaded.set(name, bytes);
    }
  }

  /** Removes the records of interrupted erasures. */
  finishErasures(): void {
    for (const name of Object.values(secretNames)) if (!this.#loaded.has(name)) this.erase([name]);
  }

  /** The secret itself, not a copy: callers must not keep it beyond their call. */
  get(name: SecretName): Uint8Array | undefined {
    return this.#loaded.get(name);
  }

  /** True when all payment keys are there. */
  get hasPaymentKeys(): boolean {
    return paymentSecrets.every((name) => this.#loaded.has(name));
  }

  /** Stores a secret durably and keeps it loaded. The caller zeroes its own copy. */
  put(name: SecretName, bytes: Uint8Array): void {
    this.erase([name]);
    this.#store.write(name, bytes);
    this.#loaded.set(name, bytes.slice());
  }

  /** Erases memory and records; repeating it after a power cut is safe. */
  erase(names: readonly SecretName[]): void {
    for (const name of names) this.#loaded.get(name)?.fill(0);
    for (const name of names) {
      this.#loaded.delete(name);
      if (this.#store.read(name) !== undefined) eraseRecord(this.#store, name);
    }
  }

  /** What losing power does to the memory; the records stay. */
  zeroMemory(): void {
    for (const bytes of this.#loaded.values()) bytes.fill(0);
    this.#loaded.clear();
  }
}
