import { ok } from '../../domain/result.ts';
import type { feesTerminalRoutes } from '../../protocol/http/routes-fees-terminal.ts';
import type { ServerContext } from '../context.ts';
import { addressBlock } from '../http/address-block.ts';
import { errorResponse } from '../http/errors.ts';
import type { Handlers } from '../http/mount.ts';
import { createRateLimit } from '../http/rate-limit.ts';

/** Questions from one address in a minute: many phones behind one router, each asking every few seconds. */
const resultsMax = 240;
const keysMax = 240;
const minuteMs = 60_000;
/**
 * Look-ups, quotes, and payments begun, of one terminal in ten minutes. A right look-up counts in no other limit and costs
 * a slow hash; a quote is kept for a month; a payment asks something of a platform.
 */
const begunMax = 300;

/** Fees at a terminal, and what a resident's phone asks by itself. */
export function feesTerminalHandlers({ services, clientAddress: addressOf }: ServerContext) {
  const { feesAtTerminals: fees } = services;
  const results = createRateLimit(resultsMax, minuteMs);
  const keys = createRateLimit(keysMax, minuteMs);
  const begun = () => createRateLimit(begunMax, 10 * minuteMs);
  const [lookups, quotes, pays] = [begun(), begun(), begun()];
  return {
    feeMenu: async ({ terminal }) => ok(await fees.menu(terminal)),
    feeLookup: async ({ terminal, body }) =>
      lookups.take(terminal.terminalId) ? fees.lookup(terminal, body) : errorResponse('rate-limited'),
    feeHousehold: ({ terminal, query }) => fees.household(terminal, query.visit),
    feeMakeQuote: async ({ terminal, body }) =>
      quotes.take(terminal.terminalId) ? fees.makeQuote(terminal, body) : errorResponse('rate-limited'),
    feeQuote: ({ terminal, params }) => fees.quote(terminal, params['id'] ?? ''),
    feePayQuote: async ({ terminal, params, body, http }) =>
      pays.take(terminal.terminalId)
        ? fees.pay({ app: terminal, quoteId: params['id'] ?? '', address: addressOf(http) }, body)
        : errorResponse('rate-limited'),
    feeEndQuote: ({ terminal, params }) => fees.giveUp(terminal, params['id'] ?? ''),
    feeReceipt: ({ terminal, params, query }) =>
      fees.receipt(terminal, { receiptNo: params['receiptNo'] ?? '', visit: query.visit }),
    feePrinted: ({ terminal, params, body }) => fees.printed(terminal, params['receiptNo'] ?? '', body),
    documentKeys: async ({ http }) =>
      keys.take(addressBlock(addressOf(http))) ? ok(fees.keys()) : errorResponse('rate-limited'),
    feeResult: async ({ http, params }) =>
      results.take(addressBlock(addressOf(http))) ? fees.result(params['token'] ?? '') : errorResponse('rate-limited'),
  } satisfies Handlers<keyof typeof feesTerminalRoutes>;
}
