import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../../src/api/failures.ts';
import { settle } from '../terminal-app/bench.ts';
import { FeesBench } from './bench.ts';
import { bill, household, id } from './make.ts';

let bench: FeesBench;

beforeEach(() => {
  bench = new FeesBench();
});

describe('from the list of services to the household', () => {
  test('by keys alone: service, payee, number, secret; looking begins no payment', async () => {
    await bench.toHousehold();
    expect(bench.place).toBe('household');
    await bench.press('2', 'cancel', '3', '1', '1');
    expect(bench.place).toBe('receipt');
    expect(bench.papers).toHaveLength(1);
    expect(bench.server.calls).not.toContain('makeQuote');
    expect(JSON.stringify([bench.desk.entry, bench.desk.screen])).not.toContain(bench.server.right.secret);
  });

  test('a wrong number and a wrong secret look the same, and both are typed anew', async () => {
    const after: unknown[] = [];
    for (const typed of [
      { number: '10023177', secret: '4321' },
      { number: '10023176', secret: '4322' },
    ]) {
      bench = new FeesBench();
      await bench.toHousehold(typed);
      after.push([bench.desk.screen, bench.desk.failure]);
    }
    expect(after[0]).toEqual(after[1]);
    expect(bench.desk.screen).toMatchObject({ at: 'number', entry: { number: '', secret: '' } });
  });

  test('a locked number keeps what was typed, but never the secret', async () => {
    bench.server.next = { lookup: failure('rate-limited', { status: 429 }) };
    await bench.toHousehold();
    expect(bench.desk.screen).toMatchObject({ at: 'number', entry: { number: '10023176', secret: '' } });
    expect(bench.desk.failure?.error).toBe('rate-limited');
  });

  test('going back while it looks forgets the answer', async () => {
    await bench.desk.open();
    await bench.press('1', '1');
    await bench.type('10023176');
    await bench.press('confirm');
    await bench.type('4321');
    bench.desk.press('confirm');
    bench.desk.press('cancel');
    await settle();
    expect(bench.place).toBe('secret');
    expect(bench.desk.household).toBeUndefined();
  });

  test('the point reads aloud and F helps on every screen, without losing what was typed', async () => {
    await bench.desk.open();
    await bench.press('1', '1');
    await bench.type('1002');
    bench.desk.speaks('the words of the screen');
    await bench.press('symbol', 'function');
    expect(bench.spoken).toEqual(['the words of the screen']);
    expect(bench.place).toBe('help');
    await bench.press('cancel');
    expect(bench.desk.screen).toMatchObject({ at: 'number', entry: { number: '1002' } });
  });

  test('several bills: the chosen ones are quoted', async () => {
    bench.server.home = household({
      bills: [
        bill(1, { dueOn: '2026-11-20' }),
        bill(2, { dueOn: '2026-10-20', totalFen: 1_000 }),
        bill(3, { isBeingPaid: true }),
      ],
    });
    await bench.toHousehold();
    await bench.press('1');
    expect(bench.desk.screen).toMatchObject({ at: 'bills', picked: [id(2)] });
    await bench.press('3');
    expect(bench.desk.notice).toBe('being-paid');
    await bench.press('2', 'confirm');
    expect(bench.desk.payment.document?.bills.map(({ billId }) => billId)).toEqual([id(1), id(2)]);
  });

  test('a visit that is over asks for the number again', async () => {
    await bench.toHousehold();
    bench.server.home = household({ visit: 'another' });
    await bench.press('1');
    expect(bench.place).toBe('number');
    expect(bench.desk.failure).toMatchObject({ error: 'expired', field: 'visit' });
    expect(bench.desk.household).toBeUndefined();
  });
});

describe('a bill and a phone', () => {
  test('code, digits, channel, wallet, paid, receipt on paper and on the phone', async () => {
    await bench.toCode();
    expect(bench.place).toBe('bill code');
    bench.host.join();
    expect(bench.place).toBe('bill digits');
    expect(bench.host.sent[0]).toMatchObject({ type: 'bill', confirm: false });
    await bench.press('confirm');
    expect(bench.place).toBe('bill on-phone');
    await bench.choose();
    expect(bench.place).toBe('bill paying');
    expect(bench.kept.kept.get('fee')).toMatchObject({ payId: id(77), kind: 'link' });
    bench.host.become({ silentMs: 9_000 });
    expect(bench.place).toBe('bill wallet');
    bench.server.settle();
    await bench.pass(3_000);
    expect(bench.place).toBe('bill paid');
    expect(bench.papers).toHaveLength(1);
    expect(bench.host.told).toEqual([
      'bill',
      'confirmed',
      'pay',
      'stage at-platform',
      ...['stage paid', 'stage paid', 'stage paid'],
    ]);
    expect(bench.host.sent.at(-1)).toMatchObject({ stage: 'paid', print: 'printed', receipt: { kid: 'test' } });
    await bench.press('confirm');
    expect(bench.left).toEqual([false]);
    expect(bench.host.closed).toBe('done');
    expect(bench.kept.kept.has('fee')).toBe(false);
  });

  test('above the set amount nothing is begun before the digits were confirmed', async () => {
    bench.server.change = { digitsAboveFen: 100 };
    await bench.toCode();
    bench.host.join();
    await bench.choose();
    expect(bench.server.payIds).toEqual([]);
    expect(bench.host.sent.at(-1)).toMatchObject({ stage: 'refused', reason: 'not-confirmed' });
    await bench.press('confirm');
    await bench.choose();
    expect(bench.server.payIds).toEqual([id(77)]);
  });

  test('the same choice twice is one payment, and the phone is told the way again', async () => {
    await bench.toCode();
    bench.host.join();
    await bench.choose();
    await bench.choose();
    expect(bench.server.payIds).toEqual([id(77)]);
    expect(bench.host.told.filter((type) => type === 'pay')).toHaveLength(2);
  });

  test.each(['two-phones', 'not-same'] as const)(
    'after %s a new code comes, and its digits must be confirmed',
    async (why) => {
      await bench.toCode();
      if (why === 'two-phones') bench.host.fail('two-phones');
      else {
        bench.host.join();
        await bench.press('cancel');
      }
      expect(bench.hosts).toHaveLength(2);
      expect(bench.desk.payment.link.lost).toBe(why);
      bench.host.show();
      bench.host.join();
      expect(bench.host.sent[0]).toMatchObject({ type: 'bill', confirm: true });
    },
  );

  test('a phone that leaves before it paid makes room for another', async () => {
    await bench.toCode();
    bench.host.join();
    bench.host.say({ type: 'bye', reason: 'not-mine' });
    expect(bench.place).toBe('bill code');
    expect(bench.desk.payment.link.lost).toBe('ended');
    expect(bench.hosts).toHaveLength(2);
  });

  test('a relay that cannot be reached is tried again, later each time, and paying here works', async () => {
    await bench.toCode();
    bench.host.fail('no-connection');
    expect(bench.hosts).toHaveLength(1);
    await bench.pass(4_000);
    expect(bench.hosts).toHaveLength(2);
    await bench.press('1', '1');
    expect(bench.place).toBe('bill qr');
    expect(bench.desk.payment.view?.code?.text).toBe('wechat-pay:1');
  });

  test('a quote that is no longer true tells both sides what changed, and begins nothing', async () => {
    await bench.toCode();
    bench.host.join();
    bench.server.replaceWithFen = 15_808;
    await bench.choose();
    expect(bench.place).toBe('bill changed');
    expect(bench.desk.payment.change).toMatchObject({ oldFen: 15_668, newFen: 15_808 });
    expect(bench.host.sent.at(-1)).toMatchObject({ stage: 'changed', changed: [{ en: 'One more day of late fee' }] });
    expect(bench.server.payIds).toEqual([]);
    await bench.press('confirm');
    await bench.choose(id(78));
    expect(bench.place).toBe('bill paying');
    expect(bench.kept.kept.get('fee')).toMatchObject({ totalFen: 15_808 });
  });

  test('at midnight the quote is made anew by itself; the same sum disturbs nobody', async () => {
    await bench.toCode();
    bench.nowMs = Date.parse('2026-11-24T16:00:00.000Z') - 2_000;
    bench.desk.touch();
    bench.server.change = { validUntil: '2026-11-25T16:00:00.000Z' };
    await bench.pass(3_000);
    expect(bench.server.calls.filter((call) => call === 'makeQuote')).toHaveLength(2);
    expect(bench.place).toBe('bill code');
  });

  test('somebody else pays it: said in words, nothing is begun', async () => {
    await bench.toCode();
    bench.host.join();
    bench.server.isHeld = true;
    await bench.choose();
    expect(bench.place).toBe('bill elsewhere');
    expect(bench.host.sent.at(-1)).toMatchObject({ stage: 'refused', reason: 'being-paid' });
    await bench.press('confirm');
    expect(bench.place).toBe('household');
  });

  test('no network at the terminal: the same payment is sent until it is answered', async () => {
    await bench.toCode();
    bench.host.join();
    bench.server.isOffline = true;
    await bench.choose();
    expect(bench.place).toBe('bill starting');
    expect(bench.desk.payment.trouble?.error).toBe('offline');
    bench.server.isOffline = false;
    await bench.pass(2_000);
    expect(bench.place).toBe('bill paying');
    expect(bench.server.payIds).toEqual([id(77)]);
  });

  test('a phone that shows its code is given the code of the quote in hand', async () => {
    await bench.toCode();
    await bench.press('3');
    expect(bench.place).toBe('scan-phone');
    const { scan } = bench.desk;
    scan.begin();
    bench.answered = 'expired';
    await scan.take('one');
    expect(scan.state).toBe('expired');
    bench.answered = 'sent';
    const taken = scan.take('two');
    await settle();
    expect([scan.state, bench.scanned.at(-1)]).toEqual(['sent', ['two', 'https://till.example/l#code']]);
    await bench.pass(12_000);
    await taken;
    expect(scan.state).toBe('silent');
    const third = scan.take('three');
    await settle();
    bench.host.join();
    await bench.pass(12_000);
    await third;
    expect([scan.state, bench.host.told]).toEqual(['sent', ['bill']]);
    await bench.press('cancel');
    expect(bench.place).toBe('bill digits');
  });

  test('leaving the scan changes nothing of the bill, and a late answer says nothing', async () => {
    await bench.toCode();
    await bench.press('3', '1');
    expect(bench.desk.scan.isCameraOpen).toBe(true);
    const taken = bench.desk.scan.take('one');
    bench.desk.scan.end();
    await taken;
    expect([bench.desk.scan.state, bench.desk.scan.isCameraOpen]).toEqual(['sending', false]);
    bench.desk.scan.begin();
    expect(bench.desk.scan.state).toBe('waiting');
    await bench.press('cancel');
    expect(bench.place).toBe('bill code');
  });

  test('leaving a bill gives the quote up, so that nobody waits for it', async () => {
    await bench.toCode();
    await bench.press('cancel');
    expect(bench.place).toBe('household');
    expect(bench.host.closed).toBe('cancelled');
    expect(bench.server.calls).toContain('end');
  });

  test('a printer without paper is said to both, and the receipt can be printed later', async () => {
    await bench.toCode();
    bench.printOutcome = { ok: false, error: 'out-of-paper' };
    bench.host.join();
    await bench.choose();
    bench.server.settle();
    await bench.pass(3_000);
    expect(bench.host.sent.at(-1)).toMatchObject({ print: 'no-paper' });
    expect(bench.desk.printing.problem).toBe('out-of-paper');
    bench.printOutcome = { ok: true, printer: 'secure-device' };
    await bench.press('1');
    expect(bench.papers).toHaveLength(1);
    expect(bench.papers[0]).not.toContain('DUPLICATE');
    await bench.press('1');
    expect(bench.papers[1]).toContain('DUPLICATE');
  });
});

describe('after a power cut', () => {
  test.each([
    ['paid', 'bill paid', 1],
    ['at the platform', 'bill wallet', 0],
    ['never heard of', 'services', 0],
  ] as const)('a payment that is %s', async (what, place, papers) => {
    await bench.toCode();
    bench.host.join();
    if (what === 'never heard of') bench.server.isOffline = true;
    await bench.choose();
    if (what === 'paid') bench.server.settle();
    bench.powerCut();
    bench.server.isOffline = false;
    expect(await bench.desk.recover()).toBe(true);
    await settle();
    expect(bench.place).toBe(place);
    expect(bench.papers).toHaveLength(papers);
    expect(bench.desk.lostFen).toBe(what === 'never heard of' ? 15_668 : undefined);
    expect(bench.server.payIds.length).toBeLessThanOrEqual(1);
  });

  test('a receipt that came out before is not printed a second time by itself', async () => {
    await bench.toCode();
    bench.host.join();
    await bench.choose();
    bench.server.settle();
    await bench.pass(3_000);
    bench.powerCut();
    await bench.desk.recover();
    await settle();
    expect(bench.papers).toHaveLength(1);
    await bench.press('1');
    expect(bench.papers[1]).toContain('DUPLICATE');
  });

  test('nothing was in hand: nothing is asked', async () => {
    expect(await bench.desk.recover()).toBe(false);
    expect(bench.server.calls).toEqual([]);
  });
});

describe('nobody there', () => {
  test('it asks first; any key only says yes; then what is private is gone', async () => {
    await bench.toHousehold();
    await bench.pass(121_000);
    expect(bench.desk.idle.at).toBe('asking');
    await bench.press('2');
    expect(bench.place).toBe('household');
    expect(bench.desk.idle.at).toBe('active');
    await bench.pass(181_000);
    expect(bench.left).toEqual([false]);
    expect(bench.desk.household).toBeUndefined();
  });

  test('a payment under way goes on without anybody: it is not ended, the phone is told', async () => {
    await bench.toCode();
    bench.host.join();
    await bench.choose();
    await bench.pass(599_000, 5_000);
    expect(bench.left).toEqual([]);
    await bench.pass(62_000, 5_000);
    expect(bench.left).toEqual([false]);
    expect(bench.host.closed).toBe('idle');
    expect(bench.server.calls).not.toContain('end');
  });

  test('the power key waits for a payment and for nothing else', async () => {
    await bench.toCode();
    bench.host.join();
    await bench.choose();
    await bench.press('power');
    expect(bench.desk.notice).toBe('busy');
    bench.server.settle();
    await bench.pass(3_000);
    await bench.press('power');
    expect(bench.left).toEqual([true]);
  });
});
