import type { Board } from '../../../protocol/http/control.ts';
import { Resource } from '../../api/resource.svelte.ts';
import type { OfficeContext } from '../context.ts';

/** Changes that come within this time are fetched once: two hundred tills at noon tell of many. */
const gatherMs = 800;
/** A terminal that says nothing must become silent on the screen too. */
const anewMs = 30_000;

/** The live board, kept fresh while it is shown. */
export class LiveBoard extends Resource<Board> {
  readonly #events: OfficeContext['events'];
  #gathering: ReturnType<typeof setTimeout> | undefined;

  constructor({ api, events }: OfficeContext) {
    super((signal) => api.call('board', { signal }));
    this.#events = events;
  }

  /** Fetches the board and follows the changes; returns the way to stop. */
  follow(): () => void {
    const soon = (): void => {
      this.#gathering ??= setTimeout(() => {
        this.#gathering = undefined;
        void this.refresh();
      }, gatherMs);
    };
    const stops = (['board', 'payments', 'control', 'terminal'] as const).map((name) => this.#events.on(name, soon));
    stops.push(this.#events.onReconnect(soon));
    const timer = setInterval(soon, anewMs);
    void this.refresh();
    return () => {
      for (const stop of stops) stop();
      clearInterval(timer);
      clearTimeout(this.#gathering);
      this.#gathering = undefined;
      this.stop();
    };
  }
}
