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
  let atMs = 0;

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

  function type(names: readonly string[], gapMs: number): void {
    for (const key of names) {
      vi.advanceTimersByTime(gapMs);
      atMs += gapMs;
      passed.push(key);
      listener({ key, timeStamp: atMs, preventDefault: () => undefined, stopImmediatePropagation: () => passed.pop() });
    }
  }

  test('its text is one, and none of its characters presses a key', () => {
    type([...address, 'Enter'], 4);
    vi.advanceTimersByTime(1_000);
    expect([texts, keys, passed]).toEqual([[address], [], []]);
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
