import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OfficeBench } from './fees/office-bench.ts';
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

describe('payees and their services', () => {
  it('are changed only from what stands now, so that nobody overwrites another unseen', async () => {
    const { merchantId: _id, name: _name, services, ...read } = await bench.must('feePayee');
    const first = await bench.must('setFeePayee', {}, { ...read, receiptTitle: 'first' });
    expect(first.version).toBe(read.version + 1);
    for (const version of [read.version, 0])
      expect(await bench.call('setFeePayee', {}, { ...read, version, receiptTitle: 'second' })).toMatchObject({
        status: 409,
        code: 'not-in-state',
        field: 'version',
      });
    expect((await bench.must('feePayee')).receiptTitle).toBe('first');
    const [water] = services.filter(({ service }) => service === 'water');
    if (water === undefined) throw new Error('no water');
    const { households: _count, withSecret: _some, ...service } = water;
    await bench.must('setFeeService', {}, { ...service, dueDays: 16 });
    const late = await bench.call('setFeeService', {}, { ...service, dueDays: 17 });
    expect(late).toMatchObject({ code: 'not-in-state', field: 'version' });
    const after = await bench.must('feePayee');
    expect(after.services.find((one) => one.service === 'water')?.dueDays).toBe(16);
    await bench.setService('water', { dueDays: 15, tariffId: place.tariffId });
  });
});

describe('the number of agreed digits', () => {
  const gas = async (secretDigits: number) => {
    const read = (await bench.must('feePayee')).services.find(({ service }) => service === 'gas');
    if (read === undefined) throw new Error('no gas');
    const { households: _count, withSecret: _some, ...service } = read;
    return bench.call('setFeeService', {}, { ...service, secretDigits });
  };

  it('stays as long as households have theirs, because only their hash is kept', async () => {
    await bench.setService('gas');
    const created = { service: 'gas' as const, label: '3 号楼 1203 室' };
    await bench.must('createFeeAccount', {}, { ...created, id: newId(), number: bench.nextNumber() });
    expect((await gas(6)).status, 'nobody has any yet').toBe(200);
    const accountId = newId();
    const number = bench.nextNumber();
    await bench.must('createFeeAccount', {}, { ...created, id: accountId, number, secret: '120311' });
    expect(await gas(4)).toMatchObject({ status: 409, code: 'not-in-state', field: 'secretDigits' });
    const after = (await bench.must('feePayee')).services.find(({ service }) => service === 'gas');
    expect(after).toMatchObject({ secretDigits: 6, households: 2, withSecret: 1 });
    expect((await gas(6)).status).toBe(200);
    const { version } = await bench.must('feeAccount', { accountId });
    await bench.must('changeFeeAccount', { accountId }, { version, close: true });
    expect((await gas(4)).status, 'who had them has gone').toBe(200);
  });
});

describe('the end of a household', () => {
  async function close(accountId: string, more: { movedOut?: string; confirmUnbilled?: true } = {}) {
    const { version } = await bench.must('feeAccount', { accountId });
    return bench.call('changeFeeAccount', { accountId }, { version, close: true, ...more });
  }

  it('comes only when nobody owes anything', async () => {
    const { accountId, meterId } = await bench.household();
    await bench.read(meterId, '2026-02-01', '1010');
    await bench.bill('2026-01-01', '2026-01-31');
    const last = { movedOut: '2026-01-31' };
    expect(await close(accountId, last)).toMatchObject({ code: 'fee-refused', field: 'open-bills' });
    const [bill] = await bench.billsOf(accountId);
    const payment = { id: newId(), version: bill?.version ?? 0, principalFen: 5_000, lateFen: 0, note: '免收违约金' };
    await bench.must('takeFeePayment', { billId: bill?.id ?? '' }, payment);
    await bench.must('takeFeePayment', { billId: bill?.id ?? '' }, payment);
    expect((await close(accountId, last)).body).toMatchObject({ state: 'closed', openFen: 0 });
  });

  it('names the days that nobody billed, and comes once they are given up', async () => {
    const { accountId, meterId } = await bench.household({ movedIn: '2025-12-20' });
    for (const [on, value] of [
      ['2026-02-01', '1000'],
      ['2026-03-01', '1000'],
      ['2026-04-01', '1000'],
    ] as const)
      await bench.read(meterId, on, value);
    await bench.bill('2026-01-01', '2026-01-31');
    await bench.bill('2026-03-01', '2026-03-31');
    const refused = await close(accountId, { movedOut: '2026-04-02' });
    const days = '2025-12-20/2025-12-31, 2026-02-01/2026-02-28, 2026-04-01/2026-04-02';
    expect(refused).toMatchObject({ code: 'fee-refused', field: `unbilled: ${days}` });
    expect((await bench.must('feeAccount', { accountId })).state).toBe('open');
    expect((await close(accountId, { movedOut: '2026-04-02', confirmUnbilled: true })).body.state).toBe('closed');
  });

  it('asks nothing about a household that never was billed for, because no price list is its own', async () => {
    await bench.setService('gas');
    const accountId = newId();
    const made = {
      id: accountId,
      service: 'gas' as const,
      number: bench.nextNumber(),
      label: '3-1',
      movedIn: '2026-01-01',
    };
    await bench.must('createFeeAccount', {}, made);
    expect((await close(accountId)).body.state).toBe('closed');
  });
});
