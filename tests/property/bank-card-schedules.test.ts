import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fault } from '../../mock-server/platforms/stand-in.ts';
import type { AttemptFacts, Channel, ChannelMemory, RefundFacts } from '../../server/channels/channel.ts';
import { openCardBench } from '../conformance/channels/card-bench.ts';
import type { CardBench } from '../conformance/channels/card-bench.ts';

/** One thing that happens to a card terminal. */
type Step =
  | { readonly do: 'pay'; readonly dieAt: number }
  | { readonly do: 'refund'; readonly of: number; readonly part: 1 | 2 | 3; readonly dieAt: number }
  | { readonly do: 'reverse' | 'close'; readonly of: number }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'tend' | 'settle' | 'rotate' | 'minute' | 'day' };

const calls = ['sign-in', 'purchase', 'void', 'refund', 'reversal', 'settlement', 'batch-upload'] as const;
const fault: fc.Arbitrary<Fault> = fc
  .constantFrom(...calls)
  .chain((call) =>
    fc.constantFrom<Fault>(
      { kind: 'answer-lost', call },
      { kind: 'answer-lost', call, times: 2 },
      { kind: 'wrong-signature', call },
      { kind: 'status', call, status: 500 },
      { kind: 'wire', how: 'cut', call },
      { kind: 'wire', how: 'double', call },
    ),
  );
/** Mostly no crash; otherwise the process dies at this write. */
const dieAt = fc.oneof(
  { weight: 3, arbitrary: fc.constant(Infinity) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
);
const of = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pay' as const), dieAt }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('refund' as const), of, part: fc.constantFrom(1, 2, 3), dieAt }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('reverse' as const, 'close' as const), of }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('fault' as const), fault }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('tend', 'settle', 'rotate', 'minute', 'day') }) },
);

const pay = { do: 'pay', dieAt: Infinity } as const;
const refundAll = { do: 'refund', of: 0, part: 1, dieAt: Infinity } as const;
/** Schedules that once went wrong. */
const foundBefore: [Step[]][] = [
  // The settlement did not sign in again after A0.
  [[pay, { do: 'tend' }, { do: 'rotate' }]],
  // A refund that died between its entry and its transaction was taken for one that had an original.
  [[pay, { ...refundAll, dieAt: 2 }, { do: 'minute' }, { do: 'tend' }, refundAll]],
  // A refund that died before anything of it was written, of a purchase that was then reversed.
  [[pay, { ...refundAll, dieAt: 1 }, { do: 'reverse', of: 0 }]],
];

class Shop {
  readonly bench: CardBench;
  readonly attempts: AttemptFacts[] = [];
  readonly refunds: { attempt: AttemptFacts; facts: RefundFacts }[] = [];

  constructor(bench: CardBench) {
    this.bench = bench;
  }

  async run(step: Step): Promise<void> {
    const { bench } = this;
    switch (step.do) {
      case 'pay': {
        const attempt = await bench.attempt();
        this.attempts.push(attempt);
        const card = bench.reader.read({ card: 'debit', amountFen: attempt.amountFen });
        return this.#maybeDie(step.dieAt, (channel) => channel.payByCard?.(attempt, card));
      }
      case 'refund':
        return this.#refund(step);
      case 'reverse':
      case 'close': {
        const attempt = this.attempts[step.of];
        if (attempt !== undefined) await bench.channel[step.do]?.(attempt);
        return;
      }
      case 'fault':
        return bench.open.standIn.plan(step.fault);
      case 'tend':
        return bench.channel.tend?.();
      case 'settle':
        await bench.channel.settle?.();
        return;
      case 'rotate':
        return bench.acquirer.host.rotate();
      case 'minute':
      case 'day':
        return bench.open.clock.advance(step.do === 'day' ? 86_400_000 : 60_000);
    }
  }

  async #refund({ of: at, part, dieAt }: Extract<Step, { do: 'refund' }>): Promise<void> {
    const attempt = this.attempts[at];
    if (attempt === undefined || (await this.bench.channel.query(attempt)).kind !== 'paid') return;
    const facts = await this.bench.refundOf(attempt, Math.floor(attempt.amountFen / part));
    this.refunds.push({ attempt, facts });
    await this.#maybeDie(dieAt, (channel) => channel.refund(attempt, facts));
  }

  async #maybeDie(at: number, act: (channel: Channel) => Promise<unknown> | undefined): Promise<void> {
    await act(this.bench.reopen(mortal(this.bench.memory, at)))?.catch(() => 'died');
  }

  /** Afterwards nothing goes wrong any more, and everything comes to an end. */
  async calm(): Promise<void> {
    const { bench } = this;
    bench.open.standIn.clearFaults();
    for (let round = 0; round < 3; round++) {
      bench.open.clock.advance(180_000);
      await bench.channel.tend?.();
      for (const { attempt, facts } of this.refunds) await bench.channel.refund(attempt, facts);
    }
  }
}

function mortal(memory: ChannelMemory, dieAt: number): ChannelMemory {
  let writes = 0;
  const alive = <T>(act: () => Promise<T>): Promise<T> =>
    ++writes >= dieAt ? Promise.reject(new Error('the process died')) : act();
  return {
    ...memory,
    put: (key, value, version) => alive(() => memory.put(key, value, version)),
    remove: (key, version) => alive(() => memory.remove(key, version)),
  };
}

test('in any schedule of faults, crashes, key changes and settlements the books of both sides agree in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 24 }), async (steps) => {
      const bench = await openCardBench();
      try {
        const before = bench.balance('debit');
        const shop = new Shop(bench);
        for (const one of steps) await shop.run(one);
        await shop.calm();
        let stays = 0;
        for (const attempt of shop.attempts) {
          const known = await bench.channel.query(attempt);
          expect(['paid', 'closed', 'failed', 'not-found']).toContain(known.kind);
          if (known.kind === 'paid') stays += known.proof.amountFen;
        }
        for (const { attempt, facts } of shop.refunds) {
          const told = await bench.channel.queryRefund(attempt, facts);
          // What never came to be is asked for again, as the engine does.
          const known = told.kind === 'not-found' ? await bench.channel.refund(attempt, facts) : told;
          expect(['done', 'failed']).toContain(known.kind);
          if (known.kind === 'done') stays -= known.amountFen;
        }
        expect(before - bench.balance('debit')).toBe(stays);
        expect(await bench.memory.list('open/', 10)).toEqual([]);
        expect((await bench.channel.settle?.())?.kind).toBe('settled');
      } finally {
        await bench.close();
      }
    }),
    { numRuns: 60, examples: foundBefore },
  );
}, 120_000);
