import { describe, expect, it } from 'vitest';
import type { Fen } from '../../../domain/money.ts';
import { balanceChange, officePayment } from '../../../src/office/fees/money-form.ts';

describe('a change of the balance', () => {
  it('is money in advance, or money paid out, which lowers it', () => {
    expect(balanceChange('advance', ' 50 ', 0)).toEqual({ kind: 'top-up', amountFen: 5_000 });
    expect(balanceChange('payOut', '12.34', 1_234)).toEqual({ kind: 'adjustment', amountFen: -1_234 });
  });
  it.each([
    ['advance', '0'],
    ['advance', '-5'],
    ['advance', 'five'],
    ['payOut', '12.35'],
    ['payOut', '-1'],
  ] as const)('%s of %s is none: too much, too little or no amount', (way, amount) => {
    expect(balanceChange(way, amount, 1_234)).toBeUndefined();
  });
});

describe('money that the office takes for a bill', () => {
  const bill = { leftFen: 3_500 as Fen, lateFeeFen: 120 as Fen };
  it('is the whole, a part, or the whole without its late fee', () => {
    expect(officePayment('35.00', '1.20', bill)).toEqual({ principalFen: 3_500, lateFen: 120 });
    expect(officePayment('10', '0', bill)).toEqual({ principalFen: 1_000, lateFen: 0 });
  });
  it.each([
    ['35.01', '0', 'principal'],
    ['0', '0', 'principal'],
    ['ten', '0', 'principal'],
    ['10', '1.21', 'late'],
    ['10', '-1', 'late'],
    ['10', '', 'late'],
  ])('of %s and %s is neither more nor less than what is owed: %s', (principal, late, wrong) => {
    expect(officePayment(principal, late, bill)).toEqual({ wrong });
  });
});
