import ExcelJS from 'exceljs';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFileMaxBytes } from '../../protocol/http/fees-work.ts';
import { OfficeBench } from './fees/office-bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let bench: OfficeBench;

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await OfficeBench.start(cluster);
  await bench.furnish();
});
afterAll(async () => {
  await bench.world.close();
  await cluster.stop();
});

const file = (content: Uint8Array | string, kind: 'accounts' | 'readings' = 'accounts') => ({
  ...{ kind, service: 'water' as const, fileName: 'file.csv', content: Buffer.from(content).toString('base64') },
});
const preview = (content: Uint8Array | string, kind?: 'accounts' | 'readings') =>
  bench.must('previewFeeImport', {}, file(content, kind));

const heading = '户号,房号,姓名,联系电话,身份证号码,建筑面积,人数,查询密码,表号,起始抄表日期,起始读数';

describe('a file of households', () => {
  it('is looked through row by row, and nothing of it is kept', async () => {
    const first = bench.nextNumber();
    const seen = await preview(
      [
        heading,
        `${first},7 号楼 101 室,张三,13800138000,110101199003078811,88.50,3,0101,W-1,2026-01-01,1200`,
        `2.02600E+10,7 号楼 102 室,李四,,,abc,60,12,,,`,
        `${first},,王五,,,90,,,,,`,
        `${bench.nextNumber()},户主 13800138000,赵六,,,,,,W-2,2026-13-01,`,
      ].join('\n'),
    );
    expect(seen.dropped).toEqual(['姓名', '联系电话', '身份证号码']);
    expect(JSON.stringify(seen)).not.toMatch(/张三|13800138000|110101199003078811/);
    expect(seen).toMatchObject({ add: 1, same: 0, faulty: 3 });
    expect(seen.rows.map(({ row, faults }) => [row, faults])).toEqual([
      [2, []],
      [
        3,
        [
          { column: '户号', reason: 'not-digits' },
          { column: '查询密码', reason: 'wrong-length' },
          { column: '建筑面积', reason: 'not-a-number' },
          { column: '人数', reason: 'out-of-range' },
        ],
      ],
      [4, [{ column: '房号', reason: 'empty' }]],
      [
        5,
        [
          { column: '房号', reason: 'looks-like-a-person' },
          { column: '起始抄表日期', reason: 'not-a-day' },
          { column: '起始读数', reason: 'empty' },
        ],
      ],
    ]);
    expect((await bench.must('feeAccounts', {}, undefined, '?q=7')).items).toEqual([]);
  });
  it('brings in the rows that were chosen, once, and none of the persons in it', async () => {
    const [one, two] = [bench.nextNumber(), bench.nextNumber()];
    const content = file(
      [
        heading,
        `${one},8 号楼 101 室,刘能,13900139000,,88.5,3,0101,W-11,2026/1/1,"1,200"`,
        `${two},8 号楼 102 室,谢广坤,,,90,2,,,,`,
      ].join('\r\n'),
    );
    const commit = { id: newId(), ...content, rows: [2] };
    expect(await bench.must('commitFeeImport', {}, commit)).toMatchObject({ done: 1, same: 0, refused: [] });
    expect(await bench.must('commitFeeImport', {}, commit)).toMatchObject({ done: 1 });
    expect((await bench.call('commitFeeImport', {}, { ...commit, rows: [3] })).code).toBe('exists-with-different-body');
    const [row] = (await bench.must('feeAccounts', {}, undefined, `?q=${one}`)).items;
    const account = await bench.must('feeAccount', { accountId: row?.id ?? '' });
    expect(account).toMatchObject({ label: '8 号楼 101 室', areaM2: '88.5', hasSecret: true });
    expect(account.persons.map(({ count }) => count)).toEqual([3]);
    expect(account.meters[0]).toMatchObject({ serial: 'W-11', readings: [{ on: '2026-01-01', value: '1200' }] });
    const all = await bench.must('commitFeeImport', {}, { id: newId(), ...content });
    expect(all).toMatchObject({ done: 1, same: 1 });
    const { pool } = bench.world.server.context.store;
    for (const table of ['fee_accounts', 'fee_imports', 'audit', 'fee_readings', 'fee_meters']) {
      const { rows } = await pool.query<{ text: string }>(`select t::text as text from ${table} t`);
      expect(rows.some(({ text }) => /刘能|13900139000/.test(text) || text.includes(one))).toBe(false);
    }
  });
  it('brings a household in with its meter or not at all, so that a repeated call finds nothing half done', async () => {
    const number = bench.nextNumber();
    const rows = [heading, `${number},8 号楼 201 室,,,,88.5,3,0101,W-21,2026-01-01,1200`];
    const commit = { id: newId(), ...file(rows.join('\n')) };
    const { pool } = bench.world.server.context.store;
    const cut = `create function cut_off() returns trigger language plpgsql as $$ begin raise 'cut off'; end $$;
      create trigger cut_off before insert on fee_meters execute function cut_off()`;
    await pool.query(cut);
    expect((await bench.call('commitFeeImport', {}, commit)).code).toBe('internal');
    await pool.query('drop trigger cut_off on fee_meters; drop function cut_off()');
    expect((await bench.must('feeAccounts', {}, undefined, `?q=${number}`)).items).toEqual([]);
    expect(await bench.must('commitFeeImport', {}, commit)).toMatchObject({ done: 1, same: 0, refused: [] });
    const [row] = (await bench.must('feeAccounts', {}, undefined, `?q=${number}`)).items;
    const account = await bench.must('feeAccount', { accountId: row?.id ?? '' });
    expect(account.meters.map(({ serial }) => serial)).toEqual(['W-21']);
    const { rows: acts } = await pool.query(`select act from audit where facts ->> 'accountId' = $1 order by act`, [
      account.id,
    ]);
    expect(acts).toEqual([{ act: 'fees.account-created' }, { act: 'fees.meter-installed' }]);
  });
  it('repeated while it still goes on waits for the same answer', async () => {
    const rows = Array.from({ length: 8 }, (_, at) => `${bench.nextNumber()},8 号楼 3${at} 室,,,,,,0101,,,`);
    const commit = { id: newId(), ...file([heading, ...rows].join('\n')) };
    const answers = await Promise.all([commit, commit].map((body) => bench.must('commitFeeImport', {}, body)));
    const whole = { id: commit.id, done: 8, same: 0, refused: [] };
    expect(answers).toEqual([whole, whole]);
  });
  it('says of a row whose number another household has by now that it is so', async () => {
    const number = bench.nextNumber();
    const one = { id: newId(), ...file(`户号,房号\n${number},8 号楼 401 室`) };
    const other = { id: newId(), ...file(`户号,房号\n${number},8 号楼 402 室`) };
    const answers = await Promise.all([one, other].map((body) => bench.must('commitFeeImport', {}, body)));
    expect(answers.reduce((sum, { done }) => sum + done, 0)).toBe(1);
    const late = answers.find(({ done }) => done === 0);
    // Planned before the other was in, or behind it.
    expect(late?.same === 1 ? [] : late?.refused.map(({ faults }) => faults[0]?.reason)).toEqual(
      late?.same === 1 ? [] : ['already-exists'],
    );
  });
  it('may be a workbook, or what Chinese Excel calls CSV', async () => {
    const book = new ExcelJS.Workbook();
    const sheet = book.addWorksheet('x');
    sheet.addRow(['Household number', 'Room', 'Owner', 'Area']);
    sheet.addRow([Number(bench.nextNumber()), 'Block 9, 101', 'Somebody', { formula: '1+1', result: 88.5 }]);
    const seen = await preview(new Uint8Array(await book.xlsx.writeBuffer()));
    expect(seen).toMatchObject({ add: 1, dropped: ['Owner'] });
    expect(seen.rows[0]).toMatchObject({ label: 'Block 9, 101', text: '88.5 ㎡' });
    const gb = iconv.encode(`户号;房号\n${bench.nextNumber()};9 号楼 102 室`, 'gb18030');
    expect((await preview(gb)).rows[0]).toMatchObject({ label: '9 号楼 102 室', action: 'add' });
  });
  it.each([
    ['', 'no-rows'],
    ['户号,房号', 'no-rows'],
    ['户号\n12345678', 'missing-column'],
    [Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'old-excel'],
    [Buffer.from('504b0304ffffffff', 'hex'), 'unreadable'],
    [Buffer.alloc(importFileMaxBytes + 1, 'a'), 'too-large'],
    [`户号,房号\n${'12345678,x\n'.repeat(2_001)}`, 'too-many-rows'],
    [Buffer.from([0x81, 0xff, 0xff, 0x0a]), 'encoding'],
  ])('%# says what is wrong with it as a whole', async (content, problem) => {
    expect(await preview(content)).toMatchObject({ problem, rows: [] });
  });
});

describe('a file of readings', () => {
  it('is judged in the order of its days, whatever the order of its rows', async () => {
    const { number, meterId } = await bench.household();
    const content = [
      'Household number,Read on,Reading,Kind',
      `${number},2026-03-01,1060,actual`,
      `${number},2026-02-01,1030,实抄`,
      `${number},2026-04-01,1050,actual`,
      `${number},2027-05-01,2000,actual`,
      `${bench.nextNumber()},2026-02-01,1,`,
      `${number},2026-05-01,1090,guessed`,
    ].join('\n');
    const seen = await preview(content, 'readings');
    expect(seen.rows.map(({ row, action, faults }) => [row, action, faults[0]?.reason])).toEqual([
      [2, 'add', undefined],
      [3, 'add', undefined],
      [4, 'fault', 'reading-falls'],
      [5, 'fault', 'in-the-future'],
      [6, 'fault', 'no-such-household'],
      [7, 'fault', 'unknown-word'],
    ]);
    const done = await bench.must('commitFeeImport', {}, { id: newId(), ...file(content, 'readings') });
    expect(done).toMatchObject({ done: 2, refused: [] });
    const again = await preview(content, 'readings');
    expect(again).toMatchObject({ add: 0, same: 2, faulty: 4 });
    expect(await bench.must('feeArrears')).toMatchObject({ totalFen: 0 });
    const before = await bench.call(
      'enterFeeReading',
      { meterId },
      { id: newId(), on: '2026-02-01', value: '1', quality: 'self' },
    );
    expect(before.field).toBe('same-day');
  });
});

describe('first values of a meter by time of day', () => {
  const power = (content: string) => ({ ...file(content), service: 'electricity' as const });

  it('come in by register, and a bad one names its column', async () => {
    await bench.setService('electricity');
    const numbers = Array.from({ length: 4 }, () => bench.nextNumber());
    const content = [
      '户号,房号,表号,起始抄表日期,起始读数,起始读数（峰）,起始读数 平,起始读数谷',
      `${numbers[0] ?? ''},7-1,E-1,2026-01-01,,120.5,80,44`,
      `${numbers[1] ?? ''},7-2,E-2,2026-01-01,1200,,,`,
      `${numbers[2] ?? ''},7-3,E-3,2026-01-01,1200,12,,`,
      `${numbers[3] ?? ''},7-4,E-4,2026-01-01,,12,abc,3`,
    ].join('\n');
    const seen = await bench.must('previewFeeImport', {}, power(content));
    expect(seen.rows.map(({ row, faults }) => [row, faults])).toEqual([
      [2, []],
      [3, []],
      [4, [{ column: '起始读数', reason: 'one-or-registers' }]],
      [5, [{ column: '起始读数 平', reason: 'not-a-number' }]],
    ]);
    expect(seen.rows[0]?.text).toContain('E-1 2026-01-01 = peak 120.5, flat 80, valley 44');
    const rows = { id: newId(), rows: [2, 3] };
    expect(await bench.must('commitFeeImport', {}, { ...power(content), ...rows })).toMatchObject({
      done: 2,
      refused: [],
    });
    const { items } = await bench.must('feeAccounts', {}, undefined, `?q=${numbers[0] ?? ''}&service=electricity`);
    const [meter] = (await bench.must('feeAccount', { accountId: items[0]?.id ?? '' })).meters;
    expect(meter).toMatchObject({ serial: 'E-1', registers: ['flat', 'peak', 'valley'] });
    expect(meter?.readings.map(({ register, value }) => `${register} ${value}`).sort()).toEqual([
      'flat 80',
      'peak 120.5',
      'valley 44',
    ]);
  });
});

describe('a template', () => {
  it('of households with electricity has the columns of registers, empty', async () => {
    const at = `${bench.world.server.url}/api/fees/import-template`;
    const headers = bench.operator.headers();
    const response = await fetch(`${at}?kind=accounts&service=electricity&format=csv&language=zh`, { headers });
    const content = await response.text();
    for (const name of ['尖', '峰', '平', '谷', '深谷']) expect(content).toContain(`起始读数 ${name}`);
    const seen = await bench.must('previewFeeImport', {}, { ...file(content), service: 'electricity' });
    expect(seen).toMatchObject({ add: 1, faulty: 0 });
  });

  it.each(['csv', 'xlsx'])('as %s is a file that can be brought in as it is', async (format) => {
    const url = `${bench.world.server.url}/api/fees/import-template?kind=accounts&service=water&format=${format}&language=en`;
    const response = await fetch(url, { headers: bench.operator.headers() });
    expect(response.headers.get('content-disposition')).toContain(`accounts-water.${format}`);
    const seen = await preview(new Uint8Array(await response.arrayBuffer()));
    expect(seen).toMatchObject({ add: 1, faulty: 0, dropped: [] });
  });
});
