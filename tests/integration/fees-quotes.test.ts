import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLookupField } from '../../protocol/http/fees-terminal.ts';
import { FeeBench } from './fees/bench.ts';
import { callRoute } from './terminal-app/bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let fees: FeeBench;

beforeAll(async () => {
  cluster = await Cluster.start();
  fees = await FeeBench.start(cluster);
});
afterAll(async () => {
  await fees.close();
  await cluster.stop();
});
beforeEach(() => fees.to('2026-11-24T15:00:00'));

describe('a household at the terminal', () => {
  it('is found by number and digits, and shows what is owed, nothing of who lives there', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    const view = await fees.visit(household);
    expect(view).toMatchObject({
      ...{ label: '3 号楼 12** 室', payee: { name: '桂园小区物业服务处' }, balanceFen: 0, receipts: [] },
      bills: [
        {
          id: bill,
          version: 1,
          title: { zh: '10 月电费', en: 'Electricity, October' },
          isOverdue: true,
          isBeingPaid: false,
        },
      ],
      months: [{ month: '2026-10', quantity: '358', unit: { zh: '度', en: 'kWh' }, fen: 20_000 }],
    });
    expect(view.tail).toBe(household.number.slice(-4));
    // Due on the 20th: four days of 0.3 % until today.
    expect(view.bills[0]).toMatchObject({ lateFeeFen: 240, totalFen: 20_240 });
    const again = await fees.app.call('feeHousehold', {}, undefined, `?visit=${view.visit}`);
    expect(again.body.bills).toEqual(view.bills);
  });
});

describe('numbers that somebody walks', () => {
  it('a wrong number and wrong digits are the same answer', async () => {
    const household = await fees.household();
    const startedAt = performance.now();
    const wrongDigits = await fees.lookup(household.number, '9999');
    const wrongNumber = await fees.lookup('99999999', household.secret);
    // Neither comes before its time, so the database does not show through.
    expect(performance.now() - startedAt).toBeGreaterThan(2 * 119);
    expect(wrongDigits).toMatchObject({ status: 404, code: 'not-found', field: 'household' });
    expect(wrongNumber.body).toEqual(wrongDigits.body);
    const sealed = await fees.seal(household.number, household.secret);
    const elsewhere = { service: 'water' as const, payeeId: fees.payeeId, sealed };
    expect(await fees.app.call('feeLookup', {}, elsewhere)).toMatchObject({ code: 'not-found', field: 'payeeId' });
    const broken = { service: 'electricity' as const, payeeId: fees.payeeId, sealed: sealed.slice(0, -8) };
    expect(await fees.app.call('feeLookup', {}, broken)).toMatchObject({ code: 'bad-request', field: 'sealed' });
  });

  it('one number is locked after five wrong tries, for longer each time, and so is one that nobody has', async () => {
    const household = await fees.household();
    for (const number of [household.number, '88888888']) {
      await fees.to('2026-11-24T16:00:00');
      const told: unknown[] = [];
      for (let tries = 0; tries < 6; tries += 1) {
        const { code, field } = await fees.lookup(number, `000${String(tries)}`);
        told.push([code, readLookupField(field)]);
      }
      const lock = { until: new Date('2026-11-24T16:05:00+08:00').toISOString() };
      // The same for a number that nobody has.
      expect([number, told]).toEqual([
        number,
        [...[{}, {}, { left: 2 }, { left: 1 }, lock].map((limit) => ['not-found', limit]), ['rate-limited', lock]],
      ]);
    }
    // Locked for five minutes, although the digits are right now.
    await fees.to('2026-11-24T16:04:59');
    expect((await fees.lookup(household.number, household.secret)).code).toBe('rate-limited');
    await fees.to('2026-11-24T16:05:00');
    expect((await fees.lookup(household.number, '0009')).code).toBe('not-found');
    await fees.to('2026-11-24T16:14:59');
    expect((await fees.lookup(household.number, household.secret)).code).toBe('rate-limited');
    await fees.to('2026-11-24T16:15:00');
    expect((await fees.lookup(household.number, household.secret)).status).toBe(200);
  });

  it('ten thousand numbers give nothing, from one terminal or from many at once', async () => {
    const household = await fees.household();
    await fees.to('2026-11-24T17:00:00');
    const { services } = fees.world.server.context;
    const app = { terminalId: fees.app.terminalId, merchantId: fees.bench.merchantId, appId: '', label: '' };
    const counts = new Map<string, number>();
    const sealed = await fees.seal('70000000', household.secret);
    const walk = async (from: number): Promise<void> => {
      for (let step = from; step < 10_000; step += 8) {
        // Sealing costs more than the whole answer; the first hundred numbers are really different ones.
        const asked = step < 100 ? await fees.seal(String(70_000_000 + step), household.secret) : sealed;
        const answer = await services.feesAtTerminals.lookup(app, {
          service: 'electricity',
          payeeId: fees.payeeId,
          sealed: asked,
        });
        const word = answer.ok ? 'found' : answer.error;
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, from) => walk(from)));
    expect(Object.fromEntries(counts)).toEqual({ 'not-found': 20, 'rate-limited': 9_980 });
    const others = await Promise.all([fees.bench.app(), fees.bench.app(), fees.bench.app()]);
    const codes = await Promise.all(
      others.map(async (other, place) => {
        await fees.allow(other);
        const given: (string | undefined)[] = [];
        for (let tries = 0; tries < 20; tries += 1)
          given.push((await fees.lookup(String(71_000_000 + 100 * place + tries), household.secret, other)).code);
        return given;
      }),
    );
    // The payee's own limit holds over all terminals together.
    expect(codes.flat().filter((code) => code === 'not-found')).toHaveLength(40);
    expect(codes.flat().filter((code) => code === 'rate-limited')).toHaveLength(20);
  });
});

describe('a visit', () => {
  it('is good for ten minutes, at its own terminal', async () => {
    const household = await fees.household();
    await fees.bill(household, 5_000);
    await fees.to('2026-11-24T18:00:00');
    const view = await fees.visit(household);
    const other = await fees.bench.app();
    await fees.allow(other);
    const query = `?visit=${view.visit}`;
    expect((await other.call('feeHousehold', {}, undefined, query)).code).toBe('expired');
    expect((await fees.app.call('feeHousehold', {}, undefined, `?visit=${view.visit.slice(0, -2)}AA`)).code).toBe(
      'expired',
    );
    await fees.to('2026-11-24T18:09:59');
    expect((await fees.app.call('feeHousehold', {}, undefined, query)).status).toBe(200);
    await fees.to('2026-11-24T18:10:00');
    expect((await fees.app.call('feeHousehold', {}, undefined, query)).code).toBe('expired');
    const late = { id: newId(), visit: view.visit, billIds: view.bills.map(({ id }) => id) };
    expect(await fees.app.call('feeMakeQuote', {}, late)).toMatchObject({ code: 'expired', field: 'visit' });
  });
});

describe('a quote', () => {
  it('is signed, holds until the midnight that changes it, and says what comes then', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    const quote = await fees.quote(household);
    const document = await fees.open('quote', quote.document);
    expect(document).toMatchObject({
      ...{ v: 1, quoteId: quote.quoteId, totalFen: 20_240, household: { label: '3 号楼 12** 室' } },
      ...{ payee: { name: '桂园小区物业服务处' }, validUntil: '2026-11-24T16:00:00.000Z', digitsAboveFen: 50_000 },
      later: { totalFen: 20_300, why: { zh: '违约金再加 0.60 元' } },
      channels: [{ code: 'toy-a' }, { code: 'toy-b' }],
      bills: [{ billId: bill, version: 1, dueOn: '2026-11-20', tariffs: [{ zh: '居民电价' }] }],
    });
    for (const one of document.bills)
      expect(one.lines.reduce((sum, { amountFen }) => sum + amountFen, 0)).toBe(one.totalFen);
    expect(document.bills[0]?.lines.map(({ kind, amountFen }) => [kind, amountFen])).toEqual([
      ['charge', 20_000],
      ['late-fee', 240],
    ]);
    expect(JSON.stringify(document)).not.toContain(household.number.slice(0, -4));
  });

  it('without anything that changes holds for a day', async () => {
    const household = await fees.household();
    await fees.bill(household, 20_000, { dueOn: '2026-12-20' });
    const document = await fees.open('quote', (await fees.quote(household)).document);
    expect(document).toMatchObject({ totalFen: 20_000, validUntil: '2026-11-25T07:00:00.000Z' });
    expect(document.later).toBeUndefined();
  });

  it('is the same one when it is asked for again, and refuses another body', async () => {
    const household = await fees.household();
    const [first, second] = [await fees.bill(household, 100), await fees.bill(household, 200, { earlier: 1 })];
    const { visit } = await fees.visit(household);
    const body = { id: newId(), visit, billIds: [second, first] };
    const made = await fees.app.call('feeMakeQuote', {}, body);
    const again = await fees.app.call('feeMakeQuote', {}, { ...body, billIds: [first, second, first] });
    expect(again.body).toEqual(made.body);
    expect((await fees.app.call('feeMakeQuote', {}, { ...body, billIds: [first] })).code).toBe(
      'exists-with-different-body',
    );
  });

  it('names what cannot be quoted', async () => {
    const [household, other] = [await fees.household(), await fees.household()];
    const foreign = await fees.bill(other, 100);
    const { visit } = await fees.visit(household);
    const ask = (body: object) => fees.app.call('feeMakeQuote', {}, { id: newId(), visit, ...body });
    expect(await ask({ billIds: [foreign] })).toMatchObject({ code: 'not-found', field: 'billIds' });
    expect(await ask({ billIds: [] })).toMatchObject({ code: 'bad-request' });
    expect(await ask({})).toMatchObject({ code: 'bad-request', field: 'billIds' });
    expect(await ask({ topUpFen: 999 })).toMatchObject({ code: 'bad-request', field: 'topUpFen' });
    expect(await ask({ topUpFen: 100_001 })).toMatchObject({ code: 'bad-request', field: 'topUpFen' });
    expect(await ask({ topUpFen: 1_000, billIds: [foreign] })).toMatchObject({ code: 'bad-request' });
  });

  it('of twelve long bills still fits into one message, and its sums are right', async () => {
    const household = await fees.household();
    const label = { zh: '阶梯电费'.repeat(6), en: 'Energy in a tier '.repeat(6) };
    const lines = Array.from({ length: 40 }, (_, index) => ({
      id: `l${String(index)}`,
      componentId: 'x',
      label,
      kind: 'charge',
      version: 'v',
      unroundedYuan: '1',
      amountFen: 100,
      words: label,
      basis: { rule: 'fixed' },
    }));
    const ids: string[] = [];
    for (let earlier = 0; earlier < 9; earlier += 1)
      ids.push(await fees.bill(household, 4_000, { earlier, dueOn: '2026-12-20' }));
    // A bill never changes; this one is written as it would have been rated.
    await fees.sql('alter table fee_bills disable trigger fee_bill_kept');
    await fees.sql(
      `update fee_bills set rated = rated || jsonb_build_object('lines', $2::jsonb) where account_id = $1`,
      household.id,
      JSON.stringify(lines),
    );
    await fees.sql('alter table fee_bills enable trigger fee_bill_kept');
    const quote = await fees.quote(household, ids);
    const document = await fees.open('quote', quote.document);
    expect(quote.document.bytes.length).toBeLessThan(15_400);
    expect(document.totalFen).toBe(36_000);
    for (const one of document.bills)
      expect(one.lines.reduce((sum, { amountFen }) => sum + amountFen, 0)).toBe(one.totalFen);
  });
});

describe('the public keys', () => {
  it('are for everybody, and results only for who has the token', async () => {
    const { body } = await callRoute(fees.world, 'documentKeys', {});
    expect(body.keys).toHaveLength(1);
    expect((await callRoute(fees.world, 'feeResult', { params: { token: 'A'.repeat(43) } })).code).toBe('not-found');
    expect((await callRoute(fees.world, 'feeResult', { params: { token: '1' } })).code).toBe('not-found');
  });
});
