import { describe, expect, test } from 'vitest';
import { yuanFromFen } from '../../../domain/money.ts';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { RatedState } from '../../../domain/tariffs/rating.ts';
import { readVectors, type VectorBill } from './read-vectors.ts';

const vectors = readVectors();

describe('worked examples', () => {
  test('there are at least 60, of at least 5 sources', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(60);
    expect(new Set(vectors.map(({ file }) => file)).size).toBeGreaterThanOrEqual(5);
  });

  test.each(vectors.map((vector) => ({ ...vector, name: `${vector.tariff.id}: ${vector.example.name}` })))(
    '$name',
    ({ tariff, example }) => {
      const compiled = compileTariff(tariff);
      if (!compiled.ok) throw new Error(compiled.detail);
      let previous: RatedState | undefined;
      const came: VectorBill[] = example.bills.map(({ input, lines }) => {
        const answer = rate(compiled.value, previous === undefined ? input : { previous, ...input });
        if (!answer.ok) return { input, refusal: answer.error, detail: answer.detail };
        previous = answer.value.state;
        const amounts = answer.value.lines.map(({ id, amountFen }) => [id, yuanFromFen(amountFen)] as const);
        const asked = Object.fromEntries(amounts.filter(([id]) => lines?.[id] !== undefined));
        return { input, total: yuanFromFen(answer.value.totalFen), ...(lines === undefined ? {} : { lines: asked }) };
      });
      expect(came.map(({ input: _input, ...rest }) => rest)).toMatchObject(
        example.bills.map(({ input: _input, ...rest }) => rest),
      );
    },
  );
});
