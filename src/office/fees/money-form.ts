import { type Fen, fenFromYuan } from '../../../domain/money.ts';
import type { ChangeFeeBalance, FeeBill, TakeFeePayment } from '../../../protocol/http/fees-office.ts';

/** Money comes in advance, or what is left is paid out. */
export type BalanceWay = 'advance' | 'payOut';

/** What an amount does to a balance; nothing when it is no amount, or more than there is to pay out. */
export function balanceChange(
  way: BalanceWay,
  amount: string,
  balanceFen: number,
): Pick<ChangeFeeBalance, 'kind' | 'amountFen'> | undefined {
  const amountFen = fenFromYuan(amount.trim());
  if (amountFen === undefined || amountFen <= 0) return undefined;
  if (way === 'advance') return { kind: 'top-up', amountFen };
  return amountFen > balanceFen ? undefined : { kind: 'adjustment', amountFen: -amountFen as Fen };
}

/** What was taken of a bill and of its late fee, or which of the two amounts is wrong. */
export function officePayment(
  principal: string,
  late: string,
  { leftFen, lateFeeFen }: Pick<FeeBill, 'leftFen' | 'lateFeeFen'>,
): Pick<TakeFeePayment, 'principalFen' | 'lateFen'> | { readonly wrong: 'principal' | 'late' } {
  const [principalFen, lateFen] = [fenFromYuan(principal.trim()), fenFromYuan(late.trim())];
  if (principalFen === undefined || principalFen <= 0 || principalFen > leftFen) return { wrong: 'principal' };
  if (lateFen === undefined || lateFen < 0 || lateFen > lateFeeFen) return { wrong: 'late' };
  return { principalFen, lateFen };
}
