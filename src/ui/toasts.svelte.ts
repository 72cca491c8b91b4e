import type { Tint } from './icons.ts';

/** One short message that goes away by itself. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tint: Tint;
  /** What can still be done about it, such as taking it back. */
  readonly action?: { readonly label: string; readonly act: () => void } | undefined;
}

const toastMaxCount = 3;
const toastShownMs = 6_000;
/** A way back must be read, decided on and pressed. */
const actionShownMs = 12_000;

/** Short messages about what has just happened; a failure that needs an act belongs in a `Note` instead. */
export class Toasts {
  #nextId = 1;
  /** The messages on the screen, oldest first. */
  items = $state.raw<readonly Toast[]>([]);

  /** Shows `text` for some seconds; the oldest makes room when there are too many. */
  say(text: string, tint: Tint = 'ok', action?: Toast['action']): void {
    const id = this.#nextId++;
    this.items = [...this.items, { id, text, tint, action }].slice(-toastMaxCount);
    setTimeout(() => this.dismiss(id), action === undefined ? toastShownMs : actionShownMs);
  }

  /** Takes one message away. */
  dismiss(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }
}
