import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OfficeBench, waterTariff } from './fees/office-bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let bench: OfficeBench;
let tariffId: string;
let touId: string;

const period = (name: string, price: string) => ({ name, label: { zh: name, en: name }, price });
/** Peak 1 yuan, valley 0.5 yuan; and all of it once more at 0.1 yuan. */
const touTariff = {
  ...waterTariff,
  id: 'test-tou',
  versions: [
    {
      ...{ id: '2026', effectiveFrom: '2026-01-01' },
      components: [
        {
          ...{ id: 'energy', label: { zh: '电量', en: 'Energy' }, kind: 'tou' },
          periods: [period('peak', '1'), period('valley', '0.5')],
        },
        {
          ...{ id: 'levy', label: { zh: '附加', en: 'Levy' }, kind: 'per-unit', price: '0.1' },
          quantity: { usage: { kind: 'water' } },
        },
      ],
      examples: [
        {
          name: '10 and 20',
          input: {
            account: {},
            usage: { quantities: { peak: '10', valley: '20' } },
            period: { from: '2026-01-01', to: '2026-02-01' },
            asOf: '2026-02-01T00:00:00+08:00',
          },
          expect: { total: '23.00' },
        },
      ],
    },
  ],
};

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await OfficeBench.start(cluster);
  touId = (await bench.furnish(touTariff)).tariffId;
  ({ tariffId } = await bench.furnish());
});
afterAll(async () => {
  await bench.world.close();
  await cluster.stop();
});

async function bare(more: Record<string, unknown> = {}): Promise<{ accountId: string; number: string }> {
  const [accountId, number] = [newId(), bench.nextNumber()];
  const body = { id: accountId, service: 'water' as const, number, label: '5 号楼 501 室', ...more };
  await bench.must('createFeeAccount', {}, body);
  return { accountId, number };
}
async function hang(accountId: string, on: string, more: Record<string, unknown>): Promise<string> {
  const id = newId();
  await bench.must('installFeeMeter', { accountId }, { id, kind: 'water', serial: id.slice(-8), on, ...more });
  return id;
}
async function change(accountId: string, body: Record<string, unknown>) {
  const { version } = await bench.must('feeAccount', { accountId });
  return bench.call('changeFeeAccount', { accountId }, { version, ...body } as never);
}
const enter = (meterId: string, on: string, body: Record<string, unknown>) =>
  bench.call('enterFeeReading', { meterId }, { id: newId(), on, quality: 'actual', ...body } as never);

/** What a household was billed in a run of these days, in fen, or why it was not. */
async function billed(accountId: string, from: string, to: string): Promise<number | string> {
  const run = await bench.bill(from, to);
  const refusal = run.refusals.find((one) => one.accountId === accountId);
  if (refusal !== undefined) return refusal.reason;
  return (await bench.billsOf(accountId)).find((one) => one.from >= from && one.to <= to)?.principalFen ?? 'no bill';
}

describe('the last bill', () => {
  it.each([
    // The day of the last reading, what takes the meter down, the household's last day.
    ['a final reading on the last day itself', '2026-01-20', 'final', '2026-01-20'],
    ['a final reading on the day behind it', '2026-01-21', 'final', '2026-01-20'],
    ['a plain reading on the last day', '2026-01-20', 'actual', '2026-01-20'],
    ['a final reading on the last day of the month', '2026-01-31', 'final', '2026-01-31'],
  ] as const)('is made by %s', async (_name, on, quality, movedOut) => {
    const { accountId, meterId } = await bench.household();
    expect((await change(accountId, { movedOut })).status).toBe(200);
    expect((await enter(meterId, on, { value: '1012', quality })).status).toBe(201);
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(12 * 500);
    const [bill] = await bench.billsOf(accountId);
    expect(bill).toMatchObject({ from: '2026-01-01', to: movedOut });
    const { rated } = await bench.must('feeBill', { billId: bill?.id ?? '' });
    // What stands on the bill is the day on which the meter was read.
    expect(rated.usage).toMatchObject([{ to: { on, value: '1012' }, quantity: '12', isEstimate: false }]);
  });
  it('of somebody who moves in and out within a month is of those days alone', async () => {
    const other = await bare({ movedIn: '2026-01-05' });
    const second = await hang(other.accountId, '2026-01-05', { firstValue: '50' });
    await change(other.accountId, { movedOut: '2026-01-23' });
    await enter(second, '2026-01-23', { value: '57', quality: 'final' });
    expect(await billed(other.accountId, '2026-01-01', '2026-01-31')).toBe(7 * 500);
    expect((await bench.billsOf(other.accountId))[0]).toMatchObject({ from: '2026-01-05', to: '2026-01-23' });
  });
  it('bills nothing twice when the last day is the first of a month', async () => {
    const { accountId, meterId } = await bench.household();
    await change(accountId, { movedOut: '2026-02-01' });
    await enter(meterId, '2026-02-01', { value: '1032', quality: 'final' });
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(32 * 500);
    expect(await billed(accountId, '2026-02-01', '2026-02-28')).toBe(0);
  });
  it('of a meter that came down for good charges up to that day; behind it nothing is known again', async () => {
    const { accountId, meterId } = await bench.household();
    await enter(meterId, '2026-01-10', { value: '1009', quality: 'final' });
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(9 * 500);
    expect(await billed(accountId, '2026-02-01', '2026-02-28')).toBe('missing-reading');
  });
  it('counts a meter that went up after another had come down, by registers too', async () => {
    const { accountId, meterId } = await bench.household();
    await enter(meterId, '2026-01-10', { value: '1009', quality: 'final' });
    const next = await hang(accountId, '2026-01-12', { firstValues: { peak: '0', valley: '0' } });
    await enter(next, '2026-02-01', { values: { peak: '2', valley: '3' } });
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe((9 + 5) * 500);
  });
  it('is refused while a reading before the last day is all there is', async () => {
    const { accountId, meterId } = await bench.household();
    await change(accountId, { movedOut: '2026-01-20' });
    await enter(meterId, '2026-01-18', { value: '1012' });
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe('missing-reading');
  });
  it.each([
    ['on the first day', '2026-01-01'],
    ['in the middle', '2026-01-15'],
    ['on the last day', '2026-01-31'],
    ['on the day behind it', '2026-02-01'],
  ])('counts both meters when one is replaced %s', async (_name, on) => {
    const { accountId, meterId } = await bench.household();
    const finalValue = on === '2026-01-01' ? '1000' : '1011';
    if (on === '2026-01-01') {
      const { accountId: fresh } = await bare();
      const old = await hang(fresh, '2025-12-01', { firstValue: '990' });
      const replaced = await hang(fresh, on, { firstValue: '0', replaces: { meterId: old, finalValue } });
      await enter(replaced, '2026-02-01', { value: '5' });
      expect(await billed(fresh, '2026-01-01', '2026-01-31')).toBe(5 * 500);
      return;
    }
    const next = await hang(accountId, on, { firstValue: '0', replaces: { meterId, finalValue } });
    await enter(next, '2026-03-01', { value: '59' });
    const days = (Date.parse('2026-03-01') - Date.parse(on)) / 86_400_000;
    const inMonth = (Date.parse('2026-02-01') - Date.parse(on)) / 86_400_000;
    const whole = 1_000_000n * 59n * BigInt(inMonth);
    const millionths = (whole * 2n + BigInt(days)) / (BigInt(days) * 2n);
    const fen = Math.round(Number(11_000_000n + millionths) / 2_000);
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(fen);
  });
});

describe('a meter by time of day', () => {
  const start = async () => {
    const { accountId, number } = await bare({ tariffId: touId });
    const meterId = await hang(accountId, '2026-01-01', { firstValues: { peak: '100', valley: '200' } });
    return { accountId, number, meterId };
  };
  it('has a first value for each register, and one reading enters all of them', async () => {
    const { accountId, meterId } = await start();
    const body = { id: newId(), on: '2026-02-01', quality: 'actual' as const, values: { peak: '110', valley: '220' } };
    const first = await bench.must('enterFeeReading', { meterId }, body);
    expect(first.readings.map(({ register, value }) => [register, value]).sort()).toEqual([
      ['peak', '110'],
      ['valley', '220'],
    ]);
    const again = await bench.must('enterFeeReading', { meterId }, body);
    expect(again.readings.map(({ id }) => id).sort()).toEqual(first.readings.map(({ id }) => id).sort());
    const { meters } = await bench.must('feeAccount', { accountId });
    expect(meters[0]).toMatchObject({ registers: ['peak', 'valley'] });
    expect(meters[0]?.readings).toHaveLength(4);
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(2_300);
  });
  it.each([
    ['one is missing', { values: { peak: '110' } }, 'values.valley'],
    ['one is none of its own', { values: { peak: '110', valley: '220', flat: '1' } }, 'values.flat'],
    ['there is only a total', { value: '330' }, 'values.peak'],
    ['one falls', { values: { peak: '110', valley: '199' } }, 'reading-falls: valley'],
  ])('takes none of its values when %s', async (_name, body, field) => {
    const { accountId, meterId } = await start();
    for (const quality of ['actual', 'final'])
      expect((await enter(meterId, '2026-02-01', { quality, ...body })).field).toBe(field);
    const [meter] = (await bench.must('feeAccount', { accountId })).meters;
    expect(meter?.readings).toHaveLength(2);
    expect(meter?.to).toBeUndefined();
  });
  it('comes down with the last value of every register, and is billed to its last day', async () => {
    const { accountId, meterId } = await start();
    await change(accountId, { movedOut: '2026-01-20' });
    const last = { values: { peak: '110', valley: '220' }, quality: 'final' };
    expect((await enter(meterId, '2026-01-20', last)).status).toBe(201);
    expect((await bench.must('feeAccount', { accountId })).meters[0]).toMatchObject({ to: '2026-01-20' });
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(2_300);
  });
  it('is replaced with the last value of every register, or not at all', async () => {
    const { accountId, meterId } = await start();
    const next = { id: newId(), kind: 'water', serial: 'N', on: '2026-01-11', firstValues: { peak: '0', valley: '0' } };
    const part = { ...next, replaces: { meterId, finalValues: { peak: '104' } } };
    expect(await bench.call('installFeeMeter', { accountId }, part as never)).toMatchObject({
      field: 'replaces.finalValues.valley',
    });
    expect((await bench.must('feeAccount', { accountId })).meters).toHaveLength(1);
    const whole = { ...next, replaces: { meterId, finalValues: { peak: '104', valley: '208' } } };
    await bench.must('installFeeMeter', { accountId }, whole);
    await bench.must('installFeeMeter', { accountId }, whole);
    expect((await bench.must('feeAccount', { accountId })).meters).toHaveLength(2);
    await enter(next.id, '2026-02-01', { values: { peak: '6', valley: '12' } });
    expect(await billed(accountId, '2026-01-01', '2026-01-31')).toBe(2_300);
  });
  it('is estimated register by register, and a correction is of one of them', async () => {
    const { accountId, meterId } = await start();
    await enter(meterId, '2026-02-01', { values: { peak: '131', valley: '262' } });
    const made = await bench.must(
      'enterFeeReading',
      { meterId },
      { id: newId(), on: '2026-03-01', quality: 'estimate' },
    );
    expect(made.readings.map(({ value }) => value).sort()).toEqual(['159', '318']);
    const wrong = made.readings.find(({ register }) => register === 'valley');
    const right = { value: '300', supersedes: wrong?.id, reason: 'read after all' };
    expect((await enter(meterId, '2026-03-01', right)).body.reading).toMatchObject({
      register: 'valley',
      value: '300',
    });
    const { meters } = await bench.must('feeAccount', { accountId });
    expect(meters[0]?.readings.filter(({ on, isCurrent }) => on === '2026-03-01' && isCurrent)).toHaveLength(2);
  });
  it('gets its last values from a file, all of them or none', async () => {
    const { accountId, number, meterId } = await start();
    const file = (rows: readonly string[]) => ({
      ...{ kind: 'readings' as const, service: 'water' as const, fileName: 'x.csv' },
      content: Buffer.from(['户号,抄表日期,时段,读数,抄表方式', ...rows].join('\n')).toString('base64'),
    });
    const half = await bench.must('previewFeeImport', {}, file([`${number},2026-01-20,峰,110,止数`]));
    expect(half.rows[0]?.faults).toEqual([{ column: '时段', reason: 'registers-missing' }]);
    const wrong = await bench.must(
      'previewFeeImport',
      {},
      file([`${number},2026-01-20,尖,1,实抄`, `${number},2026-01-20,,1,实抄`]),
    );
    expect(wrong.rows.map(({ faults }) => faults[0]?.reason)).toEqual(['no-such-register', 'register-missing']);
    const rows = [`${number},2026-01-20,峰,110,止数`, `${number},2026-01-20,valley,220,final`];
    const done = await bench.must('commitFeeImport', {}, { id: newId(), ...file(rows) });
    expect(done).toMatchObject({ done: 2, refused: [] });
    expect((await bench.must('feeAccount', { accountId })).meters[0]).toMatchObject({ id: meterId, to: '2026-01-20' });
  });
});

describe('what is known of a household', () => {
  it('can be taken away again, a class back to the usual one', async () => {
    const { accountId } = await bare({
      areaM2: '88.5',
      innerAreaM2: '70',
      customerClass: 'shop',
      movedIn: '2026-01-01',
    });
    const nothing = { areaM2: null, innerAreaM2: null, customerClass: null, movedIn: null };
    const changed = await change(accountId, nothing);
    expect(changed.body).toMatchObject({ customerClass: 'resident' });
    for (const name of ['areaM2', 'innerAreaM2', 'movedIn']) expect(changed.body).not.toHaveProperty(name);
    const { accountId: other } = await bare({ areaM2: '88.5' });
    expect((await change(other, { label: '5 号楼 502 室' })).body).toMatchObject({ areaM2: '88.5' });
  });
  it.each([
    ['area-needed', { areaM2: null }, { kind: 'formula', amount: 'round(area * 2, 2)' }],
    ['inner-area-needed', { innerAreaM2: null }, { kind: 'per-unit', price: '2', quantity: { formula: 'innerArea' } }],
    ['area-needed', { areaM2: null }, { kind: 'share', of: 'amount', key: 'area', remainder: 'first' }],
    [
      'class-needed',
      { customerClass: null },
      { kind: 'fixed', amount: '1', per: 'bill', prorate: 'none', when: { customerClass: ['shop'] } },
    ],
  ])('stays while its price list needs it, which is named: %s', async (reason, body, component) => {
    const id = newId();
    const part = { id: 'part', label: { zh: '费', en: 'Fee' }, ...component };
    const example = {
      name: 'x',
      input: {
        account: { areaM2: '1', innerAreaM2: '1', customerClass: 'shop' },
        ...{ period: { from: '2026-01-01', to: '2026-02-01' }, asOf: '2026-02-01T00:00:00+08:00' },
        common: { part: { total: '2', members: [{ id: 'a', key: '1' }], self: 'a' } },
      },
      expect: { total: component.kind === 'fixed' ? '1.00' : '2.00' },
    };
    const version = { id: 'v', effectiveFrom: '2026-01-01', components: [part], examples: [example] };
    const made = await bench.must('createFeeTariff', {}, { id, tariff: { ...waterTariff, versions: [version] } });
    const at = { tariffId: id, versionId: made.versions[0]?.id ?? '' };
    const all = { areaM2: '88.5', innerAreaM2: '70', customerClass: 'shop' };
    const { accountId } = await bare({ ...all, tariffId: id });
    // A draft needs nothing yet.
    expect((await change(accountId, body)).status).toBe(200);
    await change(accountId, all);
    expect((await bench.must('activateFeeVersion', at, {})).isActive).toBe(true);
    expect(await change(accountId, body)).toMatchObject({ code: 'fee-refused', field: `${reason}: ${id}` });
    expect(await bench.must('feeAccount', { accountId })).toMatchObject(all);
    // Together with another price list it may go.
    expect((await change(accountId, { ...body, tariffId })).status).toBe(200);
  });
});
