import { expect, test } from 'vitest';
import { refusalCodes, refusalOfNumber, refusals } from '../../../protocol/unlock/v1/refusals.ts';

test('numbers are unique, without a gap, and 0 stays "done"', () => {
  const numbers = refusalCodes.map((code) => refusals[code].number);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

test('a number gives its code back, an unknown one nothing', () => {
  for (const code of refusalCodes) expect(refusalOfNumber(refusals[code].number)).toBe(code);
  for (const number of [-1, 0, refusalCodes.length + 1, 255]) expect(refusalOfNumber(number)).toBeUndefined();
});

test('whatever burns the challenge also counts as an attempt', () => {
  for (const code of refusalCodes) expect(refusals[code].burns && !refusals[code].counts).toBe(false);
});

test('what a wrong credential can cause burns; what its bearer cannot help does not', () => {
  const burning = refusalCodes.filter((code) => refusals[code].burns);
  expect(burning).toEqual(
    expect.arrayContaining(['malformed', 'wrong-device', 'wrong-nonce', 'bad-signature', 'same-signer', 'expired']),
  );
  for (const code of ['not-locked', 'no-challenge', 'too-many-attempts', 'keyset-stale', 'not-yet-valid'] as const) {
    expect(refusals[code].burns).toBe(false);
  }
});
