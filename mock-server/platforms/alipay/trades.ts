/** A payment as Alipay knows it. Amounts in fen, times in Unix milliseconds. */
export interface Trade {
  readonly number: string;
  readonly appId: string;
  readonly amountFen: number;
  readonly subject: string;
  readonly storeId: string;
  readonly operatorId: string;
  readonly terminalId: string;
  readonly notifyUrl: string;
  /** Whether the merchant called in certificate mode: notifications are signed in the same. */
  readonly isCertified: boolean;
  /** What the wallet scans, or the code that the wallet showed. */
  readonly code: string;
  readonly codeEndsMs: number;
  /** How long a trade waits once it is there. */
  readonly waitsMs: number;
  readonly madeMs: number;
  /** `shown`: a code only; Alipay itself knows no trade until it is scanned. */
  state: 'shown' | 'waiting' | 'paid' | 'closed' | 'reversed';
  /** Alipay's numbers: of the trade, and of each further payment of the same number. */
  tradeNos: string[];
  scannedMs?: number;
  paidMs?: number;
  /** What the merchant is told was paid: a lie when one was planned. */
  toldFen?: number;
  refunds: Refund[];
}

/** Money given back. */
export interface Refund {
  readonly requestNo: string;
  /** Of which of Alipay's trades under the number; of the first when absent. */
  readonly tradeNo?: string;
  readonly amountFen: number;
  readonly atMs: number;
}

/** Most trades that are kept; the oldest go first. */
const tradesMax = 5_000;

/** The trades of one stand-in, oldest first. */
export class Trades {
  readonly #byNumber = new Map<string, Trade>();

  constructor(kept: readonly Trade[]) {
    for (const trade of kept) this.add(trade);
  }

  add(trade: Trade): void {
    const oldest = this.#byNumber.size >= tradesMax ? this.#byNumber.keys().next().value : undefined;
    if (oldest !== undefined) this.#byNumber.delete(oldest);
    this.#byNumber.set(keyOf(trade.appId, trade.number), trade);
  }

  find(appId: string, number: string): Trade | undefined {
    return this.#byNumber.get(keyOf(appId, number));
  }

  /** The trade that one of Alipay's own numbers belongs to. */
  byTradeNo(appId: string, tradeNo: string): Trade | undefined {
    return this.all().find((trade) => trade.appId === appId && trade.tradeNos.includes(tradeNo));
  }

  /** The newest trade with this code. */
  byCode(code: string): Trade | undefined {
    return this.all().findLast((trade) => trade.code === code);
  }

  all(): Trade[] {
    return [...this.#byNumber.values()];
  }
}

/** What was given back so far: of everything under a trade's number, or of one of Alipay's trades under it. */
export function refundedFen(trade: Trade, tradeNo?: string): number {
  const own = trade.refunds.filter((refund) => {
    return tradeNo === undefined || (refund.tradeNo ?? trade.tradeNos[0]) === tradeNo;
  });
  return own.reduce((sum, { amountFen }) => sum + amountFen, 0);
}

/** Ends a trade whose time is over; says whether a code can still be scanned. */
export function age(trade: Trade, nowMs: number): 'live' | 'over' {
  if (trade.state === 'shown') return nowMs <= trade.codeEndsMs ? 'live' : 'over';
  if (trade.state === 'waiting' && nowMs > (trade.scannedMs ?? trade.madeMs) + trade.waitsMs) trade.state = 'closed';
  return trade.state === 'waiting' ? 'live' : 'over';
}

/** Reads a relative time such as `5m`, `2h`, `1d`. @returns milliseconds, `undefined` when it is none. */
export function lifeMs(text: string): number | undefined {
  const match = /^(\d{1,5})([mhd])$/.exec(text);
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

function keyOf(appId: string, number: string): string {
  return `${appId} ${number}`;
}
