import type { Notification, RawReply, RawRequest } from '../channel.ts';
import { readForm } from '../shared/form.ts';
import type { FormFields } from '../shared/form.ts';
import type { AlipayGateway } from './gateway.ts';
import { resultOfStatus } from './outcomes.ts';
import type { AlipaySettings } from './settings.ts';
import { notificationText } from './sign.ts';

/** Longest notification that is read, in bytes. */
const notificationMaxBytes = 64 * 1024;

/** Alipay stops repeating only for these seven bytes. */
const taken: RawReply = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'success' };
const notTaken: RawReply = { status: 503, contentType: 'text/plain; charset=utf-8', body: 'failure' };

/**
 * Reads an asynchronous notification (“异步通知验签”): decoded once, verified over everything but `sign` and `sign_type`.
 * Whose it is, is not decided here: the caller compares `platformMerchantId`, which names a foreign app too.
 */
export function parseAlipayNotification(
  settings: AlipaySettings,
  gateway: AlipayGateway,
  raw: RawRequest,
): Notification {
  if (raw.body.length > notificationMaxBytes) return refused('The notification is too long.');
  const fields = readForm(raw.body);
  const signature = fields?.['sign'];
  if (fields === undefined || signature === undefined) return refused('The notification is no signed form.');
  if (fields['sign_type'] !== 'RSA2') return refused('The notification is not signed with RSA2.');
  const isHeld = gateway.isFromPlatform(notificationText(fields), signature, fields['alipay_cert_sn']);
  if (!isHeld) return refused("The notification's signature does not hold.");
  const [id, attemptNo] = [fields['notify_id'], fields['out_trade_no']];
  if (id === undefined || id === '') return refused('The notification has no notify_id.');
  if (fields['notify_type'] !== 'trade_status_sync' || attemptNo === undefined || attemptNo === '') {
    return { kind: 'other', id, onDone: taken };
  }
  const result = resultOfStatus(fields, 'gmt_payment', merchantIn(fields, settings));
  return { kind: 'payment', id, attemptNo, result, onDone: taken, onFailure: notTaken };
}

/** The seller; with the app's number beside it when it is not ours. */
function merchantIn(fields: FormFields, { appId }: AlipaySettings): string {
  const seller = fields['seller_id'] ?? '';
  return fields['app_id'] === appId ? seller : `${seller} (app ${fields['app_id'] ?? ''})`;
}

function refused(why: string): Notification {
  return { kind: 'refused', why, reply: { ...notTaken, status: 400 } };
}
