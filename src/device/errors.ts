/**
 * Why a cable could not be opened, or was refused after opening. Every code has texts in `src/i18n/technician.*`
 * (one sentence, what to do, how to check), shown where the failure happened.
 *
 * - `no-device-selected`: the chooser was closed without a choice, or its list was empty. Raised by `requestPort()`
 *   and `requestDevice()` (NotFoundError). Do: choose again; if the list is empty, check cable and driver.
 * - `blocked-by-policy`: the site setting or a managed policy forbids the device interface. Raised by
 *   `requestPort()` (SecurityError) and by a permissions policy. Do: allow it in the site settings, or ask IT.
 * - `gesture-needed`: the browser wants a click before it shows the chooser. Raised by `requestPort()`
 *   (SecurityError that names the user gesture). Do: press the button again.
 * - `insecure-context`: the page was not loaded over HTTPS or from localhost. Do: open the HTTPS address.
 * - `unsupported-browser`: the browser has no such interface. Do: use Chrome or Edge on a computer.
 * - `in-use`: another program holds the port. Raised by `open()` (NetworkError). Do: close that program.
 * - `other-tab`: another tab of this app holds the cable (Web Locks). Do: take over here.
 * - `no-permission`: the operating system refuses this account (Linux groups, snap). Raised by `open()` (NetworkError
 *   on Linux for a port that never opened before, SecurityError for USB). Do: grant the right, log in again.
 * - `busy-opening`: the port is already open or opening in this tab (InvalidStateError). Do: wait; it retries itself.
 * - `gone`: the device is no longer attached. Do: plug it in again.
 * - `not-ours`: the USB device has no Tillkeeper interface. Do: choose the terminal, not another device.
 * - `unreachable`: the simulated cable's socket did not answer. Do: start the emulator.
 * - `silent`: the port opened, but no hello came back in time. Do: check that the terminal is on; replug.
 * - `wrong-device`: the hello names another serial than the job's. Do: plug in the right terminal, or leave this job.
 * - `wrong-version`: the terminal speaks a protocol version that this app does not. Do: update the app or the firmware.
 * - `unknown`: the browser gave an error that this list does not know; its name stands in `detail`.
 */
export const openErrors = [
  'no-device-selected',
  'blocked-by-policy',
  'gesture-needed',
  'insecure-context',
  'unsupported-browser',
  'in-use',
  'other-tab',
  'no-permission',
  'busy-opening',
  'gone',
  'not-ours',
  'unreachable',
  'silent',
  'wrong-device',
  'wrong-version',
  'unknown',
] as const;
/** One reason why there is no usable cable; meaning, source and remedy stand at `openErrors`. */
export type OpenError = (typeof openErrors)[number];

/** Failures that pass by themselves within seconds: retried quietly, with a growing pause. */
export const passingErrors: ReadonlySet<OpenError> = new Set([
  'busy-opening',
  'in-use',
  'gone',
  'unreachable',
  'silent',
]);

/** What is known about the machine when an error has to be told apart; the browser's own error is too coarse. */
export interface OpenCircumstances {
  /** The port is still attached, as far as the browser says. */
  readonly attached: boolean;
  /** A port of this kind was opened by this browser profile before, so the account has the right to. */
  readonly openedBefore: boolean;
  /** The operating system is Linux, where serial ports belong to a group. */
  readonly linux: boolean;
}

/** The DOM name of whatever was thrown, and its message; Firefox may leave the message empty, so only names decide. */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error) && !(typeof cause === 'object' && cause !== null && 'name' in cause))
    return String(cause);
  const { name, message } = cause as Error;
  return message === '' ? name : `${name}: ${message}`;
}

function nameOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : '';
}

/** Classifies what `requestPort()` or `requestDevice()` threw (reference: the WICG Serial API, section 2). */
export function chooserError(cause: unknown): OpenError {
  const name = nameOf(cause);
  if (name === 'NotFoundError' || name === 'AbortError') return 'no-device-selected';
  if (name !== 'SecurityError' && name !== 'NotAllowedError') return 'unknown';
  return /gesture|activation/i.test(describeCause(cause)) ? 'gesture-needed' : 'blocked-by-policy';
}

/** Classifies what `open()` or `claimInterface()` threw, with the circumstances to tell NetworkError's causes apart. */
export function openingError(cause: unknown, circumstances: OpenCircumstances): OpenError {
  const name = nameOf(cause);
  if (!circumstances.attached || name === 'NotFoundError') return 'gone';
  if (name === 'InvalidStateError') return 'busy-opening';
  if (name === 'SecurityError' || name === 'NotAllowedError')
    return circumstances.linux ? 'no-permission' : 'blocked-by-policy';
  if (name !== 'NetworkError') return 'unknown';
  return circumstances.linux && !circumstances.openedBefore ? 'no-permission' : 'in-use';
}
