import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Key } from '../../../src/terminal/flow/keys.ts';
import { feedText } from '../../../src/terminal/fees/text-feed.ts';

const address = 'https://till.example/l#~F9.x,1+*';

describe('a scanner that types a phone’s code', () => {
  const keys: Key[] = [];
  const texts: string[] = [];
  /** What went past to the terminal's own keys. */
  const passed: string[] = [];
  let listener: (event: object) => void = () => undefined;
  let stop: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    for (const list of [keys, texts, passed]) list.length = 0;
    stop = feedText(
      { press: (key) => keys.push(key), text: (text) => texts.push(text) },
      {
        addEventListener: (_: string, added: unknown) => void (listener = added as typeof listener),
        removeEventListener: () => void (listener = () => undefined),
      },
    );
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  /** Presses a key each `gapMs`, of which the first arrives `lateMs` after its press and the others still later. */
  function type(names: readonly string[], gapMs: number, lateMs = 0): void {
    const startMs = performance.now();
    for (const [index, key] of names.entries()) {
      const pressedMs = startMs + (index + 1) * gapMs;
      vi.advanceTimersByTime(gapMs + lateMs);
      passed.push(key);
      listener({
        key,
        timeStamp: pressedMs,
        preventDefault: () => undefined,
        stopImmediatePropagation: () => passed.pop(),
      });
    }
  }

  test('its text is one, and none of its characters presses a key', () => {
    type([...address, 'Enter'], 4);
    vi.advanceTimersByTime(1_000);
    expect([texts, keys, passed]).toEqual([[address], [], []]);
  });

  test('a busy terminal that hears its characters late, and each later, does not press them', () => {
    type([...address.slice(0, 12), 'Enter'], 4, 80);
    vi.advanceTimersByTime(1_000);
    expect([texts, keys]).toEqual([[address.slice(0, 12)], []]);
  });

  test('Shift between its characters, as a keyboard says it, disturbs nothing', () => {
    type([...address].flatMap((key) => ['Shift', key]).concat('Enter'), 4);
    expect([texts, keys]).toEqual([[address], []]);
  });

  test('a person’s keys are keys, each by itself', () => {
    type(['1', 'a', '*', 'Escape'], 200);
    vi.advanceTimersByTime(200);
    expect([texts, keys, passed]).toEqual([[], ['1', 'function'], ['Escape']]);
  });

  test('Enter alone passes; a key and Enter soon after it are two keys', () => {
    type(['Enter'], 200);
    type(['1'], 200);
    type(['Enter'], 30);
    expect([texts, keys, passed]).toEqual([[], ['1', 'confirm'], ['Enter']]);
  });

  test('a text that is not ended is forgotten as a text', () => {
    type([...'abc'], 4);
    vi.advanceTimersByTime(1_000);
    type(['Enter'], 4);
    expect([texts, keys, passed]).toEqual([[], [], ['Enter']]);
  });
});
