const shanghaiOffsetMs = 8 * 3_600_000;

/** The day in Asia/Shanghai (UTC+8, without summer time since 1991) as `yyyy-mm-dd`. */
export function shanghaiDay(ms: number): string {
  return new Date(ms + shanghaiOffsetMs).toISOString().slice(0, 10);
}

/** Unix milliseconds of the beginning of a `yyyy-mm-dd` day in Asia/Shanghai. */
export function shanghaiDayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - shanghaiOffsetMs;
}

/** The day in Asia/Shanghai as `yyMMdd`. */
export function shortDay(ms: number): string {
  return shanghaiDay(ms).replaceAll('-', '').slice(2);
}

/** An order's number: `yyMMdd-NNNNNN`, the day in Asia/Shanghai and a sequence number that never repeats. */
export function orderNoOf(createdAtMs: number, sequence: number): string {
  return `${shortDay(createdAtMs)}-${String(sequence).padStart(6, '0')}`;
}

/** An attempt's number at the platform: `TK`, day, sequence padded to 8, `A`, n. 12 to 32 letters and digits. */
export function attemptNoOf(orderNo: string, number: number): string {
  const [day = '', sequence = ''] = orderNo.split('-');
  return `TK${day}${sequence.padStart(8, '0')}A${String(number)}`;
}

/** A refund's number at the platform: the attempt's, `R`, n. */
export function refundNoOf(attemptNo: string, number: number): string {
  return `${attemptNo}R${String(number)}`;
}

/** The number on the first receipt of an order. */
export function receiptNoOf(orderNo: string): string {
  return `TK-${orderNo}`;
}
