import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import { readRateInput, readTariffJson } from '../../../server/services/fees/tariffs/shape.ts';
import { askedBy, usualClass, whatIfInput } from '../../../src/office/fees/what-if-form.ts';

const folder = join(import.meta.dirname, '../../../tariffs');
const shipped = readdirSync(folder).filter((name) => name.endsWith('.json'));
const jsonOf = (name: string): { versions: { effectiveFrom: string; components: unknown[] }[] } =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as ReturnType<typeof jsonOf>;

const form = { quantities: {}, area: '90', people: '3', months: '1', customerClass: usualClass, object: '' };

describe('an imagined bill', () => {
  it.each(shipped)('can be worked out under %s, which comes with the program', (name) => {
    const json = jsonOf(name);
    const tariff = readTariffJson(json);
    const compiled = tariff.ok ? compileTariff(tariff.value) : tariff;
    const version = json.versions.at(-1);
    const from = version?.effectiveFrom ?? '';
    const input = readRateInput(whatIfInput(askedBy(JSON.stringify(version)), form, from));
    const rated = compiled.ok && input.ok ? rate(compiled.value, input.value) : undefined;
    expect(rated).toMatchObject({ ok: true });
    expect(rated?.ok === true ? rated.value.totalFen : 0).toBeGreaterThan(0);
  });
  it.each([
    ['shanghai-electricity-tou.json', ['peak', 'valley']],
    ['mobile.json', ['minutes', 'gigabytes']],
    ['fixed-phone.json', ['local', 'distance']],
    ['beijing-water.json', ['']],
    ['property-fee.json', []],
  ])('under %s is told %j', (name, names) => {
    const { quantities } = askedBy(JSON.stringify(jsonOf(name).versions.at(-1)));
    expect(quantities.map((one) => one.name)).toEqual(names);
    expect(quantities.every((one) => one.name === '' || one.label !== undefined)).toBe(true);
  });
  it('asks for a class, an object, the area and the people where the rules go by them', () => {
    const body = JSON.stringify({
      components: [
        { when: { customerClass: ['low-income'], payerObject: ['shop'] }, amount: 'area * 2 + usage', kind: 'formula' },
        { household: { countAbove: 4 } },
      ],
    });
    const asked = askedBy(body);
    expect(asked).toMatchObject({ classes: ['low-income'], objects: ['shop'], isByArea: true, isByPersons: true });
    expect(asked.quantities).toEqual([{ name: '' }]);
    const typed = { ...form, quantities: { '': ' 7 ' }, customerClass: 'low-income', months: '2' };
    expect(whatIfInput(asked, typed, '2026-12-01')).toMatchObject({
      account: { customerClass: 'low-income', payerObject: 'shop', areaM2: '90', persons: [{ count: 3 }] },
      usage: { quantities: { '': '7' } },
      period: { from: '2026-12-01', to: '2027-02-01' },
    });
  });
  it('asks for nothing while the rules are no JSON', () => {
    expect(askedBy('{').quantities).toEqual([]);
  });
});
