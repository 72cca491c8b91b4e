import type { RouteReply } from '../../../protocol/http/routes.ts';
import type { PayWay, SignedDocument } from '../../../protocol/fees/documents.ts';
import { sealLookup } from '../../../protocol/fees/lookup.ts';
import { type Documents, openSigned } from '../../../protocol/fees/verify.ts';
import type { Subtle } from '../../../protocol/phone-link/web-crypto.ts';
import type { ChannelDefinition } from '../../../server/channels/channel.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { toyChannel, ToyPlatform } from '../payments/toy-platform.ts';
import { type Cluster, newId, type Reply, type World } from '../server/world.ts';
import { type App, AppBench, callRoute } from '../terminal-app/bench.ts';

const { subtle } = globalThis.crypto;
/** Unix milliseconds of `yyyy-mm-ddThh:mm:ss` in Asia/Shanghai. */
export const shanghai = (text: string): number => Date.parse(`${text}+08:00`);

/** A toy channel that pays on a phone's own page. */
function linkChannel(code: string, toy: ToyPlatform): ChannelDefinition {
  const plain = toyChannel(code, toy, { kinds: ['qr', 'link'] });
  return {
    ...plain,
    open: (account, tools) => ({
      ...plain.open(account, tools),
      createLink: async (facts, payer) => {
        const made = await toy.call('create', facts.attemptNo, () => toy.create(facts));
        tools.record({ call: 'create', request: facts.attemptNo, response: made.kind, ms: 1 });
        if (made.kind !== 'pending') return made;
        return {
          kind: 'pending',
          link: `https://toy.invalid/${facts.attemptNo}?back=${encodeURIComponent(payer.returnUrl)}&ip=${payer.address}`,
        };
      },
    }),
  };
}

/** One household of the bench. */
export interface Household {
  readonly id: string;
  readonly number: string;
  readonly secret: string;
}

type View = RouteReply<'feeLookup'>;
type QuoteReply = RouteReply<'feeMakeQuote'>;

/** A server with a shop's terminal and a payee that bills households, both with toy channels. */
export class FeeBench {
  readonly bench: AppBench;
  readonly toy: ToyPlatform;
  readonly payeeId: string;
  app: App;
  readonly #accounts: ReadonlyMap<string, string>;
  #households = 0;

  private constructor(
    bench: AppBench,
    toy: ToyPlatform,
    app: App,
    payee: { id: string; accounts: ReadonlyMap<string, string> },
  ) {
    this.bench = bench;
    this.toy = toy;
    this.app = app;
    this.payeeId = payee.id;
    this.#accounts = payee.accounts;
  }

  static async start(cluster: Cluster, config: Partial<ServerConfig> = {}): Promise<FeeBench> {
    let nowMs = (): number => 0;
    const toy = new ToyPlatform(() => nowMs());
    const bench = await AppBench.start(cluster, {
      ...config,
      channels: [linkChannel('toy-a', toy), linkChannel('toy-b', toy), ...(config.channels ?? [])],
    });
    nowMs = () => bench.world.nowMs;
    const { services } = bench.world.server.context;
    const payeeId = newId();
    await services.registry.createMerchant(undefined, {
      id: payeeId,
      name: '桂园小区物业服务处',
      contact: '',
      address: '',
    });
    const accounts = new Map<string, string>();
    for (const [index, channel] of ['toy-a', 'toy-b'].entries()) {
      const account = { platformMerchantId: 'toy-merchant', config: {}, keys: [] };
      await services.channels.ensureAccount({ merchantId: payeeId, channel, feePpm: 3_800, priority: index, account });
    }
    for (const row of await query<{ id: string; channel: string }>(
      bench.world,
      'select id, channel from channel_accounts where merchant_id = $1',
      payeeId,
    ))
      accounts.set(row.channel, row.id);
    const app = await bench.app();
    const made = new FeeBench(bench, toy, app, { id: payeeId, accounts });
    await made.#furnish();
    return made;
  }

  /** The payee's account with a channel. */
  accountOf(channel: string): string {
    return this.#accounts.get(channel) ?? '';
  }

  get world(): World {
    return this.bench.world;
  }

  sql<T extends object>(text: string, ...values: unknown[]): Promise<T[]> {
    return query<T>(this.world, text, ...values);
  }

  /** Electricity with a late fee of 0.3 % a day from the day after the due day, and payments in advance. */
  async #furnish(): Promise<void> {
    const now = new Date(this.world.nowMs);
    await this.sql(`insert into fee_payees (merchant_id, changed_at) values ($1, $2)`, this.payeeId, now);
    const [tariffId, versionId] = [newId(), newId()];
    const details = {
      unit: { zh: '度', en: 'kWh' },
      currency: 'CNY',
      timeZone: '+08:00',
      versionSplit: 'reading-date',
      sources: [],
    };
    const label = { zh: '违约金', en: 'Late fee' };
    const fixed = {
      id: 'base',
      label: { zh: '基本费', en: 'Base fee' },
      kind: 'fixed',
      amount: '10',
      per: 'bill',
      prorate: 'none',
    };
    const body = {
      components: [fixed],
      lateFee: { label, percentPerDay: '0.3', start: 'day-after-due', countsPaymentDay: true },
    };
    await this.sql(
      `insert into fee_tariffs (merchant_id, id, service, name, details, created_at) values ($1, $2, 'electricity', $3, $4, $5)`,
      ...[
        this.payeeId,
        tariffId,
        JSON.stringify({ zh: '居民电价', en: 'Residential electricity' }),
        JSON.stringify(details),
        now,
      ],
    );
    await this.sql(
      `insert into fee_tariff_versions (merchant_id, tariff_id, id, number, state, effective_from, body, created_at, activated_at)
       values ($1, $2, $3, 1, 'active', '2020-01-01', $4, $5, $5)`,
      ...[this.payeeId, tariffId, versionId, JSON.stringify(body), now],
    );
    await this.sql(
      `insert into fee_services (merchant_id, service, number_min, number_max, number_name, secret_digits, secret_name, due_days,
         top_up_min_fen, top_up_max_fen, top_up_usual, tariff_id, changed_at)
       values ($1, 'electricity', 8, 12, '{"zh":"户号","en":"household number"}', 4, '{"zh":"约定码","en":"agreed digits"}', 15,
         1000, 100000, '{5000,10000}', $2, $3)`,
      ...[this.payeeId, tariffId, now],
    );
    await this.allow(this.app);
  }

  /** Lets a terminal ask for the payee's households. */
  async allow(app: App): Promise<void> {
    await this.sql(
      `insert into fee_payee_terminals (merchant_id, terminal_id, added_at) values ($1, $2, now())`,
      ...[this.payeeId, app.terminalId],
    );
  }

  async household(): Promise<Household> {
    this.#households += 1;
    const [id, number] = [newId(), `${String(6_100_000_000 + this.#households * 7_919)}`];
    const made = await this.world.server.context.services.feeOffice.createAccount(undefined, this.payeeId, {
      ...{ id, service: 'electricity', number, secret: '4071', label: '3 号楼 1203 室' },
    });
    if (!made.ok) throw new Error(`household: ${made.error} ${made.detail ?? ''}`);
    return { id, number, secret: '4071' };
  }

  /** A bill over October, or the month before for each `earlier`. */
  async bill(household: Household, fen: number, { dueOn = '2026-11-20', earlier = 0 } = {}): Promise<string> {
    const id = newId();
    const month = String(10 - earlier).padStart(2, '0');
    const last = new Date(Date.UTC(2026, 10 - earlier, 0)).toISOString().slice(0, 10);
    const words = { zh: '一口价', en: 'one price' };
    const line = {
      id: 'base:0',
      componentId: 'base',
      label: { zh: '电费', en: 'Energy' },
      kind: 'charge',
      version: 'v',
      unroundedYuan: String(fen / 100),
      amountFen: fen,
      words,
      basis: { rule: 'fixed' },
    };
    const usage = [
      {
        meterId: 'm',
        from: { on: `2026-${month}-01`, value: '12845' },
        to: { on: last, value: '13203' },
        quantity: '358',
        isEstimate: false,
      },
    ];
    const rated = { lines: [line], totalFen: fen, usage, tiers: [], state: { used: {} }, versions: [] };
    await this.sql(
      `insert into fee_bills (merchant_id, id, account_id, service, kind, period_from, period_to, due_on, tariff_id, rated, snapshot,
         principal_fen, state, made_at, changed_at)
       select $1, $2, $3, 'electricity', 'bill', $4, $5, $6, s.tariff_id, $7, '{"account":{},"readingIds":[]}', $8, 'open', $9, $9
       from fee_services s where s.merchant_id = $1`,
      ...[
        this.payeeId,
        id,
        household.id,
        `2026-${month}-01`,
        last,
        dueOn,
        JSON.stringify(rated),
        fen,
        new Date(this.world.nowMs),
      ],
    );
    return id;
  }

  async seal(number: string, secret: string, app = this.app): Promise<string> {
    const menu = (await app.call('feeMenu')).body;
    const place = { service: 'electricity', payeeId: this.payeeId };
    return (await sealLookup(subtle as unknown as Subtle, menu.lookupKey, place, { number, secret })) ?? '';
  }

  async lookup(number: string, secret: string, app = this.app): Promise<Reply<View>> {
    const sealed = await this.seal(number, secret, app);
    return app.call('feeLookup', {}, { service: 'electricity', payeeId: this.payeeId, sealed });
  }

  async visit(household: Household, app = this.app): Promise<View> {
    const found = await this.lookup(household.number, household.secret, app);
    if (found.status !== 200) throw new Error(`visit: ${String(found.code)}`);
    return found.body;
  }

  /** A quote of all open bills, or of those named. */
  async quote(household: Household, billIds?: readonly string[], app = this.app): Promise<QuoteReply> {
    const view = await this.visit(household, app);
    const ids = billIds ?? view.bills.map(({ id }) => id);
    const made = await app.call('feeMakeQuote', {}, { id: newId(), visit: view.visit, billIds: [...ids] });
    if (made.status !== 201) throw new Error(`quote: ${String(made.code)} ${String(made.field)}`);
    return made.body;
  }

  async pay(
    quote: Pick<QuoteReply, 'quoteId' | 'document'>,
    more: { channel?: string; payId?: string; app?: App } = {},
  ) {
    const { channel = 'toy-a', payId = newId(), app = this.app } = more;
    const { totalFen } = await this.open('quote', quote.document);
    return app.call('feePayQuote', { id: quote.quoteId }, { payId, channel, kind: 'link', totalFen });
  }

  /** The document inside, its signature verified with the public keys as a phone does. */
  async open<K extends keyof Documents>(kind: K, signed: SignedDocument | undefined): Promise<Documents[K]> {
    if (signed === undefined) throw new Error(`no ${kind}`);
    const { body } = await callRoute(this.world, 'documentKeys', {});
    const opened = await openSigned(subtle, body.keys, kind, signed);
    if (!opened.ok) throw new Error(`${kind}: ${opened.error}`);
    return opened.value;
  }

  /** Where the phone is sent, as the server signed it. */
  way(begun: { readonly body: RouteReply<'feePayQuote'> }): Promise<PayWay> {
    return this.open('way', begun.body.way);
  }

  /** Numbers at the platform of a quote's attempts, oldest first. */
  async attempts(quoteId: string): Promise<{ attemptNo: string; channel: string; state: string }[]> {
    return this.sql(
      `select attempt_no as "attemptNo", channel, state from payment_attempts where order_id = $1 order by number`,
      quoteId,
    );
  }

  /** The platform tells the server about an attempt. */
  async tell(attemptNo: string, channel: string): Promise<void> {
    const { payments } = this.world.server.context.services;
    await payments.notified(
      channel,
      this.#accounts.get(channel) ?? '',
      this.toy.notice(attemptNo, `${attemptNo}-${newId()}`),
    );
  }

  /** The resident pays the newest attempt of a quote in their wallet, and the platform says so. */
  async wallet(quoteId: string, isForced = false): Promise<void> {
    const attempt = (await this.attempts(quoteId)).at(-1);
    if (attempt === undefined || !this.toy.pay(attempt.attemptNo, isForced))
      throw new Error('the wallet could not pay');
    await this.tell(attempt.attemptNo, attempt.channel);
    await this.world.server.context.services.feesAtTerminals.tend();
  }

  async look(quoteId: string, app = this.app): Promise<RouteReply<'feeQuote'>> {
    const reply = await app.call('feeQuote', { id: quoteId });
    if (reply.status !== 200) throw new Error(`look: ${String(reply.code)}`);
    return reply.body;
  }

  /** Sets the clock to a time in Asia/Shanghai; the terminal signs in again, because its session is over by then. */
  async to(text: string, app = this.app): Promise<void> {
    this.world.nowMs = shanghai(text);
    await app.signIn();
  }

  /** Moves the clock and lets everything that is due then happen. */
  async pass(ms: number): Promise<void> {
    this.world.nowMs += ms;
    const { payments, feesAtTerminals } = this.world.server.context.services;
    for (let rounds = 0; rounds < 20 && (await payments.sweep()) > 0; rounds += 1);
    await feesAtTerminals.tend();
  }

  async bills(
    household: Household,
  ): Promise<{ id: string; state: string; left: number; late: number; version: number }[]> {
    return this.sql(
      `select id, state, left_fen as left, late_paid_fen as late, version from fee_bills where account_id = $1 order by due_on, id`,
      household.id,
    );
  }

  async balance(household: Household): Promise<number> {
    const [row] = await this.sql<{ fen: number }>(
      `select after_fen as fen from fee_balance_entries where account_id = $1 order by number desc limit 1`,
      household.id,
    );
    return row?.fen ?? 0;
  }

  async refund(quoteId: string, amountFen?: number): Promise<void> {
    const { payments } = this.world.server.context.services;
    const done = await payments.refund(
      { kind: 'person', id: 'clerk', name: 'clerk' },
      {
        merchantId: this.payeeId,
        orderId: quoteId,
        id: newId(),
        reason: '重复缴费',
        ...(amountFen === undefined ? {} : { amountFen: amountFen as never }),
      },
    );
    if (!done.ok) throw new Error(`refund: ${done.error} ${done.detail ?? ''}`);
    await this.pass(0);
  }

  /** The office takes money for a bill at its desk. */
  async payAtOffice(household: Household, billId: string, fen: number): Promise<void> {
    await this.sql(
      `insert into fee_allocations (merchant_id, id, account_id, bill_id, bill_version, principal_fen, source, at)
       select merchant_id, $2, account_id, id, version, $3, 'office', $4 from fee_bills where id = $1 and account_id = $5`,
      ...[billId, newId(), fen, new Date(this.world.nowMs), household.id],
    );
  }

  /** What the terminal's stream says while something happens, until it tells of fees twice: the payment, and the receipt. */
  async eventsDuring(act: () => Promise<unknown>): Promise<string[]> {
    const response = await fetch(`${this.world.server.url}/api/terminal-app/events`, { headers: this.app.headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const found: string[] = [];
    await act();
    for (let text = ''; found.filter((event) => event.startsWith('fees ')).length < 2;) {
      const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      text += value ?? '';
      found.length = 0;
      for (const [, name, id] of text.matchAll(/event: (\w+)\ndata: \{"id":"([^"]+)"\}/g))
        found.push(`${name ?? ''} ${id ?? ''}`);
    }
    await reader?.cancel();
    return found;
  }

  async close(): Promise<void> {
    await this.bench.close();
  }
}

async function query<T extends object>(world: World, text: string, ...values: unknown[]): Promise<T[]> {
  return (await world.server.context.store.pool.query<T>(text, values)).rows;
}
