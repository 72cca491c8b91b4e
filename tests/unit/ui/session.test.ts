import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Me } from '../../../protocol/http/people.ts';
import type { ApiClient } from '../../../src/api/client.ts';
import { failure } from '../../../src/api/failures.ts';
import type { ApiResult } from '../../../src/api/failures.ts';
import { Session } from '../../../src/app/session.svelte.ts';

const me: Me = {
  id: 'p1',
  name: 'Wang',
  email: 'wang@world.invalid',
  role: 'technician',
  locale: 'en',
  passkeys: 1,
  totp: true,
};

/** A session whose question to the server the test answers. */
function asking() {
  const answers: ((answer: ApiResult<Me>) => void)[] = [];
  const call = () => new Promise<ApiResult<Me>>((resolve) => answers.push(resolve));
  const session = new Session({ call } as unknown as ApiClient);
  return { session, answer: (answer: ApiResult<Me>) => answers.shift()?.(answer) };
}

/** The part of localStorage that is used. */
function fakeStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => void kept.set(key, text),
    removeItem: (key) => void kept.delete(key),
  };
}

describe('who is signed in', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('localStorage', fakeStorage());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('a remembered person is let in while the server is silent, and stays when it knows them', async () => {
    asking().session.enter(me);
    const { session, answer } = asking();
    const loading = session.load();
    await vi.advanceTimersByTimeAsync(149);
    expect(session.state).toBe('loading');
    await vi.advanceTimersByTimeAsync(1);
    await loading;
    expect([session.state, session.isRemembered, session.me?.name]).toEqual(['in', true, 'Wang']);
    answer({ ok: true, value: me });
    await vi.advanceTimersByTimeAsync(0);
    expect([session.state, session.isRemembered]).toEqual(['in', false]);
  });

  test('to nobody remembered the page says that the server is silent, and takes the answer when it comes', async () => {
    const { session, answer } = asking();
    const loading = session.load();
    await vi.advanceTimersByTimeAsync(2_999);
    expect(session.state).toBe('loading');
    await vi.advanceTimersByTimeAsync(1);
    await loading;
    expect(session.state).toBe('unreachable');
    answer(failure('unauthenticated'));
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toBe('out');
  });

  test('an answer after that which knows nobody lays the sign-in over the screen', async () => {
    asking().session.enter(me);
    const { session, answer } = asking();
    const loading = session.load();
    await vi.advanceTimersByTimeAsync(150);
    await loading;
    answer(failure('unauthenticated'));
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toBe('over');
  });

  test('a quick answer counts at once', async () => {
    asking().session.enter(me);
    const { session, answer } = asking();
    const loading = session.load();
    answer(failure('unauthenticated'));
    await loading;
    expect(session.state).toBe('out');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(session.state).toBe('out');
  });

  test('to nobody remembered a failed answer is said at once', async () => {
    const { session, answer } = asking();
    const loading = session.load();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(session.state).toBe('loading');
    answer(failure('timeout'));
    await loading;
    expect(session.state).toBe('unreachable');
  });
});
