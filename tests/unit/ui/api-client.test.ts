import { describe, expect, test, vi } from 'vitest';
import * as v from 'valibot';
import { authResult } from '../../../src/api/auth.ts';
import { answerMaxChars, ApiClient, readAnswer } from '../../../src/api/client.ts';
import { failure, isWorthRepeating } from '../../../src/api/failures.ts';
import { NetworkState } from '../../../src/api/network.svelte.ts';

const me = {
  id: 'p1',
  name: '周敏',
  email: 'zhou@demo.invalid',
  role: 'approver',
  locale: 'zh',
  passkeys: 1,
  totp: true,
};

type Answer = (input: string, init: RequestInit) => Promise<Response>;

function clientWith(fetch: Answer) {
  const network = new NetworkState(() => 1_000);
  const onSignedOut = vi.fn();
  return { client: new ApiClient({ fetch, network, now: () => 0, onSignedOut }), network, onSignedOut };
}

function answering(status: number, body: unknown): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return () => Promise.resolve(new Response(text, { status }));
}

describe('what came back', () => {
  const ours = {
    error: { code: 'already-exists', message: 'Serial is taken.', field: 'serial', next: 'Another one.' },
  };

  test.each([
    ['a body of ours keeps code, field and next step', 409, JSON.stringify(ours), 'already-exists'],
    ['an unknown code of ours is not trusted', 409, '{"error":{"code":"new-thing","message":"x"}}', 'unreadable'],
    ['a captive portal’s page with 200', 200, '<html>Sign in to Wi-Fi</html>', 'unreadable'],
    ['a proxy’s page with 502', 502, '<html>Bad gateway</html>', 'unavailable'],
    ['a bare 503', 503, '', 'unavailable'],
    ['a bare 401', 401, '', 'unauthenticated'],
    ['a captive portal’s 401', 401, '<html>Sign in to the Wi-Fi</html>', 'unreadable'],
    ['a bare 403', 403, '', 'forbidden'],
    ['a bare 404', 404, '', 'not-found'],
    ['a bare 429', 429, '', 'rate-limited'],
    ['the sign-in library’s refusal', 400, '{"code":"INVALID_CODE","message":"x"}', 'bad-request'],
    ['an answer without end', 200, `"${'x'.repeat(answerMaxChars)}"`, 'unreadable'],
  ])('%s', (_name, status, text, error) => {
    expect(readAnswer(status, text)).toMatchObject({ ok: false, error, status });
  });

  test('field and next step arrive', () => {
    expect(readAnswer(409, JSON.stringify(ours))).toEqual({
      ok: false,
      error: 'already-exists',
      status: 409,
      detail: 'Serial is taken.',
      field: 'serial',
      next: 'Another one.',
    });
  });

  test('an empty success is a success', () => {
    expect(readAnswer(204, '')).toEqual({ ok: true, value: { status: 204, json: undefined } });
  });
});

describe('a call', () => {
  test('fills path and query and sends JSON', async () => {
    const fetch = vi.fn<Answer>(answering(404, ''));
    const { client } = clientWith(fetch);
    const body = { decision: 'refuse', reason: 'Seal differs' } as const;
    await client.call('decideUnlock', { params: { id: 'a/b' }, body });
    await client.call('listTerminals', { query: { search: 'G3 02', model: undefined } });
    expect(fetch.mock.calls[0]?.[0]).toBe('/api/unlocks/a%2Fb/decision');
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: JSON.stringify(body), redirect: 'error' });
    expect(fetch.mock.calls[1]?.[0]).toBe('/api/terminals?search=G3+02');
  });

  test('gives the parsed answer', async () => {
    const { client, network } = clientWith(answering(200, me));
    expect(await client.call('me')).toEqual({ ok: true, value: me });
    expect(network.isUp).toBe(true);
  });

  test('refuses an answer of another shape, naming the place', async () => {
    const { client } = clientWith(answering(200, { ...me, role: 'king' }));
    expect(await client.call('me')).toMatchObject({ ok: false, error: 'unreadable', detail: 'role' });
  });

  test('a broken connection is offline and is remembered', async () => {
    const { client, network } = clientWith(() => Promise.reject(new TypeError('Failed to fetch')));
    expect(await client.call('me')).toEqual(failure('offline'));
    expect(network.downSinceMs).toBe(1_000);
  });

  test('silence ends in a timeout', async () => {
    const { client } = clientWith(hanging);
    expect(await client.call('me', { timeoutMs: 5 })).toEqual(failure('timeout'));
  });

  test('calls that wait are known, and since when, until the server says anything or the last one ends', async () => {
    let nowMs = 1_000;
    const network = new NetworkState(() => nowMs);
    const first = network.tried();
    nowMs = 4_000;
    const second = network.tried();
    expect([network.silentSinceMs, network.lastTriedAtMs]).toEqual([1_000, 4_000]);
    second();
    second();
    expect(network.silentSinceMs).toBe(1_000);
    network.heard();
    expect(network.silentSinceMs).toBeUndefined();
    nowMs = 9_000;
    const third = network.tried();
    expect(network.silentSinceMs).toBe(9_000);
    first();
    third();
    expect(network.silentSinceMs).toBeUndefined();
  });

  test('a call that ended waits no longer, also when it was stopped', async () => {
    const { client, network } = clientWith(hanging);
    const stop = new AbortController();
    const call = client.call('me', { signal: stop.signal });
    await vi.waitFor(() => expect(network.silentSinceMs).toBe(1_000));
    stop.abort();
    await call;
    expect(network.silentSinceMs).toBeUndefined();
    expect(network.lastTriedAtMs).toBe(1_000);
  });

  test('the caller’s stop is neither offline nor a timeout', async () => {
    const { client, network } = clientWith(hanging);
    const stop = new AbortController();
    const call = client.call('me', { signal: stop.signal });
    stop.abort();
    expect(await call).toEqual(failure('aborted'));
    expect(network.isUp).toBe(true);
  });

  test('a 401 says that the session is over, except while signing in', async () => {
    const { client, onSignedOut } = clientWith(answering(401, ''));
    await client.raw({ method: 'POST', path: '/api/auth/sign-in/email', isSignIn: true });
    expect(onSignedOut).not.toHaveBeenCalled();
    await client.call('me');
    expect(onSignedOut).toHaveBeenCalledOnce();
  });
});

function hanging(_input: string, init: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });
}

describe('signing in', () => {
  test.each([
    ['INVALID_EMAIL_OR_PASSWORD', 'wrong-credentials'],
    ['INVALID_CODE', 'wrong-code'],
    ['ACCOUNT_TEMPORARILY_LOCKED', 'locked-for-now'],
    ['SESSION_NOT_FRESH', 'sign-in-again'],
    ['SOMETHING_NEW', 'bad-request'],
  ])('%s is %s', (code, error) => {
    expect(authResult(readAnswer(400, JSON.stringify({ code, message: 'x' })), v.unknown())).toMatchObject({ error });
  });

  test('a success of another shape is not believed', () => {
    const answer = readAnswer(200, '{"backupCodes":1}');
    expect(authResult(answer, v.object({ totpURI: v.string() }))).toMatchObject({ ok: false, error: 'unreadable' });
  });
});

test('only what may succeed unchanged is worth repeating', () => {
  const worth = (['offline', 'timeout', 'unavailable', 'internal'] as const).map((code) =>
    isWorthRepeating(failure(code)),
  );
  const not = (['forbidden', 'bad-request', 'factor-wrong', 'aborted'] as const).map((code) =>
    isWorthRepeating(failure(code)),
  );
  expect([...worth, ...not]).toEqual([true, true, true, true, false, false, false, false]);
});
