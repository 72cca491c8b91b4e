import { lockReasonBits } from '../../domain/unlock/states.ts';
import type { LockReason } from '../../domain/unlock/states.ts';
import { CardSlot } from './cards.ts';
import type { DurableStore } from './store.ts';

/** Sensors that stand in the case; PIN tries, self-test and policy locks are the firmware's own. */
export const hardwareSensors = ['case', 'mesh', 'temperature', 'voltage', 'flat-cell', 'drop'] as const;
/** One sensor of the case. */
export type HardwareSensor = (typeof hardwareSensors)[number];

/** Parts that can be broken for a test, and what the self-test then finds. */
export const breakableParts = ['printer', 'card-reader', 'display', 'keypad', 'memory', 'network'] as const;
/** One part that can be broken. */
export type BreakablePart = (typeof breakableParts)[number];

interface BodyState {
  /** Trips that the tamper cell holds until the firmware has taken them over. */
  latched: number;
  /** Sensors that are still tripped: the case stands open, the cell is still flat. */
  held: number;
  broken: BreakablePart[];
  paperMm: number;
  printerDots: number;
  dropCount: number;
  temperatureTenthsC: number;
  cellMillivolts: number;
  batteryPercent: number;
  signalDbm: number;
  /** The network of the place where the terminal stands is down. */
  isNetworkDown: boolean;
}

const freshBody: BodyState = {
  latched: 0,
  held: 0,
  broken: [],
  paperMm: 4200,
  printerDots: 812_400,
  dropCount: 0,
  temperatureTenthsC: 246,
  cellMillivolts: 3020,
  batteryPercent: 86,
  signalDbm: -63,
  isNetworkDown: false,
};

const bodyRecord = 'body';
/** A new roll of 57 mm paper, in millimetres. */
export const fullRollMm = 8000;

/**
 * The physical side of a terminal: what exists whether the power is on or not. Sensors, tamper cell, paper, wear.
 * It is kept in the base store, past every emulated power cut, because cutting the power does not close a case.
 */
export class TerminalBody {
  /** The card reader's slot; it forgets with the bench, as a card does not stay for ever. */
  readonly slot = new CardSlot();
  readonly #store: DurableStore;
  #state: BodyState;

  constructor(store: DurableStore) {
    this.#store = store;
    const kept = store.read(bodyRecord);
    this.#state = kept === undefined ? { ...freshBody } : readState(kept);
  }

  /** The mask of trips that wait for the firmware. */
  get latched(): number {
    return this.#state.latched;
  }

  /** True while the sensor's condition lasts. */
  isHeld(sensor: LockReason): boolean {
    return (this.#state.held & lockReasonBits[sensor]) !== 0;
  }

  /** True when the part was broken for a test. */
  isBroken(part: BreakablePart): boolean {
    return this.#state.broken.includes(part);
  }

  get paperMm(): number {
    return this.#state.paperMm;
  }

  get printerDots(): number {
    return this.#state.printerDots;
  }

  get dropCount(): number {
    return this.#state.dropCount;
  }

  get batteryPercent(): number {
    return this.#state.batteryPercent;
  }

  get signalDbm(): number {
    return this.hasNetwork ? this.#state.signalDbm : -128;
  }

  /** True while the terminal itself reaches the world: its network part works and there is a network. */
  get hasNetwork(): boolean {
    return !this.#state.isNetworkDown && !this.isBroken('network');
  }

  /** Takes the network of the place away, or gives it back. */
  setNetwork(isUp: boolean): void {
    this.#change({ isNetworkDown: !isUp });
  }

  /** Voltage of the tamper cell; a flat cell that nobody changed reads low. */
  get cellMillivolts(): number {
    return this.isHeld('flat-cell') ? 1870 : this.#state.cellMillivolts;
  }

  get temperatureTenthsC(): number {
    return this.isHeld('temperature') ? 914 : this.#state.temperatureTenthsC;
  }

  /** The tamper cell notices `sensor`; with `isHeld` the condition lasts until it is repaired. */
  latch(sensor: HardwareSensor, isHeld: boolean): void {
    const bit = lockReasonBits[sensor];
    this.#change({
      latched: this.#state.latched | bit,
      held: isHeld ? this.#state.held | bit : this.#state.held,
      dropCount: this.#state.dropCount + (sensor === 'drop' ? 1 : 0),
    });
  }

  /** The firmware has taken the trips of `mask` over. */
  clearLatch(mask: number): void {
    this.#change({ latched: this.#state.latched & ~mask });
  }

  /** Ends a lasting condition: the case is closed, a new cell is fitted, the temperature is normal again. */
  repair(sensor: HardwareSensor): void {
    this.#change({ held: this.#state.held & ~lockReasonBits[sensor] });
  }

  /** Breaks a part or mends it. */
  setBroken(part: BreakablePart, isBroken: boolean): void {
    const others = this.#state.broken.filter((name) => name !== part);
    this.#change({ broken: isBroken ? [...others, part] : others });
  }

  /** Uses `millimetres` of paper and `dots` of the print head. False when the roll ends before. */
  feedPaper(millimetres: number, dots: number): boolean {
    if (this.#state.paperMm < millimetres) {
      this.#change({ paperMm: 0 });
      return false;
    }
    this.#change({ paperMm: this.#state.paperMm - millimetres, printerDots: this.#state.printerDots + dots });
    return true;
  }

  /** Puts in a roll of `millimetres`. */
  setPaper(millimetres: number): void {
    this.#change({ paperMm: millimetres });
  }

  #change(part: Partial<BodyState>): void {
    this.#state = { ...this.#state, ...part };
    this.#store.write(bodyRecord, new TextEncoder().encode(JSON.stringify(this.#state)));
  }
}

function readState(bytes: Uint8Array): BodyState {
  return { ...freshBody, ...(JSON.parse(new TextDecoder().decode(bytes)) as Partial<BodyState>) };
}
