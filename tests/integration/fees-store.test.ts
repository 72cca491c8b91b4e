import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Shop } from './payments/shop.ts';
import { Cluster, newId } from './server/world.ts';

// The database itself refuses what must never be, whoever writes to it.

let cluster: Cluster;
let shop: Shop;
let payee: string;
const tariffId = newId();

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster);
  payee = shop.merchantId;
  await shop.sql(`insert into fee_payees (merchant_id, changed_at) values ($1, now())`, payee);
  await shop.sql(
    `insert into fee_services (merchant_id, service, number_min, number_max, number_name, secret_digits, secret_name, due_days, changed_at)
     values ($1, 'water', 8, 12, '{}', 4, '{}', 15, now())`,
    payee,
  );
  await shop.sql(
    `insert into fee_tariffs (merchant_id, id, service, name, details, created_at) values ($1, $2, 'water', '{}', '{}', now())`,
    payee,
    tariffId,
  );
});
afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

let numbers = 0;

async function household(): Promise<string> {
  const id = newId();
  const hash = Buffer.alloc(32);
  hash.writeUInt32BE((numbers += 1));
  await shop.sql(
    `insert into fee_accounts (merchant_id, id, service, number_hash, number_sealed, tail, label, label_masked, body_hash, created_at)
     values ($1, $2, 'water', $3, '\\x00', '3176', '1203', '12**', '\\x00', now())`,
    payee,
    id,
    hash,
  );
  return id;
}

async function bill(accountId: string, from: string, to: string, fen = 1_000): Promise<string> {
  const id = newId();
  await shop.sql(
    `insert into fee_bills (merchant_id, id, account_id, service, kind, period_from, period_to, due_on, tariff_id, rated, snapshot,
       principal_fen, state, made_at, changed_at)
     values ($1, $2, $3, 'water', 'bill', $4, $5, $5, $6, '{}', '{}', $7, $8, now(), now())`,
    payee,
    id,
    accountId,
    from,
    to,
    tariffId,
    fen,
    fen === 0 ? 'paid' : 'open',
  );
  return id;
}

async function pay(accountId: string, billId: string, version: number, fen: number, late = 0, reverses?: string) {
  const id = newId();
  await shop.sql(
    `insert into fee_allocations (merchant_id, id, account_id, bill_id, bill_version, principal_fen, late_fen, source, reverses, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())`,

    payee,
    id,
    accountId,
    billId,
    version,
    fen,
    late,
    reverses === undefined ? 'office' : 'reversal',
    reverses ?? null,
  );
  return id;
}

async function billRow(id: string) {
  const [row] = await shop.sql<Record<string, unknown>>(
    'select state, paid_fen, late_paid_fen, left_fen, version from fee_bills where id = $1',
    id,
  );
  return row;
}

describe('a bill', () => {
  it('follows from what was put towards it', async () => {
    const account = await household();
    const id = await bill(account, '2026-10-01', '2026-10-31');
    const first = await pay(account, id, 1, 400, 30);
    expect(await billRow(id)).toEqual({ state: 'open', paid_fen: 400, late_paid_fen: 30, left_fen: 600, version: 2 });
    await pay(account, id, 2, 600);
    expect(await billRow(id)).toMatchObject({ state: 'paid', left_fen: 0, version: 3 });
    await pay(account, id, 3, -400, -30, first);
    expect(await billRow(id)).toEqual({ state: 'open', paid_fen: 600, late_paid_fen: 0, left_fen: 400, version: 4 });
  });
  it('is settled once by each version that somebody saw', async () => {
    const account = await household();
    const id = await bill(account, '2026-10-01', '2026-10-31');
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => pay(account, id, 1, 500)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await billRow(id)).toMatchObject({ paid_fen: 500, version: 2 });
    await expect(pay(account, id, 1, 500)).rejects.toMatchObject({ code: '23505' });
    await expect(pay(account, id, 3, 500)).rejects.toMatchObject({ code: 'TK002' });
    await expect(pay(account, id, 2, 501)).rejects.toMatchObject({ code: '23514' });
  });
  it('never covers a day twice, also when two make one at once', async () => {
    const account = await household();
    const both = await Promise.allSettled([
      bill(account, '2026-10-01', '2026-10-31'),
      bill(account, '2026-10-15', '2026-11-14'),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(bill(account, '2026-10-15', '2026-10-15')).rejects.toMatchObject({ code: '23505' });
    await bill(account, '2026-11-15', '2026-11-30');
  });
  it('cannot be changed or deleted, only voided before anything was paid', async () => {
    const account = await household();
    const id = await bill(account, '2026-10-01', '2026-10-31');
    for (const set of ['principal_fen = 1', `rated = '{"x":1}'`, `period_to = '2026-12-31'`])
      await expect(shop.sql(`update fee_bills set ${set} where id = $1`, id)).rejects.toThrow('only corrected');
    await expect(shop.sql('delete from fee_bills where id = $1', id)).rejects.toThrow();
    await shop.sql(`update fee_bills set state = 'void', void_reason = 'wrong' where id = $1`, id);
    await expect(pay(account, id, 2, 1_000)).rejects.toMatchObject({ code: 'TK002' });
    await bill(account, '2026-10-01', '2026-10-31');
    const paid = await bill(account, '2026-11-01', '2026-11-30');
    await pay(account, paid, 1, 1);
    await expect(
      shop.sql(`update fee_bills set state = 'void', void_reason = 'wrong' where id = $1`, paid),
    ).rejects.toMatchObject({ code: '23514' });
  });
});

describe('a balance', () => {
  const entry = (account: string, fen: number, kind = 'adjustment') =>
    shop.sql(
      `insert into fee_balance_entries (merchant_id, account_id, id, kind, amount_fen, at) values ($1, $2, $3, $4, $5, now())`,
      payee,
      account,
      newId(),
      kind,
      fen,
    );
  it('is the sum of its entries and never below zero, with many writers', async () => {
    const account = await household();
    await entry(account, 1_000, 'top-up');
    const uses = await Promise.allSettled(Array.from({ length: 8 }, () => entry(account, -300, 'use')));
    expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const rows = await shop.sql<{ number: number; after_fen: number }>(
      'select number, after_fen from fee_balance_entries where account_id = $1 order by number',
      account,
    );
    expect(rows.map(({ number, after_fen }) => [number, after_fen])).toEqual([
      [1, 1_000],
      [2, 700],
      [3, 400],
      [4, 100],
    ]);
  });
  it.each(['fee_balance_entries', 'fee_allocations', 'fee_readings', 'fee_persons'])(
    '%s is append-only',
    async (table) => {
      await expect(shop.sql(`delete from ${table}`)).rejects.toThrow('append-only');
      await expect(shop.sql(`truncate ${table} cascade`)).rejects.toThrow('append-only');
    },
  );
});

describe('a price list', () => {
  it('stays as it was in force', async () => {
    const id = newId();
    await shop.sql(
      `insert into fee_tariff_versions (merchant_id, tariff_id, id, number, effective_from, body, created_at)
       values ($1, $2, $3, 1, '2026-01-01', '{"a":1}', now())`,
      payee,
      tariffId,
      id,
    );
    await shop.sql(`update fee_tariff_versions set body = '{"a":2}' where id = $1`, id);
    await shop.sql(`update fee_tariff_versions set state = 'active', activated_at = now() where id = $1`, id);
    for (const set of [`body = '{"a":3}'`, `effective_from = '2026-02-01'`, `state = 'draft', activated_at = null`])
      await expect(shop.sql(`update fee_tariff_versions set ${set} where id = $1`, id)).rejects.toMatchObject({
        code: '23514',
      });
    await shop.sql(`update fee_tariff_versions set effective_to = '2026-12-31' where id = $1`, id);
  });
});
