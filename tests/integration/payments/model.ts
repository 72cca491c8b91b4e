import { fen } from '../../../domain/money.ts';
import { isLive } from '../../../domain/payments/transitions.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../../server/answer.ts';
import type { RawRequest } from '../../../server/channels/channel.ts';
import { createPaymentEngine } from '../../../server/services/payments/create.ts';
import type { OpenChannel } from '../../../server/services/payments/desk.ts';
import type { EngineParts } from '../../../server/services/payments/parts.ts';
import type { PaymentService } from '../../../server/services/payments/service.ts';
import type { PaymentStore, StoredOrder } from '../../../server/services/payments/store.ts';
import type { Act, Schedule, Step } from './schedules.ts';
import { openToy, toyChannel, ToyPlatform } from './toy-platform.ts';

/** Where a schedule is played: a store with a merchant, a terminal and two accounts. */
export interface Stage {
  readonly store: PaymentStore;
  readonly merchantId: string;
  readonly terminalId: string;
  /** Ids of the accounts of `toy-a` and `toy-b`. */
  readonly accounts: readonly [string, string];
  readonly newId: () => string;
  readonly startMs: number;
}

/** The amount of every order in these schedules. */
export const orderFen = 10_000;
const codes = ['toy-a', 'toy-b'] as const;
const actor = { kind: 'terminal', id: 'app', name: 'T' } as const;

/** A small generator of numbers (mulberry32): the same seed gives the same interleaving. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const forever = new Promise<never>(() => undefined);

/** One life of the server: it can die at any point at which it waits for something, and then does nothing more. */
class Life {
  #left: number;
  #isDead = false;
  readonly died: Promise<void>;
  #die: () => void = () => undefined;
  readonly #random: () => number;

  constructor(crashAt: number, random: () => number) {
    this.#left = crashAt === 0 ? Infinity : crashAt;
    this.#random = random;
    this.died = new Promise((done) => {
      this.#die = done;
    });
  }

  /** A point at which other work may come in between, and at which the server may die: before the act, or after it. */
  async at<T>(act: () => Promise<T>): Promise<T> {
    await this.#point();
    const value = await act();
    await this.#point();
    return value;
  }

  async #point(): Promise<void> {
    for (let ticks = Math.floor(this.#random() * 4); ticks > 0; ticks -= 1) await Promise.resolve();
    if (!this.#isDead) this.#left -= 1;
    if (this.#left <= 0 && !this.#isDead) {
      this.#isDead = true;
      this.#die();
    }
    if (this.#isDead) await forever;
  }
}

/** Plays one schedule and settles it. */
export class Play {
  nowMs: number;
  readonly platforms: readonly [ToyPlatform, ToyPlatform];
  readonly stage: Stage;
  readonly orderId: string;
  readonly failures: string[] = [];
  readonly #random: () => number;
  readonly #mail: { readonly channel: number; readonly raw: RawRequest }[] = [];
  readonly #refundIds: string[] = [];
  #fates: Act['fates'][number][] = [];

  constructor(stage: Stage, seed: number) {
    this.stage = stage;
    this.nowMs = stage.startMs;
    this.orderId = stage.newId();
    this.#random = numbers(seed);
    const clock = (): number => this.nowMs;
    this.platforms = [new ToyPlatform(clock), new ToyPlatform(clock)];
    for (const platform of this.platforms) platform.fate = () => this.#fates.shift() ?? 'ok';
  }

  async run(schedule: Schedule, afterStep: (stored: StoredOrder) => void | Promise<void>): Promise<StoredOrder> {
    const { merchantId, terminalId } = this.stage;
    const amountFen = fen(orderFen);
    const order = { merchantId, terminalId, id: this.orderId, amountFen, note: '', source: 'terminal' } as const;
    const { isWithCode, crashAt } = schedule.opening;
    const first = { id: this.stage.newId(), channel: 'toy-a', kind: 'qr' } as const;
    const open = async (service: PaymentService): Promise<void> => {
      this.#note(await service.createOrder(actor, order, ...(isWithCode ? [first] : [])));
    };
    const { service, life } = this.#life(crashAt);
    await Promise.race([open(service), life.died]);
    if (crashAt > 0) await open(this.#life(0).service);
    for (const act of schedule.acts) {
      await this.#act(act);
      await afterStep(await this.stored());
    }
    return this.#settle(afterStep);
  }

  async stored(): Promise<StoredOrder> {
    const stored = await this.stage.store.load({ merchantId: this.stage.merchantId, orderId: this.orderId });
    if (stored === undefined) throw new Error('the order is gone');
    return stored;
  }

  /** Money that both platforms hold for us. */
  heldFen(): number {
    return this.platforms
      .flatMap((platform) => [...platform.payments.keys()].map((no) => platform.heldFen(no)))
      .reduce((sum, amount) => sum + amount, 0);
  }

  /** Codes that somebody saw and could pay, and that we do not know to be alive. */
  async strayCodes(): Promise<string[]> {
    const { attempts } = await this.stored();
    const isOpen = (no: string): boolean =>
      this.platforms.some(({ payments }) => payments.get(no)?.state === 'waiting');
    return attempts
      .filter((one) => one.qr !== null && !isLive(one.state) && isOpen(one.attemptNo))
      .map((x) => x.attemptNo);
  }

  #life(crashAt: number): { readonly service: PaymentService; readonly life: Life } {
    const life = new Life(crashAt, this.#random);
    return { service: createPaymentEngine(this.#parts(life)), life };
  }

  #parts(life: Life): EngineParts {
    const { store, accounts, newId, merchantId } = this.stage;
    const definitions = codes.map((code, index) =>
      toyChannel(code, this.platforms[index as 0 | 1], { reverses: index === 1 }),
    );
    const opened = definitions.map((definition, index): OpenChannel => {
      const channel = openToy(this.platforms[index as 0 | 1], { record: () => undefined }, definition.capabilities);
      const slow = new Proxy(channel, {
        get: (target, name, receiver) => {
          const call: unknown = Reflect.get(target, name, receiver);
          if (typeof call !== 'function' || name === 'parseNotification') return call;
          return (...given: unknown[]) => life.at(() => call.apply(target, given) as Promise<unknown>);
        },
      });
      const more = { platformMerchantId: 'toy-merchant', feePpm: 3_800, merchantId };
      return { accountId: accounts[index as 0 | 1], definition, channel: slow, ...more };
    });
    const slowStore = new Proxy(store, {
      get: (target, name, receiver) => {
        const call = Reflect.get(target, name, receiver) as (...given: unknown[]) => Promise<unknown>;
        return (...given: unknown[]) => life.at(() => call.apply(target, given));
      },
    });
    return {
      ...{ store: slowStore, newId, clock: () => this.nowMs, jitter: () => 0.5, timeoutMs: 60_000 },
      desk: {
        definitions,
        open: async (id) => opened.find(({ accountId }) => accountId === id),
        listen: async (act) => ({ value: await act(), exchanges: [] }),
        active: async () => accounts,
        close: () => undefined,
      },
      publish: () => undefined,
      returnUrl: 'http://127.0.0.1/l?back=1',
      notifyUrl: () => 'http://127.0.0.1/',
      log: { error: () => undefined, warn: () => undefined },
    };
  }

  async #act(act: Act): Promise<void> {
    this.#fates = [...act.fates];
    const { service, life } = this.#life(act.crashAt);
    const work = [act.step, act.beside].flatMap((step) => (step === undefined ? [] : [this.#job(step)]));
    await Promise.race([Promise.all(work.map((job) => job(service))), life.died]);
    this.#fates = [];
    if (act.crashAt > 0 && act.isRetried) await Promise.all(work.map((job) => job(this.#life(0).service)));
  }

  /** Makes a step's ids now, so that it can be sent again unchanged. */
  #job(step: Step): (service: PaymentService) => Promise<void> {
    const { merchantId, newId, accounts } = this.stage;
    const ref = { merchantId, orderId: this.orderId };
    switch (step.do) {
      case 'start': {
        const id = newId();
        const kind = step.isScan ? 'scan' : 'qr';
        const amount = step.part === 0 ? {} : { amountFen: fen(step.part * 3_000) };
        const code = step.isScan ? { authCode: '1'.repeat(18) } : {};
        for (const platform of this.platforms) platform.scan = () => step.payer;
        return async (service) => {
          const channel = codes[step.channel] ?? 'toy-a';
          this.#note(await service.startAttempt(actor, { ...ref, id, channel, kind, ...amount, ...code }));
          this.#collect();
        };
      }
      case 'pay':
        return async () =>
          this.#pay(step.attempt, ({ platform, attemptNo }) => platform.pay(attemptNo, step.isAfterClose));
      case 'pay-again':
        return async () => this.#pay(step.attempt, ({ platform, attemptNo }) => platform.payAgain(attemptNo));
      case 'notify': {
        const mail = this.#mail[step.mail];
        return async (service) => {
          if (mail === undefined) return;
          await service.notified(codes[mail.channel] ?? '', accounts[mail.channel as 0 | 1], mail.raw);
        };
      }
      case 'cancel':
        return async (service) => this.#note(await service.cancelOrder(actor, ref));
      case 'refund':
        return this.#refund(step);
      case 'pass':
        return async () => {
          this.nowMs += step.seconds * 1_000;
        };
      case 'sweep':
        return async (service) => {
          await service.sweep();
        };
    }
  }

  #refund(step: Extract<Step, { do: 'refund' }>): (service: PaymentService) => Promise<void> {
    const last = this.#refundIds.at(-1);
    const id = step.isRepeated && last !== undefined ? last : this.stage.newId();
    this.#refundIds.push(id);
    const amount = step.part === 0 ? {} : { amountFen: fen(step.part * 1_000) };
    return async (service) => {
      const { merchantId } = this.stage;
      const answer = await service.refund(actor, {
        merchantId,
        orderId: this.orderId,
        id,
        reason: 'returned',
        ...amount,
      });
      this.#note(answer);
    };
  }

  #pay(index: number, take: (payment: { platform: ToyPlatform; attemptNo: string }) => boolean): void {
    const all = this.platforms.flatMap((platform, channel) =>
      [...platform.payments.keys()].map((attemptNo) => ({ platform, channel, attemptNo })),
    );
    const payment = all[index % Math.max(1, all.length)];
    if (payment === undefined || !take(payment)) return;
    const { platform, channel, attemptNo } = payment;
    // The platform tells each payment that it took under a number.
    for (let which = platform.payments.get(attemptNo)?.paidTimes ?? 0; which > 0; which -= 1)
      this.#mail.push({ channel, raw: platform.notice(attemptNo, this.stage.newId(), which) });
  }

  /** Notifications of payments that came about by a scanned code. */
  #collect(): void {
    this.platforms.forEach((platform, channel) => {
      for (const { attemptNo, state } of platform.payments.values()) {
        const raw = platform.notice(attemptNo);
        const isKnown = this.#mail.some((mail) => Buffer.from(mail.raw.body).equals(Buffer.from(raw.body)));
        if (state === 'paid' && !isKnown) this.#mail.push({ channel, raw });
      }
    });
  }

  #note(answer: Answer<OrderView>): void {
    if (!answer.ok && answer.error === 'internal') this.failures.push(answer.error);
  }

  /** Everybody is well again, all mail arrives, and time passes until nothing is left to look at. */
  async #settle(afterStep: (stored: StoredOrder) => void | Promise<void>): Promise<StoredOrder> {
    this.#fates = [];
    const { service } = this.#life(0);
    for (const { channel, raw } of this.#mail)
      await service.notified(codes[channel] ?? '', this.stage.accounts[channel as 0 | 1], raw);
    let stored = await this.stored();
    for (let rounds = 0; rounds < 200 && stored.order.nextLookAtMs !== null; rounds += 1) {
      this.nowMs = Math.max(this.nowMs, stored.order.nextLookAtMs);
      await service.sweep();
      stored = await this.stored();
      await afterStep(stored);
    }
    return stored;
  }
}
