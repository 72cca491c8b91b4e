import { expect } from 'vitest';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { AttemptFacts, PayResult } from '../../../server/channels/channel.ts';
import type { OpenBench } from './bench.ts';
import { paidAs } from './code-rows.ts';
import type { Row } from './suite.ts';

type Behaviour = 'pay' | 'password' | 'insufficient' | 'decline';

const noScan: Row['skip'] = ({ definition }, { authCode }) =>
  definition.capabilities.kinds.includes('scan') && authCode !== undefined ? undefined : 'scans no codes of wallets';

const noReverse: Row['skip'] = (bench, standIn) =>
  noScan?.(bench, standIn) ?? (bench.definition.capabilities.reverses ? undefined : 'does not reverse');

function newCode(open: OpenBench, behaviour: Behaviour): string {
  const code = open.standIn.authCode?.(behaviour);
  if (code === undefined) throw new Error('the wallet shows no code');
  expect(code).toMatch(open.bench.definition.capabilities.authCode ?? /^$/);
  return code;
}

async function scan(open: OpenBench, behaviour: Behaviour): Promise<[AttemptFacts, string, PayResult | undefined]> {
  const attempt = await open.attempt();
  const code = newCode(open, behaviour);
  return [attempt, code, await open.channel.payByAuthCode?.(attempt, code)];
}

/** Asks until the channel is sure: a code that was scanned may take a moment. */
async function untilSure(open: OpenBench, attempt: AttemptFacts): Promise<PayResult> {
  let result = await open.channel.query(attempt);
  for (let asked = 0; asked < 10 && (result.kind === 'pending' || result.kind === 'unknown'); asked += 1) {
    open.clock.advance(5_000);
    result = await open.channel.query(attempt);
  }
  return result;
}

/** Customers' codes that we scan. */
export const scanRows: readonly Row[] = [
  {
    name: 'paid at once',
    skip: noScan,
    run: async (open) => {
      const [attempt, , result] = await scan(open, 'pay');
      expect(['paid', 'pending']).toContain(result?.kind);
      expect(await untilSure(open, attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'the payer is asked for the password: pending, then paid',
    skip: noScan,
    run: async (open) => {
      const [attempt, code, result] = await scan(open, 'password');
      expect(result?.kind).toBe('pending');
      expect((await open.channel.query(attempt)).kind).toBe('pending');
      expect((await open.standIn.wallet({ code, act: 'pay', password: '000000' })).result).toBe('wrong-password');
      expect((await open.standIn.wallet({ code, act: 'pay', password: payPassword })).result).toBe('paid');
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'not enough money: failed, and says so',
    skip: noScan,
    run: async (open) => {
      const [, , result] = await scan(open, 'insufficient');
      expect(result).toMatchObject({ kind: 'failed', reason: 'insufficient-funds' });
    },
  },
  {
    name: 'declined: failed, and asking does not say paid',
    skip: noScan,
    run: async (open) => {
      const [attempt, , result] = await scan(open, 'decline');
      expect(result?.kind).toBe('failed');
      expect(['failed', 'closed', 'not-found']).toContain((await open.channel.query(attempt)).kind);
    },
  },
  {
    name: 'a code that nobody shows: failed, code-invalid',
    skip: noScan,
    run: async (open) => {
      const code = newCode(open, 'pay');
      const other = `${code.slice(0, -4)}${code.endsWith('0000') ? '1111' : '0000'}`;
      const result = await open.channel.payByAuthCode?.(await open.attempt(), other);
      expect(result).toMatchObject({ kind: 'failed' });
      expect(['code-invalid', 'code-expired']).toContain(result?.kind === 'failed' ? result.reason : '');
    },
  },
  {
    name: 'the same code for two attempts pays one',
    skip: noScan,
    run: async (open) => {
      const [, code] = await scan(open, 'pay');
      const second = await open.channel.payByAuthCode?.(await open.attempt(), code);
      expect(second?.kind).toBe('failed');
    },
  },
  {
    name: 'the answer is lost: unknown, and asking finds the payment',
    skip: noScan,
    run: async (open) => {
      open.standIn.plan({ kind: 'answer-lost', call: open.bench.calls.payByCode ?? '*' });
      const [attempt, , result] = await scan(open, 'pay');
      expect(result?.kind).toBe('unknown');
      expect(await untilSure(open, attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: '500 and a wrong signature: unknown',
    skip: noScan,
    run: async (open) => {
      const call = open.bench.calls.payByCode ?? '*';
      open.standIn.plan({ kind: 'status', call, status: 500 });
      expect((await scan(open, 'pay'))[2]?.kind).toBe('unknown');
      open.standIn.plan({ kind: 'wrong-signature', call });
      expect((await scan(open, 'pay'))[2]?.kind).toBe('unknown');
    },
  },
  {
    name: 'reversed while the payer thinks, and after it was paid: closed, no money stays taken',
    skip: noReverse,
    run: async (open) => {
      for (const behaviour of ['password', 'pay'] as const) {
        const [attempt, code] = await scan(open, behaviour);
        expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
        expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
        expect((await open.channel.query(attempt)).kind).toBe('closed');
        expect((await open.standIn.wallet({ code, act: 'pay', password: payPassword })).result).not.toBe('paid');
        const payment = open.standIn.payments().find(({ number }) => number === attempt.attemptNo);
        expect(payment?.state).toBe('reversed');
      }
    },
  },
  {
    name: 'the answer to reversing is lost: unknown, and the repetition is safe',
    skip: noReverse,
    run: async (open) => {
      const [attempt] = await scan(open, 'pay');
      open.standIn.plan({ kind: 'answer-lost', call: open.bench.calls.reverse ?? '*' });
      expect((await open.channel.reverse?.(attempt))?.kind).toBe('unknown');
      expect((await open.channel.reverse?.(attempt))?.kind).toBe('closed');
    },
  },
  {
    name: 'a paid one is given back in part',
    skip: noScan,
    run: async (open) => {
      const [attempt] = await scan(open, 'pay');
      await untilSure(open, attempt);
      const refund = await open.refundOf(attempt, 2_000);
      expect(['done', 'processing']).toContain((await open.channel.refund(attempt, refund)).kind);
      const payment = open.standIn.payments().find(({ number }) => number === attempt.attemptNo);
      expect(payment?.refundedFen).toBe(2_000);
    },
  },
];
