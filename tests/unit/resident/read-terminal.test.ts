import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { documentKeysSchema, feeResultSchema } from '../../../protocol/http/fees-terminal.ts';
import { terminalMessageSchema } from '../../../protocol/phone-link/messages.ts';
import { readTerminalMessage } from '../../../protocol/phone-link/read-terminal.ts';
import { byeReasons, payStages, printStates } from '../../../protocol/phone-link/words.ts';
import { readKeys, readResult } from '../../../src/resident/answers.ts';

const odd = fc.constantFrom<unknown>(undefined, null, 0, true, '', 'x', [], {}, [null], { zh: 1 });
/** Mostly right, now and then wrong. */
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: good }, { weight: 1, arbitrary: odd });
const text = mostly(fc.string({ maxLength: 20 }));
const document = mostly(
  fc.record({
    kid: mostly(fc.string({ maxLength: 17 })),
    bytes: mostly(fc.constantFrom('', 'AAAA', 'A'.repeat(15_334), 'A'.repeat(15_335))),
    signature: mostly(fc.constantFrom('A'.repeat(86), 'A'.repeat(85))),
    extra: odd,
  }),
);
const bilingual = fc.record({ zh: text, en: text, more: odd });
const candidate = fc.oneof(
  fc.record({ type: fc.constant('bill'), quote: document, confirm: mostly(fc.boolean()) }),
  fc.record({ type: fc.constant('confirmed'), more: odd }),
  fc.record({ type: fc.constant('pay'), payId: text, way: document, more: odd }),
  fc.record(
    {
      type: fc.constant('stage'),
      stage: mostly(fc.constantFrom(...payStages)),
      payId: text,
      receipt: document,
      quote: document,
      reason: text,
      changed: mostly(fc.array(bilingual, { maxLength: 3 })),
      print: mostly(fc.constantFrom(...printStates)),
    },
    { requiredKeys: ['type', 'stage'] },
  ),
  fc.record({ type: fc.constant('bye'), reason: mostly(fc.constantFrom(...byeReasons)) }),
  fc.record({ type: text }),
  odd,
);

/** As it comes over the link: through JSON, which knows no `undefined`. */
function overTheLink(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}

test('the reader by hand takes what the schema takes, and gives the same', () => {
  let taken = 0;
  fc.assert(
    fc.property(candidate, (value) => {
      const json = overTheLink(value);
      const parsed = v.safeParse(terminalMessageSchema, json);
      expect(readTerminalMessage(json)).toEqual(parsed.success ? parsed.output : undefined);
      if (parsed.success) taken += 1;
    }),
    { numRuns: 4_000 },
  );
  expect(taken).toBeGreaterThan(500);
});

test('the server’s answers are read as their schemas have them', () => {
  const key = { kid: 'k1', x: 'AA', y: 'BB' };
  const signed = { kid: 'k1', bytes: 'AAAA', signature: 'A'.repeat(86) };
  for (const good of [{ keys: [] }, { keys: [key] }]) {
    expect(v.is(documentKeysSchema, good)).toBe(true);
    expect(readKeys(good)).toEqual(good.keys);
  }
  for (const bad of [null, {}, { keys: {} }, { keys: [{ kid: 'k1', x: 'AA' }] }]) {
    expect(v.is(documentKeysSchema, bad)).toBe(false);
    expect(readKeys(bad)).toBeUndefined();
  }
  for (const stage of ['starting', 'at-platform', 'checking', 'paid', 'failed', 'closed', 'reversed']) {
    for (const answer of [{ stage }, { stage, receipt: signed }, { stage, reason: 'paid-late' }]) {
      expect(v.is(feeResultSchema, answer)).toBe(true);
      expect(readResult(answer)).toEqual(answer);
    }
  }
  for (const bad of [
    undefined,
    {},
    { stage: 'perhaps' },
    { stage: 'paid', receipt: { kid: 1 } },
    { stage: 'paid', reason: 1 },
  ]) {
    expect(v.is(feeResultSchema, bad)).toBe(false);
    expect(readResult(bad)).toBeUndefined();
  }
});
