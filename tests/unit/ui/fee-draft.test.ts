import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shownComponents, withExample, withFigure } from '../../../src/office/fees/draft.ts';

const folder = join(import.meta.dirname, '../../../tariffs');
const rulesOf = (name: string): string => {
  const { versions } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { versions: unknown[] };
  return JSON.stringify(versions.at(-1));
};
const valuesOf = (rules: string): string[][] =>
  shownComponents(rules).map(({ figures }) => figures.flat().map(({ is, value }) => `${is} ${value}`));

describe('the figures of a version', () => {
  it('are those of each tier, and of a day of delay', () => {
    expect(valuesOf(rulesOf('shanghai-water.json'))).toEqual([
      ['upTo 220', 'price 3.45', 'upTo 300', 'price 4.83', 'upTo ', 'price 5.83'],
      [expect.stringMatching(/^percentPerDay 0\.\d+$/)],
    ]);
  });
  it('are those of each part of the day, by tier where there are tiers', () => {
    const [energy] = shownComponents(rulesOf('shanghai-electricity-tou.json'));
    expect(energy?.figures.map((row) => row.map(({ label, value }) => [label?.en, value]))).toEqual([
      ['3120', '4800', ''].map((bound) => [undefined, bound]),
      ['0.617', '0.677', '0.977'].map((price) => ['Peak, 6 to 22 h', price]),
      ['0.307', '0.337', '0.487'].map((price) => ['Valley, 22 to 6 h', price]),
    ]);
    const label = { zh: '峰', en: 'Peak' };
    const plain = JSON.stringify({
      components: [{ id: 'a', kind: 'tou', periods: [{ name: 'p', label, price: '0.6' }] }],
    });
    expect(shownComponents(plain)[0]?.figures).toMatchObject([[{ label, value: '0.6', is: 'price' }]]);
  });
  it('change where they stand, and nothing else does', () => {
    const rules = rulesOf('shanghai-electricity-tou.json');
    const figures = shownComponents(rules).flatMap((component) => component.figures.flat());
    for (const figure of figures) {
      const changed = withFigure(rules, figure, ' 9.5 ');
      const after = shownComponents(changed).flatMap((component) => component.figures.flat());
      expect(after.filter((one, at) => one.value !== figures[at]?.value)).toEqual([{ ...figure, value: '9.5' }]);
      expect(withFigure(changed, figure, figure.value)).toBe(JSON.stringify(JSON.parse(rules), undefined, 2));
    }
  });
});

describe('a worked example', () => {
  it('is put behind those that are there', () => {
    const two = withExample(withExample('', { name: 'a' }) ?? '', { name: 'b' });
    expect(JSON.parse(two ?? '')).toEqual([{ name: 'a' }, { name: 'b' }]);
  });
  it('is not put among what is no list', () => {
    expect(withExample('{}', { name: 'a' })).toBeUndefined();
    expect(withExample('[', { name: 'a' })).toBeUndefined();
  });
});
