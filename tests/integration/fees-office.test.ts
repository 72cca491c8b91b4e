import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OfficeBench, waterTariff } from './fees/office-bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let bench: OfficeBench;
let place: { tariffId: string; versionId: string };

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await OfficeBench.start(cluster);
  place = await bench.furnish();
});
afterAll(async () => {
  await bench.world.close();
  await cluster.stop();
});

describe('price lists', () => {
  const draft = (total: string) => ({
    ...waterTariff.versions[0],
    examples: [{ ...waterTariff.versions[0]?.examples[0], expect: { total } }],
  });
  const typed = (total: string, effectiveFrom: string) => {
    const { id: _id, effectiveFrom: _from, examples, ...body } = draft(total);
    return { effectiveFrom, body, examples };
  };

  it('stay drafts while an example is wrong or there is none, and say which', async () => {
    const versionId = newId();
    const at = { tariffId: place.tariffId, versionId };
    await bench.must('saveFeeVersion', at, { version: 0, note: '', ...typed('640.01', '2027-01-01') });
    const wrong = await bench.must('activateFeeVersion', at, {});
    expect(wrong).toMatchObject({ isActive: false, reason: 'example-wrong' });
    expect(wrong.report.examples).toMatchObject([{ isRight: false, expected: '640.01', got: '640.00' }]);
    await bench.must('saveFeeVersion', at, { version: 1, note: '', ...typed('640.00', '2027-01-01'), examples: [] });
    expect(await bench.must('activateFeeVersion', at, {})).toMatchObject({ isActive: false, reason: 'no-example' });
    await bench.must('saveFeeVersion', at, { version: 2, note: '', ...typed('640.00', '2026-01-01') });
    expect(await bench.must('activateFeeVersion', at, {})).toMatchObject({ isActive: false, reason: 'same-day' });
    await bench.must('saveFeeVersion', at, { version: 3, note: '', ...typed('640.00', '2027-01-01') });
    const active = await bench.must('activateFeeVersion', at, {});
    expect(active.isActive).toBe(true);
    expect(active.tariff.versions.map(({ state, effectiveTo }) => [state, effectiveTo])).toEqual([
      ['active', undefined],
      ['active', '2026-12-31'],
    ]);
    const changed = await bench.call('saveFeeVersion', at, { version: 5, note: '', ...typed('1', '2027-01-01') });
    expect(changed).toMatchObject({ code: 'not-in-state', field: 'active' });
  });
  it('name the place of a fault and keep nothing of it', async () => {
    const versionId = newId();
    const bad = { ...typed('640.00', '2028-01-01'), body: { components: [{ id: 'x', kind: 'tiered' }] } };
    const saved = await bench.call(
      'saveFeeVersion',
      { tariffId: place.tariffId, versionId },
      { version: 0, note: '', ...bad },
    );
    expect(saved.code).toBe('bad-request');
    expect(saved.field).toContain('components.0');
    const check = await bench.must('checkFeeVersion', { tariffId: place.tariffId }, bad);
    expect(check.problem).toContain('components.0');
  });
  it('tell what a bill would cost, with its lines, under a draft too', async () => {
    const input = waterTariff.versions[0]?.examples[0]?.input ?? {};
    const now = await bench.must('feeWhatIf', { tariffId: place.tariffId }, { input });
    expect(now.rated?.totalFen).toBe(64_000);
    expect(now.rated?.lines[0]?.words.zh).toContain('100');
    const refused = await bench.must('feeWhatIf', { tariffId: place.tariffId }, { input: { ...input, usage: {} } });
    expect(refused).toMatchObject({ refusal: 'missing-reading' });
    expect(await bench.must('feeWhatIf', { tariffId: place.tariffId }, { input: {} })).toMatchObject({
      refusal: 'bad-input',
    });
  });
});

describe('price lists that come with the program', () => {
  it('are listed, brought in and come into force, each with all of its examples right', async () => {
    const files = (await readdir(new URL('../../tariffs', import.meta.url))).filter((name) => name.endsWith('.json'));
    const { items } = await bench.must('shippedTariffs');
    expect(items.map(({ name }) => `${name}.json`).sort()).toEqual(files.sort());
    for (const { name, service, title, examples } of items) {
      const tariffId = newId();
      const made = await bench.must('createFeeTariff', {}, { id: tariffId, shipped: name });
      expect(made).toMatchObject({ service, name: title });
      expect(made.versions.length).toBeGreaterThan(0);
      let worked = 0;
      for (const version of made.versions) {
        expect(version.state).toBe('draft');
        const active = await bench.must('activateFeeVersion', { tariffId, versionId: version.id }, {});
        expect([name, active.isActive, active.reason]).toEqual([name, true, undefined]);
        worked += active.report.examples.filter(({ isRight }) => isRight).length;
      }
      expect([name, worked]).toEqual([name, examples]);
      expect(worked).toBeGreaterThan(0);
    }
  });
  it('are not found by another name, and no path leads out of their folder', async () => {
    for (const shipped of ['no-such-list', '..%2Fpackage', 'schema'])
      expect((await bench.call('createFeeTariff', {}, { id: newId(), shipped })).status).toBeGreaterThanOrEqual(400);
  });
});

describe('households and meters', () => {
  it('are found by number, tail and label, and never keep a number in clear', async () => {
    const { accountId, number } = await bench.household({ label: '9 号楼 2201 室' });
    for (const q of [number, number.slice(-4), '2201'])
      expect(
        (await bench.must('feeAccounts', {}, undefined, `?q=${encodeURIComponent(q)}`)).items.map(({ id }) => id),
      ).toContain(accountId);
    expect((await bench.must('feeAccount', { accountId })).number).toBe(number);
    const { pool } = bench.world.server.context.store;
    const { rows } = await pool.query<{ text: string }>('select fee_accounts::text as text from fee_accounts');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.some(({ text }) => text.includes(number) || text.includes(Buffer.from(number).toString('hex')))).toBe(
      false,
    );
  });
  it('are one for each number, and the same for the same body', async () => {
    const { number } = await bench.household();
    const body = { id: newId(), service: 'water' as const, number, label: 'x' };
    expect(await bench.call('createFeeAccount', {}, body)).toMatchObject({ code: 'already-exists', field: 'number' });
    const fresh = { ...body, number: bench.nextNumber(), secret: '1203' };
    expect((await bench.call('createFeeAccount', {}, fresh)).status).toBe(201);
    expect((await bench.call('createFeeAccount', {}, fresh)).status).toBe(201);
    expect((await bench.call('createFeeAccount', {}, { ...fresh, secret: '1204' })).code).toBe(
      'exists-with-different-body',
    );
    expect(await bench.call('createFeeAccount', {}, { ...fresh, id: newId(), number: '123' })).toMatchObject({
      code: 'bad-request',
    });
  });
  it('take a reading that rises, a roll-over that is told, and nothing else', async () => {
    const { meterId } = await bench.household({}, '99900');
    const enter = (on: string, value: string, more = {}) =>
      bench.call('enterFeeReading', { meterId }, { id: newId(), on, value, quality: 'actual', ...more });
    expect(await enter('2026-02-01', '30')).toMatchObject({ code: 'fee-refused', field: 'reading-falls' });
    expect((await enter('2026-02-01', '30', { rolledOver: true })).status).toBe(201);
    expect(await enter('2026-02-01', '31')).toMatchObject({ code: 'fee-refused', field: 'same-day' });
    expect(await enter('2026-01-15', '40', { rolledOver: true })).toMatchObject({ field: 'next-is-lower' });
    expect(await enter('2026-03-01', '100000')).toMatchObject({ field: 'above-dial' });
    expect(await enter('2025-12-31', '1')).toMatchObject({ field: 'outside-meter' });
  });
  it('estimate from what was used before, and not from nothing', async () => {
    const { meterId } = await bench.household();
    const estimate = (on: string) =>
      bench.call('enterFeeReading', { meterId }, { id: newId(), on, quality: 'estimate' });
    expect(await estimate('2026-02-01')).toMatchObject({ field: 'nothing-to-estimate-from' });
    await bench.read(meterId, '2026-02-01', '1031');
    expect((await estimate('2026-03-01')).body.reading.value).toBe('1059');
  });
  it('are replaced on one day without losing what went through', async () => {
    const { accountId, meterId } = await bench.household();
    const fresh = newId();
    await bench.must(
      'installFeeMeter',
      { accountId },
      {
        ...{ id: fresh, kind: 'water', serial: 'W-new', on: '2026-01-16', firstValue: '0' },
        replaces: { meterId, finalValue: '1015' },
      },
    );
    await bench.read(fresh, '2026-02-01', '20');
    await bench.bill('2026-01-01', '2026-01-31');
    expect((await bench.billsOf(accountId))[0]?.principalFen).toBe(35 * 500);
  });
  it('come down with their last reading, and take none behind it', async () => {
    const { accountId, meterId } = await bench.household();
    const enter = (on: string, value: string, quality: 'actual' | 'final') =>
      bench.call('enterFeeReading', { meterId }, { id: newId(), on, value, quality });
    await bench.read(meterId, '2026-02-01', '1010');
    expect(await enter('2026-01-20', '1005', 'final')).toMatchObject({ code: 'fee-refused', field: 'later-reading' });
    expect((await bench.must('feeAccount', { accountId })).meters[0]?.readings).toHaveLength(2);
    expect((await enter('2026-02-10', '1012', 'final')).status).toBe(201);
    expect((await bench.must('feeAccount', { accountId })).meters[0]).toMatchObject({ to: '2026-02-10' });
    expect(await enter('2026-02-11', '1013', 'actual')).toMatchObject({ field: 'outside-meter' });
  });
  it('are seen by the office and the payee’s own people, by nobody else', async () => {
    const { accountId } = await bench.household();
    const params = { id: bench.world.merchantId, accountId };
    for (const who of [bench.approver, bench.clerk]) expect((await who.call('feeAccount', params)).status).toBe(200);
    expect((await bench.stranger.call('feeAccount', params)).status).toBe(404);
    expect((await bench.clerk.call('correctFeeBill', { ...params, billId: newId() }, {})).status).toBe(403);
  });
});

describe('a billing run', () => {
  it('bills each household once, names those it cannot bill, and never makes a bill of 0 of them', async () => {
    const good = await bench.household();
    const silent = await bench.household();
    await bench.read(good.meterId, '2026-04-01', '1090');
    const run = await bench.bill('2026-03-01', '2026-03-31');
    expect(run.refusals.find(({ accountId }) => accountId === silent.accountId)).toMatchObject({
      reason: 'missing-reading',
    });
    expect(await bench.billsOf(silent.accountId)).toEqual([]);
    expect(run.made + run.kept + run.refused).toBeLessThanOrEqual(run.total);
    const again = await bench.bill('2026-03-01', '2026-03-31');
    expect(again.made).toBe(0);
    expect(again.kept).toBeGreaterThan(0);
    expect(await bench.billsOf(good.accountId)).toHaveLength(1);
    expect(await bench.bill('2026-03-01', '2026-03-31', run.id)).toMatchObject({ made: run.made });
  });
  it('carries the year: the second bill goes on in the tier where the first ended', async () => {
    const { accountId, meterId } = await bench.household();
    await bench.read(meterId, '2026-02-01', '1090');
    await bench.read(meterId, '2026-03-01', '1120');
    await bench.bill('2026-01-01', '2026-01-31');
    await bench.bill('2026-02-01', '2026-02-28');
    const bills = await bench.billsOf(accountId);
    expect(bills.map(({ principalFen }) => principalFen)).toEqual([10 * 500 + 20 * 700, 90 * 500]);
    const bill = await bench.must('feeBill', { billId: bills[0]?.id ?? '' });
    expect(bill.rated.tiers[0]).toMatchObject({ used: '120', current: 1, left: '80' });
    expect(bill.rated.usage[0]).toMatchObject({ quantity: '30' });
  });
  it('is paid from what was paid in advance, as far as that reaches', async () => {
    const { accountId, meterId } = await bench.household();
    const topUp = { id: newId(), kind: 'top-up' as const, amountFen: 4_000, note: 'counter' };
    await bench.must('changeFeeBalance', { accountId }, topUp);
    await bench.must('changeFeeBalance', { accountId }, topUp);
    await bench.read(meterId, '2026-02-01', '1010');
    await bench.bill('2026-01-01', '2026-01-31');
    const account = await bench.must('feeAccount', { accountId });
    expect(account.balanceFen).toBe(0);
    expect(account.bills[0]).toMatchObject({ state: 'open', paidFen: 4_000, leftFen: 1_000 });
    const take = { id: newId(), kind: 'adjustment' as const, amountFen: -1, note: 'too much' };
    expect(await bench.call('changeFeeBalance', { accountId }, take)).toMatchObject({
      code: 'fee-refused',
      field: 'balance',
    });
  });
  it('tells the late fee as of now and keeps none', async () => {
    const { accountId, meterId } = await bench.household();
    await bench.read(meterId, '2026-02-01', '1010');
    await bench.bill('2026-01-01', '2026-01-31');
    const [row] = await bench.billsOf(accountId);
    expect(row).toMatchObject({ dueOn: '2026-02-15', isOverdue: true });
    const before = bench.world.nowMs;
    bench.world.nowMs = Date.parse('2026-02-25T12:00:00+08:00');
    expect((await bench.must('feeBill', { billId: row?.id ?? '' })).lateFeeFen).toBe(50);
    bench.world.nowMs = before;
    const arrears = await bench.must('feeArrears');
    expect(arrears.items.find((item) => item.accountId === accountId)).toMatchObject({ bills: 1, leftFen: 5_000 });
  });
  it('goes on behind the last household after a crash, and ends when asked', async () => {
    const runId = newId();
    const households = [await bench.household(), await bench.household()];
    for (const { meterId } of households) await bench.read(meterId, '2026-07-01', '1001');
    const { pool } = bench.world.server.context.store;
    // As a worker left it that died in the middle: its time is over, and one household is done.
    await pool.query(
      `insert into fee_runs (merchant_id, id, service, period_from, period_to, due_on, total, made, behind, working_until, started_at)
       values ($1, $2, 'water', '2026-06-01', '2026-06-30', '2026-07-15', 2, 1, $3, $4, now())`,
      [bench.world.merchantId, runId, households[0]?.accountId, new Date(bench.world.nowMs - 1)],
    );
    await bench.office.resumeRuns();
    await bench.office.runsIdle();
    expect(await bench.must('feeRun', { runId })).toMatchObject({ state: 'done' });
    expect(await bench.billsOf(households[0]?.accountId ?? '')).toEqual([]);
    expect(await bench.billsOf(households[1]?.accountId ?? '')).toHaveLength(1);
    const other = newId();
    await pool.query(
      `insert into fee_runs (merchant_id, id, service, period_from, period_to, due_on, total, working_until, started_at)
       values ($1, $2, 'water', '2026-06-01', '2026-06-30', '2026-07-15', 2, $3, now())`,
      [bench.world.merchantId, other, new Date(bench.world.nowMs + 60_000)],
    );
    expect(
      await bench.call('startFeeRun', {}, { id: newId(), service: 'water', from: '2026-06-01', to: '2026-06-30' }),
    ).toMatchObject({
      code: 'in-progress',
    });
    expect(await bench.must('cancelFeeRun', { runId: other }, {})).toMatchObject({ isCancelling: true });
    bench.world.nowMs += 61_000;
    await bench.office.resumeRuns();
    await bench.office.runsIdle();
    expect(await bench.must('feeRun', { runId: other })).toMatchObject({ state: 'cancelled' });
  });
});

describe('a correction', () => {
  it('is a bill of the difference, and later bills of the year follow', async () => {
    const { accountId, meterId } = await bench.household();
    const january = await bench.read(meterId, '2026-02-01', '1090');
    await bench.read(meterId, '2026-03-01', '1120');
    await bench.bill('2026-01-01', '2026-01-31');
    await bench.bill('2026-02-01', '2026-02-28');
    const entered = await bench.read(meterId, '2026-02-01', '1110', {
      supersedes: january.reading.id,
      reason: 'misread',
    });
    const [second, first] = await bench.billsOf(accountId);
    expect(entered.bills).toEqual([first?.id, second?.id]);
    const wish = { id: newId(), reason: 'misread' };
    const delta = await bench.must('correctFeeBill', { billId: first?.id ?? '' }, wish);
    expect(delta.bill).toMatchObject({ kind: 'correction', principalFen: 10 * 500 + 10 * 700, state: 'open' });
    expect(delta.later).toEqual([second?.id]);
    const again = await bench.must('correctFeeBill', { billId: first?.id ?? '' }, wish);
    expect(again.bill?.id).toBe(wish.id);
    const later = await bench.must('correctFeeBill', { billId: second?.id ?? '' }, { id: newId(), reason: 'misread' });
    expect(later.bill).toMatchObject({ principalFen: 10 * 700 - (10 * 500 + 20 * 700) });
    const bills = await bench.billsOf(accountId);
    const sum = bills.reduce((total, { principalFen }) => total + principalFen, 0);
    expect(sum).toBe(100 * 500 + 20 * 700);
    expect(bills.find(({ id }) => id === second?.id)).toMatchObject({ isCorrected: true, leftFen: 7_000 });
  });
  it('gives back what was paid too much', async () => {
    const { accountId, meterId } = await bench.household();
    const wrong = await bench.read(meterId, '2026-02-01', '1020');
    await bench.bill('2026-01-01', '2026-01-31');
    const [bill] = await bench.billsOf(accountId);
    const payment = { id: newId(), version: 1, principalFen: 10_000, lateFen: 0, note: '免收违约金' };
    await bench.must('takeFeePayment', { billId: bill?.id ?? '' }, payment);
    await bench.read(meterId, '2026-02-01', '1012', { supersedes: wrong.reading.id, reason: 'misread' });
    await bench.must('correctFeeBill', { billId: bill?.id ?? '' }, { id: newId(), reason: 'misread' });
    const account = await bench.must('feeAccount', { accountId });
    expect(account.balanceFen).toBe(4_000);
    expect(account.entries[0]).toMatchObject({ kind: 'credit', amountFen: 4_000 });
    const nothing = await bench.must(
      'correctFeeBill',
      { billId: bill?.id ?? '' },
      { id: newId(), reason: 'once more' },
    );
    expect(nothing).toEqual({ later: [] });
    expect(await bench.call('voidFeeBill', { billId: bill?.id ?? '' }, { reason: 'no' })).toMatchObject({
      code: 'bad-request',
    });
    expect(await bench.call('voidFeeBill', { billId: bill?.id ?? '' }, { reason: 'wrong house' })).toMatchObject({
      field: 'paid',
    });
  });
  it('compares a new version with the bills that were made', async () => {
    const { accountId, meterId } = await bench.household();
    await bench.read(meterId, '2026-09-01', '1010');
    await bench.bill('2026-08-01', '2026-08-31');
    expect((await bench.billsOf(accountId)).length).toBe(1);
    const versionId = newId();
    const [{ id: _id, effectiveFrom: _from, examples: _examples, ...body }] = waterTariff.versions as [
      (typeof waterTariff.versions)[0] & Record<string, unknown>,
    ];
    const dearer = JSON.parse(JSON.stringify(body).replace('"price":"5"', '"price":"6"')) as Record<string, unknown>;
    const at = { tariffId: place.tariffId, versionId };
    await bench.must('saveFeeVersion', at, {
      version: 0,
      effectiveFrom: '2028-01-01',
      body: dearer,
      examples: [],
      note: '',
    });
    const comparison = await bench.must('compareFeeVersion', at, { from: '2026-08-01', to: '2026-08-31' });
    const mine = comparison.items.filter(({ newFen, oldFen }) => newFen !== undefined && newFen > oldFen);
    expect(mine.length).toBe(comparison.more);
    expect(comparison.newFen).toBeGreaterThan(comparison.oldFen);
  });
});
