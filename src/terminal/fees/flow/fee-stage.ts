import type { PayQuoteReply, QuoteView } from '../../../../protocol/http/fees-terminal.ts';
import type { QuoteDocument } from '../../../../protocol/fees/documents.ts';
import type { PayRefusal, TerminalMessage } from '../../../../protocol/phone-link/messages.ts';
import type { HostState, LinkFailure } from '../../../phone-link/contract.ts';
import type { ApiFailure } from '../../../api/failures.ts';
import type { KeptFee } from '../../link/kept.ts';

/** What became different when a quote was made anew. The person confirms it before anything goes on. */
export interface Change {
  readonly oldFen: number;
  readonly newFen: number;
  readonly why: readonly { readonly zh: string; readonly en: string }[];
}

/**
 * What became different from one quote to the next; `known`: what was different before and has not been read yet. `why`: as
 * the server says it, otherwise as the older quote had announced it.
 */
export function changeOf(
  before: QuoteDocument,
  after: QuoteDocument,
  why: Change['why'] | undefined,
  known: Change | undefined,
): Change | undefined {
  if (after.totalFen === before.totalFen) return known;
  const foretold = before.later === undefined ? [] : [asSentence(before.later.why)];
  return { oldFen: known?.oldFen ?? before.totalFen, newFen: after.totalFen, why: why ?? foretold };
}

/** The reason that a quote gives beforehand is part of a sentence. */
function asSentence({ zh, en }: Change['why'][number]): Change['why'][number] {
  return { zh: `${zh}。`, en: `${en.charAt(0).toUpperCase()}${en.slice(1)}.` };
}

/** Why nothing can be begun under a quote: somebody else is paying one of its bills, or has paid it. */
export type Blocked = 'being-paid' | 'already-paid';

/** What the server answered in place of beginning; undefined when it began. */
export function blockedBy({ reason, state }: QuoteView): Blocked | undefined {
  return state !== 'paid' && (reason === 'being-paid' || reason === 'already-paid') ? reason : undefined;
}

/** True when the server has heard of a payment under the quote. */
export function wasBegun({ stage, state }: QuoteView): boolean {
  return stage !== undefined || ['paying', 'paid', 'reversed', 'review'].includes(state);
}

/** Everything that the stage of a quote follows from. */
export interface FeeFacts {
  readonly view: QuoteView;
  readonly document: QuoteDocument;
  /** The payment that was begun, if any. */
  readonly job: KeptFee | undefined;
  readonly link: HostState | undefined;
  /** Somebody at the terminal said that both screens have the same digits. */
  readonly isSame: boolean;
  /** Why the last code ended; the screen says it beside the new one. */
  readonly lost: LinkFailure | undefined;
  readonly change: Change | undefined;
  /** The person asked for the end of the payment. */
  readonly isCancelling: boolean;
  readonly blocked: Blocked | undefined;
  /** The server's time, epoch ms. */
  readonly nowMs: number;
}

/**
 * Where a quote stands on the terminal's screen. `code`: a code for a phone, or the words why there is none. `digits`: a
 * phone joined, the two digits are compared. `on-phone`: the phone has the bill. `starting`: the platform is asked.
 * `wallet`: the phone is silent, its reader is in the wallet. `paying`: the phone is there, the platform waits for it.
 * `qr`: a channel's code at the terminal. `checking`: nobody knows yet. `elsewhere`: somebody else paid it.
 */
export type FeeStage =
  | 'code'
  | 'digits'
  | 'on-phone'
  | 'changed'
  | 'starting'
  | 'wallet'
  | 'paying'
  | 'qr'
  | 'checking'
  | 'ending'
  | 'paid'
  | 'failed'
  | 'closed'
  | 'elsewhere'
  | 'reversed'
  | 'review';

/** Where it stands. */
export function feeStageOf(facts: FeeFacts): FeeStage {
  const { view, job } = facts;
  if (view.state === 'reversed' || view.state === 'review') return view.state;
  if (view.state === 'paid' || view.stage === 'paid') return isOurs(facts) ? 'paid' : 'elsewhere';
  if (job !== undefined) return paymentStage(facts, job);
  if (view.state === 'paying' || facts.blocked !== undefined) return 'elsewhere';
  if (facts.change !== undefined) return 'changed';
  return linkStage(facts);
}

function isOurs({ view, job }: FeeFacts): boolean {
  return view.payId === undefined || job === undefined || [job.payId, job.left].includes(view.payId);
}

function paymentStage(facts: FeeFacts, job: KeptFee): FeeStage {
  const { stage, payId } = facts.view;
  // The server has not heard of this payment yet, or its last word is about an earlier one.
  const isKnown = stage !== undefined && (payId === undefined || payId === job.payId);
  if (!isKnown) return facts.isCancelling ? 'ending' : 'starting';
  if (stage === 'failed' || stage === 'closed') return stage;
  if (facts.isCancelling) return 'ending';
  if (stage === 'checking' || stage === 'starting') return stage;
  if (job.kind === 'qr') return isPayable(facts) ? 'qr' : 'checking';
  return facts.link?.phase === 'joined' && facts.link.silentMs === undefined ? 'paying' : 'wallet';
}

/** Nobody is shown a code whose time is over; the platform is asked what became of it. */
function isPayable({ view: { code }, nowMs }: FeeFacts): boolean {
  return code !== undefined && Date.parse(code.expiresAt) > nowMs;
}

function linkStage({ link, isSame }: FeeFacts): FeeStage {
  if (link?.phase !== 'joined') return 'code';
  return isSame ? 'on-phone' : 'digits';
}

/** True when the money may still move although nobody touches the terminal. */
export function isUnderWay(stage: FeeStage): boolean {
  return ['starting', 'wallet', 'paying', 'qr', 'checking', 'ending'].includes(stage);
}

/** True when a payment may be ended by the person before the platform has decided. */
export function canCancel(stage: FeeStage): boolean {
  return ['starting', 'wallet', 'paying', 'qr', 'checking'].includes(stage);
}

/** True when nothing more happens to it by itself. */
export function isOver(stage: FeeStage): boolean {
  return ['paid', 'failed', 'closed', 'elsewhere', 'reversed', 'review'].includes(stage);
}

/** True when the last try came to nothing: the same bill may be paid again. */
export function isNothing(stage: FeeStage | undefined): boolean {
  return stage === 'failed' || stage === 'closed';
}

/** True when it may be paid at the terminal itself: nothing is under way, and no other sum waits to be read. */
export function mayPayHere(stage: FeeStage | undefined): boolean {
  return stage !== undefined && ['code', 'digits', 'on-phone', 'failed', 'closed'].includes(stage);
}

/**
 * What a choice on the phone meets while there is a payment. `again`: itself, under way. `over`: its own end, or that of
 * the bill. `busy`: one that cannot be left now. `free`: one that came to nothing, or is under way on this phone and left
 * for the way that is chosen now; the server ends it at its platform before it begins another.
 */
export function choiceMeets(
  { payId, kind }: KeptFee,
  stage: FeeStage | undefined,
  chosen: string,
): 'again' | 'over' | 'busy' | 'free' {
  if (stage !== undefined && isOver(stage)) return isNothing(stage) && payId !== chosen ? 'free' : 'over';
  if (payId === chosen) return 'again';
  return kind === 'qr' || stage === 'starting' || stage === 'ending' ? 'busy' : 'free';
}

/** True when the digits must be confirmed before this phone may pay. */
export function mustConfirm(document: QuoteDocument, wereTwoPhones: boolean): boolean {
  return wereTwoPhones || document.totalFen > document.digitsAboveFen;
}

/** What the phone is told of a payment; undefined while there is nothing to tell. */
export function stageMessage(
  { view, job }: Pick<FeeFacts, 'view' | 'job'>,
  print?: 'printing' | 'printed' | 'no-paper',
): Extract<TerminalMessage, { type: 'stage' }> | undefined {
  const { stage, reason, receipt } = view;
  const isPaid = view.state === 'paid' || stage === 'paid';
  if (!isPaid && stage === undefined) return undefined;
  const payId = view.payId ?? job?.payId;
  return {
    type: 'stage',
    stage: isPaid ? 'paid' : (stage ?? 'checking'),
    ...(payId === undefined ? {} : { payId }),
    ...(reason === undefined ? {} : { reason }),
    ...(isPaid && receipt !== undefined ? { receipt } : {}),
    ...(print === undefined ? {} : { print }),
  };
}

/** Where the phone goes to pay; undefined when the platform named no place. */
export function payMessage({ way }: PayQuoteReply, payId: string): TerminalMessage | undefined {
  return way === undefined ? undefined : { type: 'pay', payId, way };
}

/** Why the server did not begin a payment, in the words that the phone knows. */
export function payRefusalOf({ error, field }: ApiFailure): PayRefusal {
  if (['channel-unavailable', 'limit-reached', 'paused', 'terminal-busy'].includes(error)) return 'channel-off';
  if (field === 'account') return 'bad-account';
  if (error === 'in-progress' || (error === 'not-in-state' && field === 'being-paid')) return 'being-paid';
  if (error === 'already-exists' || error === 'not-in-state') return 'already-paid';
  return 'unknown';
}

/** Fen of the late fee inside a quote. */
export function lateFeeFen({ bills }: QuoteDocument): number {
  const lines = bills.flatMap((bill) => bill.lines).filter(({ kind }) => kind === 'late-fee');
  return lines.reduce((sum, { amountFen }) => sum + amountFen, 0);
}
