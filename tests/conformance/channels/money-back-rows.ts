import { expect } from 'vitest';
import type { AttemptFacts, Notification, RefundFacts, RefundResult } from '../../../server/channels/channel.ts';
import type { ChannelBench, OpenBench } from './bench.ts';
import { startDay } from './bench.ts';
import { paidAs, showAndPay } from './code-rows.ts';
import type { Row } from './suite.ts';

const dayMs = 24 * 3_600_000;

const noCode = ({ definition }: ChannelBench): string | undefined =>
  definition.capabilities.kinds.includes('qr') ? undefined : 'shows no codes';

function refunded(open: OpenBench, attempt: AttemptFacts): number | undefined {
  return open.standIn.payments().find(({ number }) => number === attempt.attemptNo)?.refundedFen;
}

/** Asks until the refund is through: the platform may take a moment. */
async function untilDone(open: OpenBench, attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
  let result = await open.channel.queryRefund(attempt, refund);
  for (let asked = 0; asked < 10 && result.kind === 'processing'; asked += 1) {
    open.clock.advance(60_000);
    result = await open.channel.queryRefund(attempt, refund);
  }
  return result;
}

function doneAs(refund: RefundFacts): object {
  return { kind: 'done', refundNo: refund.refundNo, amountFen: refund.amountFen };
}

/** The platform's number of a payment that a notification proves. */
function provenIn(told: Notification): string[] {
  return told.kind === 'payment' && told.result.kind === 'paid' ? [told.result.proof.transactionId] : [];
}

async function giveBack(open: OpenBench, attempt: AttemptFacts, refund: RefundFacts): Promise<void> {
  expect(['done', 'processing']).toContain((await open.channel.refund(attempt, refund)).kind);
  expect(await untilDone(open, attempt, refund)).toMatchObject(doneAs(refund));
}

const refunds: readonly Row[] = [
  {
    name: 'all of it',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      await giveBack(open, attempt, await open.refundOf(attempt, attempt.amountFen));
      expect(refunded(open, attempt)).toBe(attempt.amountFen);
      expect((await open.channel.query(attempt)).kind).toBe('paid');
    },
  },
  {
    name: 'in parts, up to the amount and not a fen more',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      await giveBack(open, attempt, await open.refundOf(attempt, 5_000));
      await giveBack(open, attempt, await open.refundOf(attempt, attempt.amountFen - 5_000));
      const tooMuch = await open.refundOf(attempt, 1);
      expect((await open.channel.refund(attempt, tooMuch)).kind).toBe('failed');
      expect(refunded(open, attempt)).toBe(attempt.amountFen);
    },
  },
  {
    name: 'more than was paid: failed',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      const refund = await open.refundOf(attempt, attempt.amountFen + 1);
      expect((await open.channel.refund(attempt, refund)).kind).toBe('failed');
      expect(refunded(open, attempt)).toBe(0);
    },
  },
  {
    name: 'the same number twice gives back once',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      const refund = await open.refundOf(attempt, 3_000);
      await giveBack(open, attempt, refund);
      await giveBack(open, attempt, refund);
      expect(refunded(open, attempt)).toBe(3_000);
    },
  },
  {
    name: 'the answer is lost: unknown, and the repetition gives back once',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      const refund = await open.refundOf(attempt, 3_000);
      open.standIn.plan({ kind: 'answer-lost', call: open.bench.calls.refund });
      expect((await open.channel.refund(attempt, refund)).kind).toBe('unknown');
      await giveBack(open, attempt, refund);
      expect(refunded(open, attempt)).toBe(3_000);
    },
  },
  {
    name: 'no answer in time: unknown, and asking finds it',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      const refund = await open.refundOf(attempt, 3_000);
      open.standIn.plan({ kind: 'slow', call: open.bench.calls.refund, delayMs: 60_000 });
      expect((await open.impatient.refund(attempt, refund)).kind).toBe('unknown');
      expect(await untilDone(open, attempt, refund)).toMatchObject(doneAs(refund));
    },
  },
  {
    name: '500 and a wrong signature: unknown',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      const refund = await open.refundOf(attempt, 3_000);
      open.standIn.plan({ kind: 'status', call: open.bench.calls.refund, status: 500 });
      expect((await open.channel.refund(attempt, refund)).kind).toBe('unknown');
      expect((await open.channel.queryRefund(attempt, refund)).kind).toBe('not-found');
      open.standIn.plan({ kind: 'wrong-signature', call: open.bench.calls.refund });
      expect((await open.channel.refund(attempt, refund)).kind).toBe('unknown');
    },
  },
  {
    name: 'paid twice: the second payment goes back by its own number, and the first can still go back',
    skip: (bench) => {
      const { notifies, refundsByTransaction } = bench.definition.capabilities;
      return (
        noCode(bench) ?? (notifies && refundsByTransaction ? undefined : 'cannot tell two payments of a number apart')
      );
    },
    run: async (open) => {
      open.standIn.plan({ kind: 'double-pay' });
      const attempt = await showAndPay(open);
      const ids = new Set(open.received.flatMap(({ notification }) => provenIn(notification)));
      const told = await open.channel.query(attempt);
      const first = told.kind === 'paid' ? told.proof.transactionId : told.kind;
      const [second, ...more] = [...ids].filter((id) => id !== first);
      if (second === undefined || more.length > 0) throw new Error(`payments: ${[...ids].join(' ')}`);
      const known = { ...attempt, transactionId: first };
      const surplus = { ...(await open.refundOf(attempt, attempt.amountFen)), transactionId: second };
      await giveBack(open, known, surplus);
      await giveBack(open, known, surplus);
      expect(refunded(open, attempt)).toBe(attempt.amountFen);
      const again = { ...(await open.refundOf(attempt, 1)), transactionId: second };
      expect((await open.channel.refund(known, again)).kind, 'nothing of the second is left').toBe('failed');
      await giveBack(open, known, await open.refundOf(attempt, attempt.amountFen));
      expect(refunded(open, attempt)).toBe(2 * attempt.amountFen);
    },
  },
  {
    name: 'an unpaid one cannot be given back',
    skip: noCode,
    run: async (open) => {
      const attempt = await open.attempt();
      await open.channel.createQr?.(attempt);
      const result = await open.channel.refund(attempt, await open.refundOf(attempt, 100));
      expect(['failed', 'not-found']).toContain(result.kind);
    },
  },
];

const files: readonly Row[] = [
  {
    name: 'the day’s bill names the payment and the refund',
    skip: (bench) => noCode(bench) ?? (bench.definition.capabilities.bills.length === 0 ? 'has no bills' : undefined),
    run: async (open) => {
      const attempt = await showAndPay(open);
      await giveBack(open, attempt, await open.refundOf(attempt, 3_000));
      open.clock.advance(dayMs + 3_600_000);
      for (const kind of open.bench.definition.capabilities.bills) {
        const bill = await open.channel.fetchBill(startDay, kind);
        if (bill.kind !== 'bill') throw new Error(`${kind}: ${JSON.stringify(bill)}`);
        const text = (await open.bench.billText?.(bill.bytes)) ?? Buffer.from(bill.bytes).toString('utf8');
        expect(text, kind).toContain(attempt.attemptNo);
        expect(bill.fileName.length).toBeGreaterThan(0);
      }
    },
  },
  {
    name: 'a day without payments has an empty bill; today’s is not ready',
    skip: (bench) => noCode(bench) ?? (bench.definition.capabilities.bills.length === 0 ? 'has no bills' : undefined),
    run: async (open) => {
      const [kind = ''] = open.bench.definition.capabilities.bills;
      expect((await open.channel.fetchBill('2026-02-27', kind)).kind).toBe('empty');
      expect((await open.channel.fetchBill(startDay, kind)).kind).toBe('not-ready');
    },
  },
  {
    name: 'a bill that does not come is unknown',
    skip: (bench) => (bench.calls.bill === undefined ? 'has no bills' : noCode(bench)),
    run: async (open) => {
      const [kind = ''] = open.bench.definition.capabilities.bills;
      open.standIn.plan({ kind: 'status', call: open.bench.calls.bill ?? '*', status: 502 });
      expect((await open.channel.fetchBill('2026-02-27', kind)).kind).toBe('unknown');
    },
  },
  {
    name: 'the platform takes a new key: answers and notifications are believed again without a restart',
    skip: (bench) => noCode(bench) ?? (bench.rotate === undefined ? 'the platform has one key' : undefined),
    run: async (open) => {
      await showAndPay(open);
      open.clock.advance(60_000);
      await open.bench.rotate?.(open.standIn);
      const attempt = await showAndPay(open);
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
      const told = open.received.map(({ notification }) => notification.kind);
      if (open.bench.definition.capabilities.notifies) expect(told).toEqual(['payment', 'payment']);
    },
  },
];

/** Money given back, the day's files, and keys that change. */
export const moneyBackRows: readonly Row[] = [...refunds, ...files];
