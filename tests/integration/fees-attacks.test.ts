import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLookupField } from '../../protocol/http/fees-terminal.ts';
import { giveBackTry, takePlaceTry } from '../../server/services/fees/lookup/limits.ts';
import { forgetClaims } from '../../server/services/fees/payments/claims.ts';
import { FeeBench, type Household } from './fees/bench.ts';
import { Cluster, newId } from './server/world.ts';
import type { App } from './terminal-app/bench.ts';

let cluster: Cluster;
let fees: FeeBench;

beforeAll(async () => {
  cluster = await Cluster.start();
  fees = await FeeBench.start(cluster, { trustedProxies: ['127.0.0.1'] });
});
afterAll(async () => {
  await fees.close();
  await cluster.stop();
});
beforeEach(() => fees.to('2026-11-24T15:00:00'));

const office = () => fees.world.server.context.services.feeOffice;
const isBeingPaid = async (household: Household, app?: App) =>
  (await fees.visit(household, app)).bills.map((bill) => bill.isBeingPaid);

async function otherTerminal(): Promise<App> {
  const other = await fees.bench.app();
  await fees.allow(other);
  return other;
}

describe('somebody who guesses', () => {
  it('does not learn from the count of wrong tries that the digits were typed right in between', async () => {
    const household = await fees.household();
    const told: unknown[][] = [];
    for (const [day, number] of [
      ['2027-03-01', household.number],
      ['2027-03-03', '66666666'],
    ] as const) {
      const limits: unknown[] = [];
      const guess = async (): Promise<void> => {
        const { code, field } = await fees.lookup(number, '0000');
        const { left, until } = readLookupField(field);
        limits.push([code, left, until?.slice(11)]);
      };
      await fees.to(`${day}T08:00:00`);
      for (let tries = 0; tries < 3; tries += 1) await guess();
      await fees.to(`${day}T20:00:00`);
      if (number === household.number) await fees.visit(household);
      await guess();
      // A day after the first guess the count is a new one, whoever was there meanwhile.
      await fees.to(`${day.slice(0, 8)}${String(Number(day.slice(8)) + 1).padStart(2, '0')}T08:00:01`);
      await guess();
      told.push(limits);
    }
    expect(told[0]).toEqual(told[1]);
    expect(told[0]?.map((limit) => (limit as unknown[])[1])).toEqual([undefined, undefined, 2, 1, undefined]);
  });

  it('who owns one household has no more guesses at others', async () => {
    const household = await fees.household();
    await fees.to('2027-03-10T08:00:00');
    const codes: (string | undefined)[] = [];
    for (const batch of [10, 10, 2]) {
      const numbers = Array.from({ length: batch }, (_, at) => String(72_000_000 + codes.length + at));
      const answers = await Promise.all(numbers.map((number) => fees.lookup(number, household.secret)));
      codes.push(...answers.map(({ code }) => code));
      // The own one is asked for in between, and when there is nothing left.
      await fees.visit(household).catch(() => undefined);
    }
    expect(codes.filter((code) => code === 'not-found')).toHaveLength(20);
    expect(codes.slice(-2)).toEqual(['rate-limited', 'rate-limited']);
    const alarms = `select facts from alarms where kind = 'numbers-walked' and subject = $1`;
    expect(await fees.sql(alarms, `terminal:${fees.app.terminalId}`)).toEqual([
      { facts: { terminalId: fees.app.terminalId, merchantId: fees.payeeId } },
    ]);
  });

  it('gains nothing from right tries that are under way when a window ends', async () => {
    await fees.to('2027-03-11T08:09:59');
    const { core } = fees.world.server.context;
    const numberHash = Buffer.alloc(32, 7);
    const place = { terminalId: fees.app.terminalId, payeeId: fees.payeeId };
    const scope = { ...place, service: 'electricity' as const, numberHash };
    const tries = await Promise.all(Array.from({ length: 8 }, () => takePlaceTry(core, place)));
    await fees.to('2027-03-11T08:10:01');
    expect((await fees.lookup('73000000', '0000')).code).toBe('not-found');
    for (const { window } of tries) await giveBackTry(core, scope, window);
    const counts = await fees.sql<{ count: number }>(
      `select count from fee_lookup_counts where scope = $1 order by window_start desc limit 2`,
      `terminal:${fees.app.terminalId}`,
    );
    expect(counts).toEqual([{ count: 1 }, { count: 0 }]);
  });
});

describe('a claim that nothing stands behind', () => {
  it('of a call that died keeps a bill from being paid for two minutes, not for ever', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000);
    const other = await otherTerminal();
    const quote = await fees.quote(household);
    await fees.sql(
      `insert into fee_claims (merchant_id, bill_id, bill_version, quote_id, terminal_id, claimed_at)
       select merchant_id, (bills -> 0 ->> 'id')::uuid, 1, id, terminal_id, $2 from fee_quotes where id = $1`,
      ...[quote.quoteId, new Date(fees.world.nowMs)],
    );
    expect(await isBeingPaid(household, other)).toEqual([true]);
    fees.world.nowMs += 120_000;
    // A terminal lets nobody choose what is being paid, so the list must say it too.
    expect(await isBeingPaid(household, other)).toEqual([false]);
    const second = await fees.quote(household, undefined, other);
    expect((await fees.pay(second, { app: other })).body.way).toBeDefined();
  });

  it('of an order that was cancelled or paid keeps nobody away, and is removed', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2027-12-20' });
    const other = await otherTerminal();
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.wallet(quote.quoteId);
    // A second call of the phone that read the order before it was paid, and claimed after the receipt.
    const claim = (at: number) =>
      fees.sql(
        `insert into fee_claims (merchant_id, bill_id, bill_version, quote_id, terminal_id, claimed_at)
         select merchant_id, (bills -> 0 ->> 'id')::uuid, 1, id, terminal_id, $2 from fee_quotes where id = $1`,
        ...[quote.quoteId, new Date(at)],
      );
    await claim(fees.world.nowMs);
    await fees.refund(quote.quoteId);
    expect(await isBeingPaid(household, other)).toEqual([false]);
    const again = await fees.quote(household, undefined, other);
    expect((await fees.pay(again, { app: other })).body.way).toBeDefined();
    await fees.wallet(again.quoteId);
    await claim(fees.world.nowMs);
    fees.world.nowMs += 121_000;
    await forgetClaims(fees.world.server.context.core);
    expect(await fees.sql(`select 1 from fee_claims where quote_id = $1`, quote.quoteId)).toEqual([]);
  });
});

describe('the address of a phone', () => {
  it('goes to the platform when the phone came by a link of this terminal, and by no other', async () => {
    const other = await otherTerminal();
    const link = 'q'.repeat(22);
    const base = `${fees.world.server.url}/api/link/${link}`;
    const body = JSON.stringify({ hello: 'h'.repeat(88) });
    expect((await fetch(base, { method: 'PUT', headers: fees.app.headers, body })).status).toBe(200);
    const headers = { 'x-forwarded-for': '198.51.100.7, 203.0.113.80' };
    expect((await fetch(`${base}/join`, { method: 'POST', headers, body: '{}' })).status).toBe(200);
    const urls: (string | undefined)[] = [];
    for (const [app, linkId] of [
      [fees.app, link],
      [other, link],
      [fees.app, 'n'.repeat(22)],
    ] as const) {
      const household = await fees.household();
      await fees.bill(household, 4_000, { dueOn: '2027-12-20' });
      const quote = await fees.quote(household, undefined, app);
      const pay = { payId: newId(), channel: 'toy-a', kind: 'link' as const, totalFen: 4_000, linkId };
      urls.push((await fees.way(await app.call('feePayQuote', { id: quote.quoteId }, pay))).url.split('&ip=')[1]);
    }
    // The others' is the terminal's own; what a caller writes to the left of the proxy counts for nothing.
    expect(urls).toEqual(['203.0.113.80', '127.0.0.1', '127.0.0.1']);
  });
});

describe('where a phone is sent to pay', () => {
  it('is signed by the server, for this payment and this use alone', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2027-12-20' });
    const quote = await fees.quote(household);
    const begun = await fees.pay(quote);
    const way = await fees.way(begun);
    const [attempt] = await fees.sql<{ link: string }>(
      'select link from payment_attempts where order_id = $1',
      quote.quoteId,
    );
    expect(way).toMatchObject({ quoteId: quote.quoteId, payId: begun.body.quote.payId, url: attempt?.link });
    const { way: signed } = begun.body;
    if (signed === undefined) throw new Error('no way');
    const bytes = Buffer.from(JSON.stringify({ ...way, url: 'https://rogue.invalid/' })).toString('base64url');
    await expect(fees.open('way', { ...signed, bytes })).rejects.toThrow('bad-signature');
    await expect(fees.open('way', quote.document)).rejects.toThrow('bad-signature');
    await expect(fees.open('quote', signed)).rejects.toThrow('bad-signature');
  });
});

describe('a terminal that the office took off a payee’s list', () => {
  it('goes on with nothing that it had begun: no visit, no quote, no payment', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2027-12-20' });
    const other = await otherTerminal();
    const { visit } = await fees.visit(household, other);
    const quote = await fees.quote(household, undefined, other);
    await fees.sql('delete from fee_payee_terminals where terminal_id = $1', other.terminalId);
    const query = `?visit=${visit}`;
    expect((await other.call('feeHousehold', {}, undefined, query)).code).toBe('expired');
    const wish = { id: newId(), visit, topUpFen: 5_000 };
    expect((await other.call('feeMakeQuote', {}, wish)).code).toBe('expired');
    expect(await fees.pay(quote, { app: other })).toMatchObject({ code: 'paused', field: 'payee' });
    expect(await fees.attempts(quote.quoteId)).toEqual([]);
    expect(await isBeingPaid(household)).toEqual([false]);
  });
});

describe('accounts', () => {
  it('a part given back is taken from the newest bills of the payment', async () => {
    const [places, rounds] = [[3, 2, 1, 0], 3] as const;
    for (let round = 0; round < rounds; round += 1) {
      const household = await fees.household();
      for (const earlier of places)
        await fees.bill(household, 1_000, { earlier, dueOn: `2027-12-${String(20 - earlier)}` });
      const quote = await fees.quote(household);
      await fees.pay(quote);
      await fees.wallet(quote.quoteId);
      await fees.refund(quote.quoteId, 1_500);
      expect((await fees.bills(household)).map(({ left }) => left)).toEqual([0, 0, 500, 1_000]);
    }
  });

  it('of ten overdue bills at once there is a receipt, and one for giving all of it back', async () => {
    const household = await fees.household();
    for (let earlier = 0; earlier < 10; earlier += 1)
      await fees.bill(household, 12_345, { earlier, dueOn: `2026-${String(11 - earlier).padStart(2, '0')}-01` });
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.wallet(quote.quoteId);
    const view = await fees.look(quote.quoteId);
    expect(view.state).toBe('paid');
    const { payments, feesAtTerminals } = fees.world.server.context.services;
    const back = { merchantId: fees.payeeId, orderId: quote.quoteId, id: newId(), reason: '重复缴费。'.repeat(200) };
    expect((await payments.refund({ kind: 'person', id: 'clerk', name: 'clerk' }, back)).ok).toBe(true);
    await fees.pass(0);
    await feesAtTerminals.tend();
    const reversed = await fees.look(quote.quoteId);
    expect(reversed.state).toBe('reversed');
    const receipt = await fees.open('receipt', reversed.receipt);
    expect(receipt.lines.reduce((sum, { amountFen }) => sum + amountFen, 0)).toBe(receipt.totalFen);
    expect(receipt.bills).toHaveLength(10);
  });
});

describe('late fees', () => {
  it('are never asked for what a correction took off, because it was never owed', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    expect((await fees.visit(household)).bills[0]).toMatchObject({ lateFeeFen: 240, totalFen: 20_240 });
    await fees.sql(
      `insert into fee_allocations (merchant_id, id, account_id, bill_id, bill_version, principal_fen, source, at)
       values ($1, $2, $3, $4, 1, 10000, 'credit', $5)`,
      ...[fees.payeeId, newId(), household.id, bill, new Date(fees.world.nowMs)],
    );
    expect((await fees.visit(household)).bills[0]).toMatchObject({ lateFeeFen: 120, totalFen: 10_120 });
  });

  it('at the office are taken as they are, or waived with a reason, never forgotten', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    const take = async (principalFen: number, lateFen: number, note = '') => {
      const [row] = await fees.bills(household);
      const taken = { id: newId(), version: row?.version ?? 0, principalFen, lateFen, note };
      const answer = await office().takePayment(undefined, { merchantId: fees.payeeId, billId: bill }, taken);
      return answer.ok ? answer.value.state : [answer.error, answer.detail];
    };
    expect(await take(10_000, 241)).toEqual(['bad-request', 'lateFen']);
    expect(await take(10_000, 0)).toBe('open');
    // A part leaves the late fee owed; the whole would make it vanish.
    expect(await take(10_000, 0)).toEqual(['not-in-state', 'lateFen']);
    expect(await take(10_000, 239, '  ')).toEqual(['not-in-state', 'lateFen']);
    expect(await take(10_000, 0, '住户住院，物业经理同意免收')).toBe('paid');
  });
});

describe('a household that was ended', () => {
  it('can still be paid out what came in afterwards', async () => {
    const household = await fees.household();
    const { visit } = await fees.visit(household);
    const made = await fees.app.call('feeMakeQuote', {}, { id: newId(), visit, topUpFen: 5_000 });
    await fees.pay(made.body);
    const place = { merchantId: fees.payeeId, accountId: household.id };
    const closed = await office().changeAccount(undefined, place, { version: 1, close: true, confirmUnbilled: true });
    expect(closed.ok && closed.value.state).toBe('closed');
    await fees.wallet(made.body.quoteId);
    expect(await fees.balance(household)).toBe(5_000);
    const change = (amountFen: number) =>
      office().changeBalance(undefined, place, { id: newId(), kind: 'adjustment', amountFen, note: '退还余额' });
    expect(await change(1)).toMatchObject({ ok: false, error: 'not-in-state' });
    expect((await change(-5_000)).ok).toBe(true);
    expect(await fees.balance(household)).toBe(0);
  });
});

describe('a billing run at which every worker fails', () => {
  it('can be ended, and another one begun', async () => {
    const household = await fees.household();
    await fees.sql(
      `create function fail_at() returns trigger language plpgsql as $$ begin
         if new.account_id = '${household.id}' then raise exception 'broken'; end if; return new; end $$`,
    );
    await fees.sql('create trigger fail_at before insert on fee_bills for each row execute function fail_at()');
    const days = { service: 'electricity' as const, from: '2026-08-01', to: '2026-08-31' };
    const place = { merchantId: fees.payeeId, runId: newId() };
    await office().startRun(undefined, fees.payeeId, { id: place.runId, ...days });
    await office().runsIdle();
    await office().cancelRun(undefined, place);
    fees.world.nowMs += 61_000;
    await office().resumeRuns();
    await office().runsIdle();
    const run = await office().run(place);
    expect(run.ok && run.value.state).toBe('cancelled');
    await fees.sql('drop trigger fail_at on fee_bills');
    const next = { merchantId: fees.payeeId, runId: newId() };
    await office().startRun(undefined, fees.payeeId, { id: next.runId, ...days });
    await office().runsIdle();
    const done = await office().run(next);
    expect(done.ok && done.value.state).toBe('done');
  });
});

describe('two clerks at once', () => {
  it('the second to save a draft hears that it is not as it was', async () => {
    const tariffId = newId();
    const made = await office().createTariff(undefined, fees.payeeId, { id: tariffId, shipped: await shippedName() });
    if (!made.ok) throw new Error(`${made.error} ${made.detail ?? ''}`);
    const [draft] = made.value.versions;
    if (draft === undefined) throw new Error('no draft');
    const place = { merchantId: fees.payeeId, tariffId, versionId: draft.id };
    const { effectiveFrom, body, examples, version } = draft;
    const save = (note: string) =>
      office().saveVersion(undefined, place, { effectiveFrom, body, examples, version, note });
    const saved = await Promise.all(['a', 'b', 'c', 'd'].map(save));
    expect(saved.filter(({ ok }) => ok)).toHaveLength(1);
    for (const one of saved) if (!one.ok) expect([one.error, one.detail]).toEqual(['not-in-state', 'version']);
    const fresh = (note: string) => {
      const own = { ...place, versionId: newId() };
      return office().saveVersion(undefined, own, { effectiveFrom, body, examples, version: 0, note });
    };
    const numbers = await Promise.all(['e', 'f', 'g'].map(fresh));
    expect(numbers.map(({ ok }) => ok)).toEqual([true, true, true]);
  });
});

describe('a price list that has ended', () => {
  it('keeps nobody from being looked up or from paying what is due after its end', async () => {
    const household = await fees.household();
    await fees.bill(household, 20_000);
    const paying = await fees.household();
    await fees.bill(paying, 20_000);
    const begun = await fees.quote(paying);
    await fees.pay(begun);
    const [version] = await fees.sql<{ tariffId: string; versionId: string }>(
      `select v.tariff_id as "tariffId", v.id as "versionId" from fee_tariff_versions v join fee_services s
         on s.merchant_id = v.merchant_id and s.tariff_id = v.tariff_id where v.merchant_id = $1`,
      fees.payeeId,
    );
    if (version === undefined) throw new Error('no version');
    const place = { merchantId: fees.payeeId, ...version };
    expect((await office().retire(undefined, place, '2026-10-31')).ok).toBe(true);
    expect((await fees.visit(household)).bills[0]).toMatchObject({ lateFeeFen: 240, totalFen: 20_240 });
    await fees.wallet(begun.quoteId);
    expect((await fees.look(begun.quoteId)).state).toBe('paid');
  });

  it('whose versions go by the contract has late fees for those whose contract it is', async () => {
    await fees.sql(
      `update fee_tariffs t set details = t.details || '{"versionSplit":"contract"}' from fee_services s
       where s.merchant_id = $1 and t.merchant_id = s.merchant_id and t.id = s.tariff_id`,
      fees.payeeId,
    );
    const household = await fees.household();
    await fees.sql(`update fee_accounts set moved_in = '2024-05-01' where id = $1`, household.id);
    await fees.bill(household, 20_000);
    expect((await fees.visit(household)).bills[0]).toMatchObject({ lateFeeFen: 240 });
  });
});

async function shippedName(): Promise<string> {
  const { items } = await office().shippedTariffs();
  return items[0]?.name ?? '';
}
