import type { Notification, RawReply, RawRequest } from '../channel.ts';
import { objectIn, readJsonObject, textIn } from '../shared/json.ts';
import type { ApiV3 } from './api-v3.ts';
import type { Settings } from './settings.ts';
import { decrypt } from './sign.ts';
import { resultOfRefund, resultOfTransaction } from './transform.ts';

/** Longest notification that is looked at, in bytes. */
const notificationMaxBytes = 256 * 1024;
/** Signatures that the platform makes wrong on purpose, to see whether we look (API v3, "Probe traffic"). */
const probe = 'WECHATPAY/SIGNTEST/';

const onDone: RawReply = { status: 204 };
const onFailure: RawReply = failing(500, 'The notification could not be kept; please send it again.');

/** Reads a notification: signature over the raw body, then decryption, then meaning. Changes nothing. */
export async function parseNotification(api: ApiV3, settings: Settings, raw: RawRequest): Promise<Notification> {
  if (raw.body.length > notificationMaxBytes) return refuse('It is too long.');
  if ((raw.headers['wechatpay-signature'] ?? '').startsWith(probe))
    return refuse('It is a probe with a wrong signature.');
  const whyNot = await api.whyNotSigned(raw.headers, raw.body);
  if (whyNot !== undefined) return refuse(whyNot);
  const notice = readJsonObject(raw.body);
  const id = textIn(notice, 'id');
  const event = textIn(notice, 'event_type') ?? '';
  if (id === undefined) return refuse('It has no id.');
  const kind = event === 'TRANSACTION.SUCCESS' ? 'payment' : /^REFUND\./.test(event) ? 'refund' : 'other';
  if (kind === 'other') return { kind, id, onDone };
  const sealed = objectIn(notice, 'resource');
  if (textIn(sealed, 'algorithm') !== 'AEAD_AES_256_GCM') return refuse('It is encrypted in another way.');
  const plain = decrypt(
    settings.apiV3Key,
    textIn(sealed, 'nonce') ?? '',
    textIn(sealed, 'associated_data') ?? '',
    textIn(sealed, 'ciphertext') ?? '',
  );
  const resource = plain === undefined ? undefined : readJsonObject(plain);
  if (resource === undefined) return refuse('The APIv3 key does not open it.');
  if (kind === 'payment') {
    const attemptNo = textIn(resource, 'out_trade_no');
    if (attemptNo === undefined) return refuse('It names no out_trade_no.');
    return { kind, id, attemptNo, result: resultOfTransaction(resource, settings.appId), onDone, onFailure };
  }
  const refundNo = textIn(resource, 'out_refund_no');
  if (refundNo === undefined || textIn(resource, 'mchid') !== settings.mchid)
    return refuse('It is not about a refund of ours.');
  return { kind, id, refundNo, result: resultOfRefund(resource, 'refund_status'), onDone, onFailure };
}

function refuse(why: string): Notification {
  return { kind: 'refused', why, reply: failing(401, why) };
}

function failing(status: number, message: string): RawReply {
  return { status, contentType: 'application/json', body: JSON.stringify({ code: 'FAIL', message }) };
}
