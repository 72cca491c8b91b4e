/** Prints what was reached, and how long it took since the line before. */
export class Story {
  #lastMs = performance.now();
  #startedMs = this.#lastMs;

  tell(text: string): void {
    const nowMs = performance.now();
    process.stdout.write(`  ${this.#seconds(nowMs - this.#lastMs)}  ${text}\n`);
    this.#lastMs = nowMs;
  }

  /** Begins the next part, whose time is counted anew. */
  part(title: string): void {
    this.#startedMs = this.#lastMs = performance.now();
    process.stdout.write(`\n  ${title}\n`);
  }

  /** How long this part has taken. */
  get totalSeconds(): string {
    return this.#seconds(performance.now() - this.#startedMs).trim();
  }

  #seconds(milliseconds: number): string {
    return `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
  }
}
