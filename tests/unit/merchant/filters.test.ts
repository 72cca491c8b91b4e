import { describe, expect, test } from 'vitest';
import { filterCount, filtersOf, typedFen, withFilters } from '../../../src/merchant/history/filters.ts';
import { merchantRoute, withPayment } from '../../../src/merchant/routes.ts';
import { limitLook } from '../../../src/merchant/today/channel-limit.ts';
import { settlementOf } from '../../../src/merchant/settlement/sums.ts';
import { dayAfter, dayEnd, isDay } from '../../../src/merchant/shanghai.ts';

describe('filters in the address', () => {
  test('come back as they went in, beside what else is there', () => {
    const filters = { channel: 'alipay', from: '2026-11-20', to: '2026-11-24', search: '128.50' };
    const path = withFilters('/merchant/history', new URLSearchParams('payment=x'), filters);
    const query = new URLSearchParams(path.split('?')[1]);
    expect(filtersOf(query)).toEqual(filters);
    expect(query.get('payment')).toBe('x');
    expect(filterCount(filters)).toBe(2);
  });

  test('what the server would refuse is left out', () => {
    const query = new URLSearchParams('from=2026-02-30&channel=A!&minFen=1.5&state=odd&kind=refunds');
    expect(filtersOf(query)).toEqual({ kind: 'refunds' });
  });

  test.each([
    ['128.50', '12850'],
    [' ¥1,280 ', '128000'],
    ['', ''],
    ['12.345', undefined],
    ['-1', undefined],
    ['abc', undefined],
  ])('an amount typed as %j is %j fen', (typed, fen) => {
    expect(typedFen(typed)).toBe(fen);
  });
});

describe('places', () => {
  test.each([
    ['/merchant', { screen: 'today' }],
    ['/merchant/history', { screen: 'history' }],
    ['/merchant/payments/x', { screen: 'payments', id: 'x' }],
    ['/merchant/payments', { screen: 'history' }],
    ['/merchant/today/x', { screen: 'not-found' }],
    ['/merchant/nothing', { screen: 'not-found' }],
  ])('%s', (path, route) => {
    expect(merchantRoute(path)).toEqual(route);
  });

  test('a story opens and closes beside the list, whatever is filtered', () => {
    const open = withPayment('/merchant/history', new URLSearchParams('channel=alipay'), 'x');
    expect(open).toBe('/merchant/history?channel=alipay&payment=x');
    const closed = withPayment('/merchant/history', new URLSearchParams('channel=alipay&payment=x'), undefined);
    expect(closed).toBe('/merchant/history?channel=alipay');
  });

  test('days are those of Shanghai', () => {
    expect(dayAfter('2026-12-31', 1)).toBe('2027-01-01');
    expect(dayEnd('2026-11-24')).toBe('2026-11-24T16:00:00.000Z');
    expect([isDay('2026-02-29'), isDay('2028-02-29'), isDay('2026-1-1')]).toEqual([false, true, false]);
  });
});

describe('a channel against its limit', () => {
  test.each([
    [undefined, 'none', 0],
    [{ maxFen: 500_000, usedFen: 100_000 }, 'free', 400_000],
    [{ maxFen: 500_000, usedFen: 481_650 }, 'near', 18_350],
    [{ maxFen: 150_000, usedFen: 149_820 }, 'spent', 180],
    [{ maxFen: 500_000, usedFen: 500_000 }, 'spent', 0],
    [{ maxFen: 500_000, usedFen: 600_000 }, 'spent', 0],
    [{ maxFen: 300, usedFen: 0 }, 'free', 300],
  ])('%j', (limit, state, leftFen) => {
    expect(limitLook(limit)).toMatchObject({ state, leftFen });
  });
});

describe('what is owed', () => {
  test('is what was taken, less the fee, less what goes back, and agrees with the books', () => {
    const channels = [
      { channel: 'alipay', clearingFen: 14_910, feesFen: 90, otherFen: 0 },
      { channel: 'wechat-pay', clearingFen: 53_278, feesFen: 322, otherFen: -3_600 },
      { channel: 'bank-card', clearingFen: 0, feesFen: 0, otherFen: 0 },
    ];
    const { lines, sum, isAgreed } = settlementOf({ at: '', channels, payableFen: 65_000 });
    expect(lines.map(({ channel }) => channel)).toEqual(['alipay', 'wechat-pay']);
    expect(lines[1]).toMatchObject({ takenFen: 50_000, feeFen: 322, backFen: 3_600, owedFen: 49_678 });
    expect(sum).toMatchObject({ takenFen: 65_000, owedFen: 64_588 });
    expect(isAgreed).toBe(true);
    expect(settlementOf({ at: '', channels, payableFen: 64_999 }).isAgreed).toBe(false);
  });
});
