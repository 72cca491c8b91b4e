import type {
  DocumentKeys,
  FeeLookup,
  FeeMenu,
  FeePrinted,
  FeeReceiptView,
  FeeResult,
  HouseholdView,
  MakeQuote,
  PayQuote,
  PayQuoteReply,
  QuoteView,
} from '../../../protocol/http/fees-terminal.ts';
import { err, ok } from '../../../domain/result.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import type { PaymentService } from '../payments/service.ts';
import type { SignedInApp } from '../terminal-apps/apps.ts';
import { documentKeys } from './documents/sign.ts';
import { findHousehold } from './lookup/find.ts';
import { readHousehold } from './lookup/household.ts';
import { forgetLookups } from './lookup/limits.ts';
import { readMenu } from './lookup/menu.ts';
import { currentVisit } from './lookup/visit.ts';
import { forgetClaims } from './payments/claims.ts';
import { giveUpQuote } from './payments/end.ts';
import { type PayCall, payQuote } from './payments/pay.ts';
import { makeQuote } from './quotes/make.ts';
import { forgetQuotes } from './quotes/forget.ts';
import { readQuoteRow } from './quotes/rows.ts';
import { quoteView } from './quotes/view.ts';
import { notePrinted, readReceipt, type ReceiptAsk } from './receipts/reprint.ts';
import { settleDue, settleOrder } from './receipts/work.ts';
import { readResult } from './results/result.ts';

/** Fees as a terminal and a resident's phone use them. What is not this terminal's does not exist for it. */
export interface FeeTerminalService {
  menu(app: SignedInApp): Promise<FeeMenu>;
  /** `not-found` for a wrong number and for wrong digits alike; `rate-limited` when it was tried too often. */
  lookup(app: SignedInApp, body: FeeLookup): Promise<Answer<HouseholdView>>;
  household(app: SignedInApp, visit: string): Promise<Answer<HouseholdView>>;
  makeQuote(app: SignedInApp, body: MakeQuote): Promise<Answer<QuoteView>>;
  quote(app: SignedInApp, quoteId: string): Promise<Answer<QuoteView>>;
  pay(call: PayCall, body: PayQuote): Promise<Answer<PayQuoteReply>>;
  giveUp(app: SignedInApp, quoteId: string): Promise<Answer<QuoteView>>;
  receipt(app: SignedInApp, ask: ReceiptAsk): Promise<Answer<FeeReceiptView>>;
  printed(app: SignedInApp, receiptNo: string, print: FeePrinted): Promise<Answer<FeeReceiptView>>;
  keys(): DocumentKeys;
  result(token: string): Promise<Answer<FeeResult>>;
  /** Puts what was paid or given back towards its bills, and forgets old counts. Safe in many processes. */
  tend(): Promise<void>;
  /** Lets go of the bus. */
  close(): void;
}

/** What the service is made of. */
export interface FeeTerminalParts {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly publicUrl: string;
  /** The phone's address on the net, by its link to this terminal; `undefined` when nobody knows it. */
  readonly guestAddress: (linkId: string, terminalId: string) => string | undefined;
}

const forgetEveryMs = 10 * 60_000;

/** Builds the service. */
export function createFeeTerminalService(parts: FeeTerminalParts): FeeTerminalService {
  const { core } = parts;
  const tools = { ...parts, returnUrl: `${parts.publicUrl}/l?back=1` };
  let forgottenAtMs = 0;
  // Whoever wrote that an order is paid settles it at once; the sweep finds what a crash left.
  const unsubscribe = core.bus.subscribe(({ name, id, scope }) => {
    if (name !== 'fees' || scope === undefined) return;
    settleOrder(tools, { merchantId: scope.merchantId, orderId: id }).catch((error: unknown) => {
      core.log.warn({ err: error, order: id }, 'a payment of fees waits for the sweep');
    });
  });
  return {
    menu: (app) => readMenu(core, app.terminalId, `${parts.publicUrl}/l`),
    lookup: (app, body) => findHousehold(core, app, body),
    household: async (app, token) => {
      const visit = await currentVisit(core, app.terminalId, token);
      if (visit === undefined) return err('expired', 'visit');
      return ok(await readHousehold(core, { merchantId: visit.payeeId, accountId: visit.accountId }, token));
    },
    makeQuote: (app, body) => makeQuote(tools, app, body),
    quote: async (app, quoteId) => {
      const row = await readQuoteRow(core.db, quoteId);
      return row?.terminal_id === app.terminalId ? ok(await quoteView(tools, row)) : err('not-found');
    },
    pay: (call, body) => payQuote(tools, call, body),
    giveUp: (app, quoteId) => giveUpQuote(tools, app, quoteId),
    receipt: (app, ask) => readReceipt(core, app, ask),
    printed: (app, receiptNo, print) => notePrinted(core, app, receiptNo, print),
    keys: () => documentKeys(core.keys()),
    result: (token) => readResult(tools, token),
    tend: async () => {
      await settleDue(tools);
      if (core.clock() - forgottenAtMs < forgetEveryMs) return;
      forgottenAtMs = core.clock();
      await forgetLookups(core);
      await forgetQuotes(core);
      await forgetClaims(core);
    },
    close: unsubscribe,
  };
}
