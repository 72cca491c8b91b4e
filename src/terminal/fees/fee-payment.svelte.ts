import type { PayQuote, PayQuoteReply, QuoteView } from '../../../protocol/http/fees-terminal.ts';
import type { QuoteDocument } from '../../../protocol/fees/documents.ts';
import type { PayRefusal, PhoneMessage, TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import { isWorthRepeating } from '../../api/failures.ts';
import type { ApiFailure, ApiResult } from '../../api/failures.ts';
import type { KeptFee, KeptStore } from '../link/kept.ts';
import type { FeeApi } from './fee-api.ts';
import { FeeLink } from './fee-link.svelte.ts';
import type { FeeLinkTools } from './fee-link.svelte.ts';
import { readQuote } from './flow/documents.ts';
import { blockedBy, feeStageOf, isOver, isUnderWay, payRefusalOf, stageMessage } from './flow/fee-stage.ts';
import type { Blocked, Change, FeeFacts, FeeStage } from './flow/fee-stage.ts';

/** What a payment of fees takes from its surroundings. */
export interface FeePaymentTools extends Omit<FeeLinkTools, 'onMessage'> {
  readonly api: FeeApi;
  readonly kept: KeptStore;
  /** The server's time, epoch ms. */
  serverNow(): number;
  newId(): string;
  /** How long to wait before the server is asked again without an event, ms. */
  pollMs(): number;
  /** Makes the quote anew: the visit, the same bills. */
  requote(): Promise<ApiResult<QuoteView>>;
  /** The phone said something: somebody is there. */
  onAlive(): void;
  /** It became paid just now, and its receipt is there. */
  onPaid(): void;
}

/** Pause before the first repetition of a call; it doubles up to `repeatMaxMs`. */
export const repeatFirstMs = 500;
/** Longest pause between two repetitions. */
export const repeatMaxMs = 8_000;
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
  #life = new AbortController();
  #wake: () => void = () => undefined;
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
  qr = $state<string>();
  isCancelling = $state(false);
  /** Nothing can be begun: somebody else pays or has paid. */
  blocked = $state<Blocked>();
  /** Why the server did not begin. */
  refusal = $state.raw<ApiFailure>();
  /** Why the call under way is being repeated. */
  trouble = $state.raw<ApiFailure>();

  constructor(tools: FeePaymentTools) {
    this.#tools = tools;
    this.link = new FeeLink({ ...tools, onMessage: (message) => void this.#said(message) });
  }

  get facts(): FeeFacts | undefined {
    const { view, document, job, change, qr, isCancelling, blocked } = this;
    if (view === undefined || document === undefined) return undefined;
    const { state, isSame, lost } = this.link;
    return { view, document, job, link: state, isSame, lost, change, qr, isCancelling, blocked };
  }

  get stage(): FeeStage | undefined {
    return this.facts && feeStageOf(this.facts);
  }

  /** Takes a quote in hand and shows a code for it. False when its document cannot be read. */
  begin(view: QuoteView): boolean {
    this.#clear();
    const document = readQuote(view.document);
    if (document === undefined) return false;
    this.view = view;
    this.document = document;
    this.link.open({ signed: view.document, document });
    return true;
  }

  /** After a restart: what became of the last payment? `lost`: fen of one that never reached the server. */
  async recover(job: KeptFee): Promise<{ readonly lost?: number }> {
    this.#clear();
    this.job = job;
    const answer = await this.#untilAnswered(() => this.#tools.api.quote(job.quoteId));
    if (answer === undefined) return {};
    const document = answer.ok ? readQuote(answer.value.document) : undefined;
    const isBegun =
      answer.ok &&
      (answer.value.stage !== undefined || ['paying', 'paid', 'reversed', 'review'].includes(answer.value.state));
    if (!answer.ok || document === undefined || !isBegun) {
      await this.end('off');
      return { lost: job.totalFen };
    }
    this.document = document;
    this.#adopt(answer.value);
    return {};
  }

  /** A channel's code on the terminal's own screen. */
  async payHere(channel: string): Promise<void> {
    const { document, job } = this;
    if (document === undefined || job !== undefined) return;
    this.link.close('done');
    await this.#pay({ payId: this.#tools.newId(), channel, kind: 'qr', totalFen: document.totalFen });
  }

  /** Ends the payment at its platform as far as that is still possible; what is paid by then is shown as paid. */
  async cancel(): Promise<void> {
    const { job } = this;
    if (job === undefined || this.isCancelling) return;
    this.isCancelling = true;
    const answer = await this.#untilAnswered(() => this.#tools.api.end(job.quoteId));
    if (answer === undefined) return;
    if (answer.ok) this.#adopt(answer.value);
    else {
      this.isCancelling = false;
      this.refusal = answer;
    }
  }

  /** After a payment that came to nothing: the same quote again. */
  async again(): Promise<void> {
    const { view, document } = this;
    if (view === undefined || document === undefined) return;
    await this.#drop();
    this.view = { quoteId: view.quoteId, document: view.document, state: 'open' };
    if (this.link.isJoined) this.link.replace({ signed: view.document, document });
    else this.link.open({ signed: view.document, document });
    // It may have grown old, or been given up with its payment: then it is made anew before anything else.
    if (view.state !== 'open') await this.#requote();
    else await this.checkTime();
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
    this.#wake();
  }

  /** What the printer does; the phone is told. */
  tellPrint(print: 'printing' | 'printed' | 'no-paper'): void {
    const message = this.view && stageMessage({ view: this.view, job: this.job }, print);
    if (message !== undefined) this.link.send(message);
  }

  /** Puts the quote down. */
  async end(reason: Parameters<FeeLink['close']>[0]): Promise<void> {
    const { view, stage } = this;
    this.link.close(reason);
    this.#clear();
    await this.#tools.kept.write('fee', undefined);
    // So that nobody else has to wait for it. One that is being paid stays the platform's.
    const isFree = stage !== undefined && !isUnderWay(stage) && !isOver(stage);
    if (view !== undefined && isFree) await this.#tools.api.end(view.quoteId);
  }

  #clear(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#isWatching = false;
    this.#isRefreshing = false;
    this.#requotedMs = -Infinity;
    this.#told = undefined;
    this.view = undefined;
    this.document = undefined;
    this.job = undefined;
    this.change = undefined;
    this.qr = undefined;
    this.isCancelling = false;
    this.blocked = undefined;
    this.refusal = undefined;
    this.trouble = undefined;
  }

  async #drop(): Promise<void> {
    this.job = undefined;
    this.qr = undefined;
    this.isCancelling = false;
    this.refusal = undefined;
    this.#told = undefined;
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
    const { document, view, job } = this;
    if (document === undefined || view === undefined) return;
    if (job?.payId === choice.payId && this.#told !== undefined) return void this.link.send(this.#told);
    if (job !== undefined) return this.#tellStage();
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

  #refuse(payId: string, reason: PayRefusal): void {
    this.link.send({ type: 'stage', payId, stage: 'refused', reason });
  }

  #tellStage(): void {
    const message = this.view && stageMessage({ view: this.view, job: this.job });
    if (message !== undefined) this.link.send(message);
  }

  async #pay(body: PayQuote): Promise<void> {
    const { view } = this;
    if (view === undefined) return;
    const { payId, channel, kind, totalFen } = body;
    const { quoteId } = view;
    this.refusal = undefined;
    this.change = undefined;
    this.isCancelling = false;
    this.link.hold(true);
    this.job = { quoteId, payId, channel, kind, totalFen, startedAtMs: this.#tools.serverNow() };
    await this.#tools.kept.write('fee', this.job);
    const answer = await this.#untilAnswered(() => this.#tools.api.pay(quoteId, body));
    if (answer === undefined) return;
    if (answer.ok) return this.#begun(body, answer.value);
    await this.#drop();
    this.refusal = answer;
    this.#refuse(payId, payRefusalOf(answer));
    this.link.hold(false);
    if (kind === 'qr' && this.document !== undefined)
      this.link.open({ signed: view.document, document: this.document });
    // Somebody else may have been quicker, or the quote may be over.
    await this.#refresh();
  }

  async #begun(body: PayQuote, reply: PayQuoteReply): Promise<void> {
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
      return this.#replace(reply.quote, body.kind === 'qr');
    }
    this.qr = reply.qr;
    if (reply.url !== undefined && reply.token !== undefined) {
      const { url, form, token } = reply;
      this.#told = { type: 'pay', payId: body.payId, url, token, ...(form === undefined ? {} : { form }) };
      this.link.send(this.#told);
    }
    this.#adopt(reply.quote);
  }

  async #requote(): Promise<void> {
    const { view } = this;
    const life = this.#life;
    this.#requotedMs = this.#tools.serverNow();
    const answer = await this.#tools.requote();
    if (life !== this.#life || view !== this.view) return;
    if (answer.ok) this.#replace(answer.value, !this.link.isJoined && this.link.state === undefined);
    else this.refusal = answer;
  }

  /** Another quote for the same bills. A different sum is told and waits to be accepted. */
  #replace(next: QuoteView, isNewCode: boolean): void {
    const before = this.document;
    const document = readQuote(next.document);
    if (document === undefined || before === undefined) return;
    this.view = { ...next, quoteId: document.quoteId, state: next.state === 'replaced' ? 'open' : next.state };
    this.document = document;
    this.refusal = undefined;
    if (document.totalFen !== before.totalFen) {
      const why = next.changed ?? (before.later === undefined ? [] : [asSentence(before.later.why)]);
      this.change = { oldFen: this.change?.oldFen ?? before.totalFen, newFen: document.totalFen, why };
    }
    const offered = { signed: next.document, document };
    if (isNewCode) this.link.open(offered);
    else this.link.replace(offered, this.change === undefined ? [] : [...this.change.why]);
  }

  /** Takes over what the server says, tells the phone what is new, and waits on while it is under way. */
  #adopt(view: QuoteView): void {
    const before = this.stage;
    const was = this.view;
    this.view = view;
    const { stage } = this;
    if (stage !== before || view.stage !== was?.stage) this.#tellStage();
    if (stage === 'failed' || stage === 'closed') this.link.hold(false);
    const isNewReceipt = view.receipt !== undefined && (before !== 'paid' || was?.receipt === undefined);
    if (stage === 'paid' && isNewReceipt) this.#tools.onPaid();
    void this.#watch();
  }

  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    const life = this.#life;
    this.#isWatching = true;
    while (life === this.#life && this.stage !== undefined && this.#isOpen(this.stage)) {
      await this.#pause(this.#tools.pollMs());
      if (life === this.#life) await this.#refresh();
    }
    if (life === this.#life) this.#isWatching = false;
  }

  /** Under way, or paid without its receipt yet. */
  #isOpen(stage: FeeStage): boolean {
    return isUnderWay(stage) || (stage === 'paid' && this.view?.receipt === undefined);
  }

  async #refresh(): Promise<void> {
    const { view } = this;
    if (view === undefined || this.#isRefreshing) return;
    const life = this.#life;
    this.#isRefreshing = true;
    const answer = await this.#tools.api.quote(view.quoteId);
    if (life !== this.#life) return;
    this.#isRefreshing = false;
    if (answer.ok && this.view?.quoteId === answer.value.quoteId) this.#adopt(answer.value);
  }

  /** Repeats a call until the server has answered it; undefined when the quote was put down meanwhile. */
  async #untilAnswered<T>(call: () => Promise<ApiResult<T>>): Promise<ApiResult<T> | undefined> {
    const life = this.#life;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await call();
      if (life !== this.#life) return undefined;
      this.trouble = answer.ok || !isWorthRepeating(answer) ? undefined : answer;
      if (this.trouble === undefined) return answer;
      await this.#pause(Math.min(repeatMaxMs, repeatFirstMs * 2 ** Math.min(attempt, 10)));
      if (life !== this.#life) return undefined;
    }
  }

  async #pause(ms: number): Promise<void> {
    const early = new AbortController();
    this.#wake = () => early.abort();
    await this.#tools.pause(ms, AbortSignal.any([early.signal, this.#life.signal]));
  }
}

/** The reason that a quote gives beforehand is part of a sentence. */
function asSentence({ zh, en }: Change['why'][number]): Change['why'][number] {
  return { zh: `${zh}。`, en: `${en.charAt(0).toUpperCase()}${en.slice(1)}.` };
}
