import { constants, privateDecrypt } from 'node:crypto';
import type { WireAnswer } from '../frame/wire.ts';
import type { UnionPayBank } from './bank.ts';
import { type Asked, openPage } from './calls.ts';
import type { Trade } from './trades.ts';
import { fieldOf, Refused, signFields } from './wire.ts';

/** Pages that a payer's browser sees: the payment page, and the way back to the merchant. */
export const frontPath = '/gateway/api/frontTransReq.do';
export const backPath = '/unionpay/back';

/**
 * 前台交易 `frontTransReq.do` with 消费 01/01: the trade is there at once, and the wallet takes it from the address. The same
 * form again is the same trade. An account may come encrypted to the platform (`accNo`, `encryptCertId`).
 */
export function showPage(bank: UnionPayBank, origin: string, asked: Asked): WireAnswer {
  fieldOf(asked.fields, 'txnType', /^01$/);
  const frontUrl = fieldOf(asked.fields, 'frontUrl', /^https?:\/\/[^\s]{1,256}$/);
  const account = accountIn(bank, asked);
  const trade = openPage(bank, asked, { frontUrl, ...(account === undefined ? {} : { account }) });
  const back = `${origin}${backPath}?merId=${trade.merId}&orderId=${trade.orderId}`;
  const location = `/?code=${encodeURIComponent(trade.code)}&redirect_url=${encodeURIComponent(back)}`;
  return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
}

/** Sends the browser back to the merchant as UnionPay does: by a form that posts itself. */
export function sendBack(bank: UnionPayBank, search: URLSearchParams): WireAnswer {
  const trade = bank.trades.byOrder(search.get('merId') ?? '', search.get('orderId') ?? '');
  if (trade?.frontUrl === undefined) return page(404, '<p>没有这笔交易 / No such payment</p>');
  const inputs = Object.entries(signFields(factsOf(bank, trade), bank.signer)).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  const form = `<form method="post" action="${escape(trade.frontUrl)}">${inputs.join('')}<button>返回商户 / Back to the merchant</button></form>`;
  return page(200, `${form}<script>document.forms[0].submit()</script>`);
}

function factsOf(bank: UnionPayBank, trade: Trade): Readonly<Record<string, string>> {
  const { merId, orderId, txnTime, txnType, txnSubType, respCode } = trade;
  const done = trade.state === 'done' ? bank.factsOf(trade, trade.queryIds[0] ?? '') : {};
  return { version: '5.1.0', encoding: 'UTF-8', merId, orderId, txnTime, txnType, txnSubType, respCode, ...done };
}

function accountIn(bank: UnionPayBank, { fields }: Asked): string | undefined {
  if (fields['accNo'] === undefined) return undefined;
  if (fields['encryptCertId'] !== bank.encryptCertId) throw new Refused('10', 'encryptCertId');
  const sealed = Buffer.from(fieldOf(fields, 'accNo', /^[A-Za-z0-9+/]{300,700}={0,2}$/), 'base64');
  let opened: string;
  try {
    const { privatePem } = bank.keys.encryption;
    opened = privateDecrypt({ key: privatePem, padding: constants.RSA_PKCS1_PADDING }, sealed).toString('latin1');
  } catch {
    throw new Refused('10', 'accNo');
  }
  // A wrong padding may decrypt to noise instead of failing; only a card number is one.
  if (!/^\d{13,19}$/.test(opened)) throw new Refused('10', 'accNo');
  return opened;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

function page(status: number, body: string): WireAnswer {
  const html = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>银联 UnionPay</title>${body}</html>`;
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body: html };
}
