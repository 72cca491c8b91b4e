import fc from 'fast-check';

/** What can happen to an order, in any order, with the server dying at any point of it. */
export type Step =
  | {
      readonly do: 'start';
      readonly channel: number;
      readonly isScan: boolean;
      readonly part: number;
      readonly payer: Payer;
    }
  | { readonly do: 'pay'; readonly attempt: number; readonly isAfterClose: boolean }
  /** A fault of the platform: what was paid is taken once more under the same number. */
  | { readonly do: 'pay-again'; readonly attempt: number }
  | { readonly do: 'notify'; readonly mail: number }
  | { readonly do: 'cancel' }
  | { readonly do: 'refund'; readonly part: number; readonly isRepeated: boolean }
  | { readonly do: 'pass'; readonly seconds: number }
  | { readonly do: 'sweep' };
type Payer = 'pay' | 'ask' | 'decline';

/** One step with what goes wrong meanwhile. */
export interface Act {
  readonly step: Step;
  /** Happens at the same time. */
  readonly beside?: Step | undefined;
  /** The server dies at this point of the work; 0: not at all. */
  readonly crashAt: number;
  /** The caller, who heard nothing, sends the same again to the next server. */
  readonly isRetried: boolean;
  /** What becomes of the first calls to platforms. */
  readonly fates: readonly ('ok' | 'lost' | 'not-done' | 'throw')[];
}

const part = fc.constantFrom(0, 0, 0, 1, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant('start' as const), channel: fc.nat({ max: 1 }), isScan: fc.boolean(), part },
      payer: fc.constantFrom<Payer>('pay', 'ask', 'decline'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ do: fc.constant('pay' as const), attempt: fc.nat({ max: 3 }), isAfterClose: fc.boolean() },
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('notify' as const), mail: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pay-again' as const), attempt: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refund' as const), part, isRepeated: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 6, 31, 70, 200, 1_000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
);

const fate = fc.constantFrom(
  'ok' as const,
  'ok' as const,
  'ok' as const,
  'lost' as const,
  'not-done' as const,
  'throw' as const,
);
const act: fc.Arbitrary<Act> = fc.record({
  step,
  beside: fc.option(step, { nil: undefined, freq: 3 }),
  crashAt: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 14 }) },
  ),
  isRetried: fc.boolean(),
  fates: fc.array(fate, { maxLength: 4 }),
});

/** A schedule: what happens to one order, and how the steps of concurrent work interleave (`seed`). */
export const schedule = fc.record({
  /** The order comes with its first attempt, and the server may die over it; the terminal sends it again then. */
  opening: fc.record({ isWithCode: fc.boolean(), crashAt: fc.constantFrom(0, 0, 1, 2, 3, 4, 5, 6, 7, 8) }),
  acts: fc.array(act, { minLength: 3, maxLength: 12 }),
  seed: fc.nat(),
  /** Whether the limit leaves room for the whole amount once only, or often. */
  isTight: fc.boolean(),
});
/** One schedule. */
export type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;
