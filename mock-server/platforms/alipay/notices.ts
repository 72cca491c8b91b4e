import { randomBytes, randomUUID } from 'node:crypto';
import type { Notice } from '../frame/notifier.ts';
import { shanghai, shanghaiCompact } from '../frame/shanghai.ts';
import type { AlipayApp } from './accounts.ts';
import { yuan } from './fields.ts';
import type { Trade } from './trades.ts';
import { signAs } from './wire.ts';

const minuteMs = 60_000;
/** Alipay's waits between tries: 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h. */
const retryMs = [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minuteMs);

/** The notification that a trade was paid; only the seven bytes `success` end its repetitions. */
export function noticeOf(app: AlipayApp, trade: Trade, tradeNo: string, now: () => number): Notice {
  const notifyId = `${shanghaiCompact(now()).slice(0, 8)}00222${randomUUID().replaceAll(/\D/g, '').padEnd(21, '0').slice(0, 21)}`;
  return {
    url: trade.notifyUrl,
    retryMs,
    isTaken: (status, body) => status === 200 && body === 'success',
    make: (isForged) => {
      const fields = fieldsOf(app, trade, tradeNo, { notifyId, nowMs: now() });
      const signature = isForged ? randomBytes(256).toString('base64') : signAs(app, trade.isCertified, textOf(fields));
      return {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'user-agent': 'Mozilla/4.0' },
        body: new URLSearchParams({ ...fields, sign_type: 'RSA2', sign: signature }).toString(),
      };
    },
  };
}

function fieldsOf(
  app: AlipayApp,
  trade: Trade,
  tradeNo: string,
  { notifyId, nowMs }: { readonly notifyId: string; readonly nowMs: number },
): Readonly<Record<string, string>> {
  const amount = yuan(trade.toldFen ?? trade.amountFen);
  return {
    gmt_create: shanghai(trade.scannedMs ?? trade.madeMs),
    charset: 'utf-8',
    seller_email: 'merchant@stand-in.invalid',
    subject: trade.subject,
    buyer_id: '2088101117955611',
    invoice_amount: amount,
    notify_id: notifyId,
    fund_bill_list: JSON.stringify([{ amount, fundChannel: 'ALIPAYACCOUNT' }]),
    notify_type: 'trade_status_sync',
    trade_status: 'TRADE_SUCCESS',
    receipt_amount: amount,
    buyer_pay_amount: amount,
    app_id: app.appId,
    seller_id: app.sellerId,
    gmt_payment: shanghai(trade.paidMs ?? trade.madeMs),
    notify_time: shanghai(nowMs),
    version: '1.0',
    out_trade_no: trade.number,
    total_amount: amount,
    trade_no: tradeNo,
    auth_app_id: app.appId,
    buyer_logon_id: '159****5620',
    point_amount: '0.00',
  };
}

/** What is signed: sorted, and without `sign` and `sign_type`. */
function textOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
