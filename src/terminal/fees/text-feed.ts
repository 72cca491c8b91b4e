import { keyOf } from '../flow/keys.ts';
import type { Key } from '../flow/keys.ts';
import { holdMs } from '../flow/wedge.ts';
import { TextWedge } from './flow/text-wedge.ts';

/** Where a scanner's text and a person's keys go. */
export interface TextSink {
  press(key: Key): void;
  text(text: string): void;
}

/**
 * Listens before the terminal's own keys do, so that the letters and points of a scanned address press none of them.
 * Gives the way to stop. Keys without a character (Cancel, Delete, F1) pass.
 */
export function feedText(sink: TextSink, target: Pick<Window, 'addEventListener' | 'removeEventListener'>): () => void {
  const wedge = new TextWedge();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const press = (typed: string): void => {
    for (const character of typed) {
      const key = keyOf({ key: character });
      if (key !== undefined) sink.press(key);
    }
  };
  const listen = (event: KeyboardEvent): void => {
    // A space presses the button that has the focus; it stands in no address.
    const isCharacter = event.key.length === 1 && event.key !== ' ';
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!isCharacter && !(event.key === 'Enter' && wedge.isHolding)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    clearTimeout(timer);
    if (event.repeat) return;
    if (isCharacter) {
      press(wedge.put(event.key, event.timeStamp));
      timer = setTimeout(() => press(wedge.flush()), holdMs(event.timeStamp, performance.now()));
      return;
    }
    const { text, typed } = wedge.end(event.timeStamp);
    press(typed);
    if (text === undefined) sink.press('confirm');
    else sink.text(text);
  };
  target.addEventListener('keydown', listen, { capture: true });
  return () => {
    clearTimeout(timer);
    target.removeEventListener('keydown', listen, { capture: true });
  };
}
