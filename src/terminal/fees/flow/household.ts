import type { HouseholdView } from '../../../../protocol/http/fees-terminal.ts';

/** One open bill of a household. */
export type OpenBill = HouseholdView['bills'][number];

/** Bills that one screen shows; the key after the last one turns the page. */
export const billsPerPage = 4;
/** Most bills that one payment takes (protocol/http/fees-terminal.ts). */
export const billsMax = 12;
/** Receipts that one screen shows. */
export const receiptsPerPage = 4;

/** The open bills, oldest first: by when they were due, then by the days that they are for. */
export function inOrder(bills: readonly OpenBill[]): readonly OpenBill[] {
  const key = (bill: OpenBill): string => [bill.dueOn ?? bill.to, bill.from, bill.id].join(' ');
  return bills.toSorted((a, b) => key(a).localeCompare(key(b)));
}

/** Bills that can be paid now: nobody else is paying them. */
export function payable(bills: readonly OpenBill[]): readonly OpenBill[] {
  return inOrder(bills).filter(({ isBeingPaid }) => !isBeingPaid);
}

/** What is chosen before anybody has chosen: the oldest. */
export function firstPick(bills: readonly OpenBill[]): readonly string[] {
  return payable(bills)
    .slice(0, 1)
    .map(({ id }) => id);
}

/** Takes a bill in or out of the choice; unchanged when the choice is full. The choice is in the order of the bills. */
export function toggle(bills: readonly OpenBill[], picked: readonly string[], id: string): readonly string[] {
  const isIn = picked.includes(id);
  if (!isIn && picked.length >= billsMax) return picked;
  const next = isIn ? picked.filter((one) => one !== id) : [...picked, id];
  return payable(bills)
    .map((bill) => bill.id)
    .filter((one) => next.includes(one));
}

/** Sum of the chosen bills, fen. */
export function sumOf(bills: readonly OpenBill[], picked: readonly string[]): number {
  return bills.filter(({ id }) => picked.includes(id)).reduce((sum, { totalFen }) => sum + totalFen, 0);
}

/** Sum of all open bills, fen. */
export function owedFen(household: HouseholdView): number {
  return household.bills.reduce((sum, { totalFen }) => sum + totalFen, 0);
}

/** Acts of a household's screen, in the order of their number keys. Looking needs no payment. */
export type HouseholdAct = 'pay' | 'months' | 'receipts' | 'top-up';

/** What can be done with this household. */
export function householdActs(household: HouseholdView, canTopUp: boolean): readonly HouseholdAct[] {
  return [
    ...(household.bills.length > 0 ? (['pay'] as const) : []),
    ...(canTopUp ? (['top-up'] as const) : []),
    'months',
    'receipts',
  ];
}

/** One page of a list and whether there are more; pages count from 0 and go round. */
export function pageOf<T>(
  all: readonly T[],
  page: number,
  perPage: number,
): { readonly items: readonly T[]; readonly page: number; readonly pages: number } {
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const shown = page % pages;
  return { items: all.slice(shown * perPage, (shown + 1) * perPage), page: shown, pages };
}
