import type { ChannelLike, LocksLike } from './ownership.ts';
import type { SerialLike } from './serial-like.ts';
import { PageTicker } from './ticker.ts';
import type { Ticker } from './ticker.ts';
import type { WebSerialEnvironment } from './web-serial.ts';
import type { UsbLike } from './web-usb.ts';

/** Everything that a device session takes from its surroundings, so that it runs in Node against fakes. */
export interface SessionEnvironment {
  readonly serial: WebSerialEnvironment | undefined;
  readonly usb: UsbLike | undefined;
  readonly isSecure: boolean;
  readonly locks: LocksLike | undefined;
  readonly channel: ChannelLike | undefined;
  /** Told `pagehide`; the window. */
  readonly page: EventTarget | undefined;
  readonly ticker: Ticker;
  /** Monotonic milliseconds. */
  now(): number;
  /** Epoch milliseconds. */
  wallNow(): number;
  /** A random number of 32 bits. */
  random32(): number;
}

const openedKey = 'tillkeeper:ports-opened';

function openedPorts(): string[] {
  try {
    return (localStorage.getItem(openedKey) ?? '').split(' ').filter((name) => name !== '');
  } catch {
    return [];
  }
}

function noteOpened(identity: string): void {
  const known = openedPorts();
  if (known.includes(identity)) return;
  try {
    localStorage.setItem(openedKey, [...known, identity].slice(-20).join(' '));
  } catch {
    // Without storage the next failure to open names the less likely cause first.
  }
}

function isLinux(): boolean {
  return /Linux/.test(navigator.userAgent) && !/Android/.test(navigator.userAgent);
}

/** The environment of a real page. */
export function browserEnvironment(): SessionEnvironment {
  const { serial, usb, locks } = navigator as Navigator & { serial?: SerialLike; usb?: UsbLike; locks?: LocksLike };
  const openedBefore = (identity: string): boolean => openedPorts().includes(identity);
  return {
    serial: serial === undefined ? undefined : { serial, linux: isLinux(), openedBefore, noteOpened },
    usb,
    isSecure: isSecureContext,
    locks,
    channel: typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('tillkeeper-cable'),
    page: window,
    ticker: new PageTicker(),
    now: () => performance.now(),
    wallNow: () => Date.now(),
    random32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  };
}
