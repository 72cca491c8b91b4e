import { describe, expect, test } from 'vitest';
import { nextAct } from '../../../src/technician/run/next-act.ts';
import { stepViews, withStep } from '../../../src/technician/run/steps.ts';
import type { Observation, StepName } from '../../../src/technician/run/observation.ts';
import { device, granted, nowMs, observation, record, unlockCase } from './make.ts';

function drawn(changes: Partial<Observation>, hasFailed = false): string {
  const seen = observation(changes);
  const views = stepViews(seen, nextAct(seen), hasFailed);
  return views
    .filter(({ state }) => state !== 'skipped' && state !== 'next')
    .map(({ name, state }) => `${name}:${state}`)
    .join(' ');
}

function commissioning(current: number): Partial<Observation> {
  const names = ['keys', 'parameters', 'self-test', 'test-payment', 'probation'] as const;
  const steps = names.map((step, index) => ({ step, state: index < current ? ('done' as const) : ('todo' as const) }));
  return { device: device({ state: 'BLANK' }), case: unlockCase('commissioning', { commission: { steps } }) };
}

describe('the steps', () => {
  const { startedAtMs: _started, ...notStarted } = record();
  const soft = device({ reasons: 64 });

  test.each<[string, Partial<Observation>, string]>([
    ['ready to start', { record: notStarted }, 'connect:done request:now'],
    ['inspecting', { case: unlockCase('needs-inspection') }, 'connect:done request:done inspect:now'],
    ['waiting for a person', { case: unlockCase('waiting') }, 'connect:done request:done approval:wait'],
    ['refused', { case: unlockCase('refused') }, 'connect:done request:done approval:stop'],
    ['unlocking', { case: granted() }, 'connect:done request:done approval:done unlock:now'],
    ['loading keys', commissioning(0), 'connect:done request:done approval:done unlock:done keys:now'],
    ['soft lock, granted', { device: soft, case: granted() }, 'connect:done request:done approval:done unlock:now'],
  ])('%s', (_what, changes, expected) => {
    expect(drawn(changes)).toBe(expected);
  });

  test('a failed act stops its step', () => {
    expect(drawn(commissioning(2), true)).toMatch(/self-test:stop$/);
  });

  test('a soft lock needs no setting up', () => {
    const seen = observation({ device: soft, case: granted() });
    const skipped = stepViews(seen, nextAct(seen), false).filter(({ state }) => state === 'skipped');
    expect(skipped.map(({ name }) => name)).toEqual([
      'inspect',
      'keys',
      'parameters',
      'self-test',
      'test-payment',
      'probation',
    ]);
  });

  test('an opened case foretells the inspection, a fall does not', () => {
    const has = (reasons: number): boolean => {
      const seen = observation({ record: notStarted, device: device({ reasons }) });
      return stepViews(seen, nextAct(seen), false).some(({ name, state }) => name === 'inspect' && state === 'next');
    };
    expect([has(1), has(256), has(64)]).toEqual([true, false, false]);
  });

  test('times come from the journal and, for the terminal’s own steps, from the server', () => {
    const steps = [
      {
        step: 'keys' as const,
        state: 'done' as const,
        startedAt: new Date(nowMs).toISOString(),
        finishedAt: new Date(nowMs + 400).toISOString(),
      },
      { step: 'parameters' as const, state: 'todo' as const },
    ];
    const seen = observation({
      nowMs: nowMs + 9000,
      device: device({ state: 'BLANK' }),
      case: unlockCase('commissioning', { commission: { steps } }),
      record: record({ steps: { connect: { beganAtMs: nowMs - 500, endedAtMs: nowMs - 100 } } }),
    });
    const took = new Map(stepViews(seen, nextAct(seen), false).map(({ name, tookMs }) => [name, tookMs]));
    expect([took.get('connect'), took.get('keys'), took.get('probation')]).toEqual([400, 400, undefined]);
  });
});

describe('the journal of steps', () => {
  const names = (steps: object): StepName[] => Object.keys(steps) as StepName[];

  test('beginning one ends those before it, once', () => {
    const first = withStep(record(), 'connect', 10);
    const second = withStep(first, 'unlock', 20);
    expect(second.steps).toEqual({ connect: { beganAtMs: 10, endedAtMs: 20 }, unlock: { beganAtMs: 20 } });
    expect(withStep(second, 'unlock', 30)).toBe(second);
    expect(names(withStep(second, 'connect', 40).steps)).toEqual(['connect', 'unlock']);
  });
});
