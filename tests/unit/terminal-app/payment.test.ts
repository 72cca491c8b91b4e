import { beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../../src/terminal/link/kept.ts';
import { restartMaxMs } from '../../../src/terminal/payment.svelte.ts';
import { Bench, settle } from './bench.ts';

const qr = { channel: 'wechat-pay', kind: 'qr' } as const;
let bench: Bench;

beforeEach(async () => {
  bench = new Bench();
  await bench.pair();
});

function creations(): readonly { readonly body: Record<string, unknown> }[] {
  return bench.server.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/orders'));
}

function starts(): readonly string[] {
  const found = bench.server.calls.filter(({ path }) => path.endsWith('/attempts'));
  return found.map(({ body }) => String(body['id']));
}

describe('ids are on the disk before the server hears of them', () => {
  test('at the first call', async () => {
    let keptThen: Job | undefined;
    const handle = bench.server.handle.bind(bench.server);
    bench.server.handle = (method, address, body, headers) => {
      if (address.endsWith('/orders')) keptThen = bench.kept.kept.get('job') as Job;
      return handle(method, address, body, headers);
    };
    await bench.payment().begin(12_850, qr);
    expect(keptThen).toMatchObject({ orderId: bench.server.last.id, amountFen: 12_850 });
    expect(keptThen?.attempt?.id).toBe(bench.server.last.attempts[0]?.id);
  });

  test('a lost answer is asked for again with the same ids: one order, one attempt', async () => {
    const payment = bench.payment();
    bench.server.dropAnswers = 2;
    const begun = payment.begin(12_850, qr);
    await settle();
    expect(payment.trouble?.error).toBe('offline');
    expect(payment.stage?.at).toBe('sending');
    await bench.pass(500);
    await bench.pass(1_000);
    await begun;
    expect(payment.stage?.at).toBe('qr');
    expect(creations()).toHaveLength(3);
    expect(new Set(creations().map(({ body }) => body['id'])).size).toBe(1);
    expect(bench.server.orders.size).toBe(1);
    expect(bench.server.last.attempts).toHaveLength(1);
  });
});

describe('after a power cut', () => {
  test('a payment that the server knows stands as the server says', async () => {
    await bench.payment().begin(12_850, qr);
    bench.server.pay();
    const payment = bench.payment();
    expect(await payment.recover()).toEqual({});
    expect(payment.stage?.at).toBe('paid');
  });

  test('one that never arrived is begun again with the same ids', async () => {
    bench.server.isOffline = true;
    void bench.payment().begin(12_850, qr);
    await settle();
    const job = bench.kept.kept.get('job') as Job;
    bench.server.isOffline = false;
    const payment = bench.payment();
    await payment.recover();
    expect(payment.stage?.at).toBe('qr');
    expect(bench.server.last.id).toBe(job.orderId);
    expect(bench.server.last.attempts[0]?.id).toBe(job.attempt?.id);
  });

  test.each([
    ['an old one', qr, restartMaxMs, false],
    ['a scanned code, which nobody keeps', { ...qr, kind: 'scan' } as const, 0, false],
    ['a cancelled one', qr, 0, true],
  ])('%s that never arrived is told as nothing charged', async (_name, way, ageMs, wantsCancel) => {
    const startedAtMs = bench.server.nowMs;
    const [orderId, id] = [bench.newId(), bench.newId()];
    await bench.kept.write('job', { orderId, amountFen: 12_850, attempt: { id, ...way }, wantsCancel, startedAtMs });
    bench.server.nowMs += ageMs;
    const payment = bench.payment();
    expect(await payment.recover()).toEqual({ lost: 12_850 });
    expect(payment.job).toBeUndefined();
    expect(bench.kept.kept.has('job')).toBe(false);
  });

  test('without a network it waits, and knows when the network is back', async () => {
    await bench.payment().begin(12_850, qr);
    bench.server.isOffline = true;
    const payment = bench.payment();
    const recovering = payment.recover();
    await settle();
    expect(payment.stage?.at).toBe('sending');
    bench.server.isOffline = false;
    payment.retryNow();
    await recovering;
    expect(payment.stage?.at).toBe('qr');
  });
});

describe('news', () => {
  test('come by an event', async () => {
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    bench.server.pay();
    await payment.heard(bench.server.last.id);
    expect(payment.stage?.at).toBe('paid');
  });

  test('come by asking when no event comes', async () => {
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    bench.server.pay();
    await bench.pass(1_000);
    expect(payment.stage?.at).toBe('paid');
  });

  test('an older answer is ignored', async () => {
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    const { last } = bench.server;
    bench.server.pay();
    await payment.heard(last.id);
    bench.server.orders.set(last.id, last);
    await payment.heard(last.id);
    expect(payment.stage?.at).toBe('paid');
  });

  test('unknown is still being checked, then paid', async () => {
    bench.server.answer = 'unknown';
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    expect(payment.stage?.at).toBe('checking');
    bench.server.pay();
    await bench.pass(1_000);
    expect(payment.stage?.at).toBe('paid');
  });

  test('a code that runs out by itself is asked about', async () => {
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    await bench.pass(180_000);
    expect(payment.stage?.at).toBe('qr-over');
    bench.server.closeEnds();
    await bench.pass(1_000);
    expect(payment.stage?.at).toBe('closed');
  });
});

describe('another way', () => {
  const card = { channel: 'unionpay-qr', kind: 'qr' } as const;

  test('begins only when the old code is ended, with one id', async () => {
    bench.server.isClosingSlow = true;
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    await payment.pay(card);
    expect(payment.stage?.at).toBe('switching');
    await bench.pass(1_000);
    expect(bench.server.last.attempts).toHaveLength(1);
    bench.server.closeEnds();
    bench.server.isClosingSlow = false;
    await bench.pass(1_000);
    expect(payment.stage).toMatchObject({ at: 'qr', attempt: { channel: 'unionpay-qr' } });
    expect(new Set(starts()).size).toBe(1);
  });

  test('is forgotten when the old code was paid meanwhile', async () => {
    bench.server.isClosingSlow = true;
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    await payment.pay(card);
    bench.server.pay();
    await bench.pass(1_000);
    expect(payment.stage?.at).toBe('paid');
    await bench.pass(5_000);
    expect(bench.server.last.attempts).toHaveLength(1);
  });

  test('after a power cut the new way is still wanted', async () => {
    bench.server.isClosingSlow = true;
    const cut = bench.payment();
    await cut.begin(12_850, qr);
    await cut.pay(card);
    const wanted = (bench.kept.kept.get('job') as Job).attempt?.id;
    bench.server.closeEnds();
    bench.server.isClosingSlow = false;
    const payment = bench.payment();
    await payment.recover();
    expect(payment.stage).toMatchObject({ at: 'qr', attempt: { id: wanted, channel: 'unionpay-qr' } });
  });
});

describe('the end', () => {
  test('cancelled before the server answered: it is created, then ended', async () => {
    bench.server.isOffline = true;
    const payment = bench.payment();
    const begun = payment.begin(12_850, qr);
    await settle();
    await payment.cancel();
    expect(payment.stage?.at).toBe('ending');
    bench.server.isOffline = false;
    await bench.pass(8_000);
    await begun;
    expect(payment.stage?.at).toBe('cancelled');
    expect(bench.server.last.state).toBe('cancelled');
  });

  test('paid while it was being cancelled is paid', async () => {
    bench.server.isClosingSlow = true;
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    await payment.cancel();
    expect(payment.stage?.at).toBe('ending');
    bench.server.pay();
    await bench.pass(1_000);
    expect(payment.stage?.at).toBe('paid');
    expect(payment.job?.wantsCancel).toBe(true);
  });

  test('cancel that comes too late changes nothing', async () => {
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    bench.server.pay();
    await payment.cancel();
    await settle();
    expect(payment.stage?.at).toBe('paid');
  });

  test('nothing of it stays when it is put down', async () => {
    const payment = bench.payment();
    await payment.begin(12_850, qr);
    await payment.done();
    expect(payment.stage).toBeUndefined();
    expect(bench.kept.kept.has('job')).toBe(false);
    bench.server.pay();
    await bench.pass(5_000);
    expect(payment.order).toBeUndefined();
  });
});

test('a refused order leaves nothing in hand after cancel', async () => {
  const handle = bench.server.handle.bind(bench.server);
  bench.server.handle = (method, address, body, headers) =>
    method === 'POST' && address.endsWith('/orders')
      ? { status: 409, json: { error: { code: 'not-in-state', message: '' } } }
      : handle(method, address, body, headers);
  const payment = bench.payment();
  await payment.begin(12_850, qr);
  expect(payment.stage?.at).toBe('open');
  expect(payment.refusal?.error).toBe('not-in-state');
  await payment.cancel();
  expect(payment.job).toBeUndefined();
});

test('a split: part by part, then paid', async () => {
  const payment = bench.payment();
  await payment.begin(90_000, { ...qr, amountFen: 31_200 });
  expect(bench.server.last.attempts[0]?.amountFen).toBe(31_200);
  bench.server.pay();
  await payment.heard(bench.server.last.id);
  expect(payment.stage?.at).toBe('part');
  expect(payment.leftFen).toBe(58_800);
  await payment.pay({ channel: 'unionpay-qr', kind: 'qr' });
  expect(payment.stage).toMatchObject({ at: 'qr', attempt: { amountFen: 58_800 } });
  bench.server.pay();
  await payment.heard(bench.server.last.id);
  expect(payment.stage?.at).toBe('paid');
});
