import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChannelMemory } from '../../../server/channels/channel.ts';
import { memoryOf } from './bench.ts';
import { cardChannelBench, openCardBench } from './card-bench.ts';
import type { CardBench } from './card-bench.ts';
import { cardCalled, CardReader } from './card-reader.ts';
import { describeChannel } from './suite.ts';

describeChannel(cardChannelBench);

const full = 5_000_000;
let bench: CardBench;
beforeEach(async () => {
  bench = await openCardBench();
});
afterEach(async () => {
  await bench.close();
});

describe('bank-card: purchase', () => {
  test.each([
    ['chip with PIN', { entry: 'chip' }],
    ['contactless with PIN', { entry: 'contactless' }],
    ['contactless without PIN, small amount', { entry: 'contactless', pin: 'none', amountFen: 2_000 }],
    ['magnetic stripe', { card: 'stripe' }],
  ] as const)('%s: paid, with the host’s own word', async (_name, reading) => {
    const { attempt, result } = await bench.pay(reading);
    expect(result).toEqual({
      kind: 'paid',
      proof: {
        attemptNo: attempt.attemptNo,
        amountFen: attempt.amountFen,
        currency: 'CNY',
        platformMerchantId: bench.open.account.platformMerchantId,
        transactionId: expect.stringMatching(/^\d{12}$/),
        paidAtMs: bench.open.clock.now(),
        payer: cardCalled('card' in reading ? reading.card : 'debit').pan.slice(-4),
      },
    });
    expect(await bench.channel.query(attempt)).toEqual(result);
    expect(bench.entries()).toMatchObject([{ state: 'approved', amountFen: attempt.amountFen }]);
  });

  test.each([
    ['not enough money', { card: 'poor' }, 'insufficient-funds', '51'],
    ['above the card’s limit', { card: 'credit', amountFen: 50_001 }, 'payer-limit', '61'],
    ['expired', { card: 'expired' }, 'card-expired', '54'],
    ['reported lost', { card: 'lost' }, 'card-not-accepted', '41'],
    ['unknown issuer', { card: 'stranger' }, 'card-not-accepted', '14'],
    ['issuer silent', { card: 'silent' }, 'platform', '91'],
    ['wrong PIN', { pin: '000000' }, 'wrong-pin', '55'],
    ['no PIN where one is needed', { pin: 'none', amountFen: 100_001 }, 'wrong-pin', '55'],
    ['a swiped chip card', { entry: 'magstripe' }, 'card-not-accepted', '57'],
  ] as const)('%s: failed, nothing taken', async (_name, reading, reason, code) => {
    const { attempt, result } = await bench.pay(reading);
    expect(result).toMatchObject({ kind: 'failed', reason, code });
    expect(await bench.channel.query(attempt)).toEqual(result);
    expect((await bench.channel.close(attempt)).kind).toBe('closed');
    expect(bench.balance('debit')).toBe(full);
    expect(bench.entries().filter(({ state }) => state === 'approved')).toEqual([]);
  });

  test('three wrong PINs block the card; a third payment of a day is over the count', async () => {
    const pins = [];
    for (let i = 0; i < 4; i++) pins.push((await bench.pay({ pin: i === 3 ? '246810' : '111111' })).result);
    expect(pins).toMatchObject([
      { code: '55' },
      { code: '55' },
      { code: '75', reason: 'pin-tries-exceeded' },
      { code: '75' },
    ]);
    await bench.paid({ card: 'counted' });
    await bench.paid({ card: 'counted' });
    expect((await bench.pay({ card: 'counted' })).result).toMatchObject({ reason: 'payer-limit', code: '65' });
  });

  test('the host names another amount: told as the host said it', async () => {
    bench.open.standIn.plan({ kind: 'wrong-amount', amountFen: 1 });
    expect((await bench.pay()).result).toMatchObject({ kind: 'paid', proof: { amountFen: 1 } });
  });

  test('the chip’s cryptogram is for another amount, or the ciphertext comes twice: failed', async () => {
    const attempt = await bench.attempt();
    const card = bench.reader.read({ card: 'debit', amountFen: 1 });
    expect(await bench.channel.payByCard?.(attempt, card)).toMatchObject({ kind: 'failed', code: '05' });
    const again = await bench.attempt();
    expect(await bench.channel.payByCard?.(again, card)).toMatchObject({ kind: 'failed', reason: 'risk', code: '59' });
  });

  test('calling again for the same attempt takes nothing more', async () => {
    const { attempt, result } = await bench.pay();
    const card = bench.reader.read({ card: 'debit', amountFen: attempt.amountFen });
    expect(await bench.channel.payByCard?.(attempt, card)).toEqual(result);
    expect(bench.entries()).toHaveLength(1);
  });

  test('twelve at once over one connection: all paid, each once', async () => {
    const results = await Promise.all(Array.from({ length: 12 }, () => bench.pay({ amountFen: 100 })));
    expect(results.map(({ result }) => result.kind)).toEqual(Array.from({ length: 12 }, () => 'paid'));
    expect(bench.balance('debit')).toBe(full - 1_200);
  });

  test('no card number, PIN or ciphertext is in the records or in the memory', async () => {
    const { attempt } = await bench.pay();
    await bench.channel.refund(attempt, await bench.refundOf(attempt, 100));
    const kept = JSON.stringify([bench.exchanges, await bench.memory.list('', 1_000)]);
    const { pan, pin } = cardCalled('debit');
    for (const secret of [
      pan,
      pin,
      bench.reader.lastData,
      Buffer.from(bench.reader.lastData, 'base64url').toString('hex'),
    ]) {
      expect(kept.includes(secret)).toBe(false);
    }
    expect(kept).toContain('57 (');
  });
});

describe('bank-card: an end that is not known', () => {
  test('the answer is lost: unknown, reversed, closed, and nothing stays taken', async () => {
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
    const { attempt, result } = await bench.pay();
    expect(result.kind).toBe('unknown');
    expect(bench.balance('debit')).toBe(full - attempt.amountFen);
    expect((await bench.channel.query(attempt)).kind).toBe('unknown');
    expect(await bench.channel.reverse?.(attempt)).toEqual({ kind: 'closed' });
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    expect(bench.entries()).toMatchObject([{ state: 'reversed' }]);
    expect(bench.balance('debit')).toBe(full);
    const card = bench.reader.read({ card: 'debit', amountFen: attempt.amountFen });
    expect(await bench.channel.payByCard?.(attempt, card)).toEqual({ kind: 'closed' });
  });

  test('the reversal’s answer is lost too: it stays stored and is repeated by tend', async () => {
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'reversal', times: 2 });
    const { attempt } = await bench.pay();
    expect((await bench.channel.reverse?.(attempt))?.kind).toBe('unknown');
    await bench.channel.tend?.();
    expect((await bench.channel.query(attempt)).kind).toBe('unknown');
    await bench.reopen().tend?.();
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    expect(bench.balance('debit')).toBe(full);
    expect(bench.exchanges.filter(({ call }) => call === 'reversal')).toHaveLength(3);
  });

  test('a stored reversal goes before the next purchase', async () => {
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
    const { attempt } = await bench.pay();
    await bench.paid();
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    expect(bench.exchanges.map(({ call }) => call).slice(-3)).toEqual(['purchase', 'reversal', 'purchase']);
  });

  test('while an earlier reversal gets no answer nothing new is sent', async () => {
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'reversal' });
    await bench.pay();
    const { attempt, result } = await bench.pay();
    expect(result).toMatchObject({ kind: 'failed', reason: 'platform', code: 'not-sent' });
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    expect(bench.entries()).toHaveLength(1);
  });

  test.each([
    ['a wrong MAC', { kind: 'wrong-signature', call: 'purchase' }, 'A0'],
    ['code 96', { kind: 'status', call: 'purchase', status: 500 }, '98'],
    ['a frame cut in the middle', { kind: 'wire', how: 'cut', call: 'purchase' }, '98'],
  ] as const)('%s: unknown, then closed', async (_name, fault, why) => {
    bench.open.standIn.plan(fault);
    const { attempt, result } = await bench.pay();
    expect(result.kind).toBe('unknown');
    expect(await bench.channel.close(attempt)).toEqual({ kind: 'closed' });
    expect(bench.exchanges.at(-1)?.request).toContain(`39 ${why}`);
    expect(bench.balance('debit')).toBe(full);
  });

  test('too slow, or an answer for another trace number: unknown; a late yes changes nothing', async () => {
    bench.open.standIn.plan({ kind: 'slow', call: 'purchase', delayMs: 60_000 });
    const { attempt, result } = await bench.pay({}, bench.impatient);
    expect(result.kind).toBe('unknown');
    bench.open.clock.advance(60_000);
    expect((await bench.impatient.query(attempt)).kind).toBe('unknown');
    expect(await bench.impatient.reverse?.(attempt)).toEqual({ kind: 'closed' });
    bench.open.standIn.plan({ kind: 'wire', how: 'other-trace', call: 'purchase' });
    const other = await bench.pay({}, bench.impatient);
    expect(other.result.kind).toBe('unknown');
    expect(await bench.impatient.reverse?.(other.attempt)).toEqual({ kind: 'closed' });
    expect(bench.balance('debit')).toBe(full);
  });

  test('a late yes and a reversal of another process: the reversal wins in both books', async () => {
    bench.open.standIn.plan({ kind: 'slow', call: 'purchase', delayMs: 60_000 });
    const paying = bench.pay();
    await expect.poll(() => bench.entries().length).toBe(1);
    bench.open.clock.advance(50_000);
    await bench.reopen().tend?.();
    expect(bench.entries()).toMatchObject([{ state: 'reversed' }]);
    bench.open.clock.advance(10_000);
    const { attempt, result } = await paying;
    expect(result).toEqual({ kind: 'closed' });
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    expect(bench.balance('debit')).toBe(full);
  });

  test('a late yes while a reversal waits for its answer does not count', async () => {
    bench.open.standIn.plan({ kind: 'slow', call: 'purchase', delayMs: 60_000 });
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'reversal' });
    const paying = bench.pay();
    await expect.poll(() => bench.entries().length).toBe(1);
    bench.open.clock.advance(50_000);
    await bench.reopen().tend?.();
    bench.open.clock.advance(10_000);
    const { attempt, result } = await paying;
    expect(result.kind).toBe('unknown');
    await bench.channel.tend?.();
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    expect(bench.balance('debit')).toBe(full);
  });

  test('an answer that comes twice pays once', async () => {
    bench.open.standIn.plan({ kind: 'wire', how: 'double', call: 'purchase' });
    await bench.paid();
    await bench.paid();
    expect(bench.entries()).toHaveLength(2);
  });

  test('an approved purchase is reversed on demand while its batch is open, and only then', async () => {
    const attempt = await bench.paid();
    expect((await bench.channel.close(attempt)).kind).toBe('paid');
    expect(await bench.channel.reverse?.(attempt)).toEqual({ kind: 'closed' });
    expect(bench.balance('debit')).toBe(full);
    const second = await bench.paid();
    await bench.channel.settle?.();
    expect((await bench.channel.reverse?.(second))?.kind).toBe('paid');
    const third = await bench.paid();
    await bench.channel.refund(third, await bench.refundOf(third, 100));
    expect((await bench.channel.reverse?.(third))?.kind).toBe('paid');
  });

  test('closing what was never sent forbids it for ever', async () => {
    const attempt = await bench.attempt();
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'not-found' });
    expect(await bench.channel.close(attempt)).toEqual({ kind: 'closed' });
    const card = bench.reader.read({ card: 'debit', amountFen: attempt.amountFen });
    expect(await bench.channel.payByCard?.(attempt, card)).toEqual({ kind: 'closed' });
    expect(bench.entries()).toEqual([]);
  });

  test('a crash at any write: after the restart either the payment is known, or nothing stays taken', async () => {
    let [writes, crashes] = [0, 0];
    for (let dieAt = 1; writes >= dieAt - 1; dieAt++) {
      const dying = dyingMemory(bench.memory, dieAt);
      const attempt = await bench.attempt();
      const card = bench.reader.read({ card: 'debit', amountFen: attempt.amountFen });
      const before = bench.balance('debit');
      await expect(
        bench
          .reopen(dying.memory)
          .payByCard?.(attempt, card)
          .catch(() => 'crash'),
      ).resolves.toBeDefined();
      writes = dying.writes();
      if (writes >= dieAt) crashes += 1;
      bench.open.clock.advance(60_000);
      const revived = bench.reopen();
      await revived.tend?.();
      const known = await revived.query(attempt);
      const taken = before - bench.balance('debit');
      if (known.kind === 'paid') expect(taken, `write ${String(dieAt)}`).toBe(attempt.amountFen);
      else {
        expect(['closed', 'not-found'], `write ${String(dieAt)}`).toContain(known.kind);
        expect(taken, `write ${String(dieAt)}`).toBe(0);
        expect(await revived.close(attempt)).toEqual({ kind: 'closed' });
      }
      expect(await bench.memory.list('open/', 10)).toEqual([]);
    }
    expect(crashes).toBeGreaterThanOrEqual(3);
  });
});

describe('bank-card: keys and numbers', () => {
  test('the host has new keys (A0): signed in again, paid under a new number, once', async () => {
    await bench.paid();
    bench.acquirer.host.rotate();
    const { attempt, result } = await bench.pay();
    expect(result).toMatchObject({ kind: 'paid', proof: { attemptNo: attempt.attemptNo } });
    expect(await bench.channel.query(attempt)).toEqual(result);
    expect(bench.entries().map(({ state }) => state)).toEqual(['approved', 'late', 'approved']);
    await bench.channel.refund(attempt, await bench.refundOf(attempt, attempt.amountFen));
    expect(bench.balance('debit')).toBe(full - attempt.amountFen);
  });

  test('a new day signs in again; the same day does not', async () => {
    const signIns = () => bench.exchanges.filter(({ call }) => call === 'sign-in').length;
    await bench.paid();
    expect(signIns()).toBe(1);
    bench.open.clock.advance(15 * 3_600_000);
    await bench.paid();
    expect(signIns()).toBe(2);
  });

  test('working keys whose check values are wrong are refused, and nothing is sent under them', async () => {
    bench.open.clock.advance(24 * 3_600_000);
    bench.open.standIn.plan({ kind: 'wrong-signature', call: 'sign-in' });
    expect((await bench.pay()).result).toMatchObject({ kind: 'refused', code: 'key-check' });
    expect(bench.entries()).toEqual([]);
    await bench.paid();
  });

  test('no sign-in, or no host at all: failed for certain, and closed', async () => {
    bench.open.clock.advance(24 * 3_600_000);
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'sign-in' });
    const { attempt, result } = await bench.pay();
    expect(result).toMatchObject({ kind: 'failed', code: 'not-sent' });
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
    await bench.acquirer.close();
    expect((await bench.pay()).result).toMatchObject({ kind: 'failed', code: 'not-sent' });
  });

  test('a trace number that the host has already (94): failed, and the old payment stays', async () => {
    const first = await bench.paid();
    const forgetful = bench.reopen(memoryOf());
    const results = [];
    for (let i = 0; i < 6; i++) results.push((await bench.pay({ amountFen: first.amountFen }, forgetful)).result);
    expect(results).toContainEqual(expect.objectContaining({ kind: 'failed', code: '94' }));
    await forgetful.tend?.();
    expect(bench.entries()[0]).toMatchObject({ state: 'approved' });
  });

  test('a device’s key is given to its own public key only, a fresh one each time', async () => {
    const other = new CardReader();
    const ids = {
      deviceId: bench.reader.deviceId.toString('hex'),
      publicKey: Buffer.from(other.key.publicKey).toString('hex'),
    };
    expect(await bench.channel.cardKey?.(ids)).toMatchObject({ kind: 'refused', code: '58' });
    expect(await bench.channel.cardKey?.({ ...ids, deviceId: 'no' })).toMatchObject({
      kind: 'refused',
      code: 'device',
    });
    await bench.reader.load(bench.channel);
    await bench.paid();
  });
});

/** A memory that throws instead of doing write number `dieAt` and all later ones: the process is gone. */
function dyingMemory(memory: ChannelMemory, dieAt: number): { memory: ChannelMemory; writes: () => number } {
  let count = 0;
  const alive = <T>(act: () => Promise<T>): Promise<T> => {
    count += 1;
    return count >= dieAt ? Promise.reject(new Error('the process died')) : act();
  };
  return {
    writes: () => count,
    memory: {
      ...memory,
      put: (key, value, version) => alive(() => memory.put(key, value, version)),
      remove: (key, version) => alive(() => memory.remove(key, version)),
    },
  };
}
