import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alipayStandIn } from '../../../mock-server/platforms/alipay/stand-in.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { ChannelAccount, RawRequest } from '../../../server/channels/channel.ts';
import { alipay } from '../../../server/channels/alipay/definition.ts';
import { openBench, startDay } from './bench.ts';
import type { OpenBench } from './bench.ts';
import { show, showAndPay } from './code-rows.ts';
import { keptKeys } from './kept-keys.ts';
import { unzip } from './unzip.ts';

/** What is peculiar to Alipay, beside the rows for every channel. */
const maker = alipayStandIn(keptKeys());
const calls = {
  query: 'trade.query',
  close: 'trade.close',
  refund: 'trade.refund',
  queryRefund: 'trade.fastpay.refund.query',
};
let open: OpenBench;

beforeEach(async () => {
  open = await openBench({ definition: alipay, maker, calls });
});
afterEach(async () => {
  await open.close();
});

function firstNotice(): RawRequest {
  const raw = open.received[0]?.raw;
  if (raw === undefined) throw new Error('no notification came');
  return raw;
}

function changed(account: ChannelAccount, change: Readonly<Record<string, string>>): ChannelAccount {
  return { ...account, config: { ...account.config, ...change } };
}

describe('codes', () => {
  test('a shown code that nobody has scanned waits, and is not-found once its time is over', async () => {
    const attempt = await show(open);
    expect(await open.channel.query(attempt)).toEqual({ kind: 'pending' });
    open.clock.advance(attempt.expiresAtMs - open.clock.now() + 61_000);
    expect(await open.channel.query(attempt)).toEqual({ kind: 'not-found' });
  });

  test('a wallet that scanned and waits: pending with Alipay’s number, closed by trade.close', async () => {
    const attempt = await show(open);
    expect((await open.standIn.wallet({ code: open.codeOf(attempt), act: 'stall' })).result).toBe('stalled');
    expect(await open.channel.query(attempt)).toMatchObject({
      kind: 'pending',
      transactionId: expect.any(String) as string,
    });
    expect((await open.channel.close(attempt)).kind).toBe('closed');
    expect((await open.channel.query(attempt)).kind).toBe('closed');
    expect(open.exchanges.some(({ call }) => call === 'alipay.trade.cancel')).toBe(false);
  });

  test('closing was lost, the payer pays, reversing gives back: asking says closed', async () => {
    const attempt = await show(open);
    open.standIn.plan({ kind: 'answer-lost', call: 'trade.close' });
    expect((await open.channel.close(attempt)).kind).toBe('unknown');
    expect(await open.pay(open.codeOf(attempt))).toBe('paid');
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
    expect((await open.channel.query(attempt)).kind).toBe('closed');
    const payment = open.standIn.payments().find(({ number }) => number === attempt.attemptNo);
    expect(payment).toMatchObject({ state: 'reversed', refundedFen: attempt.amountFen });
  });

  test('paid after it was reversed: that is another payment, and it is told', async () => {
    const attempt = await show(open);
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
    open.standIn.plan({ kind: 'pay-after-close' });
    expect(await open.pay(open.codeOf(attempt))).toBe('paid');
    await open.standIn.settled();
    expect(open.received.at(-1)?.notification).toMatchObject({ kind: 'payment', result: { kind: 'paid' } });
    expect((await open.channel.query(attempt)).kind).toBe('paid');
  });
});

describe('a link for a phone’s browser', () => {
  test('is signed without a call, opens the trade, and is paid', async () => {
    const attempt = await open.attempt();
    const result = await open.channel.createLink?.(attempt, {
      address: '1.2.3.4',
      returnUrl: 'https://shop.invalid/back',
    });
    expect(open.exchanges).toHaveLength(0);
    if (result?.kind !== 'pending' || result.link === undefined) throw new Error(JSON.stringify(result));
    expect((await fetch(result.link)).status).toBe(200);
    expect((await fetch(result.link.replace('128.50', '128.51'))).status).toBe(400);
    expect(await open.pay(open.codeOf(attempt))).toBe('paid');
    expect(await open.channel.query(attempt)).toMatchObject({ kind: 'paid', proof: { amountFen: 12_850 } });
  });
});

describe('notifications', () => {
  test('one byte flipped anywhere in the form is refused', async () => {
    await showAndPay(open);
    const raw = firstNotice();
    const step = Math.max(1, Math.floor(raw.body.length / 200));
    for (let at = 0; at < raw.body.length; at += step) {
      const body = Buffer.from(raw.body);
      body[at] = (body[at] ?? 0) ^ 0x01;
      expect((await open.channel.parseNotification?.({ ...raw, body }))?.kind, `byte ${String(at)}`).toBe('refused');
    }
    expect((await open.channel.parseNotification?.(raw))?.kind).toBe('payment');
  });

  test('a field that comes twice is refused', async () => {
    await showAndPay(open);
    const raw = firstNotice();
    const body = Buffer.from(`${Buffer.from(raw.body).toString('utf8')}&total_amount=0.01`);
    expect((await open.channel.parseNotification?.({ ...raw, body }))?.kind).toBe('refused');
  });

  test('for another app: the merchant that is told is not ours', async () => {
    await showAndPay(open);
    const other = open.reopen(changed(open.account, { appId: '2021000000000001' }));
    const told = await other.parseNotification?.(firstNotice());
    if (told?.kind !== 'payment' || told.result.kind !== 'paid') throw new Error(JSON.stringify(told));
    expect(told.result.proof.platformMerchantId).not.toBe(open.account.platformMerchantId);
  });

  test('naming a certificate that nobody knows make us call nobody', async () => {
    await showAndPay(open);
    const raw = firstNotice();
    const before = open.exchanges.length;
    const body = Buffer.from(`${Buffer.from(raw.body).toString('utf8')}&alipay_cert_sn=${'a'.repeat(32)}`);
    expect((await open.channel.parseNotification?.({ ...raw, body }))?.kind).toBe('refused');
    expect(open.exchanges).toHaveLength(before);
  });

  test('are answered with exactly `success`', async () => {
    await showAndPay(open);
    const told = await open.channel.parseNotification?.(firstNotice());
    expect(told).toMatchObject({
      onDone: { status: 200, body: 'success' },
      onFailure: { status: 503, body: 'failure' },
    });
  });
});

describe('keys', () => {
  test('a new certificate of Alipay is fetched once, checked to the pinned root, and kept', async () => {
    const attempt = await showAndPay(open);
    open.standIn.rotateKeys?.();
    expect((await open.channel.query(attempt)).kind).toBe('paid');
    expect((await open.channel.query(attempt)).kind).toBe('paid');
    expect(open.learned).toMatchObject([
      { purpose: 'platform-certificate', keyId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    ]);
    expect(open.exchanges.filter(({ call }) => call.includes('alipaycert.download'))).toHaveLength(1);
    const again = open.reopen({ ...open.account, keys: [...open.learned, ...open.account.keys] });
    expect((await again.query(attempt)).kind).toBe('paid');
    expect(open.exchanges.filter(({ call }) => call.includes('alipaycert.download'))).toHaveLength(1);
  });

  test('a certificate that does not chain to the pinned root is not believed', async () => {
    const attempt = await showAndPay(open);
    open.standIn.rotateKeys?.();
    const root = open.account.keys.find(({ purpose }) => purpose === 'app-certificate')?.material ?? '';
    const keys = open.account.keys.map((key) => (key.purpose === 'platform-root' ? { ...key, material: root } : key));
    expect((await open.reopen({ ...open.account, keys }).query(attempt)).kind).toBe('unknown');
    expect(open.learned).toHaveLength(0);
  });

  test('without a certificate in date nothing is sent', async () => {
    const keys = open.account.keys.map((key) => (key.purpose === 'app-certificate' ? { ...key, notAfterMs: 1 } : key));
    const channel = open.reopen({ ...open.account, keys });
    expect(await channel.query(await open.attempt())).toMatchObject({ kind: 'refused', code: 'merchant-private' });
    expect(open.exchanges).toHaveLength(0);
  });

  test('an app that Alipay does not know is refused, a wrong key as well', async () => {
    const attempt = await open.attempt();
    const unknown = open.reopen(changed(open.account, { appId: '2021000000000001', mode: 'key' }));
    expect(await unknown.createQr?.(attempt)).toMatchObject({ kind: 'refused', code: 'isv.invalid-app-id' });
    const stranger = open.standIn.account('stranger').keys.filter(({ purpose }) => purpose === 'merchant-private');
    const keys = [...stranger, ...open.account.keys.filter(({ purpose }) => purpose !== 'merchant-private')];
    const wrong = open.reopen(changed({ ...open.account, keys }, { mode: 'key' }));
    expect(await wrong.createQr?.(attempt)).toMatchObject({ kind: 'refused', code: 'isv.invalid-signature' });
  });

  test.each([
    ['appId', { config: { appId: 'x' } }],
    ['mode', { config: { appId: '2021000000000001', mode: 'both' } }],
    ['gateway', { config: { appId: '2021000000000001', gateway: 'ftp://x' } }],
    ['merchant-private', { keys: [] }],
    ['platformMerchantId', { platformMerchantId: '1' }],
  ])('settings without a good %s are named', (field, change) => {
    expect(alipay.checkConfig(open.account)).toBeUndefined();
    expect(alipay.checkConfig({ ...open.account, ...change })).toBe(field);
  });
});

describe('the bill', () => {
  test('is a zip with GBK names; payment and refund stand in 25 columns with terminal and request number', async () => {
    const attempt = await showAndPay(open);
    const refund = await open.refundOf(attempt, 3_000);
    await open.channel.refund(attempt, refund);
    open.clock.advance(26 * 3_600_000);
    const bill = await open.channel.fetchBill(startDay, 'trade');
    if (bill.kind !== 'bill') throw new Error(JSON.stringify(bill));
    const files = await unzip(bill.bytes);
    const account = `${open.account.platformMerchantId}0156`;
    const names = files.map(({ name }) => iconv.decode(name, 'gbk'));
    expect(names).toEqual([`${account}_20260302_业务明细.csv`, `${account}_20260302_业务明细(汇总).csv`]);
    const lines = iconv.decode(files[0]?.content ?? Buffer.alloc(0), 'gbk').split('\r\n');
    const header = lines.findIndex((line) => line.startsWith('支付宝交易号'));
    const rows = lines.slice(header + 1, header + 3).map((line) => line.split(',').map((cell) => cell.trim()));
    expect(lines[header]?.split(',')).toHaveLength(25);
    expect(rows.map((row) => row.length)).toEqual([25, 25]);
    expect(rows[0]).toEqual(expect.arrayContaining([attempt.attemptNo, '交易', '128.50', '-0.77', 'T0000017', 'S001']));
    expect(rows[1]).toEqual(expect.arrayContaining([attempt.attemptNo, '退款', '-30.00', '0.18', refund.refundNo]));
    expect(lines).toContain('#交易合计：1笔，商家实收共128.50元，商家优惠共0.00元');
    expect(lines).toContain('#退款合计：1笔，商家实收退款共-30.00元，商家优惠退款共0.00元');
  });

  test('its address is good for thirty seconds only, and what is not a zip is no bill', async () => {
    await showAndPay(open);
    open.clock.advance(26 * 3_600_000);
    open.standIn.plan({ kind: 'status', call: 'bill download', status: 403 });
    expect((await open.channel.fetchBill(startDay, 'trade')).kind).toBe('unknown');
    expect((await open.channel.fetchBill(startDay, 'trade')).kind).toBe('bill');
  });
});

describe('scanned codes', () => {
  test('a payer who is asked for the password may let the time run out: closed', async () => {
    const attempt = await open.attempt();
    const code = open.standIn.authCode?.('password') ?? '';
    expect((await open.channel.payByAuthCode?.(attempt, code))?.kind).toBe('pending');
    open.clock.advance(301_000);
    expect((await open.channel.query(attempt)).kind).toBe('closed');
    expect((await open.standIn.wallet({ code, act: 'pay', password: payPassword })).result).toBe('closed');
  });

  test('the customer’s code is kept out of the story', async () => {
    const code = open.standIn.authCode?.('pay') ?? '';
    await open.channel.payByAuthCode?.(await open.attempt(), code);
    expect(open.exchanges.filter(({ request }) => request.includes(code))).toHaveLength(0);
    expect(open.exchanges.some(({ request }) => request.includes('auth_code'))).toBe(true);
  });
});
