import { keepReason, keptReason } from './kept-reason.ts';

const reasonMinChars = 3;

/** A reason that somebody writes before an act: kept over a reload, checked before the act. Made while a component is set up. */
export class Reason {
  readonly #key: string;
  text = $state('');
  isMissing = $state(false);

  /** `key` names what the reason is for. */
  constructor(key: string) {
    this.#key = key;
    this.text = keptReason(key);
    $effect(() => keepReason(key, this.text));
  }

  /** The reason as it is sent; undefined when it is too short: then the field says so and, inside `place`, takes the focus. */
  take(place?: HTMLElement): string | undefined {
    const words = this.text.trim();
    this.isMissing = words.length < reasonMinChars;
    if (!this.isMissing) return words;
    place?.querySelector('textarea')?.focus();
    return undefined;
  }

  /** The act is done. */
  forget(): void {
    keepReason(this.#key, '');
    this.text = '';
    this.isMissing = false;
  }
}
