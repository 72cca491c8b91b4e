import type { PayQuote, PayQuoteReply, QuoteView } from '../../../protocol/http/fees-terminal.ts';
import type { QuoteDocument } from '../../../protocol/fees/documents.ts';
import type { PayRefusal, PhoneMessage, TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { ApiFailure } from '../../api/failures.ts';
import type { KeptFee } from '../link/kept.ts';
import { FeeLink } from './fee-link.svelte.ts';
import type { FeePaymentTools } from './fee-payment-tools.ts';
import { Patience } from './patience.svelte.ts';
import { readQuote } from './flow/documents.ts';
import {
  blockedBy,
  changeOf,
  choiceMeets,
  feeStageOf,
  isNothing,
  isOver,
  isUnderWay,
  mayPayHere,
  payMessage,
  payRefusalOf,
  stageMessage,
  wasBegun,
} from './flow/fee-stage.ts';
import type { Blocked, Change, FeeFacts, FeeStage } from './flow/fee-stage.ts';

/** How long it waits before a quote that could not be made anew is asked for again, ms. */
const requoteAgainMs = 10_000;

type Choice = Extract<PhoneMessage, { type: 'choose' }>;

/**
 * The quote in hand: its link to a phone and its payment. Obligations: the ids are on the disk before the server hears
 * of a payment; one payment at a time; what is shown is what the server last said; the phone's word moves no money and
 * proves none; after `end` nothing of it changes anything.
 */
export class FeePayment {
  readonly #tools: FeePaymentTools;
  readonly #patience: Patience;
  #isWatching = false;
  #isRefreshing = false;
  #requotedMs = -Infinity;
  /** What the phone was told to open; told again when it asks again for the same payment. */
  #told: TerminalMessage | undefined;
  readonly link: FeeLink;

  view = $state.raw<QuoteView>();
  document = $state.raw<QuoteDocument>();
  job = $state.raw<KeptFee>();
  change = $state.raw<Change>();
  isCancelling = $state(false);
  /** Nothing can be begun: somebody else pays or has paid. */
  blocked = $state<Blocked>();
  /** Why the server did not begin. */
  refusal = $state.raw<ApiFailure>();

  constructor(tools: FeePaymentTools) {
    this.#tools = tools;
    this.#patience = new Patience((ms, signal) => tools.pause(ms, signal));
    this.link = new FeeLink({ ...tools, onMessage: (message) => void this.#said(message) });
  }

  get facts(): FeeFacts | undefined {
    const { view, document, job, change, isCancelling, blocked } = this;
    if (view === undefined || document === undefined) return undefined;
    const { state, isSame, lost } = this.link;
    const nowMs = this.#tools.serverNow();
    return { view, document, job, link: state, isSame, lost, change, isCancelling, blocked, nowMs };
  }

  get stage(): FeeStage | undefined {
    return this.facts && feeStageOf(this.facts);
  }

  /** Why the call under way is being repeated. */
  get trouble(): ApiFailure | undefined {
    return this.#patience.trouble;
  }

  /** Takes a quote in hand and shows a code for it. False when its document cannot be read. */
  begin(view: QuoteView): boolean {
    this.#clear();
    const document = readQuote(view.document);
    if (document === undefined) return false;
    this.view = view;
    this.document = document;
    this.link.begin({ signed: view.document, document });
    return true;
  }

  /** After a restart: what became of the last payment? `lost`: fen of one that never reached the server. */
  async recover(job: KeptFee): Promise<{ readonly lost?: number }> {
    this.#clear();
    this.job = job;
    const answer = await this.#patience.untilAnswered(() => this.#tools.api.quote(job.quoteId));
    if (answer === undefined) return {};
    const document = answer.ok ? readQuote(answer.value.document) : undefined;
    if (!answer.ok || document === undefined || !wasBegun(answer.value)) {
      await this.end('off');
      return { lost: job.totalFen };
    }
    this.document = document;
    await this.#adopt(answer.value);
    return {};
  }

  /** A channel's code on the terminal's own screen; also after a payment that came to nothing. */
  async payHere(channel: string): Promise<void> {
    if (mayPayHere(this.stage)) await this.#payHere(channel, false);
  }

  /** Ends the payment at its platform as far as that is still possible; what is paid by then is shown as paid. */
  async cancel(): Promise<void> {
    const { job } = this;
    if (job === undefined || this.isCancelling) return;
    this.isCancelling = true;
    const answer = await this.#patience.untilAnswered(() => this.#tools.api.end(job.quoteId));
    if (answer === undefined) return;
    if (answer.ok) await this.#adopt(answer.value);
    else {
      this.isCancelling = false;
      this.refusal = answer;
    }
  }

  /** After a payment that came to nothing: the same quote again, for the phone that is there or with a fresh code. */
  async again(): Promise<void> {
    const { view, document, job, link } = this;
    if (view === undefined || document === undefined) return;
    this.#forgetJob();
    this.view = { quoteId: view.quoteId, document: view.document, state: 'open', here: view.here };
    const isThere = link.isJoined && link.state?.silentMs === undefined;
    if (job?.kind === 'qr' && !isThere) link.close('done');
    const { life } = this.#patience;
    await this.#tools.kept.write('fee', undefined);
    if (life !== this.#patience.life) return;
    // It may have grown old, or been given up with its payment: then it is made anew before anything else.
    if (view.state !== 'open' && (await this.#requote())) return;
    this.#offer();
    await this.checkTime();
  }

  /** The person has read what became different. */
  acceptChange(): void {
    this.change = undefined;
  }

  /** Makes the quote anew when its time is over and nothing is being paid. */
  async checkTime(): Promise<void> {
    const { document, stage } = this;
    if (document === undefined || stage === undefined || isUnderWay(stage) || isOver(stage)) return;
    const now = this.#tools.serverNow();
    const isTime = now >= Date.parse(document.validUntil) && now - this.#requotedMs >= requoteAgainMs;
    if (isTime) await this.#requote();
  }

  /** The server says that something changed. */
  async heard(): Promise<void> {
    if (this.view !== undefined) await this.#refresh();
  }

  /** Repeats at once what waits for its next try. */
  retryNow(): void {
    this.#patience.retryNow();
  }

  /** What the printer does; the phone is told. */
  tellPrint(print: 'printing' | 'printed' | 'no-paper'): void {
    const message = this.view && stageMessage({ view: this.view, job: this.job }, print);
    if (message !== undefined) this.link.send(message);
  }

  /** Lets go without an end: whoever takes up what is kept goes on with it. */
  stop(reason: Parameters<FeeLink['close']>[0] = 'off'): void {
    this.link.close(reason);
    this.#clear();
  }

  /** Puts the quote down. */
  async end(reason: Parameters<FeeLink['close']>[0]): Promise<void> {
    const { view, stage } = this;
    this.stop(reason);
    await this.#tools.kept.write('fee', undefined);
    // So that nobody else has to wait for it. One that is being paid stays the platform's.
    const isFree = stage !== undefined && !isUnderWay(stage) && (!isOver(stage) || isNothing(stage));
    if (view !== undefined && isFree) await this.#tools.api.end(view.quoteId);
  }

  #clear(): void {
    this.#patience.renew();
    this.#isWatching = false;
    this.#isRefreshing = false;
    this.#requotedMs = -Infinity;
    this.view = undefined;
    this.document = undefined;
    this.change = undefined;
    this.blocked = undefined;
    this.#forgetJob();
  }

  #forgetJob(): void {
    this.job = undefined;
    this.isCancelling = false;
    this.refusal = undefined;
    this.#told = undefined;
  }

  async #keep(job: KeptFee): Promise<void> {
    this.job = job;
    await this.#tools.kept.write('fee', job);
  }

  async #drop(): Promise<void> {
    this.#forgetJob();
    await this.#tools.kept.write('fee', undefined);
  }

  async #said(message: PhoneMessage): Promise<void> {
    this.#tools.onAlive();
    if (message.type === 'choose') return this.#chosen(message);
    if (message.type === 'back' || message.type === 'ask') {
      await this.#refresh();
      this.#tellStage();
    }
  }

  async #chosen(choice: Choice): Promise<void> {
    const { document, view, job, stage } = this;
    if (document === undefined || view === undefined) return;
    const meets = job === undefined ? 'free' : choiceMeets(job, stage, choice.payId);
    if (meets === 'busy') return this.#refuse(choice.payId, this.trouble === undefined ? 'being-paid' : 'no-server');
    if (meets === 'again' && this.#told !== undefined) return void this.link.send(this.#told);
    if (meets !== 'free') return this.#tellStage();
    if (isNothing(stage)) this.#forgetJob();
    const isThis = choice.quoteId === view.quoteId && choice.totalFen === document.totalFen;
    if (!isThis) return void this.link.send({ type: 'stage', stage: 'changed', quote: view.document });
    const { payId, channel, account, appCode } = choice;
    if (this.link.needsDigits && !this.link.isSame) return this.#refuse(payId, 'not-confirmed');
    const linkId = this.link.state?.linkId;
    await this.#pay({
      ...{ payId, channel, kind: 'link', totalFen: document.totalFen },
      ...(linkId === undefined ? {} : { linkId }),
      ...(account === undefined ? {} : { account }),
      ...(appCode === undefined ? {} : { appCode }),
    });
  }

  #refuse(payId: string | undefined, reason: PayRefusal): void {
    this.link.send({ type: 'stage', ...(payId === undefined ? {} : { payId }), stage: 'refused', reason });
  }

  #tellStage(): void {
    const message = this.view && stageMessage({ view: this.view, job: this.job });
    if (message !== undefined) this.link.send(message);
  }

  /**
   * The code for phones goes: one payer at a time. A phone whose digits were confirmed stays; it hears that the bill is
   * being paid, and gets the receipt too. `isSecond`: the quote was made anew for the same sum a moment ago.
   */
  async #payHere(channel: string, isSecond: boolean): Promise<void> {
    const { document, link } = this;
    if (document === undefined) return;
    if (!link.isJoined || !link.isSame) link.close('done');
    else if (!isSecond) this.#refuse(undefined, 'being-paid');
    this.#forgetJob();
    const body = { payId: this.#tools.newId(), channel, kind: 'qr', totalFen: document.totalFen } as const;
    await this.#pay(body, isSecond);
  }

  async #pay(body: PayQuote, isSecond = false): Promise<void> {
    const { view } = this;
    if (view === undefined) return;
    const { payId, channel, kind, totalFen } = body;
    const { quoteId, here } = view;
    this.refusal = undefined;
    this.change = undefined;
    this.isCancelling = false;
    this.link.hold(true);
    const { job: left } = this;
    this.#told = undefined;
    const name = here?.find(({ code }) => code === channel)?.name;
    const begun = { quoteId, payId, channel, kind, totalFen, startedAtMs: this.#tools.serverNow() };
    const job = left === undefined ? begun : { ...begun, left: left.payId };
    await this.#keep(name === undefined ? job : { ...job, name });
    const answer = await this.#patience.untilAnswered(() => this.#tools.api.pay(quoteId, body));
    if (answer === undefined) return;
    if (answer.ok) return this.#begun(body, answer.value, isSecond);
    // Nothing was begun, so the way that was left for this one still counts.
    await (left === undefined ? this.#drop() : this.#keep(left));
    this.refusal = answer;
    if (kind === 'link') this.#refuse(payId, payRefusalOf(answer));
    this.link.hold(left !== undefined);
    if (this.link.state === undefined) this.#offer();
    // Somebody else may have been quicker, or the quote may be over.
    await this.#refresh();
  }

  async #begun(body: PayQuote, reply: PayQuoteReply, isSecond: boolean): Promise<void> {
    const blocked = blockedBy(reply.quote);
    if (blocked !== undefined) {
      await this.#drop();
      this.link.hold(false);
      this.blocked = blocked;
      return this.#refuse(body.payId, blocked);
    }
    if (reply.quote.state === 'replaced') {
      await this.#drop();
      this.link.hold(false);
      const isSame = this.#take(reply.quote) && this.change === undefined;
      // Nobody has to choose again for the same sum.
      return isSame && body.kind === 'qr' && !isSecond ? this.#payHere(body.channel, true) : this.#offer();
    }
    this.#told = payMessage(reply, body.payId);
    if (this.#told !== undefined) this.link.send(this.#told);
    await this.#adopt(reply.quote);
  }

  /** True when it was made anew, or is no longer in hand. */
  async #requote(): Promise<boolean> {
    const { view } = this;
    const { life } = this.#patience;
    this.#requotedMs = this.#tools.serverNow();
    const answer = await this.#tools.requote();
    if (life !== this.#patience.life || view?.quoteId !== this.view?.quoteId) return true;
    if (answer.ok && this.#take(answer.value)) this.#offer();
    else if (!answer.ok) this.refusal = answer;
    return answer.ok;
  }

  /** Another quote for the same bills. A different sum is told and waits to be accepted. */
  #take(next: QuoteView): boolean {
    const before = this.document;
    const document = readQuote(next.document);
    if (document === undefined || before === undefined) return false;
    this.view = { ...next, quoteId: document.quoteId, state: next.state === 'replaced' ? 'open' : next.state };
    this.document = document;
    this.refusal = undefined;
    this.change = changeOf(before, document, next.changed, this.change);
    return true;
  }

  /** The quote in hand for phones: a code where there is none, news for one that is there. */
  #offer(): void {
    const { view, document, change, link } = this;
    if (view === undefined || document === undefined) return;
    const offered = { signed: view.document, document };
    if (link.state === undefined) link.open(offered);
    else link.replace(offered, [...(change?.why ?? [])]);
  }

  /** Takes over what the server says, tells the phone what is new, and waits on while it is under way. */
  async #adopt(view: QuoteView): Promise<void> {
    const before = this.stage;
    const was = this.view;
    this.view = view;
    const { stage, job } = this;
    if (stage !== before || view.stage !== was?.stage) this.#tellStage();
    if (isNothing(stage)) this.link.hold(false);
    // What became of it is another screen, with the whole time to be read.
    if (before !== undefined && isUnderWay(before) && stage !== before) this.#tools.onAlive();
    const isNewReceipt = view.receipt !== undefined && (before !== 'paid' || was?.receipt === undefined);
    if (stage === 'paid' && isNewReceipt) this.#tools.onPaid();
    void this.#watch();
    // What was cancelled at the terminal leads back to the bill. Money that came too late is told first.
    const isBack = this.isCancelling && stage === 'closed' && job?.kind === 'qr' && view.reason !== 'paid-late';
    if (isBack && this.#tools.hasVisit()) await this.again();
  }

  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    const { life } = this.#patience;
    this.#isWatching = true;
    while (life === this.#patience.life && this.stage !== undefined && this.#isOpen(this.stage)) {
      await this.#patience.pause(this.#tools.pollMs());
      if (life === this.#patience.life) await this.#refresh();
    }
    if (life === this.#patience.life) this.#isWatching = false;
  }

  /** Under way, or paid without its receipt yet. */
  #isOpen(stage: FeeStage): boolean {
    return isUnderWay(stage) || (stage === 'paid' && this.view?.receipt === undefined);
  }

  async #refresh(): Promise<void> {
    const { view } = this;
    if (view === undefined || this.#isRefreshing) return;
    const { life } = this.#patience;
    this.#isRefreshing = true;
    const answer = await this.#tools.api.quote(view.quoteId);
    if (life !== this.#patience.life) return;
    this.#isRefreshing = false;
    if (answer.ok && this.view?.quoteId === answer.value.quoteId) await this.#adopt(answer.value);
  }
}
