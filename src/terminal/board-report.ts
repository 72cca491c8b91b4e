import type { DeskTools } from './desk.svelte.ts';

/** How often the board hears of a terminal where nothing changes, ms. */
const repeatMs = 60_000;

/** What the office's board knows of this terminal. */
export class BoardReport {
  readonly #tools: DeskTools;
  #told = { text: '', atMs: 0 };

  constructor(tools: DeskTools) {
    this.#tools = tools;
  }

  /** Tells what stands here: when it changes, and once a minute. */
  async tell(screen: string): Promise<void> {
    const { device, link, version, now } = this.#tools;
    const nowMs = now();
    const { cable, paper } = device;
    const text = [screen, cable, paper].join();
    if (text === this.#told.text && nowMs - this.#told.atMs < repeatMs) return;
    this.#told = { text, atMs: nowMs };
    const body = { screen, version: await version(), cable, ...(paper === undefined ? {} : { paper }) };
    await link.api.call('appScreen', { body });
  }
}
