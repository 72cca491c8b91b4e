import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Tariff } from '../../../domain/tariffs/tariff.ts';
import { feeCheck, feeCompare, feeRate, feeSchema } from '../../../server/cli/fee-commands.ts';

const shipped = join(import.meta.dirname, '../../../tariffs');
const folder = mkdtempSync(join(tmpdir(), 'till-fee-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function ran(run: (print: (line: string) => void) => number): { readonly code: number; readonly text: string } {
  const lines: string[] = [];
  const code = run((line) => lines.push(line));
  return { code, text: lines.join('\n') };
}

const beijing = JSON.parse(readFileSync(join(shipped, 'beijing-electricity.json'), 'utf8')) as Tariff;
const readings = [
  { meterId: 'm1', at: '2026-10-01', value: '8120', quality: 'actual' },
  { meterId: 'm1', at: '2026-11-01', value: '8438', quality: 'actual' },
];
const asked = { tariff: beijing, account: {}, readings, previous: { used: {} }, asOf: '2026-11-03T09:00:00+08:00' };

describe('fee rate', () => {
  test('prints the bill of readings, with the period from first to last', () => {
    const { code, text } = ran((print) => feeRate({ input: file('good.json', asked) }, print));
    expect(code).toBe(0);
    const bill = JSON.parse(text) as Record<string, unknown>;
    expect(bill).toMatchObject({
      tariff: 'beijing-electricity',
      total: '155.28',
      totalFen: 15528,
      lines: [{ id: 'energy:t1', quantity: '318', price: '0.4883', unroundedYuan: '155.2794', amountFen: 15528 }],
      usage: [{ from: { on: '2026-10-01', value: '8120' }, to: { value: '8438' }, quantity: '318', isEstimate: false }],
      tiers: [{ current: 0, left: '2562' }],
      state: { used: { energy: { '2026-01-01': '318' } } },
    });
  });

  test('reads the standard input too', () => {
    const main = join(import.meta.dirname, '../../../server/cli/main.ts');
    const run = (input: string) =>
      spawnSync(process.execPath, [main, 'fee', 'rate', '--input', '-'], { input, encoding: 'utf8' });
    expect(JSON.parse(run(JSON.stringify(asked)).stdout)).toMatchObject({ totalFen: 15528 });
    const broken = run('{');
    expect(broken.status).toBe(2);
    expect(JSON.parse(broken.stdout)).toMatchObject({ error: { code: 'bad-input', field: '-' } });
  });

  const tier = {
    path: ['versions', '0', 'components', '0', 'tiers', '0', 'price'],
    at: 'tariff.versions.0.components.0.tiers.0',
  };
  test.each([
    ['no JSON', '{"tariff": ', 'bad-input', /\.json$/],
    ['a number beyond all numbers', JSON.stringify(asked).replace('"0.4883"', '1e400'), 'bad-input', tier.at],
    ['a decimal with an exponent', JSON.stringify(asked).replace('"0.4883"', '"4e-1"'), 'bad-input', tier.at],
    ['a float for a decimal', JSON.stringify(asked).replace('"0.4883"', '0.4883'), 'bad-input', tier.at],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'bad-input', /./],
    [
      'deep nesting inside',
      JSON.stringify(asked).replace('"0.4883"', `${'['.repeat(50_000)}${']'.repeat(50_000)}`),
      'bad-input',
      tier.at,
    ],
    ['an unknown entry', { ...asked, colour: 'red' }, 'bad-input', 'colour'],
    ['an instant without an offset', { ...asked, asOf: '2026-11-03T09:00:00' }, 'bad-input', 'asOf'],
    [
      'a day that does not exist',
      { ...asked, period: { from: '2026-02-30', to: '2026-03-30' } },
      'bad-input',
      'period.from',
    ],
    [
      'bounds that fall',
      JSON.stringify(asked).replace('"4800"', '"480"'),
      'bad-tariff',
      'tariff.versions.0.components.0.tiers.1.upTo',
    ],
    ['a meter that falls', JSON.stringify(asked).replace('"8438"', '"8000"'), 'reading-falls', 'usage.readings'],
    ['one reading alone', { ...asked, readings: readings.slice(0, 1) }, 'bad-period', 'period.to'],
    ['no period at all', { ...asked, readings: undefined }, 'bad-period', 'period'],
    [
      'a version that does not hold yet',
      JSON.stringify(asked).replace('"2012-07-01"', '"2027-01-01"'),
      'no-version',
      'versions',
    ],
  ])('%s: exit code 2, and the place', (name, content, code, field) => {
    const answer = ran((print) => feeRate({ input: file(`${name}.json`, content) }, print));
    expect(answer.code).toBe(2);
    const { error } = JSON.parse(answer.text) as {
      error: { code: string; field: string; message: string; meaning: { zh: string; en: string } };
    };
    expect(error.code).toBe(code);
    if (typeof field === 'string') expect(error.field.startsWith(field), error.field).toBe(true);
    else expect(error.field).toMatch(field);
    expect(error.message.length).toBeGreaterThan(0);
    expect(error.meaning.zh).toMatch(/\p{Script=Han}/u);
  });

  test('a file of 100 MB is not read', () => {
    const path = file('huge.json', '{}');
    truncateSync(path, 100_000_000);
    const answer = ran((print) => feeRate({ input: path }, print));
    expect(answer.code).toBe(2);
    expect(answer.text).toContain('too-large');
  });

  test('a missing file and a missing option are told apart', () => {
    expect(ran((print) => feeRate({}, print)).text).toContain('--input');
    expect(ran((print) => feeRate({ input: join(folder, 'nothing.json') }, print)).text).toContain('cannot be read');
  });
});

describe('fee check', () => {
  const files = readdirSync(shipped).filter((name) => name.endsWith('.json'));

  test('every shipped tariff passes its own examples, and names its sources', () => {
    const answer = ran((print) =>
      feeCheck(
        files.map((name) => join(shipped, name)),
        print,
      ),
    );
    expect(answer.text).not.toContain('FAIL');
    expect(answer.code).toBe(0);
    expect(files.length).toBeGreaterThanOrEqual(10);
    for (const name of files) {
      const { sources } = JSON.parse(readFileSync(join(shipped, name), 'utf8')) as Tariff;
      expect(sources.length, name).toBeGreaterThan(0);
    }
  });

  test('a wrong example and a version without one fail, with what came out', () => {
    const wrong = file('wrong.json', JSON.stringify(beijing).replace('"155.28"', '"155.27"'));
    const answer = ran((print) => feeCheck([wrong], print));
    expect(answer.code).toBe(1);
    expect(answer.text).toContain('expected 155.27, got 155.28');
    const without = { ...beijing, versions: beijing.versions.map(({ examples: _examples, ...version }) => version) };
    expect(ran((print) => feeCheck([file('without.json', without)], print))).toMatchObject({ code: 1 });
  });
});

describe('fee compare', () => {
  test('shows each bill under both, and the sums', () => {
    const dearer = file('dearer.json', JSON.stringify(beijing).replace('"0.4883"', '"0.5"'));
    const bill = (quantity: string) => ({
      id: `H${quantity}`,
      input: {
        account: {},
        period: { from: '2026-10-01', to: '2026-11-01' },
        usage: { quantities: { '': quantity } },
        asOf: '2026-11-01T00:00:00+08:00',
      },
    });
    const bills = file('bills.json', [bill('100'), bill('0'), bill('-1')]);
    const answer = ran((print) => feeCompare([file('old.json', beijing), dearer], { bills }, print));
    expect(answer.code).toBe(0);
    expect(answer.text.split('\n')).toEqual([
      'H100  48.83 → 50.00  +1.17',
      'H0  0.00 → 0.00  0.00',
      expect.stringMatching(/^H-1 {2}– → – {2}usage\.quantities/),
      'Sum  48.83 → 50.00  +1.17  (1 dearer, 0 cheaper, 1 the same, 1 refused)',
    ]);
  });
});

test('the published schema is the one that is checked by', () => {
  const published = JSON.parse(readFileSync(join(shipped, 'schema/tariff.schema.json'), 'utf8')) as unknown;
  expect(JSON.parse(JSON.stringify(feeSchema()))).toEqual(published);
});
