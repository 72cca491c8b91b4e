import { expect, it } from 'vitest';
import { createRateLimit } from '../../../server/http/rate-limit.ts';

it('counts each caller in windows', () => {
  let nowMs = 0;
  const limit = createRateLimit(2, 1_000, () => nowMs);
  const takes = (caller: string) => [limit.take(caller), limit.take(caller), limit.take(caller)];
  expect(takes('a')).toEqual([true, true, false]);
  expect(takes('b')).toEqual([true, true, false]);
  nowMs = 999;
  expect(limit.take('a')).toBe(false);
  nowMs = 1_000;
  expect(takes('a')).toEqual([true, true, false]);
});

it('forgets the oldest rather than keep ten thousand callers, and nobody else', () => {
  let nowMs = 0;
  const limit = createRateLimit(1, 1_000, () => nowMs);
  for (let caller = 0; caller < 10_000; caller++) limit.take(String(caller));
  expect(limit.take('0')).toBe(false);
  limit.take('one more');
  expect(limit.take('1')).toBe(false);
  expect(limit.take('9999')).toBe(false);
  expect(limit.take('0')).toBe(true);
  // Whose time is over makes room first.
  nowMs = 999;
  limit.take('late');
  nowMs = 1_000;
  expect(limit.take('new')).toBe(true);
  expect(limit.take('late')).toBe(false);
});
