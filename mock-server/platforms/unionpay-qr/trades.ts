import { fromShanghai, shanghaiCompact } from '../frame/shanghai.ts';

/** A trade as UnionPay knows it: a payment (01), a refund (04) or a cancel (31). Amounts in fen, times in Unix milliseconds. */
export interface Trade {
  readonly txnType: '01' | '04' | '31';
  readonly txnSubType: string;
  readonly merId: string;
  readonly orderId: string;
  readonly txnTime: string;
  readonly amountFen: number;
  readonly orderDesc: string;
  readonly termId: string;
  readonly backUrl: string;
  /** What the wallet scans, or the code that the wallet showed; empty for refunds and cancels. */
  readonly code: string;
  readonly codeEndsMs: number;
  /** Of a payment by a page: where the payer goes afterwards, and the account that came encrypted. */
  readonly frontUrl?: string;
  readonly account?: string;
  /** The payment that is given back or cancelled. */
  readonly origQueryId: string;
  /** `shown`: a code only, no trade yet. `failed` keeps its `respCode`. */
  state: 'shown' | 'thinking' | 'done' | 'failed' | 'reversed';
  respCode: string;
  /** UnionPay's numbers: of the trade, and of each further payment of the same number. */
  queryIds: string[];
  traceNo: string;
  doneMs?: number;
  /** What the merchant is told was paid: a lie when one was planned. */
  toldFen?: number;
  /** Of a payment: undone by a cancel (31) under another number. */
  isCancelled?: boolean;
}

/** Most trades that are kept; the oldest go first. */
const tradesMax = 5_000;
/** The settlement day ends at this hour. */
const dayEndsHour = 23;

/** The trades of one stand-in, oldest first. */
export class Trades {
  readonly #byNumber = new Map<string, Trade>();

  constructor(kept: readonly Trade[]) {
    for (const trade of kept) this.add(trade);
  }

  add(trade: Trade): void {
    const oldest = this.#byNumber.size >= tradesMax ? this.#byNumber.keys().next().value : undefined;
    if (oldest !== undefined) this.#byNumber.delete(oldest);
    this.#byNumber.set(keyOf(trade.merId, trade.orderId), trade);
  }

  /** A number is used once, whatever its time. */
  byOrder(merId: string, orderId: string): Trade | undefined {
    return this.#byNumber.get(keyOf(merId, orderId));
  }

  byQueryId(merId: string, queryId: string): Trade | undefined {
    return this.all().find((trade) => trade.merId === merId && trade.queryIds.includes(queryId));
  }

  byCode(code: string): Trade | undefined {
    return this.all().findLast((trade) => trade.code === code);
  }

  all(): Trade[] {
    return [...this.#byNumber.values()];
  }

  /** What was given back by refunds: of everything under a payment's number, or of one of its payments. */
  refundedFen(payment: Trade, queryId?: string): number {
    const ids = queryId === undefined ? payment.queryIds : [queryId];
    return this.all()
      .filter(({ txnType, origQueryId }) => txnType === '04' && ids.includes(origQueryId))
      .reduce((sum, { amountFen }) => sum + amountFen, 0);
  }
}

/** The settlement day, `yyyy-MM-dd`, of an instant: from 23:00 on it is the next. */
export function settleDayOf(ms: number): string {
  const digits = shanghaiCompact(ms + (24 - dayEndsHour) * 3_600_000);
  return digits.replace(/^(....)(..)(..).*$/, '$1-$2-$3');
}

/** Lets a payer's time run out. */
export function age(trade: Trade, nowMs: number): void {
  if (trade.state !== 'thinking' || nowMs <= trade.codeEndsMs) return;
  trade.state = 'failed';
  trade.respCode = '69';
}

/** `yyyyMMddHHmmss` as Unix milliseconds. */
export function msOf(txnTime: string): number | undefined {
  return fromShanghai(txnTime);
}

function keyOf(merId: string, orderId: string): string {
  return `${merId} ${orderId}`;
}
