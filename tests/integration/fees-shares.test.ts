import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OfficeBench, waterTariff } from './fees/office-bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let bench: OfficeBench;
let place: { tariffId: string; versionId: string };

const share = {
  id: 'lift',
  label: { zh: '电梯公摊', en: 'Lift, shared' },
  kind: 'share',
  of: 'amount',
  key: 'area',
  remainder: 'largest-remainder',
};
/** Water, a common amount by area, and a common use by people. */
const sharedTariff = {
  ...waterTariff,
  id: 'test-shared',
  versions: [
    {
      ...waterTariff.versions[0],
      components: [
        ...(waterTariff.versions[0]?.components ?? []),
        share,
        {
          ...share,
          ...{ id: 'garden', label: { zh: '绿化用水公摊', en: 'Garden water, shared' } },
          ...{ of: 'quantity', price: '3.3', key: 'people' },
        },
      ],
      examples: [
        {
          name: 'two of three parts',
          input: {
            ...waterTariff.versions[0]?.examples[0]?.input,
            common: {
              lift: {
                total: '30',
                members: [
                  { id: 'a', key: '2' },
                  { id: 'b', key: '1' },
                ],
                self: 'a',
              },
              garden: { total: '0', members: [{ id: 'a', key: '1' }], self: 'a' },
            },
          },
          expect: { total: '660.00' },
        },
      ],
    },
  ],
};

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await OfficeBench.start(cluster);
  place = await bench.furnish(sharedTariff);
});
afterAll(async () => {
  await bench.world.close();
  await cluster.stop();
});

type Home = Awaited<ReturnType<OfficeBench['household']>>;
const homes: Home[] = [];
const totals = (lift: string, garden = { before: '100', after: '101.3' } as Record<string, string>) => [
  { tariffId: place.tariffId, componentId: 'lift', of: { total: lift } },
  { tariffId: place.tariffId, componentId: 'garden', of: garden },
];

async function run(month: string, common: unknown[] | undefined) {
  const [id, days] = [newId(), new Date(Date.UTC(2026, Number(month), 0)).getUTCDate()];
  const body = { id, service: 'water', from: `2026-${month}-01`, to: `2026-${month}-${String(days)}` };
  const asked = { ...body, ...(common === undefined ? {} : { common }) };
  const reply = await bench.call('startFeeRun', {}, asked as never);
  if (reply.code !== undefined) return { field: reply.field, code: reply.code, detail: undefined };
  await bench.office.runsIdle();
  return { field: undefined, code: undefined, detail: await bench.must('feeRun', { runId: id }) };
}

/** What the bills of a month say of one share, by household. */
async function billedOf(month: string, componentId: string): Promise<Map<string, number>> {
  const billed = new Map<string, number>();
  for (const { accountId } of homes) {
    const row = (await bench.billsOf(accountId)).find(
      ({ from, state }) => from.startsWith(`2026-${month}`) && state !== 'void',
    );
    if (row === undefined) continue;
    const bill = await bench.must('feeBill', { billId: row.id });
    const lines = bill.rated.lines.filter(({ id }) => id.startsWith(componentId));
    billed.set(
      accountId,
      lines.reduce((sum, line) => sum + line.amountFen, 0),
    );
  }
  return billed;
}
const sumOf = (billed: Map<string, number>): number => [...billed.values()].reduce((sum, fen) => sum + fen, 0);

describe('what a building has in common', () => {
  it('is asked for before a run, and nothing is begun without it', async () => {
    for (const [index, area] of ['71.37', '88.5', '102.11', '49.9', '133.33'].entries()) {
      const more = { areaM2: area, persons: index + 1, label: `8 号楼 ${String(index + 1)}01 室` };
      homes.push(await bench.household(more));
    }
    const asked = await bench.must('feeShares', {}, undefined, '?service=water&from=2026-01-01&to=2026-01-31');
    expect(asked.items.map(({ componentId, of, key, known }) => [componentId, of, key, known])).toEqual([
      ['lift', 'amount', 'area', undefined],
      ['garden', 'quantity', 'people', undefined],
    ]);
    expect(await run('01', undefined)).toMatchObject({ code: 'fee-refused', field: 'common-missing' });
    expect(await run('01', totals('1').slice(0, 1))).toMatchObject({ field: 'common-missing' });
    expect(await run('01', totals('1', { before: '9', after: '8' }))).toMatchObject({
      code: 'bad-request',
      field: 'common',
    });
    expect(await run('01', [...totals('1'), ...totals('1')])).toMatchObject({ field: 'common' });
    expect((await bench.must('feeRuns')).items).toEqual([]);
  });

  it('sums to the cent over bills and the households that were refused, and later to the whole', async () => {
    const [, , , , late] = homes;
    for (const home of homes) if (home !== late) await bench.read(home.meterId, '2026-02-01', '1010');
    const first = await run('01', totals('1000.01'));
    expect(first.detail).toMatchObject({ made: 4, refused: 1, refusals: [{ reason: 'missing-reading' }] });
    const billed = await billedOf('01', 'lift');
    expect(billed.size).toBe(4);
    const [lift, garden] = first.detail?.shares.toSorted((a, b) => b.wholeFen - a.wholeFen) ?? [];
    expect(lift).toMatchObject({
      componentId: 'lift',
      wholeFen: 100_001,
      billedFen: sumOf(billed),
      bills: 4,
      members: 5,
    });
    expect(garden).toMatchObject({ total: '1.3', wholeFen: 429 });
    expect(sumOf(billed)).toBeLessThan(100_001);
    await bench.read(late?.meterId ?? '', '2026-02-01', '1010');
    expect(await run('01', totals('1000.02'))).toMatchObject({ code: 'fee-refused', field: 'common-known' });
    // The area of one changes in between: the division stays what it was, so that nobody pays twice or not at all.
    const { version } = await bench.must('feeAccount', { accountId: homes[0]?.accountId ?? '' });
    await bench.must('changeFeeAccount', { accountId: homes[0]?.accountId ?? '' }, { version, areaM2: '500' });
    const second = await run('01', undefined);
    expect(second.detail).toMatchObject({ made: 1, kept: 4, refused: 0 });
    expect(sumOf(await billedOf('01', 'lift'))).toBe(100_001);
    expect(sumOf(await billedOf('01', 'garden'))).toBe(429);
    for (const one of second.detail?.shares ?? []) expect(one.billedFen).toBe(one.wholeFen);
  });

  it('stays what it was when a bill is corrected', async () => {
    const { accountId, meterId } = homes[1] as Home;
    const before = (await billedOf('01', 'lift')).get(accountId);
    const { meters } = await bench.must('feeAccount', { accountId });
    const wrong = meters[0]?.readings.find(({ on }) => on === '2026-02-01');
    const fixed = { supersedes: wrong?.id, reason: 'misread by one digit' };
    const { bills } = await bench.must(
      'enterFeeReading',
      { meterId },
      { id: newId(), on: '2026-02-01', value: '1011', quality: 'actual', ...fixed },
    );
    const corrected = await bench.must(
      'correctFeeBill',
      { billId: bills[0] ?? '' },
      { id: newId(), reason: 'misread by one digit' },
    );
    expect(corrected.bill?.principalFen).toBe(500);
    expect((await billedOf('01', 'lift')).get(accountId)).toBe(before);
  });

  it('is not divided past a household without its key, which is named', async () => {
    const bare = await bench.household({ label: '8 号楼 901 室', persons: 1, movedIn: '2026-03-16' });
    expect(await run('03', totals('1'))).toMatchObject({
      code: 'fee-refused',
      field: 'common-key: 8 号楼 901 室',
    });
    const { version } = await bench.must('feeAccount', { accountId: bare.accountId });
    await bench.must('changeFeeAccount', { accountId: bare.accountId }, { version, areaM2: '100' });
    homes.push(bare);
    for (const home of homes) {
      await bench.read(home.meterId, '2026-03-01', '1020');
      await bench.read(home.meterId, '2026-03-16', '1021');
      await bench.read(home.meterId, '2026-04-01', '1030');
    }
    expect((await run('03', totals('333.33'))).detail).toMatchObject({ made: 6, refused: 0 });
    const billed = await billedOf('03', 'lift');
    expect(sumOf(billed)).toBe(33_333);
    // 100 m² for 16 of 31 days pay 1600 / (31 × 88.5) of what the whole month’s 88.5 m² pay.
    const [own, whole] = [billed.get(bare.accountId) ?? 0, billed.get(homes[1]?.accountId ?? '') ?? 0];
    expect(Math.abs(own - (whole * 1_600) / (31 * 88.5))).toBeLessThan(1.6);
  });

  it('sums to the whole for any totals', async () => {
    const months = ['04', '05', '06', '07'];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 9_999_999 }), async (fen) => {
        const month = months.shift() ?? '08';
        const next = String(Number(month) + 1).padStart(2, '0');
        for (const { meterId } of homes) await bench.read(meterId, `2026-${next}-01`, String(1000 + Number(next) * 10));
        const total = `${String(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;
        expect((await run(month, totals(total))).detail).toMatchObject({ made: 6 });
        expect(sumOf(await billedOf(month, 'lift'))).toBe(fen);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });
});
