import type { DurableStore } from './store.ts';

/** Thrown out of a durable step when the power fails there. Nobody but the unit that owns the power may catch it. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

/** Decides about the power at each durable step. `step` counts from 1 over the unit's life. True cuts. */
export interface PowerPlan {
  beforeWrite?(step: number, record: string): boolean;
  afterWrite?(step: number, record: string): boolean;
}

/** Counts durable steps over all boots and carries the plan by which the power fails. */
export class PowerSupply {
  /** Durable steps begun so far. */
  steps = 0;
  /** When the power fails; empty: never. */
  plan: PowerPlan = {};
}

/**
 * The store as one boot of the device sees it. Once the power is gone every call throws PowerCut for ever, so that
 * code of a dead boot that still waits for something can never touch the records of the next one.
 */
export class PoweredStore implements DurableStore {
  readonly #base: DurableStore;
  readonly #supply: PowerSupply;
  readonly #onCut: () => void;
  #isOff = false;

  /** `onCut` is called once, when the plan cuts the power, before PowerCut is thrown. */
  constructor(base: DurableStore, supply: PowerSupply, onCut: () => void) {
    this.#base = base;
    this.#supply = supply;
    this.#onCut = onCut;
  }

  /** True once this boot has lost its power. */
  get isOff(): boolean {
    return this.#isOff;
  }

  /** Ends this boot: from now on every call throws. */
  cut(): void {
    this.#isOff = true;
  }

  read(name: string): Uint8Array | undefined {
    this.#mustBeOn();
    return this.#base.read(name);
  }

  write(name: string, bytes: Uint8Array): void {
    this.#step(name, () => {
      this.#base.write(name, bytes);
    });
  }

  overwrite(name: string): void {
    this.#step(name, () => {
      this.#base.overwrite(name);
    });
  }

  remove(name: string): void {
    this.#step(name, () => {
      this.#base.remove(name);
    });
  }

  names(): readonly string[] {
    this.#mustBeOn();
    return this.#base.names();
  }

  usedBytes(): number {
    this.#mustBeOn();
    return this.#base.usedBytes();
  }

  #step(record: string, act: () => void): void {
    this.#mustBeOn();
    const step = ++this.#supply.steps;
    if (this.#supply.plan.beforeWrite?.(step, record) === true) this.#fail();
    act();
    if (this.#supply.plan.afterWrite?.(step, record) === true) this.#fail();
  }

  #mustBeOn(): void {
    if (this.#isOff) throw new PowerCut('the power is off');
  }

  #fail(): never {
    this.#isOff = true;
    this.#onCut();
    throw new PowerCut('the power was cut');
  }
}
