import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { idempotencyKeyHeader } from '../../../protocol/http/idempotency.ts';
import { errorResponse } from '../../../server/http/errors.ts';
import { onceForKey } from '../../../server/http/idempotent.ts';
import type { IdempotencyService, KeptAnswer } from '../../../server/services/idempotency.ts';

/** Keeps answers in a map. */
function memory(): IdempotencyService {
  const kept = new Map<string, KeptAnswer | undefined>();
  return {
    begin: async ({ key }) => {
      const answer = kept.get(key);
      if (answer !== undefined) return { is: 'kept', answer };
      if (kept.has(key)) return { is: 'in-progress' };
      kept.set(key, undefined);
      return { is: 'run' };
    },
    keep: async ({ key }, answer) => {
      kept.set(key, answer);
    },
    release: async ({ key }) => {
      kept.delete(key);
    },
  };
}

it.each([
  ['in-progress', ['in-progress', 'done']],
  ['rate-limited', ['rate-limited', 'done']],
  ['not-in-state', ['not-in-state', 'not-in-state']],
] as const)('a keyed call that was told %s and is sent again hears %j', async (code, heard) => {
  const [keys, app] = [memory(), new Hono()];
  const waiting = [errorResponse(code)];
  const actor = { id: 'a', name: '', role: 'operator' } as const;
  app.post('/x', (c) => onceForKey(c, actor, keys, async () => waiting.pop() ?? Response.json({ is: 'done' })));
  const call = async (): Promise<string | undefined> => {
    const headers = { [idempotencyKeyHeader]: '018f0000-0000-7000-8000-000000000000' };
    const body = (await (await app.request('/x', { method: 'POST', headers, body: '{}' })).json()) as {
      is?: string;
      error?: { code: string };
    };
    return body.is ?? body.error?.code;
  };
  expect([await call(), await call()]).toEqual(heard);
});
