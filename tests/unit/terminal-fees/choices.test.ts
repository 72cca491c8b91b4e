import { beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../../domain/result.ts';
import type { QuoteView } from '../../../protocol/http/fees-terminal.ts';
import { failure } from '../../../src/api/failures.ts';
import type { ApiResult } from '../../../src/api/failures.ts';
import {
  afterService,
  listedServices,
  offerOf,
  payeesOf,
  type ServiceOffer,
} from '../../../src/terminal/fees/flow/fee-screens.ts';
import { settle } from '../terminal-app/bench.ts';
import { FeesBench } from './bench.ts';
import { bill, household, id, menu } from './make.ts';

let bench: FeesBench;

beforeEach(() => {
  bench = new FeesBench();
});

describe('the phone chooses once more', () => {
  beforeEach(async () => {
    await bench.toCode();
    bench.host.join();
    await bench.choose();
  });

  test.each(['failed', 'closed'] as const)('after the first came to nothing (%s): it is begun', async (stage) => {
    bench.server.tell({ stage, state: 'open' });
    await bench.pass(3_000);
    expect(bench.place).toBe(`bill ${stage}`);
    await bench.choose(id(78));
    expect(bench.server.payIds).toEqual([id(77), id(78)]);
    expect(bench.host.sent.filter(({ type }) => type === 'pay').at(-1)).toMatchObject({ payId: id(78) });
    expect(bench.place).toBe('bill paying');
  });

  test('another way while the first is open: the server ends that one, and the phone is led to this', async () => {
    await bench.choose(id(78));
    expect(bench.server.payIds).toEqual([id(77), id(78)]);
    expect(bench.host.sent.filter(({ type }) => type === 'pay').at(-1)).toMatchObject({ payId: id(78) });
    expect(bench.kept.kept.get('fee')).toMatchObject({ payId: id(78), left: id(77) });
  });

  test('another way, but the first was paid by then: paid, and printed once', async () => {
    bench.server.settle();
    bench.server.pay = async () => ok({ quote: bench.server.last.view });
    await bench.choose(id(78));
    expect(bench.place).toBe('bill paid');
    expect(bench.papers).toHaveLength(1);
    expect(bench.host.sent.at(-1)).toMatchObject({ type: 'stage', stage: 'paid', receipt: { kid: 'test' } });
  });

  test('another way that the server refuses: said, and the first goes on', async () => {
    bench.server.next = { pay: failure('channel-unavailable', { status: 409 }) };
    await bench.choose(id(78));
    const refused = bench.host.sent.find((said) => said.type === 'stage' && said.stage === 'refused');
    expect(refused).toMatchObject({ payId: id(78), reason: 'channel-off' });
    expect(bench.kept.kept.get('fee')).toMatchObject({ payId: id(77) });
    expect(bench.place).toBe('bill paying');
    bench.server.settle();
    await bench.pass(3_000);
    expect(bench.place).toBe('bill paid');
  });
});

test('another way while the first never reached the server: said at once, and one payment', async () => {
  await bench.toCode();
  bench.host.join();
  bench.server.isOffline = true;
  await bench.choose();
  await bench.choose(id(78));
  expect(bench.host.sent.at(-1)).toMatchObject({ stage: 'refused', payId: id(78), reason: 'no-server' });
  bench.server.isOffline = false;
  await bench.pass(2_000);
  expect(bench.server.payIds).toEqual([id(77)]);
});

test('a quote that comes late is not taken for the one that was asked for after it', async () => {
  bench.server.home = household({ bills: [bill(1), bill(2, { totalFen: 1_000 })] });
  await bench.toHousehold();
  const make = bench.server.makeQuote.bind(bench.server);
  const late: (() => Promise<void>)[] = [];
  bench.server.makeQuote = (body) =>
    new Promise<ApiResult<QuoteView>>((answer) => {
      late.push(async () => {
        answer(await make(body));
        await settle();
      });
    });
  await bench.press('1', 'confirm', 'cancel', '1', '2', 'confirm');
  expect([bench.place, late.length]).toEqual(['quoting', 2]);
  await late[0]?.();
  expect(bench.place).toBe('quoting');
  await late[1]?.();
  expect(bench.desk.payment.document?.bills.map(({ billId }) => billId)).toEqual([id(1), id(2)]);
});

test('going back while a number without a secret is looked for leads to the number', async () => {
  await bench.desk.open();
  await bench.press('3');
  await bench.type('13800138000');
  bench.desk.press('confirm');
  bench.desk.press('cancel');
  await settle();
  expect(bench.desk.screen).toMatchObject({ at: 'number', entry: { number: '13800138000' } });
});

test('a desk that is stopped says goodbye to the phone, keeps the payment, and does nothing more', async () => {
  await bench.toCode();
  bench.host.join();
  await bench.choose();
  bench.desk.stop();
  const calls = bench.server.calls.length;
  expect(bench.host.closed).toBe('off');
  expect(bench.kept.kept.get('fee')).toMatchObject({ payId: id(77) });
  bench.server.settle();
  await bench.pass(10_000);
  expect([bench.server.calls.length, bench.papers]).toEqual([calls, []]);
});

test('payees of one service that ask for other digits stand under it once, and each is asked for its own', () => {
  const [electricity, ...others] = menu.services;
  const village = { id: id(904), name: '河畔村委会' };
  const second = {
    ...(electricity as ServiceOffer),
    payees: [village],
    numberDigits: { min: 4, max: 6 },
    secretDigits: 0,
  };
  const whole = { ...menu, services: [electricity as ServiceOffer, second, ...others] };
  const services = listedServices(whole);
  expect(services.map(({ service, payees }) => [service, payees.length])).toEqual([
    ['electricity', 3],
    ['property', 1],
    ['mobile', 1],
  ]);
  expect(services[0] && afterService(services[0])).toEqual({ at: 'payees', service: 'electricity' });
  const offers = payeesOf(whole, 'electricity').map((payee) =>
    offerOf(whole, { service: 'electricity', payeeId: payee.id }),
  );
  expect(offers.map((offer) => offer?.numberDigits.max)).toEqual([10, 10, 6]);
  expect(offerOf(whole, { service: 'property', payeeId: village.id })).toBeUndefined();
});
