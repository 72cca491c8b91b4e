import { expect } from 'vitest';
import { fen } from '../../../domain/money.ts';
import type { AttemptFacts, PayResult } from '../../../server/channels/channel.ts';
import type { ChannelBench, OpenBench } from './bench.ts';
import type { Row } from './suite.ts';

const noCode = ({ definition }: ChannelBench): string | undefined =>
  definition.capabilities.kinds.includes('qr') ? undefined : 'shows no codes';

/** Shows a code for a new attempt. */
export async function show(open: OpenBench, change?: Partial<AttemptFacts>): Promise<AttemptFacts> {
  const attempt = await open.attempt(change);
  const result = await open.channel.createQr?.(attempt);
  expect(result).toMatchObject({ kind: 'pending', qr: open.codeOf(attempt) });
  return attempt;
}

/** Shows a code and pays it. */
export async function showAndPay(open: OpenBench, change?: Partial<AttemptFacts>): Promise<AttemptFacts> {
  const attempt = await show(open, change);
  expect(await open.pay(open.codeOf(attempt))).toBe('paid');
  await open.standIn.settled();
  return attempt;
}

/** What `paid` must say about an attempt. */
export function paidAs(open: OpenBench, attempt: AttemptFacts, amountFen: number = attempt.amountFen): object {
  return {
    kind: 'paid',
    proof: {
      attemptNo: attempt.attemptNo,
      amountFen,
      currency: 'CNY',
      platformMerchantId: open.account.platformMerchantId,
      transactionId: expect.stringMatching(/^\w{8,64}$/) as string,
    },
  };
}

function oneOf(result: PayResult | undefined, ...kinds: readonly PayResult['kind'][]): void {
  expect(kinds).toContain(result?.kind);
}

const creating: readonly Row[] = [
  {
    name: 'a code is shown, and the wallet sees amount and description',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      const payment = open.standIn.payments().find(({ number }) => number === attempt.attemptNo);
      expect(payment).toMatchObject({ amountFen: attempt.amountFen, state: 'waiting', refundedFen: 0 });
      expect(payment?.description).toContain('四季面馆');
    },
  },
  {
    name: 'asking before anybody has paid: pending, or not known yet',
    skip: noCode,
    run: async (open) => {
      oneOf(await open.channel.query(await show(open)), 'pending', 'not-found');
    },
  },
  {
    name: 'a number that was never used is not-found',
    run: async (open) => {
      expect(await open.channel.query(await open.attempt())).toEqual({ kind: 'not-found' });
    },
    skip: noCode,
  },
  {
    name: 'creating twice shows one payment',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      const again = await open.channel.createQr?.(attempt);
      expect(again).toMatchObject({ kind: 'pending', qr: open.codeOf(attempt) });
      expect(open.standIn.payments().filter(({ number }) => number === attempt.attemptNo)).toHaveLength(1);
    },
  },
  {
    name: 'the answer to creating is lost: unknown, and the repetition shows one payment',
    skip: noCode,
    run: async (open) => {
      open.standIn.plan({ kind: 'answer-lost', call: open.bench.calls.create ?? '*' });
      const attempt = await open.attempt();
      expect((await open.channel.createQr?.(attempt))?.kind).toBe('unknown');
      expect(await open.channel.createQr?.(attempt)).toMatchObject({ kind: 'pending', qr: open.codeOf(attempt) });
      expect(open.standIn.payments().filter(({ number }) => number === attempt.attemptNo)).toHaveLength(1);
    },
  },
  {
    name: 'creating a paid one again is paid, or asks to query; never a second code',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      oneOf(await open.channel.createQr?.(attempt), 'paid', 'unknown');
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
];

const troubles: readonly Row[] = [
  ...[500, 502, 503].map((status) => ({
    name: `${String(status)} to creating and asking: unknown`,
    skip: noCode,
    run: async (open: OpenBench) => {
      open.standIn.plan({ kind: 'status', call: open.bench.calls.create ?? '*', status });
      const attempt = await open.attempt();
      expect((await open.channel.createQr?.(attempt))?.kind).toBe('unknown');
      await open.channel.createQr?.(attempt);
      open.standIn.plan({ kind: 'status', call: open.bench.calls.query, status });
      expect((await open.channel.query(attempt)).kind).toBe('unknown');
    },
  })),
  {
    name: 'no answer in time: unknown',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      open.standIn.plan({ kind: 'slow', call: open.bench.calls.query, delayMs: 60_000 });
      expect((await open.impatient.query(attempt)).kind).toBe('unknown');
    },
  },
  {
    name: 'an answer whose signature does not hold: unknown, whatever it says',
    skip: noCode,
    run: async (open) => {
      open.standIn.plan({ kind: 'wrong-signature', call: open.bench.calls.create ?? '*' });
      const attempt = await open.attempt();
      expect((await open.channel.createQr?.(attempt))?.kind).toBe('unknown');
      await open.channel.createQr?.(attempt);
      expect(await open.pay(open.codeOf(attempt))).toBe('paid');
      open.standIn.plan({ kind: 'wrong-signature', call: open.bench.calls.query });
      expect((await open.channel.query(attempt)).kind).toBe('unknown');
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'nobody listens: unknown everywhere, and nothing throws',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      const refund = await open.refundOf(attempt, 100);
      await open.platforms.close();
      expect((await open.channel.createQr?.(attempt))?.kind).toBe('unknown');
      expect((await open.channel.query(attempt)).kind).toBe('unknown');
      expect((await open.channel.close(attempt)).kind).toBe('unknown');
      expect((await open.channel.refund(attempt, refund)).kind).toBe('unknown');
      expect((await open.channel.queryRefund(attempt, refund)).kind).toBe('unknown');
      await open.channel.tend?.();
    },
  },
  {
    name: 'another amount than asked for is told as the platform tells it',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      open.standIn.plan({ kind: 'wrong-amount', amountFen: 1 });
      expect(await open.pay(open.codeOf(attempt))).toBe('paid');
      await open.standIn.settled();
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt, 1));
    },
  },
  {
    name: 'the smallest and the largest amount',
    skip: noCode,
    run: async (open) => {
      const { minFen, maxFen } = open.bench.definition.capabilities;
      for (const amountFen of [minFen, maxFen]) {
        const attempt = await showAndPay(open, { amountFen: fen(amountFen) });
        expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
      }
    },
  },
];

const closing: readonly Row[] = [
  {
    name: 'closing an unpaid one: closed, and the wallet cannot pay it any more',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      const result = await open.channel.close(attempt);
      oneOf(result, 'closed', 'not-found');
      if (result.kind !== 'closed') return;
      expect(['closed', 'expired', 'not-mine']).toContain(await open.pay(open.codeOf(attempt)));
      oneOf(await open.channel.query(attempt), 'closed', 'not-found');
    },
  },
  {
    name: 'closing a paid one: paid',
    skip: noCode,
    run: async (open) => {
      const attempt = await showAndPay(open);
      expect(await open.channel.close(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'closing twice, the first answer lost: unknown, then closed',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      open.standIn.plan({ kind: 'answer-lost', call: open.bench.calls.close });
      expect((await open.channel.close(attempt)).kind).toBe('unknown');
      oneOf(await open.channel.close(attempt), 'closed', 'not-found');
    },
  },
  {
    name: 'paid although it was closed: asking says paid',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      open.standIn.plan({ kind: 'pay-after-close' });
      oneOf(await open.channel.close(attempt), 'closed', 'not-found');
      expect(await open.pay(open.codeOf(attempt))).toBe('paid');
      await open.standIn.settled();
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'the code ends with its time',
    skip: noCode,
    run: async (open) => {
      const attempt = await show(open);
      open.clock.advance(attempt.expiresAtMs - open.clock.now() + 1_000);
      expect(['expired', 'closed']).toContain(await open.pay(open.codeOf(attempt)));
    },
  },
];

/** Codes that we show: created, asked, closed, under every trouble. */
export const codeRows: readonly Row[] = [...creating, ...troubles, ...closing];
