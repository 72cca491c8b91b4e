import { expect, it } from 'vitest';
import { ok } from '../../../domain/result.ts';
import type { ServerContext } from '../../../server/context.ts';
import { feesTerminalHandlers } from '../../../server/routes/fees-terminal-handlers.ts';

it('takes three hundred quotes and three hundred payments of a terminal in ten minutes, and no more', async () => {
  const fees = { makeQuote: async () => ok({}), pay: async () => ok({}) };
  const context = { services: { feesAtTerminals: fees }, clientAddress: () => '203.0.113.9' };
  const handlers = feesTerminalHandlers(context as unknown as ServerContext);
  const call = (name: 'feeMakeQuote' | 'feePayQuote', terminalId: string) =>
    (handlers[name] as (given: object) => Promise<object>)({
      terminal: { terminalId },
      params: {},
      body: {},
      http: {},
    });
  for (const name of ['feeMakeQuote', 'feePayQuote'] as const) {
    for (let calls = 0; calls < 300; calls += 1) expect(await call(name, 'a')).toEqual(ok({}));
    expect(await call(name, 'a')).toMatchObject({ status: 429 });
    // The next terminal has its own.
    expect(await call(name, 'b')).toEqual(ok({}));
  }
});
