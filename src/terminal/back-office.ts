import type { OrderView } from '../../protocol/http/payments.ts';
import { failure, isWorthRepeating } from '../api/failures.ts';
import type { ApiFailure } from '../api/failures.ts';
import type { TerminalDesk } from './desk.svelte.ts';
import type { Intent } from './flow/press.ts';
import { refundableFen } from './flow/press-refund.ts';
import type { Purpose, RefundForm, Screen } from './flow/screens.ts';
import { queryOfNumber } from './flow/number.ts';

/** Orders that one search shows: as many as there are number keys. */
const foundMax = '9';
/** How often a refund or a settlement is sent again, with the same id, while nobody answers. */
const triesMax = 4;
const tryAgainMs = 1_500;

/** What is done after a payment: receipts, search, refunds, settlement. */
export class BackOffice {
  readonly #desk: TerminalDesk;

  constructor(desk: TerminalDesk) {
    this.#desk = desk;
  }

  async do(intent: Intent): Promise<void> {
    switch (intent.do) {
      case 'receipt':
        return this.#receiptOfShown();
      case 'reprint':
        return this.#desk.screen.at === 'order'
          ? this.#openReceipt(this.#desk.screen.order, this.#desk.screen)
          : undefined;
      case 'next-copy':
        return this.#nextCopy();
      case 'print-again':
        return this.#desk.screen.at === 'receipt' ? this.#desk.tools.printing.print(this.#desk.screen.copy) : undefined;
      case 'search':
        return this.#search(intent.purpose, intent.channel, intent.text);
      case 'open-order':
        return this.#open(intent.purpose, intent.channel, intent.place);
      case 'refund':
        return this.#startRefund(intent.order, intent.back);
      case 'send-refund':
        return this.#sendRefund();
      case 'settle':
        return this.#settle();
      case 'fees':
        return this.#fees();
      default:
        return undefined;
    }
  }

  async #fees(): Promise<void> {
    try {
      const { openFees } = await import('./fees/open-fees.ts');
      this.#desk.fees ??= await openFees(this.#desk);
    } catch {
      this.#desk.failure = failure('offline');
      return;
    }
    this.#desk.show({ at: 'fees' });
    if (!(await this.#desk.fees.recover())) await this.#desk.fees.open();
  }

  async #receiptOfShown(): Promise<void> {
    const { screen, payment } = this.#desk;
    if (screen.at === 'refund') return this.#openReceipt(screen.form.order, { at: 'channels' });
    if (payment.order !== undefined) return this.#openReceipt(payment.order, { at: 'channels' });
  }

  async #openReceipt(order: OrderView, back: Screen): Promise<void> {
    this.#desk.show({ at: 'receipt', copy: 'merchant', back });
    await this.#desk.tools.printing.open(order.id);
  }

  /** The first confirm prints the customer's copy, the second is the end. */
  async #nextCopy(): Promise<void> {
    const { screen, tools } = this.#desk;
    if (screen.at !== 'receipt' || tools.printing.isBusy) return;
    if (screen.copy === 'customer') return this.#desk.finish();
    this.#desk.show({ ...screen, copy: 'customer' });
    await tools.printing.print('customer');
  }

  async #search(purpose: Purpose, channel: string, text: string): Promise<void> {
    this.#desk.show({ at: 'found', purpose, channel });
    const query = { limit: foundMax, ...(text === '' ? {} : { q: queryOfNumber(text) }) };
    const answer = await this.#desk.tools.link.api.call('appOrders', { query });
    const { screen } = this.#desk;
    if (screen.at !== 'found' || screen.orders !== undefined) return;
    const back: Screen = { at: 'find', purpose, channel, text };
    if (!answer.ok) {
      this.#desk.failure = answer;
      return this.#desk.show(back);
    }
    const orders = answer.value.items;
    if (orders.length === 0) {
      this.#desk.show(back);
      this.#desk.notice = 'not-found';
      return;
    }
    this.#desk.show({ at: 'found', purpose, channel, orders });
    if (orders.length === 1 && text !== '') await this.#open(purpose, channel, 0);
  }

  async #open(purpose: Purpose, channel: string, place: number): Promise<void> {
    const { screen } = this.#desk;
    const order = screen.at === 'found' ? screen.orders?.[place] : undefined;
    if (order === undefined) return;
    const view: Screen = { at: 'order', order, channel };
    if (purpose === 'reprint' && order.paidFen > 0) return this.#openReceipt(order, { at: 'channels' });
    if (purpose === 'refund' && refundableFen(order) > 0) return this.#startRefund(order, screen);
    this.#desk.show(view);
  }

  #startRefund(order: OrderView, back: Screen): void {
    const form: RefundForm = { step: 'amount', order, id: this.#desk.tools.newId(), text: '' };
    this.#desk.show({ at: 'refund', form, back });
  }

  async #sendRefund(): Promise<void> {
    const { screen, tools } = this.#desk;
    if (screen.at !== 'refund') return;
    const { form } = screen;
    const to = (change: Partial<RefundForm>): void => this.#desk.show({ ...screen, form: { ...form, ...change } });
    to({ step: 'doing' });
    const { id, amountFen, approver } = form;
    const factor = { kind: 'totp', code: form.text } as const;
    const body = {
      id,
      reason: form.reason ?? 'other',
      ...(amountFen === undefined ? {} : { amountFen }),
      ...(approver === undefined ? {} : { approval: { email: approver, factor } }),
    };
    const call = { params: { id: form.order.id }, body };
    const answer = await this.#patiently(() => tools.link.api.call('appRefund', call));
    if (answer.ok) return to({ order: answer.value, step: 'done' });
    this.#desk.failure = answer;
    if (answer.error === 'factor-needed') to({ step: 'approver' });
    else if (answer.error === 'factor-wrong') to({ step: 'factor', text: '' });
    else to({ step: 'ask' });
  }

  async #settle(): Promise<void> {
    const { screen, tools } = this.#desk;
    if (screen.at !== 'settle') return;
    const { channel } = screen;
    this.#desk.show({ at: 'settle', channel, step: 'doing' });
    const answer = await this.#patiently(() => tools.link.api.call('appSettle', { timeoutMs: 60_000 }));
    if (answer.ok) return this.#desk.show({ at: 'settled', channel, items: answer.value.items });
    this.#desk.failure = answer;
    this.#desk.show({ at: 'settle', channel, step: 'ask' });
  }

  async #patiently<T extends { readonly ok: true } | ApiFailure>(call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const answer = await call();
      if (answer.ok || !isWorthRepeating(answer as ApiFailure) || tries >= triesMax) return answer;
      await this.#desk.tools.pause(tryAgainMs * tries, new AbortController().signal);
    }
  }
}
