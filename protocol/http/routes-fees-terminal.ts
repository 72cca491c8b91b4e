import * as fees from './fees-terminal.ts';
import type { RouteSpec } from './route-spec.ts';

/** Routes of fees at a terminal, and the two that a resident's phone asks. */
export const feesTerminalRoutes = {
  feeMenu: { summary: 'What fees can be asked for at this terminal', access: 'terminal', reply: fees.feeMenuSchema },
  feeLookup: {
    summary: 'Find a household by its number and the digits agreed with the office, sealed',
    access: 'terminal',
    body: fees.feeLookupSchema,
    reply: fees.householdViewSchema,
  },
  feeHousehold: {
    summary: 'The household of a visit again, as it is now',
    access: 'terminal',
    query: fees.visitQuerySchema,
    reply: fees.householdViewSchema,
  },
  feeMakeQuote: {
    summary: 'A signed quote of bills, or of a payment in advance',
    access: 'terminal',
    body: fees.makeQuoteSchema,
    reply: fees.quoteViewSchema,
    status: 201,
  },
  feeQuote: { summary: 'Where a quote stands', access: 'terminal', reply: fees.quoteViewSchema },
  feePayQuote: {
    summary: 'Begin to pay a quote; a live attempt over another channel is ended first',
    access: 'terminal',
    body: fees.payQuoteSchema,
    reply: fees.payQuoteReplySchema,
  },
  feeEndQuote: {
    summary: 'Give up a quote: what is not paid is ended at its platform',
    access: 'terminal',
    reply: fees.quoteViewSchema,
  },
  feeReceipt: {
    summary: 'A receipt of the visit’s household, to show or print again',
    access: 'terminal',
    query: fees.receiptQuerySchema,
    reply: fees.feeReceiptViewSchema,
  },
  feePrinted: {
    summary: 'Tell that a receipt of fees was printed',
    access: 'terminal',
    body: fees.feePrintedSchema,
    reply: fees.feeReceiptViewSchema,
  },
  documentKeys: {
    summary: 'The keys that sign quotes and receipts of fees',
    access: 'public',
    reply: fees.documentKeysSchema,
  },
  feeResult: {
    summary: 'What became of a payment, for a phone whose terminal is gone',
    access: 'public',
    reply: fees.feeResultSchema,
  },
} as const satisfies Record<string, RouteSpec>;
