import type { Notification, RawReply, RawRequest } from '../channel.ts';
import { readForm } from '../shared/form.ts';
import type { FormFields } from '../shared/form.ts';
import type { UnionPayGateway } from './gateway.ts';
import { proofIn, refundOfQuery, resultOfQuery } from './outcomes.ts';
import { withoutAccount } from './tell.ts';

/** Longest notification that is read, in bytes. */
const notificationMaxBytes = 64 * 1024;
/** UnionPay takes 200 and 302 as received; anything else is repeated after 1, 2, 4 and 5 minutes. */
const taken: RawReply = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' };
const notTaken: RawReply = { status: 503 };

/**
 * Reads a notification to `backUrl` (后台通知): a URL-encoded form, verified like an answer. Only successes are told; a
 * code that says otherwise means what it means in a query. UnionPay signs for every merchant alike and sends to whatever
 * address a merchant names: one about another merchant's trade is none of ours, whatever number it carries.
 */
export function parseUnionPayNotification(gateway: UnionPayGateway, merId: string, raw: RawRequest): Notification {
  if (raw.body.length > notificationMaxBytes) return refused('The notification is too long.');
  const fields = readForm(raw.body);
  if (fields === undefined) return refused('The notification is no form.');
  const fault = gateway.faultOf(fields);
  if (fault !== undefined) return refused(fault);
  if (fields['merId'] !== merId) return refused('The notification is for another merchant.');
  const { queryId, orderId, txnType } = fields;
  if (queryId === undefined || orderId === undefined) return refused('The notification names no trade.');
  const told = withoutAccount(Buffer.from(raw.body).toString('utf8'));
  const replies = { told, onDone: taken, onFailure: notTaken };
  if (txnType === '01')
    return {
      kind: 'payment',
      id: queryId,
      attemptNo: orderId,
      result: resultOfQuery('00', asTrade(fields)),
      ...replies,
    };
  if (txnType === '04' && proofIn(fields) !== undefined) {
    return { kind: 'refund', id: queryId, refundNo: orderId, result: refundOfQuery('00', asTrade(fields)), ...replies };
  }
  return { kind: 'other', id: queryId, onDone: taken };
}

/** In a notification `respCode` speaks of the trade itself. */
function asTrade(fields: FormFields): FormFields {
  return { ...fields, origRespCode: fields['respCode'] ?? '', origRespMsg: fields['respMsg'] ?? '' };
}

function refused(why: string): Notification {
  return { kind: 'refused', why, reply: { status: 400 } };
}
