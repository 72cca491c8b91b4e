import { randomUUID } from 'node:crypto';
import type { PlatformClock } from '../frame/clock.ts';
import type { Notice } from '../frame/notifier.ts';
import { sealFor, signatureHeaders } from './answers.ts';
import type { Payment, Refund, Transaction } from './book.ts';
import type { Merchant, PlatformSecrets } from './keys.ts';
import { refundJson, rfc3339, transactionJson } from './shapes.ts';

const [second, minute, hour] = [1_000, 60_000, 3_600_000];
/** Waits between the tries of a notification (API v3, "Payment notification"): 15 in 24 hours and 4 minutes. */
export const retryMs: readonly number[] = [
  15 * second,
  15 * second,
  30 * second,
  3 * minute,
  10 * minute,
  20 * minute,
  30 * minute,
  30 * minute,
  30 * minute,
  hour,
  3 * hour,
  3 * hour,
  3 * hour,
  6 * hour,
  6 * hour,
];

/** What a notification is made with. */
export interface NoticeParts {
  readonly secrets: () => PlatformSecrets;
  readonly merchant: Merchant;
  readonly clock: PlatformClock;
}

/** Tells a merchant that an order was paid. */
export function paymentNotice(parts: NoticeParts, payment: Payment, transaction: Transaction, url: string): Notice {
  const resource = transactionJson(parts.merchant, payment, transaction, parts.clock.now());
  return notice(parts, url, 'TRANSACTION.SUCCESS', '支付成功', 'transaction', resource);
}

/** Tells a merchant that a refund is through. */
export function refundNotice(parts: NoticeParts, payment: Payment, refund: Refund, url: string): Notice {
  const { status: _status, channel: _channel, ...fields } = refundJson(payment, refund);
  const resource = { mchid: parts.merchant.mchid, ...fields, refund_status: 'SUCCESS' };
  return notice(parts, url, 'REFUND.SUCCESS', '退款成功', 'refund', resource);
}

function notice(
  { secrets, merchant, clock }: NoticeParts,
  url: string,
  eventType: string,
  summary: string,
  originalType: string,
  resource: object,
): Notice {
  const body = JSON.stringify({
    id: randomUUID(),
    create_time: rfc3339(clock.now()),
    resource_type: 'encrypt-resource',
    event_type: eventType,
    summary,
    resource: { original_type: originalType, ...sealFor(merchant, originalType, JSON.stringify(resource)) },
  });
  return {
    url,
    retryMs,
    isTaken: (status) => status === 200 || status === 204,
    make: async (isForged) => {
      const signed = await signatureHeaders(
        secrets(),
        merchant.usesPublicKey,
        clock.now(),
        isForged ? `${body} ` : body,
      );
      const headers = { 'content-type': 'application/json', 'user-agent': 'Mozilla/4.0', accept: '*/*', ...signed };
      return { headers, body };
    },
  };
}
