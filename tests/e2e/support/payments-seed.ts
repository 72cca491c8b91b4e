import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { attemptNoOf, orderNoOf, receiptNoOf, refundNoOf, shanghaiDay } from '../../../domain/payments/numbers.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';

/** A shop whose payments are written straight into the tables, as the engine would have left them. */
export interface SeedShop {
  readonly merchantId: string;
  readonly terminalIds: readonly string[];
  /** Channel → id of the account. */
  readonly accounts: ReadonlyMap<string, string>;
}

/** One payment to write. Times are Unix milliseconds. */
export interface SeedPayment {
  readonly amountFen: number;
  readonly atMs: number;
  readonly channel?: string;
  /** `paid` when absent. */
  readonly state?: 'paid' | 'cancelled' | 'unknown' | 'pending' | 'paid-late' | 'review';
  readonly terminal?: number;
  /** A card's last four digits. */
  readonly tail?: string;
  readonly note?: string;
  readonly reference?: string;
  readonly transactionId?: string;
  /** Given back by a person of the merchant. */
  readonly refundFen?: number;
  readonly refundReason?: string;
}

/** What was written. */
export interface SeededPayment {
  readonly orderId: string;
  readonly orderNo: string;
  readonly attemptId: string;
  readonly refundId: string | undefined;
}

/** The merchant's number at every seeded platform. */
const seedPlatformMerchantId = 'toy-merchant';
/** Fee of every seeded channel: 0.6 %. */
const feePpm = 6_000;
const zeroHash = createHash('sha256').update('seed').digest();
const date = (ms: number): Date => new Date(ms);

/** Accounts for channels of these codes, in this order. */
export async function seedAccounts(
  pool: Pool,
  merchantId: string,
  channels: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const accounts = new Map<string, string>();
  for (const [index, channel] of channels.entries()) {
    const id = uuidv7(Date.now());
    await pool.query(
      `insert into channel_accounts (merchant_id, id, channel, platform_merchant_id, fee_ppm, priority, created_at)
       values ($1, $2, $3, $4, $5, $6, now())`,
      [merchantId, id, channel, seedPlatformMerchantId, feePpm, index],
    );
    accounts.set(channel, id);
  }
  return accounts;
}

/** A limit of the day for one channel, and what of it is used. */
export async function seedDayLimit(
  pool: Pool,
  merchantId: string,
  channel: string,
  { maxFen, usedFen, atMs }: { readonly maxFen: number; readonly usedFen: number; readonly atMs: number },
): Promise<void> {
  const id = uuidv7(Date.now());
  await pool.query(
    `insert into limit_rules (merchant_id, id, channel, window_kind, max_fen, created_at) values ($1, $2, $3, 'day', $4, now())`,
    [merchantId, id, channel, maxFen],
  );
  await pool.query(`insert into limit_buckets (rule_id, window_start, committed_fen) values ($1, $2, $3)`, [
    id,
    shanghaiDay(atMs),
    usedFen,
  ]);
}

/** Writes rows of one payment in its own transaction. */
export async function seedPayment(pool: Pool, shop: SeedShop, payment: SeedPayment): Promise<SeededPayment> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const made = await writePayment(client, shop, payment);
    await client.query('commit');
    return made;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

interface Facts extends SeededPayment {
  readonly shop: SeedShop;
  readonly payment: SeedPayment;
  readonly channel: string;
  readonly terminalId: string;
  readonly attemptNo: string;
  readonly feeFen: number;
}

async function writePayment(client: PoolClient, shop: SeedShop, payment: SeedPayment): Promise<SeededPayment> {
  const { rows } = await client.query<{ n: string }>(`select nextval('order_numbers') as n`);
  const orderNo = orderNoOf(payment.atMs, Number(rows[0]?.n));
  const facts: Facts = {
    ...{ shop, payment, orderNo },
    orderId: uuidv7(payment.atMs),
    attemptId: uuidv7(payment.atMs),
    refundId: payment.refundFen === undefined && payment.state !== 'paid-late' ? undefined : uuidv7(payment.atMs),
    channel: payment.channel ?? 'wechat-pay',
    terminalId: shop.terminalIds[payment.terminal ?? 0] ?? '',
    attemptNo: attemptNoOf(orderNo, 1),
    feeFen: Math.round((payment.amountFen * feePpm) / 1_000_000),
  };
  await writeOrder(client, facts);
  await writeAttempt(client, facts);
  await writeStory(client, facts);
  const { orderId, attemptId, refundId } = facts;
  return { orderId, orderNo, attemptId, refundId };
}

function isPaid({ payment: { state = 'paid' } }: Facts): boolean {
  return state === 'paid';
}

function orderStateOf({ payment: { state = 'paid', refundFen = 0, amountFen } }: Facts): string {
  if (state === 'unknown' || state === 'pending') return 'open';
  if (state === 'paid-late') return 'cancelled';
  if (state !== 'paid') return state;
  return refundFen === 0 ? 'paid' : refundFen < amountFen ? 'part-refunded' : 'refunded';
}

async function writeOrder(client: PoolClient, facts: Facts): Promise<void> {
  const { shop, payment, orderId, orderNo, channel, terminalId } = facts;
  const paid = isPaid(facts);
  const state = orderStateOf(facts);
  const values = {
    ...{ merchant_id: shop.merchantId, id: orderId, terminal_id: terminalId, order_no: orderNo },
    ...{ amount_fen: payment.amountFen, state, channel, parts: paid ? 1 : 0, attempts: 1 },
    ...{ paid_fen: paid ? payment.amountFen : 0, refunded_fen: paid ? (payment.refundFen ?? 0) : 0 },
    receipt_no: paid ? receiptNoOf(orderNo) : null,
    ...{ tail: payment.tail ?? null, note: payment.note ?? '', body_hash: zeroHash },
    external_ref: payment.reference ?? null,
    in_hand: state === 'open',
    next_look_at: state === 'open' ? date(payment.atMs + 600_000_000) : null,
    ...{ created_at: date(payment.atMs), updated_at: date(payment.atMs), expires_at: date(payment.atMs + 300_000) },
    paid_at: paid ? date(payment.atMs + 20_000) : null,
  };
  await insert(client, 'payment_orders', values);
}

async function writeAttempt(client: PoolClient, facts: Facts): Promise<void> {
  const { shop, payment, orderId, attemptId, attemptNo, channel, terminalId, feeFen } = facts;
  const { state = 'paid' } = payment;
  const hasMoney = state === 'paid' || state === 'paid-late';
  await insert(client, 'payment_attempts', {
    ...{ merchant_id: shop.merchantId, order_id: orderId, id: attemptId, account_id: shop.accounts.get(channel) },
    ...{ channel, kind: channel === 'bank-card' ? 'card' : 'qr', terminal_id: terminalId, number: 1 },
    ...{ attempt_no: attemptNo, amount_fen: payment.amountFen, state: state === 'cancelled' ? 'closed' : state },
    ...{ body_hash: zeroHash, transaction_id: payment.transactionId ?? (hasMoney ? `42${attemptNo}` : null) },
    ...{ payer: payment.tail ?? null, fee_fen: hasMoney ? feeFen : null },
    ...{ created_at: date(payment.atMs), updated_at: date(payment.atMs), expires_at: date(payment.atMs + 180_000) },
    next_look_at: state === 'unknown' || state === 'pending' ? date(payment.atMs + 600_000_000) : null,
    paid_at: hasMoney ? date(payment.atMs + 20_000) : null,
    refunded_fen: state === 'paid-late' ? payment.amountFen : (payment.refundFen ?? 0),
  });
}

async function writeEvents(
  client: PoolClient,
  facts: Facts,
  kinds: readonly [string, number, object?][],
): Promise<void> {
  const { shop, payment, orderId, attemptId } = facts;
  for (const [kind, afterMs, more = {}] of kinds) {
    const at = payment.atMs + afterMs;
    await insert(client, 'payment_events', {
      ...{ merchant_id: shop.merchantId, order_id: orderId, id: uuidv7(at), at: date(at), kind },
      attempt_id: kind === 'order-made' ? null : attemptId,
      facts: JSON.stringify(more),
    });
  }
}

async function writeStory(client: PoolClient, facts: Facts): Promise<void> {
  const { payment, channel, attemptNo } = facts;
  const { amountFen, state = 'paid' } = payment;
  const begun: [string, number, object?][] = [
    ['order-made', 0, { amountFen }],
    ['attempt-started', 400, { channel, amountFen, attemptNo }],
    ['code-shown', 900],
  ];
  const ends: Readonly<Record<string, [string, number, object?][]>> = {
    paid: [
      ['paid', 20_000, { amountFen, transactionId: `42${attemptNo}` }],
      ['order-paid', 20_000],
    ],
    cancelled: [
      ['closed', 60_000],
      ['cancelled', 60_000],
    ],
    unknown: [['no-answer', 5_000, { why: 'timeout' }]],
    pending: [],
    review: [['differs', 20_000, { what: 'amount', ours: amountFen, theirs: amountFen - 1 }]],
    'paid-late': [
      ['closed', 10_000],
      ['paid-late', 20_000],
    ],
  };
  await writeEvents(client, facts, [...begun, ...(ends[state] ?? [])]);
  if (state === 'paid' || state === 'paid-late') await writePosting(client, facts);
  if (facts.refundId !== undefined) await writeRefund(client, facts, facts.refundId);
}

type Lines = readonly (readonly [account: string, amountFen: number])[];

async function writeLines(client: PoolClient, facts: Facts, kind: string, atMs: number, lines: Lines): Promise<void> {
  const { shop, orderId, attemptId, refundId } = facts;
  const id = uuidv7(atMs);
  await insert(client, 'ledger_postings', {
    ...{ merchant_id: shop.merchantId, id, at: date(atMs), kind, order_id: orderId, attempt_id: attemptId },
    refund_id: kind === 'refund' ? refundId : null,
  });
  const kept = lines.filter(([, amountFen]) => amountFen !== 0);
  // A posting balances when the statement that writes its lines ends, so one statement writes them all.
  await client.query(
    `insert into ledger_entries (merchant_id, posting_id, line, account, amount_fen, at)
     select $1, $2, x.line, x.account, x.amount, $5
     from unnest($3::text[], $4::bigint[]) with ordinality as x (account, amount, line)`,
    [shop.merchantId, id, kept.map(([account]) => account), kept.map(([, amount]) => amount), date(atMs)],
  );
}

/** As `postingOfPayment` of domain/payments/ledger.ts does it. */
async function writePosting(client: PoolClient, facts: Facts): Promise<void> {
  const { payment, channel, feeFen } = facts;
  const isLate = payment.state === 'paid-late';
  await writeLines(client, facts, isLate ? 'late' : 'payment', payment.atMs + 20_000, [
    [`clearing:${channel}`, payment.amountFen - feeFen],
    [`fees:${channel}`, feeFen],
    [isLate ? `surplus:${channel}` : 'payable', -payment.amountFen],
  ]);
}

async function writeRefund(client: PoolClient, facts: Facts, refundId: string): Promise<void> {
  const { shop, payment, orderId, orderNo, attemptId, attemptNo, channel, terminalId, feeFen } = facts;
  const isLate = payment.state === 'paid-late';
  const amount = isLate ? payment.amountFen : (payment.refundFen ?? 0);
  const at = payment.atMs + 90_000;
  await insert(client, 'payment_refunds', {
    ...{ merchant_id: shop.merchantId, order_id: orderId, id: refundId, attempt_id: attemptId },
    ...{ terminal_id: terminalId, channel, refund_no: refundNoOf(attemptNo, 1), order_no: orderNo },
    ...{ amount_fen: amount, state: 'done', cause: isLate ? 'late' : 'merchant' },
    ...{ reason: payment.refundReason ?? 'Returned', body_hash: zeroHash },
    ...{ created_at: date(at), updated_at: date(at), done_at: date(at + 2_000) },
  });
  await writeEvents(client, facts, [
    ['refund-asked', 90_000, { amountFen: amount, cause: isLate ? 'late' : 'merchant' }],
    ['refund-done', 92_000, { amountFen: amount }],
  ]);
  const back = Math.round((feeFen * amount) / payment.amountFen);
  await writeLines(client, facts, 'refund', at + 2_000, [
    [isLate ? `surplus:${channel}` : 'payable', amount],
    [`clearing:${channel}`, back - amount],
    [`fees:${channel}`, -back],
  ]);
}

async function insert(client: PoolClient, table: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  const names = Object.keys(values);
  const places = names.map((_, index) => `$${String(index + 1)}`);
  await client.query(
    `insert into ${table} (${names.join(', ')}) values (${places.join(', ')})`,
    names.map((name) => values[name]),
  );
}
