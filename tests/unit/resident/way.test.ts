import { beforeEach, describe, expect, test } from 'vitest';
import type { PayWay, SignedDocument } from '../../../protocol/fees/documents.ts';
import type { TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { GuestOptions } from '../../../src/phone-link/contract.ts';
import { residentAfterEn } from '../../../src/i18n/resident-after.en.ts';
import { residentAfterZh } from '../../../src/i18n/resident-after.zh.ts';
import { isLeaveable } from '../../../src/resident/environment.ts';
import { ResidentPage } from '../../../src/resident/page.svelte.ts';
import { prepareMs } from '../../../src/resident/state/limits.ts';
import type { Destination } from '../../../src/resident/state/page-types.ts';
import { DocumentSigner, quoteOf, wayOf } from './make.ts';

// What a terminal may send a phone to: nothing but what the server signed for this very payment.

const signer = new DocumentSigner();
const rogue = new DocumentSigner();
const quote = quoteOf();
const payId = '00000000-0000-4000-8000-00000000aaaa';
const otherId = '00000000-0000-4000-8000-00000000bbbb';
const form = { accNo: 'x', orderId: 'TK1' };
const own: PayWay = wayOf(payId, { form });

/** A page that was opened by a code, with a terminal that a test plays. */
class Phone {
  readonly left: Destination[] = [];
  readonly fetched: string[] = [];
  keys: unknown = { keys: [signer.listed] };
  #given: GuestOptions | undefined;
  readonly page = new ResidentPage({
    now: () => 1_000,
    newId: () => payId,
    makeLink: (given) => {
      this.#given = given;
      return { state: { phase: 'joined', carrier: 'relay', digits: '47' }, send: () => true, close: () => undefined };
    },
    fetchJson: (path) => {
      this.fetched.push(path);
      return this.keys === undefined ? Promise.reject(new Error('offline')) : Promise.resolve(this.keys);
    },
    subtle: crypto.subtle,
    tab: undefined,
    ownChannel: () => undefined,
    leave: (destination) => this.left.push(destination),
    claim: () => Promise.resolve(true),
  });

  say(message: TerminalMessage): void {
    this.#given?.onMessage(message);
  }

  sendTo(way: SignedDocument): void {
    this.say({ type: 'pay', payId, way });
  }
}

let phone: Phone;

beforeEach(async () => {
  phone = new Phone();
  await phone.page.start({ hash: 'A'.repeat(64), isBack: false }, 'zh', true);
  phone.say({ type: 'bill', quote: signer.sign('quote', quote), confirm: false });
  await expect.poll(() => phone.page.view.name).toBe('bill');
  phone.page.pay();
});

const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test('what the server signed for this payment: the phone goes there, with the form, and keeps the token', async () => {
  phone.sendTo(signer.sign('way', own));
  expect(phone.left).toEqual([]);
  await expect.poll(() => phone.left).toEqual([{ url: own.url, form }]);
  expect(phone.page.state.payment).toMatchObject({ step: 'away', token: own.token, destination: { url: own.url } });
  expect(phone.fetched).toEqual(['/api/fees/keys']);
});

describe('a terminal that would send the phone elsewhere', () => {
  const signed = signer.sign('way', own);
  const flipped = `${signed.signature.startsWith('A') ? 'B' : 'A'}${signed.signature.slice(1)}`;

  test.each<[string, SignedDocument]>([
    ['another address', { ...signed, bytes: text({ ...own, url: 'https://rogue.example/pay' }) }],
    ['another form', { ...signed, bytes: text({ ...own, form: { ...form, accNo: 'rogue' } }) }],
    ['a form where there was none', { ...signer.sign('way', wayOf(payId)), bytes: signed.bytes }],
    ['another token', { ...signed, bytes: text({ ...own, token: 'rogue' }) }],
    ['a flipped bit', { ...signed, signature: flipped }],
    ['its own signature', { ...rogue.sign('way', own), kid: signer.kid }],
    ['the way of another quote', signer.sign('way', { ...own, quoteId: otherId })],
    ['the way of another payment', signer.sign('way', { ...own, payId: otherId })],
    ['a quote in place of a way', signer.sign('quote', quote)],
    ['what the server signed as a quote', signer.sign('quote', own)],
    ['what is no base64', { ...signed, bytes: '!' }],
    ['what a newer server means', signer.sign('way', { ...own, v: 2 } as unknown as PayWay)],
  ])('%s: back at the bill, never away', async (_name, way) => {
    phone.sendTo(way);
    await expect.poll(() => phone.page.state.refusal).toBe('false-way');
    expect([phone.page.view.name, phone.page.state.payment, phone.left]).toEqual(['bill', undefined, []]);
    // Its word for the same payment counts no more, until somebody presses again.
    phone.sendTo(signed);
    await Promise.resolve();
    expect(phone.page.state.payment).toBeUndefined();
  });

  test('one after the other: the last word counts', async () => {
    phone.sendTo(signed);
    phone.sendTo({ ...signed, bytes: text({ ...own, url: 'https://rogue.example/pay' }) });
    await expect.poll(() => phone.page.state.refusal).toBe('false-way');
    expect(phone.left).toEqual([]);
  });

  test('the sentence says in both languages not to pay and whom to tell', () => {
    expect(residentAfterEn.refusal['false-way'].join()).toMatch(/Do not pay.*tell the counter/);
    expect(residentAfterZh.refusal['false-way'].join()).toMatch(/不要付.*告诉柜台/);
  });
});

describe('signed by a key that is not at hand', () => {
  const newer = new DocumentSigner('k2');

  test('without a network: said as of a bill, no matter how long it lasts; then it goes on', async () => {
    phone.keys = undefined;
    phone.sendTo(newer.sign('way', own));
    await expect.poll(() => phone.page.view).toEqual({ name: 'over', reason: 'no-keys' });
    expect(phone.fetched).toHaveLength(2);
    phone.page.tell({ type: 'tick', nowMs: 1_000 + prepareMs });
    phone.page.tell({ type: 'check-again' });
    await expect.poll(() => phone.page.view).toEqual({ name: 'over', reason: 'no-keys' });
    expect(phone.left).toEqual([]);
    phone.keys = { keys: [newer.listed, signer.listed] };
    phone.page.tell({ type: 'online', isOnline: true });
    await expect.poll(() => phone.left).toHaveLength(1);
  });

  test('which the server does not have either: not genuine', async () => {
    phone.sendTo(newer.sign('way', own));
    await expect.poll(() => phone.page.state.refusal).toBe('false-way');
    expect([phone.fetched.length, phone.left]).toEqual([2, []]);
  });

  test('the terminal closes the bill meanwhile: nothing is left for', async () => {
    phone.sendTo(signer.sign('way', own));
    phone.say({ type: 'bye', reason: 'cancelled' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([phone.page.view, phone.left]).toEqual([{ name: 'over', reason: 'cancelled' }, []]);
  });
});

test.each([
  ['https://wallet.example/pay', true],
  ['http://127.0.0.1:8642/pay', true],
  ['http://localhost:8642/pay', true],
  ['weixin://wap/pay?x=1', true],
  ['alipays://platformapi/startapp', true],
  ['http://wallet.example/pay', false],
  ['http://localhost.rogue.example/', false],
  ['http://localhost:80@rogue.example/', false],
  ['http://127.0.0.1@rogue.example/', false],
  ['javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['file:///etc/passwd', false],
  ['//rogue.example/', false],
])('%s may be left for: %s', (url, may) => {
  expect(isLeaveable(url)).toBe(may);
});
