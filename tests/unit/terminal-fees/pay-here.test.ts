import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../../src/api/failures.ts';
import { mayPayHere } from '../../../src/terminal/fees/flow/fee-stage.ts';
import type { FeeStage } from '../../../src/terminal/fees/flow/fee-stage.ts';
import { feeWays } from '../../../src/terminal/fees/flow/press-fee.ts';
import { settle } from '../terminal-app/bench.ts';
import { FeesBench } from './bench.ts';
import { here, household, id } from './make.ts';

let bench: FeesBench;

beforeEach(() => {
  bench = new FeesBench();
});

/** The code that stands on the terminal's screen. */
const shown = (): string | undefined => bench.desk.payment.view?.code?.text;

describe('a bill paid by a code at the terminal', () => {
  test('the code for phones goes, the channel’s comes; paid by whatever wallet, the receipt is printed', async () => {
    await bench.toCode();
    await bench.press('1');
    expect(bench.place).toBe('ways');
    await bench.press('3');
    expect([bench.place, shown()]).toEqual(['bill qr', 'unionpay-qr:1']);
    expect(bench.host.closed).toBe('done');
    expect(bench.kept.kept.get('fee')).toMatchObject({ kind: 'qr', channel: 'unionpay-qr', name: { en: 'UnionPay' } });
    bench.server.settle();
    await bench.pass(3_000);
    expect(bench.place).toBe('bill paid');
    expect(bench.papers).toHaveLength(1);
    expect(bench.hosts).toHaveLength(1);
    await bench.press('confirm');
    expect([bench.left, bench.kept.kept.has('fee')]).toEqual([[false], false]);
  });

  test('a phone whose digits were confirmed hears that the bill is being paid, may begin nothing, and gets the receipt', async () => {
    await bench.toCode();
    bench.host.join();
    await bench.press('confirm', '1', '2');
    expect([bench.place, shown()]).toEqual(['bill qr', 'alipay:1']);
    expect(bench.host.sent.at(2)).toEqual({ type: 'stage', stage: 'refused', reason: 'being-paid' });
    await bench.choose();
    expect(bench.server.payIds).toHaveLength(1);
    expect(bench.host.sent.at(-1)).toMatchObject({ payId: id(77), stage: 'refused', reason: 'being-paid' });
    bench.server.settle();
    await bench.pass(3_000);
    expect(bench.host.sent.at(-1)).toMatchObject({ stage: 'paid', receipt: { kid: 'test' }, print: 'printed' });
  });

  test('a phone that joined while the way was chosen is sent away: nobody has compared its digits', async () => {
    await bench.toCode();
    await bench.press('1');
    bench.host.join();
    await bench.press('1');
    expect([bench.place, bench.host.closed]).toEqual(['bill qr', 'done']);
    expect(bench.host.told).toEqual(['bill']);
  });

  test('the phone was quicker: the press at the terminal begins nothing', async () => {
    await bench.toCode();
    bench.host.join();
    await bench.press('confirm', '1');
    await bench.choose();
    await bench.press('1');
    expect([bench.place, bench.server.payIds]).toEqual(['bill paying', [id(77)]]);
  });

  test('two presses at once are one payment', async () => {
    await bench.toCode();
    const { payment } = bench.desk;
    await Promise.all([payment.payHere('wechat-pay'), payment.payHere('alipay')]);
    expect([bench.server.payIds.length, shown()]).toEqual([1, 'wechat-pay:1']);
  });

  test('no channel can show a code: only the paper is left, and nothing is begun', async () => {
    bench.server.here = [];
    await bench.toCode();
    await bench.press('1', '2');
    expect([bench.place, bench.server.payIds]).toEqual(['ways', []]);
    await bench.press('1');
    expect(bench.papers).toHaveLength(1);
    expect(feeWays(here).map((way) => (way.kind === 'channel' ? way.code : way.kind))).toEqual([
      ...['wechat-pay', 'alipay', 'unionpay-qr', 'print'],
    ]);
  });

  test.each([
    ['the channel is closed', failure('channel-unavailable'), 'channel-unavailable'],
    ['its limit is reached', failure('limit-reached'), 'limit-reached'],
  ])('%s: said, and phones get a code again', async (_what, refusal, code) => {
    await bench.toCode();
    bench.server.next = { pay: refusal };
    await bench.press('1', '1');
    expect([bench.place, bench.desk.payment.refusal?.error]).toEqual(['bill code', code]);
    expect(bench.hosts).toHaveLength(2);
    expect(bench.kept.kept.has('fee')).toBe(false);
  });
});

describe('cancelled at the terminal', () => {
  const cancel = async (): Promise<void> => {
    await bench.toCode();
    await bench.press('1', '1', 'cancel');
    expect(bench.place).toBe('ask-cancel');
  };

  test('it leads back to the bill, with a fresh code under a new quote', async () => {
    await cancel();
    await bench.press('confirm');
    expect(bench.place).toBe('bill code');
    expect(bench.server.quotes.size).toBe(2);
    expect(bench.hosts).toHaveLength(2);
    expect(bench.kept.kept.has('fee')).toBe(false);
    await bench.press('1', '2');
    expect([bench.place, shown()]).toEqual(['bill qr', 'alipay:2']);
  });

  test('paid meanwhile, it is paid', async () => {
    await cancel();
    bench.server.settle();
    await bench.press('confirm');
    expect(bench.place).toBe('bill paid');
    expect(bench.papers).toHaveLength(1);
  });

  test('while the platform is not certain nothing else begins; then the bill comes back by itself', async () => {
    await cancel();
    bench.server.isCertain = false;
    await bench.press('confirm', '1');
    expect(bench.place).toBe('bill ending');
    bench.server.close('expired');
    await bench.pass(3_000);
    expect(bench.place).toBe('bill code');
  });

  test('nobody has to wait for a code that cannot be called back', async () => {
    await cancel();
    bench.server.isCertain = false;
    await bench.press('confirm', 'cancel');
    expect([bench.left, bench.kept.kept.has('fee')]).toEqual([[false], false]);
    expect(bench.server.calls.filter((call) => call === 'end')).toHaveLength(1);
  });

  test('money that came after the end is spoken of, and never called nothing', async () => {
    await cancel();
    bench.server.isCertain = false;
    await bench.press('confirm');
    bench.server.tell({ reason: 'paid-late' });
    bench.server.close('expired');
    await bench.pass(3_000);
    expect(bench.place).toBe('bill closed');
    expect(bench.desk.payment.view?.reason).toBe('paid-late');
  });

  test('news of the old quote that come in between leave no bill without a code', async () => {
    await cancel();
    const { server, desk } = bench;
    const makeQuote = server.makeQuote.bind(server);
    server.makeQuote = async (body) => {
      await desk.payment.heard();
      return makeQuote(body);
    };
    await bench.press('confirm');
    await settle();
    expect([bench.place, bench.hosts.length]).toEqual(['bill code', 2]);
  });

  test('another way: the first code is ended, then the list of ways stands there, under the new quote', async () => {
    await bench.toCode();
    await bench.press('1', '1', '1');
    expect(bench.place).toBe('ways');
    expect(bench.server.calls).toContain('end');
    await bench.press('2');
    expect([bench.place, shown(), bench.server.quotes.size]).toEqual(['bill qr', 'alipay:2', 2]);
  });

  test('another way, but the sum is another one now: that is read first', async () => {
    await bench.toCode();
    await bench.press('1', '1');
    bench.server.home = household({ bills: [{ ...household().bills[0], totalFen: 15_808 } as never] });
    await bench.press('1');
    expect([bench.place, bench.desk.payment.change?.newFen]).toEqual(['bill changed', 15_808]);
    await bench.press('confirm', '1', '1');
    expect(bench.kept.kept.get('fee')).toMatchObject({ totalFen: 15_808 });
  });
});

describe('the time of a code', () => {
  test('over: never shown as payable, said to be over, and a new code is one key away', async () => {
    await bench.toCode();
    await bench.press('1', '1');
    await bench.pass(360_000, 5_000);
    expect(bench.place).toBe('bill checking');
    bench.server.close('open');
    await bench.pass(100_000, 5_000);
    expect([bench.place, bench.desk.idle.at]).toEqual(['bill closed', 'active']);
    bench.server.codeUntil = '2026-11-24T07:00:00.000Z';
    await bench.press('confirm');
    expect([bench.place, shown()]).toEqual(['bill qr', 'wechat-pay:2']);
    expect(bench.server.quotes.size).toBe(1);
  });

  test('paid in its last second it is seen for as long as every screen, although nobody touched the terminal', async () => {
    await bench.toCode();
    await bench.press('1', '1');
    await bench.pass(355_000, 5_000);
    bench.server.settle();
    await bench.pass(100_000, 5_000);
    expect([bench.place, bench.desk.idle.at, bench.left]).toEqual(['bill paid', 'active', []]);
  });

  test('a bill that was left behind after its code ended is free for others', async () => {
    await bench.toCode();
    await bench.press('1', '1');
    bench.server.close('open');
    await bench.pass(3_000);
    await bench.press('cancel');
    expect([bench.place, bench.server.calls.filter((call) => call === 'end').length]).toEqual(['household', 1]);
  });

  test.each([
    ['the same sum: it goes on by itself', 15_668, 'bill qr', 1],
    ['another sum: that is read first', 15_808, 'bill changed', 0],
  ])('the quote was too old, %s', async (_what, fen, place, begun) => {
    await bench.toCode();
    bench.server.replaceWithFen = fen;
    await bench.press('1', '1');
    expect([bench.place, bench.server.payIds.length]).toEqual([place, begun]);
  });

  test('a server that makes every quote anew is asked twice, not for ever', async () => {
    await bench.toCode();
    const pay = bench.server.pay.bind(bench.server);
    bench.server.pay = (quoteId, body) => {
      bench.server.replaceWithFen = 15_668;
      return pay(quoteId, body);
    };
    await bench.press('1', '1');
    expect(bench.server.calls.filter((call) => call === 'pay')).toHaveLength(2);
    expect([bench.place, bench.server.payIds]).toEqual(['bill code', []]);
  });
});

describe('after a power cut', () => {
  const cut = async (): Promise<void> => {
    await bench.toCode();
    await bench.press('1', '1');
    bench.powerCut();
    await bench.desk.recover();
    await settle();
  };

  test('the code that can still be paid stands there again, once', async () => {
    await cut();
    expect([bench.place, shown(), bench.server.payIds.length]).toEqual(['bill qr', 'wechat-pay:1', 1]);
    bench.server.settle();
    await bench.pass(3_000);
    expect([bench.place, bench.papers.length]).toEqual(['bill paid', 1]);
  });

  test('nobody knows the household any more: a cancelled one is told, and can be begun again', async () => {
    await cut();
    await bench.press('cancel', 'confirm');
    expect(bench.place).toBe('bill closed');
    bench.server.replaceWithFen = 15_668;
    await bench.press('confirm');
    expect([bench.place, shown()]).toEqual(['bill qr', 'wechat-pay:2']);
  });
});

test('it may be paid here only while nothing is under way and no other sum waits to be read', () => {
  const all: readonly FeeStage[] = [
    ...(['code', 'digits', 'on-phone', 'changed', 'starting', 'wallet', 'paying', 'qr', 'checking'] as const),
    ...(['ending', 'paid', 'failed', 'closed', 'elsewhere', 'reversed', 'review'] as const),
  ];
  expect(all.filter(mayPayHere)).toEqual(['code', 'digits', 'on-phone', 'failed', 'closed']);
});
