import { lockReasonBits } from '../../domain/unlock/states.ts';
import type { BreakablePart, HardwareSensor } from './body.ts';
import { TerminalBody, fullRollMm } from './body.ts';
import type { CardEntryName, ReadableCard } from './cards.ts';
import type { WallClock } from './clock.ts';
import { bootDevice } from './device.ts';
import { provision, readFactory } from './factory.ts';
import type { FactoryRecord, Provisioning } from './factory.ts';
import type { Firmware, FirmwareEvent, RandomSource, Tuning } from './firmware.ts';
import { PowerCut, PowerSupply, PoweredStore } from './power.ts';
import { screenOf, startingScreen } from './screen.ts';
import type { ScreenView } from './screen.ts';
import type { DurableStore } from './store.ts';
import { enterWrongPin, eraseWithoutPower, lockDown, takeLatchedTrips } from './trips.ts';

/** What a device is made of. An empty store is provisioned; a used one brings its device back. */
export interface DeviceOptions {
  readonly store: DurableStore;
  readonly clock: WallClock;
  readonly random: RandomSource;
  /** Needed when the store is empty. Its identity secret is zeroed. */
  readonly provisioning?: Provisioning;
  readonly tuning?: Tuning;
}

/** What an onlooker hears: the power changed, or the running firmware tells something. */
export type DeviceEvent = { readonly type: 'power' } | FirmwareEvent;

/**
 * A terminal's secure device as a thing: body, store and power switch around the running firmware. It is the only
 * place where a power cut ends; every boot is made anew from the store.
 */
export class SecureDevice {
  readonly factory: FactoryRecord;
  readonly body: TerminalBody;
  /** Counts durable steps and carries the plan of power cuts. */
  readonly supply = new PowerSupply();
  readonly #options: Omit<DeviceOptions, 'provisioning'>;
  #powered: PoweredStore | undefined;
  #firmware: Firmware | undefined;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #listeners: ((event: DeviceEvent) => void)[] = [];

  constructor(options: DeviceOptions) {
    const { provisioning, ...rest } = options;
    this.#options = rest;
    const burnt = readFactory(options.store);
    if (burnt === undefined && provisioning === undefined) throw new TypeError('provisioning: the store is empty');
    this.factory = burnt ?? provision(options.store, provisioning as Provisioning, options.random);
    provisioning?.identitySecret.fill(0);
    this.body = new TerminalBody(options.store);
  }

  /** The running firmware, or `undefined` while the power is off. */
  get firmware(): Firmware | undefined {
    return this.#firmware;
  }

  /** What the screen shows; dark (`undefined`) without power. */
  get screen(): ScreenView | undefined {
    if (this.#firmware !== undefined) return screenOf(this.#firmware);
    return this.#restartTimer === undefined ? undefined : startingScreen(this.factory.serial);
  }

  /** Switches on. False when a planned power cut ended the boot. */
  powerOn(): boolean {
    if (this.#firmware !== undefined) return true;
    this.#stopRestart();
    const powered = new PoweredStore(this.#options.store, this.supply, () => {
      this.#lose();
    });
    this.#powered = powered;
    return this.guard(() => {
      this.#firmware = bootDevice({ ...this.#options, store: powered, body: this.body, factory: this.factory });
      this.#firmware.listen((event) => {
        this.#tell(event);
      });
      this.#tell({ type: 'power' });
    });
  }

  /** Switches off at once, whatever the firmware is doing. */
  powerOff(): void {
    this.#stopRestart();
    this.#powered?.cut();
    this.#lose();
  }

  /** Restarts by the firmware's own wish after `delayMs`, and is away for `tuning.rebootMs`. */
  restart(delayMs = 0): void {
    this.#stopRestart();
    this.#restartTimer = setTimeout(() => {
      this.powerOff();
      this.#restartTimer = setTimeout(() => this.powerOn(), this.#options.tuning?.rebootMs ?? 0);
      this.#tell({ type: 'power' });
    }, delayMs);
  }

  /** Runs `act`; when the power fails inside it, that is no error of the caller. False: the power failed. */
  guard(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (error instanceof PowerCut) return false;
      throw error;
    }
  }

  /** A sensor trips. `isHeld`: and stays so until repaired. Works without power: the tamper cell erases and remembers. */
  trip(sensor: HardwareSensor, isHeld = false): void {
    this.body.latch(sensor, isHeld);
    const { firmware } = this;
    if (firmware === undefined) eraseWithoutPower(this.#options.store, lockReasonBits[sensor]);
    else {
      this.guard(() => {
        takeLatchedTrips(firmware);
      });
    }
    this.#tell({ type: 'screen' });
  }

  /** Ends a lasting condition of a sensor. */
  repair(sensor: HardwareSensor): void {
    this.body.repair(sensor);
    this.#tell({ type: 'screen' });
  }

  /** One wrong PIN at the keypad. Nothing without power. */
  enterWrongPin(): void {
    const { firmware } = this;
    if (firmware === undefined) return;
    this.guard(() => {
      enterWrongPin(firmware);
    });
  }

  /** A lock by the firmware itself: its self-test failed, or the operator's policy says so. Nothing without power. */
  lockBySoftware(reason: 'self-test' | 'policy'): void {
    const { firmware } = this;
    if (firmware === undefined) return;
    this.guard(() => {
      lockDown(firmware, lockReasonBits[reason]);
    });
  }

  /** Gives a card to the reader. False when it cannot be: a card is in the slot, or this card has no such interface. */
  giveCard(card: ReadableCard, entry: CardEntryName): boolean {
    const can = { chip: card.hasChip, contactless: card.hasContactless, magstripe: true }[entry];
    if (!can || (entry === 'chip' && !this.body.slot.insert(card))) return false;
    this.#firmware?.desk.signal({ type: 'card', entry, card });
    this.#tell({ type: 'screen' });
    return true;
  }

  /** Takes the card out of the slot. False when none is in. */
  takeCardOut(): boolean {
    if (!this.body.slot.takeOut()) return false;
    const { firmware } = this;
    firmware?.desk.signal({ type: 'removed' });
    if (firmware?.desk.prompt === undefined) firmware?.tell({ type: 'card', stage: 'ended', digits: 0 });
    this.#tell({ type: 'screen' });
    return true;
  }

  /** Puts paper in; by default a full roll. */
  refillPaper(millimetres: number = fullRollMm): void {
    this.body.setPaper(millimetres);
    this.#tell({ type: 'screen' });
  }

  /** Takes the network of the place away, or gives it back. */
  setNetwork(isUp: boolean): void {
    this.body.setNetwork(isUp);
    this.#tell({ type: 'screen' });
  }

  /** Breaks a part or mends it. */
  setBroken(part: BreakablePart, isBroken: boolean): void {
    this.body.setBroken(part, isBroken);
    this.#tell({ type: 'screen' });
  }

  /** Calls `listener` for everything that happens; returns how to stop. */
  listen(listener: (event: DeviceEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  #lose(): void {
    const { firmware } = this;
    this.#firmware = undefined;
    if (firmware === undefined) return;
    firmware.isDead = true;
    firmware.desk.losePower();
    firmware.vault.zeroMemory();
    this.#tell({ type: 'power' });
  }

  #stopRestart(): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
  }

  #tell(event: DeviceEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Makes a device on `options.store` and switches it on. */
export function createDevice(options: DeviceOptions): SecureDevice {
  const device = new SecureDevice(options);
  device.powerOn();
  return device;
}
