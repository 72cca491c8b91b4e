import type { FeeReceipt, PayWay, QuoteDocument, SignedDocument } from '../../../protocol/fees/documents.ts';
import type { FeeResult } from '../../../protocol/http/fees-terminal.ts';
import type { TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import { payRefusals } from '../../../protocol/phone-link/words.ts';
import type { PayRefusal } from '../../../protocol/phone-link/words.ts';
import { asksMax, askWaitsMs, prepareMs, stillHereMs, terminalFirstMs } from './limits.ts';
import type { Checked, PageEffect, PageEvent, PageState, Payment } from './page-types.ts';

/** A state, and what must be done because of the step to it. */
export interface Step {
  readonly state: PageState;
  readonly effects: readonly PageEffect[];
}

function step(state: PageState, ...effects: PageEffect[]): Step {
  return { state, effects };
}

/** `state` without the named parts. */
function without<K extends keyof PageState>(state: PageState, ...keys: K[]): Omit<PageState, K> {
  const left = Object.entries(state).filter(([key]) => !keys.includes(key as K));
  return Object.fromEntries(left) as unknown as Omit<PageState, K>;
}

function withPayment(state: PageState, change: Partial<Payment>): PageState {
  return state.payment === undefined ? state : { ...state, payment: { ...state.payment, ...change } };
}

/** Nothing more can come of this page: it was ended, or it is paid. */
function isFinished(state: PageState): boolean {
  return state.end !== undefined || state.receipt !== undefined;
}

/** True while money may have moved and nobody has said whether. */
function isOpen(payment: Payment | undefined): boolean {
  return payment !== undefined && payment.step !== 'asked';
}

/** Begins to ask what became of the money; `waitMs` gives the terminal time to say it first. */
function toChecking(state: PageState, waitMs: number): PageState {
  return withPayment(state, { step: 'checking', sinceMs: state.nowMs, asks: 0, nextAskMs: state.nowMs + waitMs });
}

function onReturned(state: PageState): Step {
  const { payment } = state;
  if (payment?.step !== 'away' || isFinished(state)) return step(state);
  const isHeard = state.link.phase === 'joined' && state.link.carrier !== 'none';
  return step(toChecking(state, isHeard ? terminalFirstMs : 0), {
    type: 'send',
    message: { type: 'back', payId: payment.payId },
  });
}

function onLink(state: PageState, link: PageState['link']): Step {
  const next = { ...state, link };
  if (link.phase !== 'over' || isFinished(state)) return step(next);
  if (isOpen(state.payment)) {
    // The terminal is gone, the money is not: the server knows.
    return step(state.payment?.step === 'away' ? next : toChecking(next, 0));
  }
  const bye = link.failure === undefined || link.failure === 'ended';
  return step({ ...without(next, 'payment'), end: bye ? (state.end ?? 'ended') : link.failure });
}

function onBye(state: PageState, reason: Extract<TerminalMessage, { type: 'bye' }>['reason']): Step {
  if (isFinished(state)) return step(state);
  if (isOpen(state.payment)) return step(state.payment?.step === 'away' ? state : toChecking(state, 0));
  return step({ ...without(state, 'payment'), end: reason === 'done' ? 'ended' : reason });
}

function refusalOf(reason: string | undefined): PayRefusal {
  return payRefusals.find((known) => known === reason) ?? 'unknown';
}

interface End {
  readonly stage: string;
  readonly reason?: string | undefined;
}

/** Money that came after the end goes back by itself: it was charged, and is being returned. */
function endOf({ stage, reason }: End): 'failed' | 'closed' | 'reversed' {
  if (reason === 'paid-late') return 'reversed';
  return stage === 'failed' ? 'failed' : 'closed';
}

function backToBill(state: PageState, refusal: NonNullable<PageState['refusal']>): PageState {
  return { ...without(state, 'payment'), refusal };
}

function onStage(state: PageState, message: Extract<TerminalMessage, { type: 'stage' }>): Step {
  const printed = message.print === undefined ? state : { ...state, print: message.print };
  if (state.receipt !== undefined) return step(printed);
  const { payment } = state;
  const isOther = message.payId !== undefined && payment !== undefined && message.payId !== payment.payId;
  if (isOther && message.stage !== 'paid') return step(printed);
  switch (message.stage) {
    case 'paid':
      if (message.receipt !== undefined) return toProve(printed, message.receipt);
      return step(isOpen(payment) ? toChecking(printed, 0) : printed);
    case 'failed':
    case 'closed':
      return step(payment === undefined ? printed : backToBill(printed, endOf(message)));
    case 'refused':
      return step(backToBill(printed, refusalOf(message.reason)));
    case 'expired':
    case 'changed': {
      if (message.quote === undefined) return step(backToBill(printed, 'expired'));
      const changed = message.changed === undefined ? {} : { changed: message.changed };
      return toCheck({ ...without(printed, 'payment'), ...changed }, message.quote);
    }
    default:
      return step(printed);
  }
}

function toCheck(state: PageState, document: SignedDocument): Step {
  return step({ ...state, check: { document } }, { type: 'check-quote', document });
}

function toProve(state: PageState, document: SignedDocument): Step {
  return step({ ...state, proof: document }, { type: 'check-receipt', document });
}

function toWay(state: PageState, document: SignedDocument): Step {
  return step(withPayment(state, { way: { document } }), { type: 'check-way', document });
}

/** Tries to fetch the server's keys again: asked for by a person, or because the network is back. */
function checkAgain(state: PageState): Step {
  const { check, proof, payment } = state;
  let again = step(state);
  const also = (next: Step): void => {
    again = step(next.state, ...again.effects, ...next.effects);
  };
  if (proof !== undefined) also(toProve(again.state, proof));
  if (check?.failure === 'no-keys') also(toCheck(again.state, check.document));
  if (payment?.way?.failure !== undefined) also(toWay(again.state, payment.way.document));
  return again;
}

function onMessage(state: PageState, message: TerminalMessage): Step {
  if (state.end !== undefined) return step(state);
  switch (message.type) {
    case 'bill':
      if (state.quote?.document.bytes === message.quote.bytes) {
        return step({ ...state, mustConfirm: message.confirm }, seen(state, state.quote.content));
      }
      return toCheck({ ...state, mustConfirm: message.confirm }, message.quote);
    case 'confirmed':
      return step({ ...state, isConfirmed: true });
    case 'pay':
      if (state.payment?.payId !== message.payId || state.payment.step !== 'asked') return step(state);
      return toWay(state, message.way);
    case 'stage':
      return onStage(state, message);
    case 'bye':
      return onBye(state, message.reason);
  }
}

/** The phone leaves only for what the server signed for this very payment: a terminal can send it nowhere else. */
function onWay(state: PageState, document: SignedDocument, checked: Checked<PayWay>): Step {
  const { payment } = state;
  if (payment?.step !== 'asked' || payment.way?.document.bytes !== document.bytes) return step(state);
  const { way: _, ...asked } = payment;
  if ('failure' in checked) {
    if (checked.failure !== 'no-keys') return step(backToBill(state, 'false-way'));
    return step(withPayment(state, { way: { document, failure: 'no-keys' } }));
  }
  const { payId, quoteId, url, form, token } = checked.content;
  if (payId !== payment.payId || quoteId !== payment.quoteId) return step(backToBill(state, 'false-way'));
  const destination = { url, ...(form === undefined ? {} : { form }) };
  const away: Payment = { ...asked, step: 'away', sinceMs: state.nowMs, token, destination };
  return step({ ...state, payment: away }, { type: 'leave', destination });
}

function seen({ language }: PageState, { quoteId }: QuoteDocument): PageEffect {
  return { type: 'send', message: { type: 'seen', quoteId, locale: language } };
}

function onQuote(state: PageState, document: SignedDocument, checked: Checked<QuoteDocument>): Step {
  if (state.check?.document.bytes !== document.bytes) return step(state);
  if ('failure' in checked) return step({ ...state, check: { document, failure: checked.failure } });
  const { content } = checked;
  const isNew = state.quote !== undefined && state.quote.content.quoteId !== content.quoteId;
  const kept = content.channels.some(({ code }) => code === state.channel) ? state.channel : content.channels[0]?.code;
  const next: PageState = {
    ...without(state, 'check', 'channel', 'refusal', ...(isNew ? (['unanswered'] as const) : [])),
    quote: { document, content },
    ...(kept === undefined ? {} : { channel: kept }),
    ...(isNew && state.quote !== undefined ? { before: state.quote.content } : {}),
  };
  return step(next, seen(next, content));
}

/**
 * A receipt counts when it is for the quote that was shown, of its sum, and says that it was paid. Where neither quote
 * nor payment is known, only the receipt that this tab itself kept after checking it counts.
 */
function isForUs({ quote, payment, entry }: PageState, receipt: FeeReceipt): boolean {
  const expected = payment ?? quote?.content;
  if (receipt.kind !== 'payment' || expected === undefined) return receipt.kind === 'payment' && entry === 'kept';
  return expected.quoteId === receipt.quoteId && expected.totalFen === receipt.totalFen;
}

function onReceipt(state: PageState, document: SignedDocument, checked: Checked<FeeReceipt>): Step {
  if (state.receipt !== undefined) return step(state);
  if ('failure' in checked || !isForUs(state, checked.content)) {
    // Not a proof, or not yet. Where money may have moved the server is asked; otherwise it is as if nothing was said.
    const left = 'failure' in checked && checked.failure === 'no-keys' ? state : without(state, 'proof');
    if (left.payment?.step === 'checking') return step(waitLonger(left, left.payment));
    return step(isOpen(left.payment) ? toChecking(left, terminalFirstMs) : left);
  }
  const next = without(state, 'payment', 'refusal', 'end', 'check', 'proof');
  return step({ ...next, receipt: { document, content: checked.content } });
}

function onResult(state: PageState, result: FeeResult | 'unreachable' | 'unknown-token'): Step {
  const { payment } = state;
  if (payment === undefined || isFinished(state)) return step(state);
  if (typeof result === 'object') {
    if (result.receipt !== undefined && result.stage === 'paid') {
      return toProve(waitLonger(state, payment), result.receipt);
    }
    if (result.stage === 'failed' || result.stage === 'closed' || result.stage === 'reversed') {
      const back = backToBill(state, result.stage === 'reversed' ? 'reversed' : endOf(result));
      return step(state.link.phase === 'over' ? { ...back, end: 'ended' } : back);
    }
  }
  return step(waitLonger(state, payment));
}

function waitLonger(state: PageState, payment: Payment): PageState {
  if (payment.asks >= asksMax) return withPayment(state, { step: 'unknown' });
  const wait = askWaitsMs[Math.min(payment.asks, askWaitsMs.length - 1)] ?? 0;
  return withPayment(state, { nextAskMs: state.nowMs + wait });
}

/** The time is `nowMs` now. A phone's clock may be set back; what is waited for is not put off by that. */
function atTime(state: PageState, nowMs: number): PageState {
  const { payment, openedMs } = state;
  const backMs = Math.max(0, state.nowMs - nowMs);
  const next = { ...state, nowMs, openedMs: openedMs - backMs };
  if (payment === undefined || backMs === 0) return next;
  const { sinceMs, nextAskMs } = payment;
  const asking = nextAskMs === undefined ? {} : { nextAskMs: nextAskMs - backMs };
  return withPayment(next, { sinceMs: sinceMs - backMs, ...asking });
}

function onTick(before: PageState, nowMs: number): Step {
  const state = atTime(before, nowMs);
  const { payment } = state;
  if (payment === undefined || isFinished(state)) return step(state);
  const waitedMs = nowMs - payment.sinceMs;
  if (payment.step === 'asked' && payment.way === undefined && waitedMs >= prepareMs) {
    const { payId, channel, totalFen } = payment;
    return step({ ...backToBill(state, 'no-server'), unanswered: { payId, channel, totalFen } });
  }
  if (payment.step === 'away' && waitedMs >= stillHereMs) return onReturned(state);
  const isDue = payment.nextAskMs !== undefined && nowMs >= payment.nextAskMs;
  if (payment.step !== 'checking' || !isDue || payment.token === undefined || !state.isOnline) return step(state);
  const { nextAskMs: _, ...rest } = payment;
  return step({ ...state, payment: { ...rest, asks: payment.asks + 1 } }, { type: 'ask-result', token: payment.token });
}

/** The id of a try that was not answered, when this one is the same payment; otherwise the new one. */
function payIdFor({ unanswered, quote, channel }: PageState, payId: string): string {
  const isSame = unanswered?.channel === channel && unanswered?.totalFen === quote?.content.totalFen;
  return isSame && unanswered !== undefined ? unanswered.payId : payId;
}

function onPay(state: PageState, { payId: newId, account, appCode }: Extract<PageEvent, { type: 'pay' }>): Step {
  const { quote, channel, payment } = state;
  if (quote === undefined || channel === undefined || payment?.step === 'asked' || isFinished(state))
    return step(state);
  const { totalFen, quoteId } = quote.content;
  const payId = payIdFor(state, newId);
  const extra = account === undefined ? {} : { account };
  const begun: Payment = { payId, quoteId, channel, totalFen, step: 'asked', sinceMs: state.nowMs, asks: 0, ...extra };
  const payer = appCode === undefined ? {} : { appCode };
  const message = { type: 'choose', payId, quoteId, channel, totalFen, ...extra, ...payer } as const;
  const next = { ...without(state, 'refusal', 'before', 'changed', 'unanswered'), payment: begun };
  return step(next, { type: 'send', message });
}

/** The next state of the page, and what must be done. Pure: time comes with `tick`, ids with `pay`. */
export function reduce(state: PageState, event: PageEvent): Step {
  switch (event.type) {
    case 'link':
      return onLink(state, event.state);
    case 'message':
      return onMessage(state, event.message);
    case 'quote-checked':
      return onQuote(state, event.document, event.checked);
    case 'receipt-checked':
      return onReceipt(state, event.document, event.checked);
    case 'way-checked':
      return onWay(state, event.document, event.checked);
    case 'choose':
      return step(state.payment === undefined ? { ...without(state, 'refusal'), channel: event.channel } : state);
    case 'pay':
      return onPay(state, event);
    case 'returned':
      return onReturned(state);
    case 'result':
      return onResult(state, event.result);
    case 'ask-again':
      return step(toChecking(state, 0), { type: 'send', message: { type: 'ask' } });
    case 'other-way':
      return step(state.link.phase === 'joined' ? without(state, 'payment') : state);
    case 'not-mine':
      if (state.receipt !== undefined || isOpen(state.payment)) return step(state);
      return step({ ...without(state, 'payment'), end: 'not-mine' }, { type: 'close-link', reason: 'not-mine' });
    case 'check-again':
      return checkAgain(state);
    case 'online': {
      const next = { ...state, isOnline: event.isOnline };
      return event.isOnline ? checkAgain(next) : step(next);
    }
    case 'language':
      return step({ ...state, language: event.language });
    case 'tick':
      return onTick(state, event.nowMs);
  }
}
