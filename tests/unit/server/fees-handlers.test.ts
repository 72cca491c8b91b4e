import { expect, it } from 'vitest';
import { ok } from '../../../domain/result.ts';
import type { ServerContext } from '../../../server/context.ts';
import { feesTerminalHandlers } from '../../../server/routes/fees-terminal-handlers.ts';

it('takes three hundred look-ups, quotes and payments of a terminal in ten minutes, and no more', async () => {
  const done = async () => ok({});
  const fees = { lookup: done, makeQuote: done, pay: done };
  const context = { services: { feesAtTerminals: fees }, clientAddress: () => '203.0.113.9' };
  const handlers = feesTerminalHandlers(context as unknown as ServerContext);
  const call = (name: 'feeLookup' | 'feeMakeQuote' | 'feePayQuote', terminalId: string) =>
    (handlers[name] as (given: object) => Promise<object>)({
      terminal: { terminalId },
      params: {},
      body: {},
      http: {},
    });
  for (const name of ['feeLookup', 'feeMakeQuote', 'feePayQuote'] as const) {
    for (let calls = 0; calls < 300; calls += 1) expect(await call(name, 'a')).toEqual(ok({}));
    expect(await call(name, 'a')).toMatchObject({ status: 429 });
    // The next terminal has its own.
    expect(await call(name, 'b')).toEqual(ok({}));
  }
});
