import { deviceLimits } from './limits.ts';
import type { SecureDevice } from './secure-device.ts';

/** The keys of the PIN pad. */
export const keypadKeys = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', 'cancel', 'enter'] as const;
/** One key of the PIN pad. */
export type KeypadKey = (typeof keypadKeys)[number];

/** The PIN of the test card that belongs to the emulator. */
export const testCardPin = '246810';

/** The PIN pad: digits are only ever counted outside. A wrong PIN counts durably, the third one locks the device. */
export class Keypad {
  readonly #device: SecureDevice;
  #digits = '';

  constructor(device: SecureDevice) {
    this.#device = device;
  }

  /** How many digits are entered. */
  get digitCount(): number {
    const prompt = this.#device.firmware?.desk.prompt;
    return prompt?.kind === 'card' ? prompt.digits : this.#digits.length;
  }

  /** Presses a key. Nothing happens without power, while locked, or with a broken keypad. */
  press(key: KeypadKey): void {
    const { firmware } = this.#device;
    if (firmware === undefined || firmware.core.state === 'LOCKED' || firmware.body.isBroken('keypad')) {
      this.#digits = '';
    } else if (firmware.desk.prompt !== undefined) {
      this.#digits = '';
      firmware.desk.signal({ type: 'key', key });
    } else if (key === 'clear' || key === 'cancel') this.#digits = '';
    else if (key === 'enter') this.#submit();
    else this.#digits = (this.#digits + key).slice(0, deviceLimits.keypadDigits);
  }

  #submit(): void {
    const { firmware } = this.#device;
    const digits = this.#digits;
    this.#digits = '';
    if (digits === '' || firmware === undefined) return;
    if (digits !== testCardPin) this.#device.enterWrongPin();
    else if (firmware.core.pinTries > 0) this.#device.guard(() => firmware.commit({ pinTries: 0 }));
  }
}
