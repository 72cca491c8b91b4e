/** The digits of the keypad. */
export const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
/** One digit of the keypad. */
export type Digit = (typeof digits)[number];

/** A key of the terminal. `symbol` is the decimal point. */
export type Key = Digit | '00' | 'symbol' | 'delete' | 'cancel' | 'confirm' | 'function' | 'power';

/** What the browser tells about a key of a PC's keyboard. */
export interface PressedKey {
  readonly key: string;
  readonly code?: string;
}

/** Names that Chromium gives to the keys of a PC's keyboard, a number pad and a keypad that acts as a keyboard. */
const names: Readonly<Record<string, Key>> = {
  Enter: 'confirm',
  Escape: 'cancel',
  Cancel: 'cancel',
  Backspace: 'delete',
  Delete: 'delete',
  Clear: 'delete',
  '.': 'symbol',
  ',': 'symbol',
  Decimal: 'symbol',
  '+': '00',
  '*': 'function',
  F1: 'function',
  ContextMenu: 'function',
  F9: 'power',
  Power: 'power',
  PowerOff: 'power',
};

/** The terminal's key that a key of the keyboard stands for; undefined for all others. */
export function keyOf({ key }: PressedKey): Key | undefined {
  return isDigit(key) ? key : Object.hasOwn(names, key) ? names[key] : undefined;
}

/** Keys whose buttons show a sign in place of their name, as `aria-keyshortcuts` names them. */
const shortcuts = { confirm: 'Enter', cancel: 'Escape', symbol: '.' } as const;

/** The key of a PC's keyboard that stands for a terminal's key, for who cannot see the sign on its button. */
export function shortcutOf(key: Key): string | undefined {
  return Object.hasOwn(shortcuts, key) ? shortcuts[key as keyof typeof shortcuts] : undefined;
}

/** True for one of the ten digits. */
export function isDigit(key: string): key is Digit {
  return (digits as readonly string[]).includes(key);
}

/** The place in a numbered list that a key chooses, from 0; undefined when it chooses none of `count`. */
export function placeOf(key: Key, count: number): number | undefined {
  const place = isDigit(key) ? Number(key) - 1 : -1;
  return place >= 0 && place < count ? place : undefined;
}
