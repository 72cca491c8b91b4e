import { fenOf, typeAmount } from './amount.ts';
import { placeOf } from './keys.ts';
import type { Key } from './keys.ts';
import { typeDigits } from './press.ts';
import type { Facts, Intent } from './press.ts';
import { refundReasons } from './screens.ts';
import type { RefundForm, Screen, ScreenOf } from './screens.ts';

const numberMaxDigits = 20;
const factorDigits = 6;

type Screens = ScreenOf<'find'> | ScreenOf<'found'> | ScreenOf<'order'> | ScreenOf<'refund'>;

/** What a key does while an order is looked for, looked at, or refunded. */
export function pressOnRefund(screen: Screens, key: Key, facts: Facts): Intent | undefined {
  if (screen.at === 'refund') return onRefund(screen, key, facts);
  const menu: Screen = { at: 'menu', channel: screen.channel };
  if (screen.at === 'find') {
    const { text, purpose, channel } = screen;
    if (key === 'cancel') return { do: 'show', screen: text === '' ? menu : { ...screen, text: '' } };
    if (key === 'confirm') return { do: 'search', purpose, channel, text };
    return { do: 'show', screen: { ...screen, text: typeDigits(text, key, numberMaxDigits) } };
  }
  if (screen.at === 'found') {
    const { purpose, channel, orders } = screen;
    if (key === 'cancel') return { do: 'show', screen: { at: 'find', purpose, channel, text: '' } };
    const place = key === 'confirm' ? 0 : placeOf(key, orders?.length ?? 0);
    return place === undefined || orders?.[place] === undefined
      ? undefined
      : { do: 'open-order', purpose, channel, place };
  }
  if (key === 'cancel' || key === 'confirm') return { do: 'show', screen: menu };
  if (key === '1') return { do: 'reprint' };
  return key === '2' && refundableFen(screen.order) > 0
    ? { do: 'refund', order: screen.order, back: screen }
    : undefined;
}

/** What of an order can still be given back. */
export function refundableFen({ paidFen, refundedFen, state }: RefundForm['order']): number {
  return state === 'paid' || state === 'part-refunded' ? paidFen - refundedFen : 0;
}

/** True when this refund needs a member of the staff with a second factor; all refunds of an order count together. */
export function needsApproval({ order, amountFen = 0 }: RefundForm, facts: Facts): boolean {
  return order.refundedFen + amountFen > (facts.home?.refundFactorAboveFen ?? 0);
}

function onRefund(screen: ScreenOf<'refund'>, key: Key, facts: Facts): Intent | undefined {
  const { form } = screen;
  const to = (change: Partial<RefundForm>): Intent => ({
    do: 'show',
    screen: { ...screen, form: { ...form, ...change } },
  });
  const back: Intent = { do: 'show', screen: screen.back };
  switch (form.step) {
    case 'amount':
      return onRefundAmount(form, key, to, back);
    case 'reason': {
      if (key === 'cancel') return to({ step: 'amount' });
      const reason = refundReasons[placeOf(key, refundReasons.length) ?? -1];
      if (reason === undefined) return undefined;
      const next: RefundForm = { ...form, reason };
      if (!needsApproval(next, facts)) return to({ reason, step: 'ask' });
      return to({ reason, step: 'approver' });
    }
    case 'approver': {
      if (key === 'cancel') return to({ step: 'reason' });
      const approvers = facts.home?.approvers ?? [];
      const approver = approvers[placeOf(key, approvers.length) ?? -1];
      return approver && to({ approver: approver.email, step: 'factor', text: '' });
    }
    case 'factor':
      if (key === 'cancel') return to({ step: 'approver', text: '' });
      if (key !== 'confirm') return to({ text: typeDigits(form.text, key, factorDigits) });
      return form.text.length === factorDigits ? { do: 'send-refund' } : undefined;
    case 'ask':
      if (key === 'confirm') return { do: 'send-refund' };
      return key === 'cancel' ? to({ step: 'reason' }) : undefined;
    case 'doing':
      return undefined;
    case 'done':
      return key === 'confirm' || key === 'cancel' ? { do: 'receipt' } : undefined;
  }
}

function onRefundAmount(
  form: RefundForm,
  key: Key,
  to: (change: Partial<RefundForm>) => Intent,
  back: Intent,
): Intent | undefined {
  const mostFen = refundableFen(form.order);
  if (key === 'cancel') return form.text === '' ? back : to({ text: '' });
  if (key !== 'confirm') return to({ text: typeAmount(form.text, key) });
  const amountFen = form.text === '' ? mostFen : fenOf(form.text);
  if (amountFen === undefined || amountFen > mostFen) return undefined;
  return to({ amountFen, step: 'reason' });
}
