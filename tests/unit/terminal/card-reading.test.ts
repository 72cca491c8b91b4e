import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { benchCards } from '../../../mock-server/terminal/bench-cards.ts';
import type { CardEntryName, ReadableCard } from '../../../mock-server/terminal/cards.ts';
import { Keypad } from '../../../mock-server/terminal/keypad.ts';
import type { KeypadKey } from '../../../mock-server/terminal/keypad.ts';
import type { EventBody, Params, Reply } from '../../../protocol/cable/v1/services/table.ts';
import { TestAcquirer } from './acquirer.ts';
import { makeBench, plugIn } from './bench.ts';
import type { Bench } from './bench.ts';
import { call } from './host.ts';
import type { TestHost } from './host.ts';
import { TestTechnician } from './technician.ts';

const acquirer = new TestAcquirer();
const payment: Params<'card.read'> = {
  amountFen: 12_850,
  orderNo: '261126-000042',
  language: 'zh',
  timeoutSeconds: 40,
  wantsPin: true,
};

let bench: Bench;
let host: TestHost;
let keypad: Keypad;
let stages: EventBody<'card.stage'>[];

function cardNamed(id: string): ReadableCard {
  const card = benchCards.find((one) => one.id === id);
  if (card === undefined) throw new Error(id);
  return card;
}

beforeEach(async () => {
  bench = makeBench({ acquirerPublicKey: acquirer.publicKey });
  keypad = new Keypad(bench.device);
  host = await plugIn(bench.device);
  stages = [];
  host.session.onEvent((event) => {
    if (event.name === 'card.stage') stages.push(event.body);
  });
  await call(host, 'card.loadKey', { keyBlock: acquirer.keyBlock(bench.device) });
});

afterEach(() => {
  host.close();
});

/** Resolves when the device asks for `stage`. */
async function asked(stage: string): Promise<void> {
  await expect.poll(() => bench.device.screen?.prompt).toBe(stage);
}

function type(...keys: readonly KeypadKey[]): void {
  for (const key of keys) keypad.press(key);
}

function read(change: Partial<Params<'card.read'>> = {}): Promise<Reply<'card.read'>> {
  return call(host, 'card.read', { ...payment, ...change });
}

function give(id: string, entry: CardEntryName): void {
  expect(bench.device.giveCard(cardNamed(id), entry)).toBe(true);
}

describe('a card is read', () => {
  test('chip and PIN: the acquirer opens both, the cable saw neither', async () => {
    const reading = read();
    await asked('waiting');
    expect(bench.device.screen).toMatchObject({ title: { zh: '¥128.50' }, note: { en: '请插卡、挥卡或刷卡' } });
    give('debit', 'chip');
    await asked('enter-pin');
    type('2', '4', '6', '8', '1', '1', 'clear', '0', 'enter');
    const reply = await reading;
    expect(reply).toMatchObject({ outcome: 'read', entry: 'chip', tail: '0426' });
    const opened = acquirer.open(reply);
    expect(opened).toMatchObject({ counter: 1, pan: '6217000000000000426', pin: '246810' });
    expect(opened.tags.get('5f24')).toBe('301231');
    expect(opened.tags.get('5f34')).toBe('01');
    expect(opened.tags.get('9f02')).toBe('000000012850');
    expect(opened.tags.get('9f26')).toMatch(/^[0-9a-f]{16}$/);
    const seen = stages.map(({ stage, digits }) => `${stage} ${digits}`);
    expect(seen[0]).toBe('waiting 0');
    expect(seen).toContain('enter-pin 6');
    await expect.poll(() => stages.at(-1)?.stage).toBe('remove-card');
    expect(bench.device.takeCardOut()).toBe(true);
    await expect.poll(() => stages.at(-1)?.stage).toBe('ended');
    expect(bench.device.screen?.prompt).toBe('');
  });

  test('each reading has the next counter and its own key', async () => {
    const ksns: string[] = [];
    for (const counter of [1, 2, 3]) {
      const reading = read({ wantsPin: false });
      await asked('waiting');
      give('debit', 'contactless');
      const reply = await reading;
      expect(acquirer.open(reply)).toMatchObject({ counter, pan: '6217000000000000426', pin: '' });
      expect(reply.pinBlock.length + reply.pinKsn.length).toBe(0);
      ksns.push(Buffer.from(reply.ksn).toString('hex'));
    }
    expect(new Set(ksns).size).toBe(3);
    expect(await call(host, 'card.keyStatus', {})).toMatchObject({ state: 'ready', counter: 4, hasAcquirer: true });
  });

  test('a swiped stripe has no sequence and no cryptogram', async () => {
    const reading = read();
    await asked('waiting');
    give('stripe', 'magstripe');
    await asked('enter-pin');
    type('1', '3', '5', '7', '9', '0', 'enter');
    const opened = acquirer.open(await reading);
    expect([...opened.tags.keys()]).toEqual(['5a', '5f24', '57']);
    expect(opened.tags.get('57')).toMatch(/^6225880100000026d2909101/);
  });

  test('a card that was in the slot before is read; left in, it must come out before it pays again', async () => {
    give('debit', 'chip');
    expect(bench.device.giveCard(cardNamed('stripe'), 'chip')).toBe(false);
    expect((await read({ wantsPin: false })).outcome).toBe('read');
    const second = read({ wantsPin: false });
    await asked('waiting');
    bench.device.takeCardOut();
    give('debit', 'chip');
    expect(acquirer.open(await second).counter).toBe(2);
  });

  test('a PIN has 4 to 12 digits: OK does nothing before, keys do nothing after', async () => {
    const reading = read();
    await asked('waiting');
    give('debit', 'contactless');
    await asked('enter-pin');
    type('1', '2', '3', 'enter');
    await expect.poll(() => keypad.digitCount).toBe(3);
    type('4', '5', '6', '7', '8', '9', '0', '1', '2', '3', '4', 'enter');
    expect(acquirer.open(await reading).pin).toBe('123456789012');
  });
});

describe('no card is read', () => {
  test.each([
    ['a worn stripe', 'worn', 'magstripe', 'swipe-unreadable'],
    ['the stripe of a chip card', 'debit', 'magstripe', 'use-chip'],
  ] as const)('%s', async (_name, id, entry, outcome) => {
    const reading = read();
    await asked('waiting');
    give(id, entry);
    expect(await reading).toMatchObject({ outcome, entry: '', tail: '' });
    expect((await call(host, 'card.keyStatus', {})).counter).toBe(1);
  });

  test('nobody gives a card in time', async () => {
    const reading = read();
    await asked('waiting');
    bench.clock.pass(40);
    bench.device.firmware?.desk.tick();
    expect((await reading).outcome).toBe('timeout');
  });

  test('nobody types the PIN in time', async () => {
    const reading = read();
    await asked('waiting');
    give('debit', 'chip');
    await asked('enter-pin');
    type('2', '4');
    bench.clock.pass(60);
    bench.device.firmware?.desk.tick();
    expect((await reading).outcome).toBe('timeout');
    expect(keypad.digitCount).toBe(0);
  });

  test('the chip is taken out before the PIN is done', async () => {
    const reading = read();
    await asked('waiting');
    give('debit', 'chip');
    await asked('enter-pin');
    bench.device.takeCardOut();
    expect((await reading).outcome).toBe('chip-removed');
  });

  test('cancelled on the pad, by the host, and by a link that ends', async () => {
    const first = read();
    await asked('waiting');
    type('cancel');
    expect((await first).outcome).toBe('cancelled');
    const second = read();
    await asked('waiting');
    expect(await call(host, 'card.cancel', {})).toEqual({ wasRunning: true });
    expect((await second).outcome).toBe('cancelled');
    expect(await call(host, 'card.cancel', {})).toEqual({ wasRunning: false });
    const lost = host.session.request('card.read', payment, host.now());
    await asked('waiting');
    host.session.close(host.now());
    await lost;
    await asked('');
  });

  test('the device locks itself meanwhile', async () => {
    const reading = read();
    await asked('waiting');
    bench.device.trip('case');
    expect((await reading).outcome).toBe('locked');
    expect(bench.device.screen).toMatchObject({ state: 'LOCKED', prompt: '' });
    expect((await read()).outcome).toBe('locked');
  });

  test('one conversation at a time', async () => {
    const reading = read();
    await asked('waiting');
    expect(await host.session.request('card.read', payment, host.now())).toMatchObject({ ok: false, error: 'busy' });
    type('cancel');
    await reading;
  });

  test('a broken reader, and an amount of nothing', async () => {
    bench.device.setBroken('card-reader', true);
    expect((await read()).outcome).toBe('reader-broken');
    const wrong = await host.session.request('card.read', { ...payment, amountFen: 0 }, host.now());
    expect(wrong).toMatchObject({ ok: false, error: 'bad-params', detail: 'amountFen' });
  });

  test('more than one payment may have', async () => {
    expect((await read({ amountFen: 500_001 })).outcome).toBe('over-limit');
  });
});

test('in probation its limit counts', async () => {
  bench.device.firmware?.commit({ state: 'PROBATION', probationLimitFen: 10_000 });
  expect((await read({ amountFen: 10_001 })).outcome).toBe('over-limit');
  const reading = read({ amountFen: 10_000, wantsPin: false });
  await asked('waiting');
  give('debit', 'contactless');
  expect((await reading).outcome).toBe('read');
});

test('a tamper takes the card key along; after commissioning there is none', async () => {
  bench.device.trip('case');
  expect(await call(host, 'card.keyStatus', {})).toMatchObject({ state: 'none', counter: 0 });
  await new TestTechnician(bench.device, bench.authority).bringToNormal();
  expect((await read()).outcome).toBe('no-key');
});

test('lines of the host never cover what the device asks', async () => {
  await call(host, 'display.show', { lines: ['PAID'], seconds: 60 });
  expect(bench.device.screen?.shown).toEqual(['PAID']);
  const reading = read();
  await asked('waiting');
  expect(bench.device.screen?.shown).toEqual([]);
  type('cancel');
  await reading;
});

test('a wrong PIN at another time still counts against the device; digits of a payment do not', async () => {
  const reading = read();
  await asked('waiting');
  give('debit', 'contactless');
  await asked('enter-pin');
  type('9', '9', '9', '9', 'enter');
  await reading;
  expect(bench.device.firmware?.core.pinTries).toBe(0);
  type('9', '9', '9', '9', 'enter');
  expect(bench.device.firmware?.core.pinTries).toBe(1);
});
