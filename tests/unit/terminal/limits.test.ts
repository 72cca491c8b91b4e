import { describe, expect, test } from 'vitest';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import {
  acceptAttempt,
  chargeAttempt,
  neverSeconds,
  noAttempts,
  waitSeconds,
} from '../../../mock-server/terminal/attempts.ts';
import type { AttemptCounters } from '../../../mock-server/terminal/attempts.ts';
import { makeBench, requestAndGrant } from './bench.ts';
import type { Bench } from './bench.ts';
import { callFirmware } from './technician.ts';

function charged(times: number, stepSeconds = 0): AttemptCounters {
  let counters = noAttempts;
  for (let i = 0; i < times; i++) counters = chargeAttempt(counters, 1000 + i * stepSeconds);
  return counters;
}

function lockedOne(): Bench {
  const bench = makeBench();
  bench.device.trip('case');
  return bench;
}

/** Presents a grant for a wrong epoch. */
async function wrongGrant(bench: Bench): Promise<{ readonly refusal: string; readonly retryAfterSeconds: number }> {
  const { sealed } = await requestAndGrant(bench, { lockEpoch: 99 });
  const answer = await callFirmware(bench.device, 'lock.grant', { sealed });
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}

function restart(bench: Bench): void {
  bench.device.powerOff();
  bench.device.powerOn();
}

describe('waiting after wrong credentials', () => {
  test.each([
    [0, 0],
    [1, 0],
    [5, 0],
    [6, 10],
    [7, 20],
    [8, 40],
    [14, 2560],
    [15, 3600],
    [19, 3600],
  ])('after %i wrong ones: %i s', (failed, seconds) => {
    expect(waitSeconds(charged(failed), 1000)).toBe(seconds);
  });

  test('the twentieth in a day closes the day', () => {
    const counters = charged(unlockLimits.attemptsPerDayMax, 4000);
    const last = 1000 + 19 * 4000;
    expect(waitSeconds(counters, last)).toBe(1000 + 86_400 - last);
    expect(waitSeconds(counters, 1000 + 86_400)).toBe(0);
  });

  test('the last one of a life closes it for ever', () => {
    const counters = { ...noAttempts, inLife: unlockLimits.attemptsPerLifeMax };
    expect(waitSeconds(counters, 1e9)).toBe(neverSeconds);
  });

  test('an accepted one gives its own charge back and ends the row, but the day and the life stay', () => {
    expect(acceptAttempt(charged(4))).toMatchObject({ failed: 0, inDay: 3, inLife: 3 });
  });
});

describe('rate limits of the device', () => {
  test('hold across power loss', async () => {
    const bench = lockedOne();
    for (let i = 0; i < 5; i++)
      expect(await wrongGrant(bench)).toMatchObject({ refusal: 'wrong-epoch', retryAfterSeconds: 0 });
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'wrong-epoch', retryAfterSeconds: 10 });
    restart(bench);
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'too-many-attempts', retryAfterSeconds: 10 });
    bench.clock.pass(9);
    restart(bench);
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'too-many-attempts', retryAfterSeconds: 1 });
    bench.clock.pass(1);
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'wrong-epoch', retryAfterSeconds: 20 });
  });

  test('hold without a clock: the wait runs only while there is power', async () => {
    const bench = lockedOne();
    bench.device.trip('flat-cell');
    for (let i = 0; i < 6; i++) await wrongGrant(bench);
    bench.device.powerOff();
    bench.clock.pass(100_000);
    bench.device.powerOn();
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'too-many-attempts', retryAfterSeconds: 10 });
    bench.clock.pass(10);
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'wrong-epoch' });
  });

  test('a right grant is not looked at while the wait runs, and works after it', async () => {
    const bench = lockedOne();
    for (let i = 0; i < 6; i++) await wrongGrant(bench);
    const { sealed } = await requestAndGrant(bench);
    const early = await callFirmware(bench.device, 'lock.grant', { sealed });
    expect(early).toMatchObject({ value: { accepted: false, refusal: 'too-many-attempts' } });
    bench.clock.pass(10);
    expect(await callFirmware(bench.device, 'lock.grant', { sealed })).toMatchObject({ value: { accepted: true } });
    expect(bench.device.firmware?.core.attempts.failed).toBe(0);
  });

  test('a day takes twenty wrong ones and no more', async () => {
    const bench = lockedOne();
    let looked = 0;
    for (let i = 0; i < 26; i++) {
      const answer = await wrongGrant(bench);
      if (answer.refusal !== 'too-many-attempts') looked += 1;
      bench.clock.pass(3601);
      if (i === 22) break;
    }
    expect(looked).toBe(20);
    bench.clock.pass(86_400);
    expect(await wrongGrant(bench)).toMatchObject({ refusal: 'wrong-epoch' });
  });

  test.each([9, 10])('a fresh challenge %i s after the last one', async (seconds) => {
    const bench = lockedOne();
    expect(await callFirmware(bench.device, 'lock.request', { fresh: true })).toMatchObject({ ok: true });
    bench.clock.pass(seconds);
    restart(bench);
    const again = await callFirmware(bench.device, 'lock.request', { fresh: true });
    expect(again.ok ? 'ok' : again.error).toBe(seconds < 10 ? 'too-soon' : 'ok');
  });

  test('two fresh challenges differ, and asking without fresh gives the newest', async () => {
    const bench = lockedOne();
    const first = await callFirmware(bench.device, 'lock.request', { fresh: true });
    bench.clock.pass(10);
    const second = await callFirmware(bench.device, 'lock.request', { fresh: true });
    expect(first.ok && second.ok && first.value.sealed).not.toEqual(second.ok && second.value.sealed);
    const present = await callFirmware(bench.device, 'lock.request', { fresh: false });
    expect(present.ok && present.value.sealed).toEqual(second.ok && second.value.sealed);
  });
});
