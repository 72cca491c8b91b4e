import { describe, expect, test } from 'vitest';
import { searchTerms } from '../../../server/services/merchant/search.ts';

describe('what a search may mean', () => {
  test.each([
    ['', []],
    ['   ', []],
    ['261124-005207', [{ by: 'order-no', value: '261124-005207' }]],
    ['TK-261124-005207', [{ by: 'order-no', value: '261124-005207' }]],
    ['tk261124-005207', [{ by: 'order-no', value: '261124-005207' }]],
    ['TK-261124-005207-2', [{ by: 'order-no', value: '261124-005207' }]],
    ['TK-261124-005207-R1', [{ by: 'order-no', value: '261124-005207' }]],
    ['TK-261124-005207-2-R3', [{ by: 'order-no', value: '261124-005207' }]],
    ['1124-5207', [{ by: 'digits', value: '5207' }]],
    ['128.50', [{ by: 'amount', fen: 12_850 }]],
    ['¥128', [{ by: 'amount', fen: 12_800 }]],
    ['￥1,280.5', [{ by: 'amount', fen: 128_050 }]],
    ['１２８．５０', [{ by: 'amount', fen: 12_850 }]],
    ['8', [{ by: 'amount', fen: 800 }]],
    ['¥0', []],
    ['TK26112400005207A1', [{ by: 'attempt-no', value: 'TK26112400005207A1' }]],
    ['tk26112400005207a2r1', [{ by: 'refund-no', value: 'TK26112400005207A2R1' }]],
  ])('%s', (text, terms) => {
    expect(searchTerms(text)).toEqual(terms);
  });

  test('four digits are an order’s last ones, a card’s, or an amount', () => {
    expect(searchTerms('4417').map(({ by }) => by)).toEqual(['digits', 'tail', 'amount', 'transaction', 'reference']);
  });

  test('many digits are the platform’s number or the merchant’s own', () => {
    expect(searchTerms('4200001234567890123456789012').map(({ by }) => by)).toEqual(['transaction', 'reference']);
  });

  test('anything else is the merchant’s reference as it was typed', () => {
    expect(searchTerms(' Tisch 4, Müller ')).toContainEqual({ by: 'reference', value: 'Tisch 4, Müller' });
  });
});
