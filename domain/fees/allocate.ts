import { type Fen, fen } from '../money.ts';

/** What is owed of one bill: what is left of its principal, and its late fee as of the day of payment. */
export interface OwedBill {
  readonly id: string;
  /** `yyyy-mm-dd` */
  readonly dueOn: string;
  readonly principalFen: Fen;
  readonly lateFen: Fen;
}

/**
 * The payee's order. `oldest-first`: the bill that was due first is settled first, its late fee before its principal.
 * `late-fee-first`: all late fees, the oldest first, then all principals. In both a bill's late fee comes before its
 * principal, so that no bill is ever paid with its late fee still owed.
 */
export type AllocationOrder = 'oldest-first' | 'late-fee-first';

/** What was put towards one bill; at least one of the two is above 0. */
export interface AllocatedPart {
  readonly id: string;
  readonly principalFen: Fen;
  readonly lateFen: Fen;
}

/** Where money went. The parts and the surplus sum to it. */
export interface Allocated {
  readonly parts: readonly AllocatedPart[];
  /** More than everything that is owed. */
  readonly surplusFen: Fen;
}

function byAge(a: OwedBill, b: OwedBill): number {
  if (a.dueOn !== b.dueOn) return a.dueOn < b.dueOn ? -1 : 1;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

type Kind = 'lateFen' | 'principalFen';

/** The amounts in the order in which money fills them. */
function slotsOf(owed: readonly OwedBill[], order: AllocationOrder): readonly (readonly [OwedBill, Kind])[] {
  const bills = [...owed].sort(byAge);
  if (order === 'oldest-first')
    return bills.flatMap((bill) => [[bill, 'lateFen'] as const, [bill, 'principalFen'] as const]);
  return [...bills.map((bill) => [bill, 'lateFen'] as const), ...bills.map((bill) => [bill, 'principalFen'] as const)];
}

/** Puts money towards bills. Throws when an amount is below 0: that is a fault of the caller. */
export function allocate(amountFen: Fen, owed: readonly OwedBill[], order: AllocationOrder): Allocated {
  if (amountFen < 0 || owed.some(({ principalFen, lateFen }) => principalFen < 0 || lateFen < 0))
    throw new RangeError('allocate: below 0');
  let rest: number = amountFen;
  const put = new Map(owed.map(({ id }) => [id, { lateFen: 0, principalFen: 0 }]));
  for (const [bill, kind] of slotsOf(owed, order)) {
    const part = Math.min(rest, bill[kind]);
    const parts = put.get(bill.id);
    if (parts !== undefined) parts[kind] = part;
    rest -= part;
  }
  return { parts: partsOf([...owed].sort(byAge), put), surplusFen: fen(rest) };
}

function partsOf(
  bills: readonly { readonly id: string }[],
  put: ReadonlyMap<string, Readonly<Record<Kind, number>>>,
): AllocatedPart[] {
  return bills.flatMap(({ id }) => {
    const { lateFen = 0, principalFen = 0 } = put.get(id) ?? {};
    return lateFen + principalFen === 0 ? [] : [{ id, principalFen: fen(principalFen), lateFen: fen(lateFen) }];
  });
}

/**
 * Takes money back from where it went, in the opposite order: the surplus first, then the parts from the last to the
 * first, of each the principal before the late fee. `missingFen`: more was asked back than is there.
 */
export function takeBack(amountFen: Fen, { parts, surplusFen }: Allocated): Allocated & { readonly missingFen: Fen } {
  const fromSurplus = Math.min(amountFen, surplusFen);
  let rest = amountFen - fromSurplus;
  const taken = new Map<string, Record<Kind, number>>();
  for (const part of [...parts].reverse()) {
    const principalFen = Math.min(rest, part.principalFen);
    const lateFen = Math.min(rest - principalFen, part.lateFen);
    rest -= principalFen + lateFen;
    taken.set(part.id, { principalFen, lateFen });
  }
  return { parts: partsOf(parts, taken), surplusFen: fen(fromSurplus), missingFen: fen(rest) };
}
