import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLink } from '../../../domain/payments/links.ts';
import { unionPayStandIn } from '../../../mock-server/platforms/unionpay-qr/stand-in.ts';
import type { AttemptFacts, Payer } from '../../../server/channels/channel.ts';
import { unionpayQr } from '../../../server/channels/unionpay-qr/definition.ts';
import { type OpenBench, openBench } from './bench.ts';
import { keptKeys } from './kept-keys.ts';

/** 消费 by a page on the payer's phone (前台交易 01/01), with the account encrypted on the phone. */
const maker = unionPayStandIn(keptKeys());
const calls = { query: 'query', close: 'query', refund: 'refund', queryRefund: 'query' };
const payer: Payer = { address: '203.0.113.7', returnUrl: 'https://shop.invalid/l?back=1' };
const cardNumber = '6222020200112230126';
let open: OpenBench;

beforeEach(async () => {
  open = await openBench({ definition: unionpayQr, maker, calls });
});
afterEach(async () => {
  await open.close();
});

async function formOf(attempt: AttemptFacts, who = payer) {
  const result = await open.channel.createLink?.(attempt, who);
  if (result?.kind !== 'pending' || result.link === undefined) throw new Error(JSON.stringify(result));
  const { url, form } = readLink(result.link);
  if (form === undefined) throw new Error('the link is not posted');
  return { url, form };
}

function post(url: string, form: Readonly<Record<string, string>>) {
  return fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
}

function sealed(text: string): NonNullable<Payer['account']> {
  const key = open.channel.accountKey?.();
  if (key === undefined) throw new Error('no key for accounts');
  const jwk = { kty: 'RSA', n: key.modulus, e: key.exponent };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const bytes = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(text));
  return { certId: key.certId, ciphertext: bytes.toString('base64') };
}

describe('a page on the payer’s phone', () => {
  test('is signed without a call, opens the wallet, is paid, and the browser comes back by a POST', async () => {
    const attempt = await open.attempt();
    const { url, form } = await formOf(attempt);
    expect(open.exchanges).toHaveLength(0);
    expect(form).toMatchObject({ txnType: '01', txnSubType: '01', bizType: '000201', txnAmt: '12850' });
    expect((await open.channel.query(attempt)).kind).toBe('pending');
    const shown = await post(url, form);
    expect(shown.status).toBe(303);
    const wallet = new URL(shown.headers.get('location') ?? '', url);
    expect(await open.pay(wallet.searchParams.get('code') ?? '')).toBe('paid');
    expect(await open.channel.query(attempt)).toMatchObject({ kind: 'paid', proof: { amountFen: 12_850 } });
    const back = await (await fetch(wallet.searchParams.get('redirect_url') ?? '')).text();
    expect(back).toContain('method="post" action="https://shop.invalid/l?back=1"');
    await open.standIn.settled();
    expect(open.received.at(-1)?.notification).toMatchObject({ kind: 'payment', attemptNo: attempt.attemptNo });
  });

  test('the same attempt is the same form and the same trade', async () => {
    const attempt = await open.attempt();
    const [first, again] = [await formOf(attempt), await formOf(attempt)];
    expect(again).toEqual(first);
    const [one, two] = [await post(first.url, first.form), await post(first.url, first.form)];
    expect(two.headers.get('location')).toBe(one.headers.get('location'));
  });

  test.each([
    ['the amount', { txnAmt: '1' }],
    ['where the browser goes back', { frontUrl: 'https://other.invalid/' }],
    ['the account', { accNo: 'AAAA' }],
  ])('a form with %s changed on the way is refused', async (_name, change) => {
    const { url, form } = await formOf(await open.attempt());
    expect((await post(url, { ...form, ...change })).status).toBe(400);
  });

  test('an account goes out as ciphertext only, and the platform opens it', async () => {
    const attempt = await open.attempt();
    const { url, form } = await formOf(attempt, { ...payer, account: sealed(cardNumber) });
    expect(JSON.stringify(form)).not.toContain(cardNumber);
    const shown = await post(url, form);
    expect(await open.pay(new URL(shown.headers.get('location') ?? '', url).searchParams.get('code') ?? '')).toBe(
      'paid',
    );
    expect(await open.channel.query(attempt)).toMatchObject({ kind: 'paid', proof: { payer: '0126' } });
  });

  test.each([
    ['no number', 'hello'],
    ['a number that is too short', '123456'],
  ])('an account that is %s is refused by the platform', async (_name, text) => {
    const { url, form } = await formOf(await open.attempt(), { ...payer, account: sealed(text) });
    expect((await post(url, form)).status).toBe(400);
  });

  test('an account encrypted to another key is refused', async () => {
    const account = { ...sealed(cardNumber), certId: '12345' };
    const { url, form } = await formOf(await open.attempt(), { ...payer, account });
    expect((await post(url, form)).status).toBe(400);
  });

  test('without the platform’s certificate there is no key for accounts', () => {
    const keys = open.account.keys.filter(({ purpose }) => purpose !== 'platform-encrypt');
    expect(open.reopen({ ...open.account, keys }).accountKey?.()).toBeUndefined();
  });
});
