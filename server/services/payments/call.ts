import type { AttemptRecord, RefundRecord } from '../../../domain/payments/records.ts';
import type { AttemptFacts, ChannelCapabilities, Exchange, RefundFacts } from '../../channels/channel.ts';
import type { EngineParts } from './parts.ts';
import type { StoredOrder } from './store.ts';

const sideMaxChars = 8_192;
const descriptionMaxChars = 40;

/** What a call gave, and what went over the wire for it. */
export interface Asked<T> {
  readonly result: T | { readonly kind: 'unknown'; readonly why: string };
  readonly raw?: string;
}

/** Asks a platform. A throw is a fault of the channel and an answer that never comes is none: both are unknown. */
export async function ask<T>(parts: EngineParts, act: () => Promise<T>): Promise<Asked<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Asked<T>['result']>((done) => {
    timer = setTimeout(() => {
      done({ kind: 'unknown', why: 'no answer in time' });
    }, parts.timeoutMs * 2);
    timer.unref();
  });
  const careful = async (): Promise<Asked<T>['result']> => {
    try {
      return await act();
    } catch (error) {
      parts.log.error({ err: error }, 'a channel failed');
      return { kind: 'unknown', why: `fault of the channel: ${error instanceof Error ? error.message : 'unknown'}` };
    }
  };
  try {
    const { value, exchanges } = await parts.desk.listen(() => Promise.race([careful(), late]));
    return exchanges.length === 0 ? { result: value } : { result: value, raw: rawOf(exchanges) };
  } finally {
    clearTimeout(timer);
  }
}

function rawOf(exchanges: readonly Exchange[]): string {
  return exchanges
    .map(({ call, ms, request, response }) => {
      const [sent, got] = [request.slice(0, sideMaxChars), response.slice(0, sideMaxChars)];
      return `${call} (${String(Math.round(ms))} ms)\n>>>\n${sent}\n<<<\n${got}`;
    })
    .join('\n\n');
}

/** Cut to whole characters, so that no platform gets half of one. */
function short(text: string): string {
  return [...text].slice(0, descriptionMaxChars).join('');
}

/** What a channel is told about an attempt. */
export function attemptFacts(
  parts: EngineParts,
  stored: StoredOrder,
  attempt: Pick<
    AttemptRecord,
    'attemptNo' | 'amountFen' | 'createdAtMs' | 'expiresAtMs' | 'channel' | 'accountId' | 'transactionId' | 'memo'
  >,
): AttemptFacts {
  const { order, place } = stored;
  return {
    attemptNo: attempt.attemptNo,
    amountFen: attempt.amountFen,
    currency: 'CNY',
    description: short(order.note === '' ? `${place.merchantName} ${order.orderNo}` : order.note),
    terminal: { id: order.terminalId, label: place.terminalLabel },
    createdAtMs: attempt.createdAtMs,
    expiresAtMs: attempt.expiresAtMs,
    notifyUrl: parts.notifyUrl(attempt.channel, attempt.accountId),
    memo: attempt.memo,
    ...(attempt.transactionId === null ? {} : { transactionId: attempt.transactionId }),
  };
}

/** What a channel is told about a refund; which payment goes back is said by the platform's own number where it can be. */
export function refundFacts(
  parts: EngineParts,
  attempt: AttemptRecord,
  refund: RefundRecord,
  { refundsByTransaction }: Pick<ChannelCapabilities, 'refundsByTransaction'>,
): RefundFacts {
  const transactionId = refund.transactionId ?? attempt.transactionId;
  return {
    refundNo: refund.refundNo,
    amountFen: refund.amountFen,
    reason: short(refund.reason),
    createdAtMs: refund.createdAtMs,
    notifyUrl: parts.notifyUrl(attempt.channel, attempt.accountId),
    memo: refund.memo,
    ...(transactionId !== null && refundsByTransaction ? { transactionId } : {}),
  };
}
