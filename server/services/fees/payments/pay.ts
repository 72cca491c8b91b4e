import { readLink } from '../../../../domain/payments/links.ts';
import { fen } from '../../../../domain/money.ts';
import { err, ok } from '../../../../domain/result.ts';
import type { PayWay, QuoteDocument, SignedDocument } from '../../../../protocol/fees/documents.ts';
import type { PayQuote, PayQuoteReply } from '../../../../protocol/http/fees-terminal.ts';
import type { AttemptView, OrderView } from '../../../../protocol/http/payments.ts';
import type { Answer } from '../../../answer.ts';
import type { Payer } from '../../../channels/channel.ts';
import type { Core } from '../../../core.ts';
import type { PaymentActor } from '../../payments/service.ts';
import type { SignedInApp } from '../../terminal-apps/apps.ts';
import { documentOf, signDocument, signedDocument } from '../documents/sign.ts';
import { isOnMenu } from '../lookup/menu.ts';
import { computeAgain, isStale, requote } from '../quotes/requote.ts';
import { type QuoteRow, readQuoteRow } from '../quotes/rows.ts';
import { orderOf, quoteView, type ViewTools } from '../quotes/view.ts';
import { claimBills, releaseClaims } from './claims.ts';
import { endOrder } from './end.ts';
import { keepToken, resultToken } from './token.ts';

/** What paying works with. */
export interface PayTools extends ViewTools {
  /** Address of the page to which platforms send the phone back; it holds no secret. */
  readonly returnUrl: string;
  /** The phone's address on the net, by its link to this terminal; `undefined` when nobody knows it. */
  readonly guestAddress: (linkId: string, terminalId: string) => string | undefined;
}

/** Who calls, and from where. */
export interface PayCall {
  readonly app: SignedInApp;
  readonly quoteId: string;
  /** Of the terminal; stands in for the phone's when that is not known. */
  readonly address: string;
}

const actorOf = (app: SignedInApp): PaymentActor => ({ kind: 'terminal', id: app.terminalId, name: app.label });

/**
 * Begins to pay a quote. First the bills are claimed, then they are looked at again: only when exactly the quoted sum is
 * owed at this moment anything is begun. A live attempt of the same quote is ended at its platform before.
 */
export async function payQuote(tools: PayTools, call: PayCall, body: PayQuote): Promise<Answer<PayQuoteReply>> {
  const row = await readQuoteRow(tools.core.db, call.quoteId);
  if (row?.terminal_id !== call.app.terminalId) return err('not-found');
  const order = await orderOf(tools, row);
  if (order?.attempts.some(({ id }) => id === body.payId) === true) return begin(tools, call, row, body);
  if (body.totalFen !== row.total_fen) return err('bad-request', 'totalFen');
  if (row.replaced_by !== null) return anew(tools, row, order);
  if (order !== undefined && order.state !== 'open' && order.state !== 'cancelled')
    return ok({ quote: await quoteView(tools, row) });
  // The office may have taken the terminal, the service or the payee out since the quote was made.
  if (!(await isOnMenu(tools.core, call.app.terminalId, row.merchant_id, row.service))) return err('paused', 'payee');
  const isHeld = await isHeldByOthers(tools, call.app, row);
  if (isHeld) return ok({ quote: { ...(await quoteView(tools, row)), reason: 'being-paid' } });
  const computed = await computeAgain(tools, row);
  const isOver = order !== undefined && (order.isEnding || Date.parse(order.expiresAt) <= tools.core.clock());
  if (order?.state === 'cancelled' || isOver || isStale(tools, row, computed)) return anew(tools, row, order);
  return begin(tools, call, row, body);
}

/** True when somebody else pays one of the bills. What this very terminal had begun before is ended for it. */
async function isHeldByOthers(tools: PayTools, app: SignedInApp, row: QuoteRow): Promise<boolean> {
  const claimed = await claimBills(tools.core, row);
  if (claimed.kind === 'claimed') return false;
  if (claimed.terminalId !== app.terminalId) return true;
  const other = await readQuoteRow(tools.core.db, claimed.quoteId);
  if (other === undefined) return true;
  await endOrder(tools, other, actorOf(app));
  return (await claimBills(tools.core, row)).kind === 'held';
}

/** The quote is no longer true: it is made anew, and nothing is begun. What was begun under it is ended first. */
async function anew(tools: PayTools, row: QuoteRow, order: OrderView | undefined): Promise<Answer<PayQuoteReply>> {
  if (order?.state === 'open') {
    const ended = await endOrder(tools, row, { kind: 'server' });
    if (ended === 'ending') return err('in-progress');
    if (ended === 'paid') return ok({ quote: await quoteView(tools, row) });
  }
  await releaseClaims(tools.core, row);
  const next = await requote(tools, row, await computeAgain(tools, row));
  if (next === undefined) return ok({ quote: { ...(await quoteView(tools, row)), reason: 'already-paid' } });
  return ok({ quote: { ...(await quoteView(tools, next)), state: 'replaced' } });
}

/** Who pays on a phone, and where their platform sends them afterwards. A code at the terminal is for whoever scans it. */
function payerOf(tools: PayTools, call: PayCall, body: PayQuote): { readonly payer?: Payer } {
  if (body.kind !== 'link') return {};
  const { linkId, account, appCode } = body;
  const address = (linkId === undefined ? undefined : tools.guestAddress(linkId, call.app.terminalId)) ?? call.address;
  const payer = {
    ...{ address, returnUrl: tools.returnUrl },
    ...(account === undefined ? {} : { account }),
    ...(appCode === undefined ? {} : { appCode }),
  };
  return { payer };
}

/** Makes the order, which has the quote's id, and its attempt. Every step may be repeated. */
async function begin(tools: PayTools, call: PayCall, row: QuoteRow, body: PayQuote): Promise<Answer<PayQuoteReply>> {
  const { core, payments } = tools;
  const place = { merchantId: row.merchant_id, orderId: row.id };
  await keepToken(core, { merchantId: row.merchant_id, quoteId: row.id, payId: body.payId });
  const document = documentOf<QuoteDocument>(row);
  const made = await payments.createOrder(
    actorOf(call.app),
    {
      ...{ merchantId: row.merchant_id, id: row.id, terminalId: row.terminal_id, amountFen: fen(row.total_fen) },
      ...{ note: document.title.zh, source: 'fee' },
    },
    { id: body.payId, channel: body.channel, kind: body.kind, ...payerOf(tools, call, body) },
  );
  if (!made.ok) {
    await releaseClaims(core, row);
    return made;
  }
  const attempt = made.value.attempts.find(({ id }) => id === body.payId);
  // The attempt before this one is still being ended; until that is certain no new one starts.
  if (attempt === undefined) {
    const quote = await quoteView(tools, row);
    return quote.state === 'paying' ? err('in-progress') : ok({ quote, orderId: place.orderId });
  }
  return ok({
    quote: await quoteView(tools, row),
    orderId: place.orderId,
    ...wayOf(core, row.id, attempt),
  });
}

/** Where the phone goes, in the server's own hand: the terminal between them can name no other page. */
function wayOf(core: Core, quoteId: string, { id, link }: AttemptView): { readonly way?: SignedDocument } {
  if (link === undefined) return {};
  const way: PayWay = { v: 1, quoteId, payId: id, ...readLink(link), token: resultToken(core.keys(), id) };
  return { way: signedDocument(signDocument(core.keys(), 'way', way)) };
}
