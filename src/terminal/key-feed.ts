import { keyOf } from './flow/keys.ts';
import type { Key } from './flow/keys.ts';
import { holdMs, Wedge } from './flow/wedge.ts';

/** Where keys and codes go. */
export interface KeySink {
  press(key: Key): void;
  code(text: string): void;
}

/** Elements that take keys themselves: fields always, others only where a person went by keyboard. */
function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches('input, textarea, select, [contenteditable]');
}

function isPressedByKeyboard(event: KeyboardEvent): boolean {
  const { target } = event;
  const isPress = event.key === 'Enter' || event.key === ' ';
  return isPress && target instanceof HTMLElement && target.matches('button:focus-visible, a:focus-visible, summary');
}

/**
 * Listens to a PC's keyboard, a number pad, a hardware keypad and a scanner, which all come as key events; gives the way
 * to stop. Enter on a button that was reached by keyboard presses that button.
 */
export function feedKeys(sink: KeySink, target: Pick<Window, 'addEventListener' | 'removeEventListener'>): () => void {
  const wedge = new Wedge();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = keyOf(event);
    if (key === undefined || takesKeys(event.target)) return;
    const isEndOfScan = key === 'confirm' && wedge.isHolding;
    if (isPressedByKeyboard(event) && !isEndOfScan) return;
    event.preventDefault();
    if (event.repeat && key !== 'delete') return;
    clearTimeout(timer);
    const { keys, code } = wedge.feed(key, event.timeStamp);
    for (const one of keys) sink.press(one);
    if (code !== undefined) sink.code(code);
    if (!wedge.isHolding) return;
    const forMs = holdMs(event.timeStamp, performance.now());
    timer = setTimeout(() => wedge.flush().forEach((digit) => sink.press(digit)), forMs);
  };
  target.addEventListener('keydown', listen);
  return () => {
    clearTimeout(timer);
    target.removeEventListener('keydown', listen);
  };
}
