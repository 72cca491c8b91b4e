/** One event of a stream: its name and its data. */
export interface SseEvent {
  readonly name: string;
  readonly data: string;
}

/** Longest unfinished line that is kept, in characters; a longer one is dropped with its event. */
export const sseLineMaxChars = 16_384;

/** Reads text/event-stream (HTML standard, section 9.2) from chunks of any size; comments and ids are ignored. */
export class SseParser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** Takes a chunk and returns the events that are complete. */
  push(chunk: string): SseEvent[] {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > sseLineMaxChars) this.#forget();
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): SseEvent[] {
    if (line === '') {
      const event = { name: this.#name || 'message', data: this.#data.join('\n') };
      const has = this.#data.length > 0;
      this.#name = '';
      this.#data = [];
      return has ? [event] : [];
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') this.#name = value ?? '';
    if (field === 'data') this.#data.push(value ?? '');
    return [];
  }

  #forget(): void {
    this.#rest = '';
    this.#name = '';
    this.#data = [];
  }
}
