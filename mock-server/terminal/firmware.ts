import { ed25519 } from '@noble/curves/ed25519.js';
import { flagBits } from '../../protocol/unlock/v1/constants.ts';
import { keyIdOf } from '../../protocol/unlock/v1/ed25519.ts';
import type { Signer } from '../../protocol/unlock/v1/signer.ts';
import type { TerminalBody } from './body.ts';
import { RealTimeClock } from './clock.ts';
import type { WallClock } from './clock.ts';
import { decodeCore, encodeCore, noCardKeys, noSiteWork } from './core-record.ts';
import type { CoreRecord } from './core-record.ts';
import { Display } from './display.ts';
import type { FactoryRecord } from './factory.ts';
import { appendEntry, emptyJournal } from './journal.ts';
import type { JournalEntry } from './journal.ts';
import { noAttempts } from './attempts.ts';
import { DeviceObjects } from './objects.ts';
import { PrintJobs } from './print-jobs.ts';
import { PromptDesk } from './prompt-desk.ts';
import { Printer } from './printer.ts';
import type { DurableStore } from './store.ts';
import type { CardStage } from './prompt-desk.ts';
import { Vault, secretNames } from './vault.ts';

/** `length` unpredictable bytes. */
export type RandomSource = (length: number) => Uint8Array;

/** Settings of the emulation that real hardware does not have. */
export interface Tuning {
  /** How long each visible part of a commissioning step takes, in milliseconds; 0 in tests. */
  readonly stepMs?: number;
  /** How long the device is away when it restarts, in milliseconds. */
  readonly rebootMs?: number;
}

/** What a boot of the firmware is given. */
export interface FirmwareParts {
  readonly store: DurableStore;
  readonly body: TerminalBody;
  readonly clock: WallClock;
  readonly random: RandomSource;
  readonly factory: FactoryRecord;
  readonly tuning?: Tuning;
}

/** Something the firmware tells whoever is attached. */
export type FirmwareEvent =
  | { readonly type: 'state' }
  | { readonly type: 'progress'; readonly op: number; readonly step: string; readonly percent: number }
  | { readonly type: 'card'; readonly stage: CardStage; readonly digits: number }
  | { readonly type: 'screen' };

const coreName = 'core';

/** What the journal needs to be told; epoch and time are added. */
export type Entry = Pick<JournalEntry, 'type' | 'result' | 'detail'> &
  Partial<Pick<JournalEntry, 'nonceHash' | 'credentialHash'>>;

/**
 * One boot's memory: the core record, the secrets and the parts. The acts (trip, challenge, grant, order) are
 * functions over it in files of their own. `commit` is the only way to change the core record.
 */
export class Firmware {
  readonly store: DurableStore;
  readonly body: TerminalBody;
  readonly printer: Printer;
  readonly display: Display;
  readonly clock: RealTimeClock;
  readonly random: RandomSource;
  readonly factory: FactoryRecord;
  readonly tuning: Tuning;
  readonly vault: Vault;
  readonly objects: DeviceObjects;
  /** What the device asks the person before it. */
  readonly desk: PromptDesk;
  readonly printJobs: PrintJobs;
  /** True while a commissioning order is being carried out. */
  isOrderRunning = false;
  /** True once this boot's power is gone. */
  isDead = false;
  /** True when the stored core record could not be read and a fresh one stands in its place. */
  readonly wasDamaged: boolean;
  #core: CoreRecord;
  #listeners: ((event: FirmwareEvent) => void)[] = [];

  constructor(parts: FirmwareParts) {
    this.store = parts.store;
    this.body = parts.body;
    this.printer = new Printer(parts.body);
    this.display = new Display(parts.clock);
    this.random = parts.random;
    this.factory = parts.factory;
    this.tuning = parts.tuning ?? {};
    this.vault = new Vault(parts.store);
    this.objects = new DeviceObjects(parts.store, () => this.#core);
    this.desk = new PromptDesk(parts.clock);
    this.printJobs = new PrintJobs(this.printer);
    const stored = parts.store.read(coreName);
    const core = stored === undefined ? undefined : decodeCore(stored);
    this.wasDamaged = stored !== undefined && core === undefined;
    this.#core = core ?? this.#newCore(parts.clock);
    this.clock = new RealTimeClock(parts.clock, {
      clockSeconds: this.#core.clockSeconds,
      floorSeconds: this.#core.timeFloorSeconds,
      isTrusted: this.#core.clockTrusted,
    });
  }

  /** The record as it stands in the store. */
  get core(): CoreRecord {
    return this.#core;
  }

  /** Signs as this device, or `undefined` when the identity is dead. */
  get signer(): Signer | undefined {
    const secret = this.vault.get(secretNames.identity);
    if (!this.#core.identityAlive || secret === undefined) return undefined;
    return { kid: keyIdOf(this.factory.identityPublicKey), sign: (message) => ed25519.sign(message, secret) };
  }

  /** The flags of REQUEST and RECEIPT. */
  get flags(): number {
    return (
      (this.signer === undefined ? 0 : flagBits.identityAlive) |
      (this.clock.isTrusted ? flagBits.clockTrusted : 0) |
      (this.body.cellMillivolts > 2500 ? flagBits.batteryOk : 0)
    );
  }

  /** Makes a change durable, together with its journal entry, in one write. */
  commit(change: Partial<CoreRecord>, entry?: Entry): void {
    this.save(this.prepare(change, entry));
  }

  /** Stores a prepared record; memory follows only after the write. */
  save(next: CoreRecord): void {
    this.store.write(coreName, encodeCore(next));
    const isNews = next.state !== this.#core.state || next.lockEpoch !== this.#core.lockEpoch;
    this.#core = next;
    this.tell(isNews ? { type: 'state' } : { type: 'screen' });
  }

  /** What `commit` would store: for messages that carry the journal head which they themselves cause. */
  prepare(change: Partial<CoreRecord>, entry?: Entry): CoreRecord {
    const next: CoreRecord = {
      ...this.#core,
      ...change,
      clockSeconds: this.clock.nowSeconds(),
      timeFloorSeconds: this.clock.floorSeconds,
      clockTrusted: this.clock.isTrusted,
    };
    if (entry === undefined) return next;
    const journal = appendEntry(next.journal, {
      ...entry,
      lockEpoch: next.lockEpoch,
      timeSeconds: next.clockSeconds,
      isTimeTrusted: next.clockTrusted,
    });
    return { ...next, journal };
  }

  /** Calls `listener` for everything that the device tells; returns how to stop. */
  listen(listener: (event: FirmwareEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** Tells all listeners. */
  tell(event: FirmwareEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #newCore(wall: WallClock): CoreRecord {
    return {
      state: 'NORMAL',
      returnState: 'NORMAL',
      lockEpoch: 1,
      reasons: 0,
      lockedAtSeconds: 0,
      nonce: this.random(16),
      freshAtSeconds: 0,
      bootCount: 0,
      identityAlive: this.vault.get(secretNames.identity) !== undefined,
      clockTrusted: true,
      clockSeconds: Math.floor(wall() / 1000),
      timeFloorSeconds: 0,
      attempts: noAttempts,
      lifetimeUnlocks: 0,
      grantSequence: 0,
      ...noSiteWork,
      ...noCardKeys,
      keyset: this.factory.keyset,
      pending: null,
      answeredGrantHash: new Uint8Array(0),
      lastReceipt: new Uint8Array(0),
      lastOrder: null,
      commissioned: 15,
      parameters: this.factory.parameters,
      probationUntilSeconds: 0,
      probationLimitFen: 0,
      pinTries: 0,
      journal: emptyJournal,
    };
  }
}
