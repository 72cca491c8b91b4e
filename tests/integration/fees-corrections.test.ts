import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OfficeBench, waterTariff } from './fees/office-bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let bench: OfficeBench;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(async () => {
  await bench.world.close();
  await cluster.stop();
});

type Home = Awaited<ReturnType<OfficeBench['household']>>;
const water = waterTariff.versions[0];
const share = {
  ...{ id: 'lift', label: { zh: '电梯公摊', en: 'Lift, shared' }, kind: 'share' },
  ...{ of: 'amount', key: 'area', remainder: 'largest-remainder' },
};
const sharedTariff = {
  ...waterTariff,
  id: 'test-shared',
  versions: [
    {
      ...water,
      components: [...(water?.components ?? []), share],
      examples: [
        {
          name: 'alone',
          input: {
            ...water?.examples[0]?.input,
            common: { lift: { total: '30', members: [{ id: 'a', key: '1' }], self: 'a' } },
          },
          expect: { total: '670.00' },
        },
      ],
    },
  ],
};

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
const pool = () => bench.world.server.context.store.pool;

/** Money of a household: what its bills and corrections come to, what was paid of them, and what it has with the payee. */
async function moneyOf(accountId: string) {
  const { bills, balanceFen, openFen, entries } = await bench.must('feeAccount', { accountId });
  const sum = (of: (bill: (typeof bills)[number]) => number): number => bills.reduce((all, bill) => all + of(bill), 0);
  return {
    billedFen: sum((bill) => bill.principalFen),
    leftFen: sum((bill) => bill.leftFen),
    balanceFen,
    openFen,
    entries,
  };
}

/** Holds for every household at any time: bills less what came in is what is owed less what is held. */
async function expectBooksAgree(): Promise<void> {
  const { rows } = await pool().query<{ id: string; off: string }>(`
    select a.id, (select coalesce(sum(b.principal_fen), 0) from fee_bills b where b.account_id = a.id and b.state <> 'void')
      - (select coalesce(sum(l.principal_fen), 0) from fee_allocations l where l.account_id = a.id and l.source = 'office')
      - (select coalesce(sum(e.amount_fen), 0) from fee_balance_entries e where e.account_id = a.id and e.kind in ('top-up', 'adjustment'))
      - (select coalesce(sum(b.left_fen), 0) from fee_bills b where b.account_id = a.id and b.state = 'open')
      + coalesce((select e.after_fen from fee_balance_entries e where e.account_id = a.id order by e.number desc limit 1), 0)
      as off from fee_accounts a`);
  expect(rows.filter(({ off }) => Number(off) !== 0)).toEqual([]);
}

async function pay(accountId: string, fen?: number): Promise<void> {
  const [bill] = (await bench.billsOf(accountId)).filter(({ state }) => state === 'open');
  const body = {
    id: newId(),
    version: bill?.version ?? 0,
    principalFen: fen ?? bill?.leftFen ?? 0,
    lateFen: 0,
    note: 'counter',
  };
  await bench.must('takeFeePayment', { billId: bill?.id ?? '' }, body);
}

/** Lets the database refuse the next correction of one household, as a crash in the middle would. */
async function breakAt(accountId: string): Promise<() => Promise<void>> {
  await pool().query(`create or replace function test_break() returns trigger language plpgsql as $$ begin
    if new.kind = 'correction' and new.account_id = '${accountId}' then raise exception 'cut off'; end if;
    return new; end $$`);
  await pool().query('create trigger test_break before insert on fee_bills for each row execute function test_break()');
  return async () => {
    await pool().query('drop trigger test_break on fee_bills');
    // The worker that was cut off is gone, and so is its claim.
    await pool().query('update fee_runs set working_until = null');
  };
}

describe('a building’s total that was wrong', () => {
  let tariffId: string;
  const homes: Home[] = [];
  const days = { service: 'water' as const, from: '2026-01-01', to: '2026-01-31' };
  const wrong = (total: string) => ({ ...days, tariffId, componentId: 'lift', of: { total } });
  const sumOfShares = async (): Promise<number> => {
    const { rows } = await pool().query<{ fen: string }>(`select sum((l ->> 'amountFen')::bigint) as fen
      from fee_bills b cross join lateral jsonb_array_elements(b.rated -> 'lines') l where l ->> 'componentId' = 'lift'`);
    return Number(rows[0]?.fen);
  };

  beforeAll(async () => {
    bench = await OfficeBench.start(cluster);
    ({ tariffId } = await bench.furnish(sharedTariff));
    for (const [index, area] of ['71.37', '88.5', '102.11', '49.9'].entries())
      homes.push(await bench.household({ areaM2: area, label: `8 号楼 ${String(index + 1)}01 室` }));
    for (const { meterId } of homes) await bench.read(meterId, '2026-02-01', '1010');
    const common = [{ tariffId, componentId: 'lift', of: { total: '1000.01' } }];
    await bench.must('startFeeRun', {}, { id: newId(), ...days, common });
    await bench.office.runsIdle();
    await pay(homes[0]?.accountId ?? '');
    await pay(homes[1]?.accountId ?? '', 100);
    expect(await sumOfShares()).toBe(100_001);
  });

  it('is looked at first, household by household, and nothing is kept of that', async () => {
    const seen = await bench.must('previewFeeTotal', {}, wrong('700.03'));
    expect(seen).toMatchObject({ households: 4, bills: 4, old: { wholeFen: 100_001 }, new: { wholeFen: 70_003 } });
    const change = seen.items.reduce((sum, { oldFen = 0, newFen = 0 }) => sum + newFen - oldFen, 0);
    expect(change).toBe(70_003 - 100_001);
    expect(await sumOfShares()).toBe(100_001);
    for (const { accountId } of homes) expect(await bench.billsOf(accountId)).toHaveLength(1);
    expect(await bench.call('previewFeeTotal', {}, { ...wrong('1'), componentId: 'garden' })).toMatchObject({
      code: 'fee-refused',
      field: 'common-unknown',
    });
    expect((await bench.clerk.call('correctFeeTotal', { id: bench.world.merchantId }, {})).status).toBe(403);
  });

  it('gives everybody the difference, to the cent and once, also when it is cut off in the middle', async () => {
    const mended = await breakAt([...homes].sort((a, b) => (a.accountId < b.accountId ? -1 : 1))[2]?.accountId ?? '');
    const wish = { id: newId(), reason: 'misread common meter', ...wrong('700.03') };
    await bench.must('correctFeeTotal', {}, wish);
    await bench.office.runsIdle();
    expect(await bench.must('feeRun', { runId: wish.id })).toMatchObject({ state: 'running', made: 2 });
    await expectBooksAgree();
    await mended();
    await bench.must('correctFeeTotal', {}, wish);
    await bench.office.runsIdle();
    const run = await bench.must('feeRun', { runId: wish.id });
    expect(run).toMatchObject({ state: 'done', kind: 'correction', made: 4, kept: 0, refused: 0, madeFen: -29_998 });
    expect(run.shares).toMatchObject([{ total: '700.03', wholeFen: 70_003, billedFen: 70_003 }]);
    expect(await sumOfShares()).toBe(70_003);
    for (const { accountId } of homes) expect(await bench.billsOf(accountId)).toHaveLength(2);
    // Who had paid has it back on the balance, who had not owes less.
    const [paid, part, open] = [
      await moneyOf(homes[0]?.accountId ?? ''),
      await moneyOf(homes[1]?.accountId ?? ''),
      await moneyOf(homes[2]?.accountId ?? ''),
    ];
    expect(paid).toMatchObject({ openFen: 0 });
    expect(paid.balanceFen).toBeGreaterThan(0);
    expect(part).toMatchObject({ balanceFen: 0, openFen: part.billedFen - 100 });
    expect(open).toMatchObject({ balanceFen: 0, openFen: open.billedFen });
    await expectBooksAgree();
    await bench.must('correctFeeTotal', {}, wish);
    await bench.must('correctFeeTotal', {}, { ...wish, id: newId() });
    await bench.office.runsIdle();
    expect(await sumOfShares()).toBe(70_003);
    expect(await bench.call('correctFeeTotal', {}, { ...wish, from: '2026-01-02' })).toMatchObject({
      code: 'exists-with-different-body',
    });
  });

  it('is what later runs and corrections of these days go by', async () => {
    const { items } = await bench.must('feeShares', {}, undefined, '?service=water&from=2026-01-01&to=2026-01-31');
    expect(items[0]).toMatchObject({ known: '700.03' });
    const [home] = homes;
    const { meters } = await bench.must('feeAccount', { accountId: home?.accountId ?? '' });
    const old = meters[0]?.readings.find(({ on }) => on === '2026-02-01');
    const fixed = { supersedes: old?.id, reason: 'misread' };
    const { bills } = await bench.read(home?.meterId ?? '', '2026-02-01', '1011', fixed);
    const corrected = await bench.must(
      'correctFeeBill',
      { billId: bills[0] ?? '' },
      { id: newId(), reason: 'misread' },
    );
    expect(corrected.bill?.principalFen).toBe(500);
    expect(await sumOfShares()).toBe(70_003);
    // What is held pays it, as it pays any bill.
    expect(corrected.bill).toMatchObject({ state: 'paid', leftFen: 0 });
    await expectBooksAgree();
  });

  it('can be wrong again: dearer, then as it was, without anybody owing what is given back', async () => {
    for (const total of ['1500', '1000.01']) {
      await bench.must('correctFeeTotal', {}, { id: newId(), reason: 'once more', ...wrong(total) });
      await bench.office.runsIdle();
      expect(await sumOfShares()).toBe(Number(total) * 100);
      await expectBooksAgree();
    }
    const { openFen, billedFen, balanceFen } = await moneyOf(homes[2]?.accountId ?? '');
    expect([openFen, balanceFen]).toEqual([billedFen, 0]);
  });
});

describe('a price list for days that were billed', () => {
  let place: { tariffId: string };
  const homes: Home[] = [];
  /** The water price list from a day on, the first tier at another price. */
  const typed = (effectiveFrom: string, price: string, more: Record<string, unknown> = {}) => {
    const {
      id: _id,
      effectiveFrom: _from,
      examples: _all,
      ...body
    } = water as NonNullable<typeof water> & Record<string, unknown>;
    const dearer = JSON.parse(JSON.stringify(body).replace('"price":"5"', `"price":"${price}"`)) as Record<
      string,
      unknown
    >;
    const input = {
      account: {},
      usage: { quantities: { water: '10' } },
      period: { from: effectiveFrom, to: dayAfter(effectiveFrom) },
      asOf: '2027-09-01T00:00:00+08:00',
    };
    const examples = [{ name: '10 m³', input, expect: { total: (Number(price) * 10).toFixed(2) } }];
    return { effectiveFrom, body: dearer, examples, note: '', ...more };
  };
  const draft = async (body: ReturnType<typeof typed>): Promise<{ tariffId: string; versionId: string }> => {
    const at = { ...place, versionId: newId() };
    await bench.must('saveFeeVersion', at, { version: 0, ...body });
    return at;
  };

  beforeAll(async () => {
    await bench.world.close();
    bench = await OfficeBench.start(cluster);
    const { tariffId } = await bench.furnish();
    place = { tariffId };
    for (let index = 0; index < 4; index += 1)
      homes.push(await bench.household({ label: `9 号楼 ${String(index)}01 室` }));
    for (const { meterId } of homes)
      for (const [on, value] of [
        ['2026-02-01', '1060'],
        ['2026-03-01', '1120'],
        ['2026-04-01', '1130'],
      ] as const)
        await bench.read(meterId, on, value);
    await bench.bill('2026-01-01', '2026-01-31');
    await bench.bill('2026-02-01', '2026-02-28');
    await pay(homes[0]?.accountId ?? '');
    await pay(homes[0]?.accountId ?? '');
  });

  it('does not come into force by itself, says how much was billed, and shows what it would change', async () => {
    const at = await draft(typed('2026-02-01', '4'));
    const refused = await bench.must('activateFeeVersion', at, {});
    expect(refused).toMatchObject({ isActive: false, reason: 'billed', billed: { bills: 4, households: 4 } });
    const effects = await bench.must('feeVersionEffects', at, {});
    // 60 of January at 5; of February 40 at 4 and 20 at 7.
    for (const item of effects.items) expect(item).toMatchObject({ oldFen: 34_000, newFen: 30_000 });
    expect(effects).toMatchObject({ households: 4, bills: 4 });
    const all = effects.items.map(({ accountId }) => accountId);
    const behind = await bench.must('feeVersionEffects', at, { behind: all[1] });
    expect([behind.households, behind.items.map(({ accountId }) => accountId)]).toEqual([4, all.slice(2)]);
    expect((await bench.must('feeTariff', place)).versions.find(({ id }) => id === at.versionId)?.state).toBe('draft');
    for (const { accountId } of homes) expect(await bench.billsOf(accountId)).toHaveLength(2);
    const bad = await draft({
      ...typed('2026-02-02', '4'),
      examples: [{ ...typed('2026-02-02', '4').examples[0], expect: { total: '1.00' } }] as never,
    });
    const wrong = await bench.must('activateFeeVersion', bad, { correction: { id: newId(), reason: 'new prices' } });
    expect(wrong).toMatchObject({ isActive: false, reason: 'example-wrong' });
  });

  it('comes into force together with its run or not at all', async () => {
    const at = await draft(typed('2026-02-01', '4'));
    await pool().query(`create function test_no_run() returns trigger language plpgsql as $$ begin
      raise exception 'cut off'; end $$`);
    await pool().query(
      'create trigger test_no_run before insert on fee_runs for each row execute function test_no_run()',
    );
    const broken = await bench.call('activateFeeVersion', at, { correction: { id: newId(), reason: 'new prices' } });
    await pool().query('drop trigger test_no_run on fee_runs');
    expect(broken.status).toBe(500);
    const { versions } = await bench.must('feeTariff', place);
    expect(versions.filter(({ state }) => state === 'active')).toMatchObject([{ effectiveFrom: '2026-01-01' }]);
    expect(versions.find(({ effectiveFrom }) => effectiveFrom === '2026-01-01')).not.toHaveProperty('effectiveTo');
  });

  it('corrects what was billed once, goes on behind a crash, and the books agree', async () => {
    const at = await draft(typed('2026-02-01', '4'));
    const correction = { id: newId(), reason: 'new prices' };
    const mended = await breakAt([...homes].sort((a, b) => (a.accountId < b.accountId ? -1 : 1))[1]?.accountId ?? '');
    expect(await bench.must('activateFeeVersion', at, { correction })).toMatchObject({
      isActive: true,
      runId: correction.id,
    });
    await bench.office.runsIdle();
    expect(await bench.must('feeRun', { runId: correction.id })).toMatchObject({ state: 'running', made: 1 });
    expect(
      (await bench.call('startFeeRun', {}, { id: newId(), service: 'water', from: '2026-03-01', to: '2026-03-31' }))
        .code,
    ).toBe('in-progress');
    await expectBooksAgree();
    await mended();
    await bench.office.resumeRuns();
    await bench.office.runsIdle();
    const run = await bench.must('feeRun', { runId: correction.id });
    expect(run).toMatchObject({
      state: 'done',
      kind: 'correction',
      versionId: at.versionId,
      made: 4,
      refused: 0,
      madeFen: -16_000,
    });
    const [paid, open] = [await moneyOf(homes[0]?.accountId ?? ''), await moneyOf(homes[1]?.accountId ?? '')];
    expect(paid).toMatchObject({ billedFen: 60_000, openFen: 0, balanceFen: 4_000 });
    expect(open).toMatchObject({ billedFen: 60_000, openFen: 60_000, balanceFen: 0 });
    await bench.must('activateFeeVersion', at, { correction });
    await bench.must('activateFeeVersion', at, { correction: { ...correction, id: newId() } });
    await bench.office.runsIdle();
    for (const { accountId } of homes) expect(await bench.billsOf(accountId)).toHaveLength(3);
    await expectBooksAgree();
    const versions = (await bench.must('feeTariff', place)).versions.filter(({ state }) => state === 'active');
    expect(versions.map(({ effectiveFrom, effectiveTo }) => [effectiveFrom, effectiveTo])).toEqual([
      ['2026-02-01', undefined],
      ['2026-01-01', '2026-01-31'],
    ]);
  });

  it('lies over some days only: before the next one, and the bills behind it are left alone', async () => {
    await bench.bill('2026-03-01', '2026-03-31');
    const march = (await bench.billsOf(homes[1]?.accountId ?? '')).find(({ from }) => from === '2026-03-01');
    expect(march?.principalFen).toBe(7_000);
    const at = await draft(typed('2026-01-15', '5.5'));
    const correction = { id: newId(), reason: 'prices of half a month' };
    await bench.must('activateFeeVersion', at, { correction });
    await bench.office.runsIdle();
    expect(await bench.must('feeRun', { runId: correction.id })).toMatchObject({ state: 'done', made: 4, refused: 0 });
    const { versions } = await bench.must('feeTariff', place);
    expect(versions.find(({ id }) => id === at.versionId)).toMatchObject({ effectiveTo: '2026-01-31' });
    const bills = await bench.billsOf(homes[1]?.accountId ?? '');
    expect(bills.filter(({ from, kind }) => from === '2026-01-01' && kind === 'correction')).toHaveLength(1);
    expect(bills.filter(({ from, kind }) => from === '2026-03-01' && kind === 'correction')).toEqual([]);
    await expectBooksAgree();
  });

  it('bills more on top where it is dearer; who has money with the payee pays from that', async () => {
    const rich = homes[0]?.accountId ?? '';
    const topUp = { id: newId(), kind: 'top-up' as const, amountFen: 50_000, note: 'counter' };
    await bench.must('changeFeeBalance', { accountId: rich }, topUp);
    const before = await moneyOf(rich);
    const at = await draft(typed('2026-02-15', '6'));
    await bench.must('activateFeeVersion', at, { correction: { id: newId(), reason: 'dearer since' } });
    await bench.office.runsIdle();
    const after = await moneyOf(rich);
    expect(after.billedFen).toBeGreaterThan(before.billedFen);
    expect(after.balanceFen).toBe(before.balanceFen - (after.billedFen - before.billedFen));
    expect(after.openFen).toBe(before.openFen);
    await expectBooksAgree();
  });

  it('lists a household that has ended, which is settled by hand, and corrects the others', async () => {
    const gone = homes[3]?.accountId ?? '';
    for (let bills = 0; bills < 10 && (await moneyOf(gone)).openFen > 0; bills += 1) await pay(gone);
    const { balanceFen } = await moneyOf(gone);
    if (balanceFen > 0)
      await bench.must(
        'changeFeeBalance',
        { accountId: gone },
        { id: newId(), kind: 'adjustment', amountFen: -balanceFen, note: 'paid out' },
      );
    const { version } = await bench.must('feeAccount', { accountId: gone });
    await bench.must('changeFeeAccount', { accountId: gone }, { version, close: true, confirmUnbilled: true });
    const at = await draft(typed('2026-02-20', '3'));
    const effects = await bench.must('feeVersionEffects', at, {});
    expect(effects.items.filter(({ refusal }) => refusal === 'closed').map(({ accountId }) => accountId)).toEqual([
      gone,
    ]);
    const correction = { id: newId(), reason: 'cheaper since' };
    await bench.must('activateFeeVersion', at, { correction });
    await bench.office.runsIdle();
    const run = await bench.must('feeRun', { runId: correction.id });
    expect(run).toMatchObject({ made: 3, refused: 1, refusals: [{ accountId: gone, reason: 'closed' }] });
    await expectBooksAgree();
  });

  it('does not come into force while bills are being made', async () => {
    const at = await draft(typed('2027-01-01', '9'));
    await pool().query(
      `insert into fee_runs (merchant_id, id, service, period_from, period_to, due_on, total, working_until, started_at)
       values ($1, $2, 'water', '2026-06-01', '2026-06-30', '2026-07-15', 2, $3, now())`,
      [bench.world.merchantId, newId(), new Date(bench.world.nowMs + 60_000)],
    );
    expect(await bench.call('activateFeeVersion', at, {})).toMatchObject({ code: 'in-progress' });
    expect((await bench.must('feeTariff', place)).versions.find(({ id }) => id === at.versionId)?.state).toBe('draft');
  });
});
