import { createHash, createSign } from 'node:crypto';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unionPayStandIn } from '../../../mock-server/platforms/unionpay-qr/stand-in.ts';
import type { ChannelAccount, Exchange, RawRequest } from '../../../server/channels/channel.ts';
import { unionpayQr } from '../../../server/channels/unionpay-qr/definition.ts';
import { openBench, startDay } from './bench.ts';
import type { OpenBench } from './bench.ts';
import { show, showAndPay } from './code-rows.ts';
import { keptKeys } from './kept-keys.ts';
import { unzip } from './unzip.ts';

/** What is peculiar to UnionPay, beside the rows for every channel. */
const maker = unionPayStandIn(keptKeys());
const calls = { query: 'query', close: 'query', refund: 'refund', queryRefund: 'query' };
let open: OpenBench;

beforeEach(async () => {
  open = await openBench({ definition: unionpayQr, maker, calls });
});
afterEach(async () => {
  await open.close();
});

function firstNotice(): RawRequest {
  const raw = open.received[0]?.raw;
  if (raw === undefined) throw new Error('no notification came');
  return raw;
}

function keyOf(account: ChannelAccount, purpose: string): string {
  return account.keys.find((key) => key.purpose === purpose)?.material ?? '';
}

/** Signs a notification anew, as somebody would who has a key and puts their own certificate inside. */
function signedBy(raw: RawRequest, certificate: string, privatePem: string): RawRequest {
  const fields = new URLSearchParams(Buffer.from(raw.body).toString('utf8'));
  fields.set('signPubKeyCert', certificate);
  fields.delete('signature');
  const text = [...fields]
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const digest = createHash('sha256').update(text).digest('hex');
  fields.set('signature', createSign('RSA-SHA256').update(digest).sign(privatePem, 'base64'));
  return { ...raw, body: Buffer.from(fields.toString()) };
}

describe('codes', () => {
  test('a shown code waits; closing is honest until its time is over', async () => {
    const attempt = await show(open);
    expect(await open.channel.query(attempt)).toEqual({ kind: 'pending' });
    expect(await open.channel.close(attempt)).toEqual({ kind: 'not-found' });
    open.clock.advance(attempt.expiresAtMs - open.clock.now() + 61_000);
    expect(await open.channel.close(attempt)).toEqual({ kind: 'closed' });
    expect(await open.pay(open.codeOf(attempt))).toBe('expired');
  });

  test('a payer who thinks: closing says pending, and closed once UnionPay has ended it', async () => {
    const attempt = await show(open);
    await open.standIn.wallet({ code: open.codeOf(attempt), act: 'stall' });
    expect((await open.channel.close(attempt)).kind).toBe('pending');
    open.clock.advance(attempt.expiresAtMs - open.clock.now() + 1_000);
    expect(await open.channel.query(attempt)).toMatchObject({ kind: 'failed', reason: 'code-expired', code: '69' });
    expect((await open.channel.close(attempt)).kind).toBe('closed');
  });

  test('the time of the order goes into every call and comes from the memo', async () => {
    const attempt = await show(open);
    open.clock.advance(65_000);
    await open.channel.query(attempt);
    const sent = open.exchanges.map(({ request }) => /txnTime=(\d{14})/.exec(request)?.[1]);
    expect(sent).toEqual(['20260302100000', '20260302100000']);
    expect(attempt.memo).toEqual({ txnTime: '20260302100000' });
  });

  test('the same number with another time is another trade to UnionPay: asking finds nothing', async () => {
    const attempt = await showAndPay(open);
    const other = { ...attempt, memo: { txnTime: '20260302100001' } };
    expect((await open.reopen(open.account).query(other)).kind).toBe('not-found');
  });
});

describe('a customer’s code', () => {
  test('accepted, and the question about it refused: that is no certainty that nothing was taken', async () => {
    const authCode = open.standIn.authCode?.('pay');
    if (authCode === undefined) throw new Error('no code');
    const keys = open.account.keys.map((key) =>
      key.purpose === 'merchant-certificate' ? { ...key, notAfterMs: open.clock.now() + 1_000 } : key,
    );
    const channel = open.reopen({ ...open.account, keys });
    const exchanges = open.exchanges as Exchange[];
    // The certificate ends while the first answer comes.
    exchanges.push = (...more) => {
      open.clock.advance(2_000);
      return Array.prototype.push.apply(exchanges, more);
    };
    expect((await channel.payByAuthCode?.(await open.attempt(), authCode))?.kind).toBe('unknown');
  });
});

describe('whose word counts', () => {
  test('one byte flipped anywhere in a notification is refused', async () => {
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

  test('a merchant of the same authority cannot speak for UnionPay', async () => {
    await showAndPay(open);
    const other = { id: 'x', ...open.standIn.account('somebody else') };
    const forged = signedBy(firstNotice(), keyOf(other, 'merchant-certificate'), keyOf(other, 'merchant-private'));
    const told = await open.channel.parseNotification?.(forged);
    expect(told).toMatchObject({ kind: 'refused', why: expect.stringContaining('UnionPay') as string });
  });

  test('a notification about another merchant’s trade under our number changes nothing', async () => {
    await showAndPay(open);
    const ours = open.reopen({ ...open.account, platformMerchantId: '777000000000000' });
    const told = await ours.parseNotification?.(firstNotice());
    expect(told).toMatchObject({ kind: 'refused', why: expect.stringContaining('another merchant') as string });
  });

  test('UnionPay’s name from another authority does not count either', async () => {
    await showAndPay(open);
    const elsewhere = await openBench({ definition: unionpayQr, maker: unionPayStandIn(), calls });
    try {
      await showAndPay(elsewhere);
      const theirs = elsewhere.received[0]?.raw;
      if (theirs === undefined) throw new Error('no notification came');
      expect((await elsewhere.channel.parseNotification?.(theirs))?.kind).toBe('payment');
      const told = await open.channel.parseNotification?.(theirs);
      expect(told).toMatchObject({ kind: 'refused', why: expect.stringContaining('No pinned root') as string });
    } finally {
      await elsewhere.close();
    }
  });

  test('a certificate out of date does not count', async () => {
    const attempt = await show(open);
    open.clock.advance(3 * 365 * 24 * 3_600_000);
    const keys = open.account.keys.map(({ notBeforeMs: _from, notAfterMs: _until, ...key }) => key);
    const result = await open.reopen({ ...open.account, keys }).query(attempt);
    expect(result).toMatchObject({ kind: 'unknown', why: expect.stringContaining('not in date') as string });
  });

  test('a new certificate is believed at once when chain and name hold', async () => {
    const attempt = await showAndPay(open);
    open.standIn.rotateKeys?.();
    expect((await open.channel.query(attempt)).kind).toBe('paid');
    expect(open.learned).toHaveLength(0);
  });

  test('an answer for another merchant does not count', async () => {
    const attempt = await showAndPay(open);
    const channel = open.reopen({ ...open.account, platformMerchantId: '777000000000000' });
    expect((await channel.query(attempt)).kind).toBe('refused');
  });

  test.each([
    ['platformMerchantId', { platformMerchantId: '1' }],
    ['gateway', { config: { gateway: 'https://gateway.95516.com/?x' } }],
    ['environment', { config: { environment: 'sandbox' } }],
    ['merchant-private', { keys: [] }],
  ])('settings without a good %s are named', (field, change) => {
    expect(unionpayQr.checkConfig(open.account)).toBeUndefined();
    expect(unionpayQr.checkConfig({ ...open.account, ...change })).toBe(field);
  });
});

describe('reversing', () => {
  test('a payment whose answer was lost is undone by 冲正, and no money stays taken', async () => {
    const attempt = await open.attempt();
    open.standIn.plan({ kind: 'answer-lost', call: 'consume' });
    expect((await open.channel.payByAuthCode?.(attempt, open.standIn.authCode?.('password') ?? ''))?.kind).toBe(
      'unknown',
    );
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
    expect(open.exchanges.map(({ call }) => call)).toEqual(['consume', 'query', 'reverse', 'query']);
    expect((await open.channel.query(attempt)).kind).toBe('closed');
  });

  test('a paid one is cancelled under a number of its own; with the answer lost, asking about it finds out', async () => {
    const attempt = await showAndPay(open);
    open.standIn.plan({ kind: 'answer-lost', call: 'cancel' });
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('unknown');
    expect((await open.channel.query(attempt)).kind).toBe('closed');
    open.clock.advance(60_000);
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
    expect((await open.channel.query(attempt)).kind).toBe('closed');
    const sent = open.exchanges
      .filter(({ call }) => call === 'cancel')
      .map(({ request }) => /txnTime=\d+/.exec(request)?.[0]);
    expect(new Set(sent).size).toBe(1);
  });

  test('a cancel that never arrived changes nothing: paid', async () => {
    const attempt = await showAndPay(open);
    open.standIn.plan({ kind: 'status', call: 'cancel', status: 502 });
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('unknown');
    expect((await open.channel.query(attempt)).kind).toBe('paid');
  });

  test('paid after it was reversed: that is another payment, and it is told', async () => {
    const attempt = await show(open);
    const code = open.codeOf(attempt);
    await open.standIn.wallet({ code, act: 'stall' });
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
    expect((await open.channel.query(attempt)).kind).toBe('closed');
    open.standIn.plan({ kind: 'pay-after-close' });
    expect(await open.pay(code)).toBe('paid');
    await open.standIn.settled();
    expect(open.received.at(-1)?.notification).toMatchObject({ kind: 'payment', result: { kind: 'paid' } });
    expect((await open.channel.query(attempt)).kind).toBe('paid');
  });

  test('after the settlement day nothing is undone: paid, and only a refund gives back', async () => {
    const attempt = await showAndPay(open);
    open.clock.advance(14 * 3_600_000);
    expect((await open.channel.reverse?.(attempt))?.kind).toBe('paid');
    const refund = await open.refundOf(attempt, attempt.amountFen);
    const fresh = {
      ...attempt,
      transactionId:
        open.received.flatMap(({ notification }) => (notification.kind === 'payment' ? [notification.id] : []))[0] ??
        '',
    };
    expect(await open.channel.refund(fresh, refund)).toMatchObject({ kind: 'done', amountFen: attempt.amountFen });
  });
});

describe('refunds', () => {
  test('are told by a notification as well', async () => {
    const attempt = await showAndPay(open);
    const refund = await open.refundOf(attempt, 3_000);
    await open.channel.refund(attempt, refund);
    await open.standIn.settled();
    const told = open.received.map(({ notification }) => notification).find(({ kind }) => kind === 'refund');
    expect(told).toMatchObject({ refundNo: refund.refundNo, result: { kind: 'done', amountFen: 3_000 } });
  });
});

describe('the settlement file', () => {
  test('is a zip of lines of 607 bytes, with the offsets of the layout', async () => {
    const attempt = await showAndPay(open);
    const refund = await open.refundOf(attempt, 3_000);
    await open.channel.refund(attempt, refund);
    open.clock.advance(26 * 3_600_000);
    const bill = await open.channel.fetchBill(startDay, 'settlement');
    if (bill.kind !== 'bill') throw new Error(JSON.stringify(bill));
    const merId = open.account.platformMerchantId;
    expect(bill.fileName).toBe(`${merId}_20260302.zip`);
    const files = await unzip(bill.bytes);
    expect(files.map(({ name }) => iconv.decode(name, 'gbk'))).toEqual([
      `INN26030288ZM_${merId}`,
      `INN26030288ZME_${merId}`,
    ]);
    const content = files[0]?.content ?? Buffer.alloc(0);
    expect(content.length).toBe(2 * 609);
    const at = (line: number, start: number, width: number): string =>
      content.toString('latin1', line * 609 + start, line * 609 + start + width).trim();
    expect([at(0, 66, 12), at(0, 112, 32), at(0, 180, 13), at(0, 215, 2), at(0, 293, 15), at(0, 388, 8)]).toEqual([
      '000000012850',
      attempt.attemptNo,
      'C000000012850',
      '01',
      merId,
      'T0000017',
    ]);
    expect([at(1, 66, 12), at(1, 112, 32), at(1, 180, 13), at(1, 215, 2), at(1, 476, 32)]).toEqual([
      '000000003000',
      refund.refundNo,
      'D000000003000',
      '04',
      attempt.attemptNo,
    ]);
    expect(at(1, 271, 21)).toBe(at(0, 87, 21));
    expect(content.subarray(607, 609).toString()).toBe('\r\n');
  });

  test('what is paid after 23:00 belongs to the next settlement day', async () => {
    open.clock.advance(13.5 * 3_600_000);
    const attempt = await showAndPay(open);
    open.clock.advance(36 * 3_600_000);
    expect((await open.channel.fetchBill(startDay, 'settlement')).kind).toBe('empty');
    const bill = await open.channel.fetchBill('2026-03-03', 'settlement');
    if (bill.kind !== 'bill') throw new Error(JSON.stringify(bill));
    expect((await unzip(bill.bytes))[0]?.content.toString('latin1')).toContain(attempt.attemptNo);
  });
});
