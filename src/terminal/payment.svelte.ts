import type { OrderView, StartAttempt } from '../../protocol/http/payments.ts';
import type { ApiClient } from '../api/client.ts';
import { isWorthRepeating } from '../api/failures.ts';
import type { ApiFailure, ApiResult } from '../api/failures.ts';
import type { Way } from './flow/screens.ts';
import { isFinal, isWaiting, liveAttempt, stageOf } from './flow/stage.ts';
import type { Stage } from './flow/stage.ts';
import type { Job, KeptAttempt, KeptStore } from './link/kept.ts';

/** What a payment takes from its surroundings. */
export interface PaymentEnvironment {
  readonly api: Pick<ApiClient, 'call'>;
  readonly kept: KeptStore;
  /** The server's time, epoch ms. */
  serverNow(): number;
  /** A new id, version 7. */
  newId(): string;
  /** Waits; returns early when `signal` is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** How long to wait before the server is asked again without an event, ms. */
  pollMs(): number;
}

/** Pause before the first repetition of a call; it doubles up to `repeatMaxMs`. */
export const repeatFirstMs = 500;
/** Longest pause between two repetitions. */
export const repeatMaxMs = 8_000;
/** A payment that never reached the server is begun again after a restart only while this young, ms. */
export const restartMaxMs = 10 * 60_000;

type Secrets = Pick<Way, 'authCode'> & { readonly card?: StartAttempt['card'] };

/**
 * The payment in hand. Ids are made and on the disk before the server hears of them; every call may be repeated with the
 * same ids; what the screen shows is what the server last said.
 *
 * Obligations: at most one order in hand; an order is never forgotten while money may still come; an answer older than
 * what is known is ignored; after `done` nothing of it changes the screen.
 */
export class Payment {
  readonly #environment: PaymentEnvironment;
  /** Of the attempt that is wanted; in memory only. */
  #secrets: Secrets = {};
  #life = new AbortController();
  #wake: () => void = () => undefined;
  #isWatching = false;
  #isActing = false;
  /** The order's version when the server was last asked to do something: it is not asked twice about the same state. */
  #askedVersion = -1;

  order = $state.raw<OrderView>();
  job = $state.raw<Job>();
  /** Why the call under way is being repeated. */
  trouble = $state.raw<ApiFailure>();
  /** Why the server did not do what was asked. */
  refusal = $state.raw<ApiFailure>();

  constructor(environment: PaymentEnvironment) {
    this.#environment = environment;
  }

  /** Where it stands; undefined when nothing is in hand. */
  get stage(): Stage | undefined {
    const { order, job } = this;
    if (job === undefined) return undefined;
    if (order === undefined && this.refusal !== undefined) return { at: 'open' };
    const stage = stageOf(order, this.#environment.serverNow());
    const isCancelling = job.wantsCancel && !isFinal(stage) && stage.at !== 'switching';
    return isCancelling ? { at: 'ending' } : stage;
  }

  /** What is still to be paid, fen. */
  get leftFen(): number {
    return this.order?.leftFen ?? this.job?.amountFen ?? 0;
  }

  /** Begins a payment; without a way only the order is made, and `pay` follows. */
  async begin(amountFen: number, way?: Way): Promise<void> {
    if (this.job !== undefined) return;
    const { newId, serverNow } = this.#environment;
    this.#clear();
    await this.#keep({
      orderId: newId(),
      amountFen,
      ...(way === undefined ? {} : { attempt: this.#attemptFor(way) }),
      wantsCancel: false,
      startedAtMs: serverNow(),
    });
    await this.#act(() => this.#create());
  }

  /** Pays the order in hand, or its next part, another way. */
  async pay(way: Way, card?: StartAttempt['card']): Promise<void> {
    const { job } = this;
    if (job === undefined || job.wantsCancel) return;
    this.refusal = undefined;
    const attempt = this.#attemptFor(way);
    if (card !== undefined) this.#secrets = { card };
    await this.#keep({ ...job, attempt });
    await this.#act(() => (this.order === undefined ? this.#create() : this.#start(attempt)));
  }

  /** Ends the order: what lives is closed at its platform, paid parts are given back. */
  async cancel(): Promise<void> {
    const { job } = this;
    if (job === undefined) return;
    if (this.order === undefined && this.refusal !== undefined) return this.done();
    await this.#keep({ ...job, wantsCancel: true });
    // A creation whose answer is out must be answered first: it could arrive after we asked.
    if (this.order !== undefined) await this.#act(() => this.#end());
    else this.retryNow();
  }

  /** After a restart: what became of it? `lost` is the amount of a payment that never reached the server. */
  async recover(): Promise<{ readonly lost?: number }> {
    const job = await this.#environment.kept.read('job');
    if (job === undefined) return {};
    this.#clear();
    this.job = job;
    const answer = await this.#untilAnswered(() => this.#ask(job.orderId));
    if (answer === undefined) return {};
    if (answer.ok) {
      await this.#pursue(answer.value);
      return {};
    }
    // A device whose clock lost its battery is years behind until the server has told the time.
    const isYoung = Math.abs(this.#environment.serverNow() - job.startedAtMs) < restartMaxMs;
    if (answer.error === 'not-found' && !job.wantsCancel && job.attempt?.kind === 'qr' && isYoung) {
      await this.#act(() => this.#create());
      return {};
    }
    await this.done();
    return { lost: job.amountFen };
  }

  /** Takes an order in hand that the server named: a merchant's system made it. */
  async take(orderId: string): Promise<void> {
    if (this.job !== undefined) return;
    const answer = await this.#ask(orderId);
    if (!answer.ok || this.job !== undefined) return;
    this.#clear();
    const { amountFen } = answer.value;
    await this.#keep({ orderId, amountFen, wantsCancel: false, startedAtMs: this.#environment.serverNow() });
    await this.#pursue(answer.value);
  }

  /** The server says that something changed. */
  async heard(orderId: string): Promise<void> {
    if (orderId === this.job?.orderId) await this.#refresh();
  }

  /** Repeats at once what waits for its next try. */
  retryNow(): void {
    this.#wake();
  }

  /** Lets go without an end: whoever takes up what is kept goes on with it. */
  stop(): void {
    this.#clear();
    this.job = undefined;
  }

  /** Puts the order down: its end was seen. */
  async done(): Promise<void> {
    this.stop();
    await this.#environment.kept.write('job', undefined);
  }

  #clear(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#secrets = {};
    this.#isWatching = false;
    this.#isActing = false;
    this.#askedVersion = -1;
    this.order = undefined;
    this.trouble = undefined;
    this.refusal = undefined;
  }

  async #keep(job: Job): Promise<void> {
    this.job = job;
    await this.#environment.kept.write('job', job);
  }

  #attemptFor({ channel, kind, amountFen, authCode }: Way): KeptAttempt {
    this.#secrets = authCode === undefined ? {} : { authCode };
    return { id: this.#environment.newId(), channel, kind, ...(amountFen === undefined ? {} : { amountFen }) };
  }

  #body(attempt: KeptAttempt): StartAttempt {
    return { ...attempt, ...this.#secrets };
  }

  /** One act of ours at a time; what comes meanwhile is seen by `#pursue`. */
  async #act(act: () => Promise<void>): Promise<void> {
    if (this.#isActing) return;
    const life = this.#life;
    this.#isActing = true;
    try {
      await act();
    } finally {
      if (life === this.#life) this.#isActing = false;
    }
    if (life === this.#life && this.order !== undefined) await this.#pursue(this.order);
  }

  async #create(): Promise<void> {
    const { job } = this;
    if (job === undefined) return;
    const { orderId: id, amountFen, attempt } = job;
    const body = { id, amountFen, ...(attempt === undefined ? {} : { attempt: this.#body(attempt) }) };
    const answer = await this.#untilAnswered(() => this.#environment.api.call('appCreateOrder', { body }));
    await this.#answered(answer);
  }

  async #start(attempt: KeptAttempt): Promise<void> {
    const { order } = this;
    if (order === undefined) return;
    this.#askedVersion = order.version;
    const call = { params: { id: order.id }, body: this.#body(attempt) };
    await this.#answered(await this.#untilAnswered(() => this.#environment.api.call('appStartAttempt', call)));
  }

  async #end(): Promise<void> {
    const { order } = this;
    if (order === undefined) return;
    this.#askedVersion = order.version;
    const call = { params: { id: order.id } };
    await this.#answered(await this.#untilAnswered(() => this.#environment.api.call('appCancelOrder', call)));
  }

  async #answered(answer: ApiResult<OrderView> | undefined): Promise<void> {
    if (answer === undefined) return;
    if (answer.ok) return this.#adopt(answer.value);
    // Not possible as it is now: while an older attempt is being ended that is no refusal, `#pursue` asks again.
    const known = this.job && (await this.#untilAnswered(() => this.#ask(this.job?.orderId ?? '')));
    if (known?.ok) this.#adopt(known.value);
    const isEnding = known?.ok === true && liveAttempt(known.value) !== undefined;
    if (isEnding && answer.error === 'not-in-state') return;
    this.refusal = answer;
    const { job } = this;
    if (job === undefined) return;
    const { attempt: _refused, ...rest } = job;
    if (this.order === undefined && job.wantsCancel) await this.done();
    else await this.#keep({ ...rest, wantsCancel: false });
  }

  /** Does what is still wanted and not yet done; then waits for news. */
  async #pursue(order: OrderView): Promise<void> {
    this.#adopt(order);
    const { job } = this;
    if (job === undefined || this.#isActing) return;
    const isNews = order.version !== this.#askedVersion;
    const isOpen = (order.state === 'open' || order.state === 'part-paid') && isNews;
    const isWanted = job.attempt !== undefined && !order.attempts.some(({ id }) => id === job.attempt?.id);
    if (isOpen && job.wantsCancel && !order.isEnding) return this.#act(() => this.#end());
    if (isOpen && isWanted && !order.isEnding && liveAttempt(order) === undefined) return this.#again(job);
    void this.#watch();
  }

  /** The attempt that is wanted, once the older one is ended; one with lost secrets is given up. */
  async #again(job: Job): Promise<void> {
    const { attempt, ...rest } = job;
    const isWhole = attempt?.kind === 'qr' || this.#secrets.authCode !== undefined || this.#secrets.card !== undefined;
    if (attempt !== undefined && isWhole) return this.#act(() => this.#start(attempt));
    await this.#keep(rest);
    void this.#watch();
  }

  #adopt(order: OrderView): void {
    if (order.id !== this.job?.orderId) return;
    if (this.order === undefined || order.version >= this.order.version) this.order = order;
  }

  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    const life = this.#life;
    this.#isWatching = true;
    while (life === this.#life && this.stage !== undefined && isWaiting(this.stage)) {
      await this.#pause(this.#environment.pollMs());
      if (life === this.#life) await this.#refresh();
    }
    if (life === this.#life) this.#isWatching = false;
  }

  async #refresh(): Promise<void> {
    const { job } = this;
    if (job === undefined || this.#isActing) return;
    const life = this.#life;
    const answer = await this.#ask(job.orderId);
    if (life !== this.#life) return;
    if (answer.ok) await this.#pursue(answer.value);
  }

  #ask(id: string): Promise<ApiResult<OrderView>> {
    return this.#environment.api.call('appOrder', { params: { id } });
  }

  /** Repeats a call until the server has answered it; undefined when the payment was put down meanwhile. */
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
    await this.#environment.pause(ms, AbortSignal.any([early.signal, this.#life.signal]));
  }
}
