import type { HistoryRow } from '../../../protocol/http/merchant.ts';
import type { MerchantText } from '../../i18n/merchant.en.ts';
import type { Look } from '../../ui/icons.ts';

const paymentLooks: Readonly<Record<string, Look>> = {
  open: { glyph: 'next', tint: 'off' },
  'part-paid': { glyph: 'half', tint: 'now' },
  paid: { glyph: 'full', tint: 'ok' },
  cancelled: { glyph: 'none', tint: 'off' },
  'part-refunded': { glyph: 'half', tint: 'off' },
  refunded: { glyph: 'empty', tint: 'off' },
  review: { glyph: 'warn', tint: 'wait' },
};
const refundLooks: Readonly<Record<string, Look>> = {
  created: { glyph: 'wait', tint: 'wait' },
  submitted: { glyph: 'wait', tint: 'wait' },
  processing: { glyph: 'wait', tint: 'wait' },
  unknown: { glyph: 'wait', tint: 'wait' },
  done: { glyph: 'empty', tint: 'off' },
  failed: { glyph: 'stop', tint: 'stop' },
};

type RowState = Pick<HistoryRow, 'kind' | 'state' | 'waiting'>;

/** The shape and tint of a row's state. */
export function lookOf({ kind, state, waiting }: RowState): Look {
  if (kind === 'refund') return refundLooks[state] ?? { glyph: 'empty', tint: 'off' };
  if (waiting === 'platform') return { glyph: 'wait', tint: 'wait' };
  if (waiting === 'payer') return { glyph: 'now', tint: 'now' };
  return paymentLooks[state] ?? { glyph: 'empty', tint: 'off' };
}

/** The word of a row's state. */
export function stateWord({ kind, state, waiting }: RowState, words: MerchantText['state']): string {
  if (kind === 'payment' && waiting === 'platform') return words.waitingPlatform;
  if (kind === 'payment' && waiting === 'payer') return words.waitingPayer;
  return words[state];
}

/** True when no money stands behind the amount: it is written paler. */
export function isWithoutMoney({ kind, state }: RowState): boolean {
  return kind === 'payment' ? state === 'open' || state === 'cancelled' || state === 'review' : state !== 'done';
}
