import { type RawBuilder, sql } from 'kysely';
import type { HistoryFilter } from '../../../protocol/http/merchant.ts';
import { shanghaiDayStartMs } from '../../../domain/payments/numbers.ts';
import { type SearchTerm, searchTerms } from './search.ts';

type Condition = RawBuilder<boolean>;

/**
 * A part of the history that one index gives in its order. `found`: conditions that the index serves. `kept`: conditions
 * that are looked at row by row; with any of them only a bounded number of rows is looked through for one answer.
 */
export interface Branch {
  readonly table: 'payment_orders' | 'payment_refunds';
  readonly found: readonly Condition[];
  readonly kept: readonly Condition[];
}

/** What one way to read the search finds; `{ found: [], kept: [] }` where nothing is searched for. */
type Way = Pick<Branch, 'found' | 'kept'>;

type State = NonNullable<HistoryFilter['state']>;

// Written out, not as parameters: the planner must see them to use the partial indexes of migration 0006.
const orderStateCondition: Readonly<Record<State, Condition>> = {
  paid: sql<boolean>`state = 'paid'`,
  open: sql<boolean>`state in ('open', 'part-paid')`,
  closed: sql<boolean>`state = 'cancelled'`,
  refunded: sql<boolean>`state in ('part-refunded', 'refunded')`,
  review: sql<boolean>`state = 'review'`,
};
/** States of refunds that a filter by state lets through; the others are about orders only. */
const refundStateConditions: Partial<Readonly<Record<State, readonly Condition[]>>> = {
  refunded: [sql<boolean>`state = 'done'`],
};

const dayMs = 86_400_000;

function dayStart(day: string, days = 0): Date {
  return new Date(shanghaiDayStartMs(day) + days * dayMs);
}

function timeConditions({ from, to }: HistoryFilter): Condition[] {
  return [
    ...(from === undefined ? [] : [sql<boolean>`created_at >= ${dayStart(from)}`]),
    ...(to === undefined ? [] : [sql<boolean>`created_at < ${dayStart(to, 1)}`]),
  ];
}

function terminalCondition({ terminalId }: HistoryFilter): Condition[] {
  return terminalId === undefined ? [] : [sql<boolean>`terminal_id = ${terminalId}`];
}

function keptConditions({ channel, minFen, maxFen }: HistoryFilter): Condition[] {
  return [
    ...(channel === undefined ? [] : [sql<boolean>`channel = ${channel}`]),
    ...(minFen === undefined ? [] : [sql<boolean>`amount_fen >= ${minFen}`]),
    ...(maxFen === undefined ? [] : [sql<boolean>`amount_fen <= ${maxFen}`]),
  ];
}

/** Rows whose order's number ends in these digits. More than four of them are compared inside the index. */
function digitWay(table: Branch['table'], merchantId: string, digits: string): Way {
  const byFour = sql<boolean>`right(order_no, 4) = ${digits.slice(-4)}`;
  if (digits.length === 4) return { found: [byFour], kept: [] };
  const ids = sql`select id from ${sql.table(table)}
    where merchant_id = ${merchantId} and ${byFour} and right(order_no, ${digits.length}) = ${digits}`;
  return { found: [sql<boolean>`id in (${ids})`], kept: [] };
}

function ordersBy(term: SearchTerm, merchantId: string): Way | undefined {
  switch (term.by) {
    case 'order-no':
      return { found: [sql<boolean>`order_no = ${term.value}`], kept: [] };
    case 'digits':
      return digitWay('payment_orders', merchantId, term.value);
    case 'tail':
      return { found: [sql<boolean>`tail = ${term.value}`], kept: [] };
    case 'amount':
      return { found: [sql<boolean>`amount_fen = ${term.fen}`], kept: [] };
    case 'reference':
      return { found: [sql<boolean>`external_ref = ${term.value}`], kept: [] };
    case 'attempt-no':
      return {
        found: [
          sql<boolean>`id in (select order_id from payment_attempts
            where merchant_id = ${merchantId} and attempt_no = ${term.value})`,
        ],
        kept: [],
      };
    case 'transaction':
      return {
        found: [
          sql<boolean>`id in (select order_id from payment_attempts
            where merchant_id = ${merchantId} and transaction_id = ${term.value})`,
        ],
        kept: [],
      };
    case 'refund-no':
      return undefined;
  }
}

function refundsBy(term: SearchTerm, merchantId: string): Way | undefined {
  switch (term.by) {
    case 'order-no': {
      const byFour = sql<boolean>`right(order_no, 4) = ${term.value.slice(-4)}`;
      return { found: [byFour, sql<boolean>`order_no = ${term.value}`], kept: [] };
    }
    case 'digits':
      return digitWay('payment_refunds', merchantId, term.value);
    case 'refund-no':
      return { found: [sql<boolean>`refund_no = ${term.value}`], kept: [] };
    case 'amount':
      return { found: [sql<boolean>`amount_fen = ${term.fen}`], kept: [] };
    default:
      return undefined;
  }
}

function ways(terms: readonly SearchTerm[] | undefined, by: (term: SearchTerm) => Way | undefined): Way[] {
  return terms === undefined ? [{ found: [], kept: [] }] : terms.flatMap((term) => by(term) ?? []);
}

/** The branches of one question; together they hold every row that fits, some perhaps twice. */
export function branchesOf(merchantId: string, filter: HistoryFilter): readonly Branch[] {
  const { search = '', state, kind } = filter;
  const terms = search.trim() === '' ? undefined : searchTerms(search);
  const own = [sql<boolean>`merchant_id = ${merchantId}`, ...timeConditions(filter)];
  const kept = keptConditions(filter);
  const orderState = state === undefined ? [] : [orderStateCondition[state]];
  // An index lists the rare states. Most orders are paid; and a search has an index of its own already.
  const isListed = terms === undefined && state !== undefined && state !== 'paid';
  const terminal = terminalCondition(filter);
  const isByTerminal = terms === undefined && !isListed;
  const orders = ways(terms, (term) => ordersBy(term, merchantId)).map((way): Branch => ({
    table: 'payment_orders',
    found: [...own, ...way.found, ...(isListed ? orderState : []), ...(isByTerminal ? terminal : [])],
    kept: [...kept, ...way.kept, ...(isListed ? [] : orderState), ...(isByTerminal ? [] : terminal)],
  }));
  const refundState = state === undefined ? [] : refundStateConditions[state];
  const refunds = ways(refundState === undefined ? [] : terms, (term) => refundsBy(term, merchantId)).map(
    (way): Branch => ({
      table: 'payment_refunds',
      found: [...own, ...way.found],
      kept: [...kept, ...terminal, ...way.kept, ...(refundState ?? [])],
    }),
  );
  return [...(kind === 'refunds' ? [] : orders), ...(kind === 'payments' ? [] : refunds)];
}
