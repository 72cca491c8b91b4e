import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { fen } from '../../../domain/money.ts';
import type { OrderView, RoutesView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../../server/answer.ts';
import type { ChannelCapabilities } from '../../../server/channels/channel.ts';
import { createContext, type ServerContext } from '../../../server/context.ts';
import type { NewAttempt, NewRefund, PaymentService } from '../../../server/services/payments/service.ts';
import { migrate } from '../../../server/store/migrate.ts';
import { openStore } from '../../../server/store/database.ts';
import { type Cluster, newId } from '../server/world.ts';
import { type ToyFate, toyChannel, ToyPlatform } from './toy-platform.ts';

/** A limit as a test asks for it. */
export interface ShopLimit {
  readonly channel: string;
  readonly terminalId?: string;
  readonly window: 'transaction' | 'day' | 'month';
  readonly maxFen?: number;
  readonly maxCount?: number;
}

/** Somebody who acts in these tests. */
export const cashier = { kind: 'terminal', id: 'app', name: 'G3-02' } as const;

/** A merchant with terminals and accounts at two toy platforms, over a database of its own and without any timer. */
export class Shop {
  nowMs = Date.parse('2026-11-23T06:00:00Z');
  readonly merchantId = newId();
  readonly accounts = new Map<string, string>();
  readonly platforms: ReadonlyMap<string, ToyPlatform>;
  readonly context: ServerContext;
  readonly #fresh: string[] = [];

  private constructor(context: ServerContext, platforms: ReadonlyMap<string, ToyPlatform>) {
    this.context = context;
    this.platforms = platforms;
  }

  static async open(
    cluster: Pick<Cluster, 'folder' | 'database'>,
    more: Partial<ChannelCapabilities> = {},
    codes: readonly string[] = ['toy-a', 'toy-b'],
  ): Promise<Shop> {
    const databaseUrl = await cluster.database();
    const log = pino({ level: 'silent' });
    const store = openStore(databaseUrl, 1, log);
    await migrate(store.pool);
    await store.close();
    const now = (): number => shop.nowMs;
    const platforms = new Map(codes.map((code) => [code, new ToyPlatform(() => now())]));
    const dataDir = mkdtempSync(join(cluster.folder, 'shop-'));
    const channels = [...platforms].map(([code, platform]) => toyChannel(code, platform, more));
    const publicUrl = 'http://127.0.0.1:1';
    const config = { dataDir, databaseUrl, publicUrl, allowedOrigins: [], channels, clock: now, factorClock: now };
    let shop: Shop = { nowMs: Date.parse('2026-11-23T06:00:00Z') } as Shop;
    shop = new Shop(await createContext(config, log), platforms);
    await shop.#furnish();
    return shop;
  }

  get payments(): PaymentService {
    return this.context.services.payments;
  }

  platform(code: string): ToyPlatform {
    const found = this.platforms.get(code);
    if (found === undefined) throw new Error(`no platform ${code}`);
    return found;
  }

  async #furnish(): Promise<void> {
    const merchant = { id: this.merchantId, name: '桂园物业', contact: '', address: '' };
    await this.context.services.registry.createMerchant(undefined, merchant);
    for (const code of this.platforms.keys()) {
      const id = newId();
      await this.sql(
        `insert into channel_accounts (merchant_id, id, channel, platform_merchant_id, fee_ppm, created_at)
         values ($1, $2, $3, 'toy-merchant', 3800, now())`,
        ...[this.merchantId, id, code],
      );
      this.accounts.set(code, id);
    }
  }

  /** Runs SQL in the shop's database. */
  async sql<T extends object>(text: string, ...values: unknown[]): Promise<T[]> {
    return (await this.context.store.pool.query<T>(text, values)).rows;
  }

  async terminals(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, newId);
    await this.sql(
      `insert into terminals (id, merchant_id, label, serial, model, place, seal, device_id, identity_public_key, registered_at)
       select x, $2, 'T', x::text, 'QT-60', 'Lobby', '', substr(decode(md5(x::text), 'hex'), 1, 8), sha256(x::text::bytea), now()
       from unnest($1::uuid[]) x`,
      ...[ids, this.merchantId],
    );
    return ids;
  }

  /** A terminal that nobody has used. */
  async terminal(): Promise<string> {
    if (this.#fresh.length === 0) this.#fresh.push(...(await this.terminals(50)));
    const [id = ''] = this.#fresh.splice(0, 1);
    return id;
  }

  async control(what: 'merchant' | 'terminal', state: string, terminalId: string): Promise<void> {
    const [table, column] =
      what === 'merchant' ? ['merchant_settings', 'merchant_id'] : ['terminal_settings', 'terminal_id'];
    const id = what === 'merchant' ? this.merchantId : terminalId;
    await this.sql(
      `insert into ${table} (${column}, state) values ($1, $2) on conflict (${column}) do update set state = excluded.state`,
      ...[id, state],
    );
  }

  routes(terminalId: string, amountFen: number): Promise<RoutesView> {
    return this.payments.routes(this.merchantId, terminalId, fen(amountFen));
  }

  refund(orderId: string, wish: Partial<NewRefund> = {}): Promise<Answer<OrderView>> {
    const { merchantId } = this;
    return this.payments.refund(cashier, { merchantId, orderId, id: newId(), reason: 'returned', ...wish });
  }

  /** Kinds of alarms about an order. */
  async alarms(orderId: string): Promise<string[]> {
    const rows = await this.sql<{ kind: string }>(
      'select kind from alarms where subject = $1 order by id',
      `order:${orderId}`,
    );
    return rows.map(({ kind }) => kind);
  }

  async limit(limit: ShopLimit): Promise<string> {
    const id = newId();
    await this.sql(
      `insert into limit_rules (merchant_id, id, channel, terminal_id, window_kind, max_fen, max_count, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, now())`,
      ...[this.merchantId, id, limit.channel, limit.terminalId ?? null, limit.window],
      ...[limit.maxFen ?? null, limit.maxCount ?? null],
    );
    return id;
  }

  /** A new order at a terminal. */
  order(terminalId: string, amountFen: number, id = newId()): Promise<Answer<OrderView>> {
    const { merchantId } = this;
    const order = { merchantId, terminalId, id, amountFen: fen(amountFen), note: '', source: 'terminal' } as const;
    return this.payments.createOrder(cashier, order);
  }

  start(orderId: string, channel = 'toy-a', more: Partial<NewAttempt> = {}): Promise<Answer<OrderView>> {
    const { merchantId } = this;
    return this.payments.startAttempt(cashier, { merchantId, orderId, id: newId(), channel, kind: 'qr', ...more });
  }

  cancel(orderId: string): Promise<Answer<OrderView>> {
    return this.payments.cancelOrder(cashier, { merchantId: this.merchantId, orderId });
  }

  async look(orderId: string): Promise<OrderView> {
    return value(await this.payments.order({ merchantId: this.merchantId, orderId }));
  }

  /** The platform tells the server of a payment. @returns the status of the reply. */
  async notify(channel: string, attemptNo: string, id?: string): Promise<number> {
    const raw = this.platform(channel).notice(attemptNo, id);
    return (await this.payments.notified(channel, this.accounts.get(channel) ?? '', raw)).status;
  }

  /** Moves the clock and lets everything that is due then happen. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    for (let rounds = 0; rounds < 20 && (await this.payments.sweep()) > 0; rounds += 1);
  }

  /** Lets time pass until nothing moves any more. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < 40; steps += 1) await this.pass(60_000);
  }

  setFate(channel: string, fate: (call: string) => ToyFate): void {
    this.platform(channel).fate = fate;
  }

  async events(orderId: string): Promise<string[]> {
    const text = 'select kind from payment_events where order_id = $1 order by at, id';
    return (await this.sql<{ kind: string }>(text, orderId)).map(({ kind }) => kind);
  }

  /** Balance of each account of the books, those at zero left out. */
  async books(): Promise<Record<string, number>> {
    const text = `select account, sum(amount_fen)::bigint as sum from ledger_entries where merchant_id = $1
      group by account having sum(amount_fen) <> 0 order by account`;
    const rows = await this.sql<{ account: string; sum: number }>(text, this.merchantId);
    return Object.fromEntries(rows.map(({ account, sum }) => [account, Number(sum)]));
  }

  /** What limits hold: reserved and committed in all. */
  async held(): Promise<{ reserved: number; committed: number }> {
    const text = `select coalesce(sum(reserved_fen), 0)::bigint as reserved,
      coalesce(sum(committed_fen), 0)::bigint as committed from limit_buckets`;
    const [row] = await this.sql<{ reserved: number; committed: number }>(text);
    return { reserved: Number(row?.reserved), committed: Number(row?.committed) };
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

/** The value of an answer. Throws with its error. */
export function value<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.error} ${answer.detail ?? ''}`);
  return answer.value;
}

/** The newest attempt of an order. */
export function newest(order: OrderView): OrderView['attempts'][number] {
  const attempt = order.attempts.at(-1);
  if (attempt === undefined) throw new Error('the order has no attempt');
  return attempt;
}
