import { beforeEach, describe, expect, test } from 'vitest';
import {
  decodeKeyChecks,
  decodeSelfTest,
  decodeTestPaymentReport,
  testPaymentMac,
} from '../../../protocol/unlock/v1/bodies.ts';
import { keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import type { CommissionReport, UnlockReceipt } from '../../../protocol/unlock/v1/messages.ts';
import { refusals } from '../../../protocol/unlock/v1/refusals.ts';
import { commissionOrders } from './authority.ts';
import { makeBench, requestAndGrant } from './bench.ts';
import type { Bench } from './bench.ts';
import { callFirmware } from './technician.ts';

let bench: Bench;
let receipt: UnlockReceipt;

beforeEach(async () => {
  bench = makeBench();
  bench.device.trip('case');
  const { sealed } = await requestAndGrant(bench);
  const answer = await callFirmware(bench.device, 'lock.grant', { sealed });
  if (!answer.ok) throw new Error(answer.error);
  receipt = bench.authority.receipt(answer.value.receipt, bench.device.factory.identityPublicKey);
});

async function send(order: Uint8Array): Promise<CommissionReport> {
  const answer = await callFirmware(bench.device, 'lock.order', { order });
  if (!answer.ok) throw new Error(`${answer.error} ${answer.detail ?? ''}`);
  return bench.authority.report(answer.value.report, bench.device.factory.identityPublicKey);
}

async function order(action: OrderAction): Promise<CommissionReport> {
  return await send(bench.authority.order(action, receipt));
}

async function upTo(last: OrderAction): Promise<void> {
  for (const action of commissionOrders) {
    expect(await order(action)).toMatchObject({ result: 0 });
    if (action === last) return;
  }
}

function value<T>(result: { ok: true; value: T } | { ok: false; error: string }): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('commissioning', () => {
  test('INSTALL_KEYS reports the check value of each key', async () => {
    const checks = value(decodeKeyChecks((await order('installKeys')).body));
    const expected = bench.authority.paymentKeys.map(({ slot, key }) => ({ slot, kcv: keyCheckValue(key) }));
    expect(checks).toEqual(expected);
  });

  test.each([
    { action: 'setParameters', done: 0 },
    { action: 'selfTest', done: 1 },
    { action: 'testPayment', done: 2 },
    { action: 'enterProbation', done: 3 },
  ] as const)('$action after only $done steps is refused and changes nothing', async ({ action, done }) => {
    for (const earlier of commissionOrders.slice(0, done)) await order(earlier);
    const before = bench.device.firmware?.core.commissioned;
    expect(await order(action)).toMatchObject({ result: refusals['step-missing'].number, state: 'BLANK' });
    expect(bench.device.firmware?.core.commissioned).toBe(before);
  });

  test('TEST_PAYMENT proves the MAC key in both directions and prints both slips', async () => {
    await upTo('selfTest');
    const before = bench.device.firmware?.printer.paper.length ?? 0;
    const report = value(decodeTestPaymentReport((await order('testPayment')).body));
    const payment = { amountFen: 1, trace: 42, challenge: new Uint8Array(16).fill(6) };
    const macKey = bench.authority.paymentKeys[1].key;
    expect(report).toEqual({
      saleMac: testPaymentMac(macKey, 'sale', receipt.deviceId, payment),
      voidMac: testPaymentMac(macKey, 'void', receipt.deviceId, payment),
    });
    const printed = (bench.device.firmware?.printer.paper ?? []).slice(before).map(({ text }) => text);
    expect(printed).toEqual(expect.arrayContaining(['消费 SALE', '撤销 VOID', 'TRACE 000042']));
  });

  test('without paper the self-test fails at the printer, says so, and leaves BLANK', async () => {
    await upTo('setParameters');
    bench.device.refillPaper(0);
    const report = await order('selfTest');
    expect(report).toMatchObject({ result: refusals['order-failed'].number, state: 'BLANK' });
    const lines = value(decodeSelfTest(report.body));
    expect(lines.filter(({ passed }) => !passed)).toEqual([
      { name: 'printer', passed: false, detail: 'the roll has ended' },
    ]);
    bench.device.refillPaper();
    expect(await order('selfTest')).toMatchObject({ result: 0 });
  });

  test.each(['printer', 'card-reader', 'display', 'keypad', 'memory', 'network'] as const)(
    'a broken %s fails the self-test under its own name',
    async (part) => {
      await upTo('setParameters');
      bench.device.setBroken(part, true);
      const lines = value(decodeSelfTest((await order('selfTest')).body));
      expect(lines.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([part]);
    },
  );

  test('the self-test names every part once', async () => {
    await upTo('setParameters');
    const lines = value(decodeSelfTest((await order('selfTest')).body));
    const names = [
      'card-reader',
      'clock',
      'display',
      'keypad',
      'memory',
      'network',
      'printer',
      'storage',
      'tamper-sensors',
    ];
    expect(lines.map(({ name }) => name).sort()).toEqual(names);
  });

  test('a failed self-test takes itself back: the payment cannot follow on an earlier success', async () => {
    await upTo('selfTest');
    bench.device.setBroken('card-reader', true);
    await order('selfTest');
    expect(await order('testPayment')).toMatchObject({ result: refusals['step-missing'].number });
  });

  test('out of paper in the test payment fails it with the reason', async () => {
    await upTo('selfTest');
    bench.device.refillPaper(0);
    const report = await order('testPayment');
    expect(report.result).toBe(refusals['order-failed'].number);
    expect(value(decodeSelfTest(report.body))).toEqual([
      { name: 'printer', passed: false, detail: 'the roll has ended' },
    ]);
  });

  test('the last order again gives the stored report and does nothing', async () => {
    await upTo('setParameters');
    const bytes = bench.authority.order('selfTest', receipt);
    const first = await send(bytes);
    const paper = bench.device.firmware?.printer.paper.length;
    expect(await send(bytes)).toEqual(first);
    expect(bench.device.firmware?.printer.paper.length).toBe(paper);
  });

  test('a key package for another commission key does not open', async () => {
    const other = { ...receipt, commissionKey: new Uint8Array(32).fill(9) };
    const report = await send(bench.authority.order('installKeys', other));
    expect(report).toMatchObject({ result: refusals['not-openable'].number, state: 'BLANK' });
    expect(bench.device.firmware?.vault.hasPaymentKeys).toBe(false);
  });

  test('a trip while a step runs ends it and erases what it had brought', async () => {
    const slow = makeBench({ stepMs: 20 });
    slow.device.trip('case');
    const { sealed } = await requestAndGrant(slow);
    const answer = await callFirmware(slow.device, 'lock.grant', { sealed });
    const theirs = slow.authority.receipt(value(answer).receipt, slow.device.factory.identityPublicKey);
    const running = callFirmware(slow.device, 'lock.order', { order: slow.authority.order('installKeys', theirs) });
    slow.device.trip('drop');
    expect(await running).toMatchObject({ ok: false, error: 'not-in-state' });
    expect(slow.store.names().filter((name) => name.startsWith('key.'))).toEqual(['key.identity']);
    expect(slow.device.firmware?.core).toMatchObject({ state: 'LOCKED', reasons: 256 });
  });

  test('PROBATION holds its limit over a restart, and only a release ends it', async () => {
    await upTo('enterProbation');
    bench.device.powerOff();
    bench.device.powerOn();
    expect(bench.device.firmware?.core).toMatchObject({ state: 'PROBATION', probationLimitFen: 50_000 });
    expect(bench.device.screen).toMatchObject({ tone: 'now', note: { en: 'Up to ¥500.00 for each payment' } });
    bench.clock.pass(40 * 86_400);
    expect(bench.device.firmware?.core.state).toBe('PROBATION');
    expect(await order('release')).toMatchObject({ result: 0, state: 'NORMAL' });
  });

  test('a trip in PROBATION locks again and the keys are gone', async () => {
    await upTo('enterProbation');
    bench.device.trip('case');
    expect(bench.device.firmware?.core).toMatchObject({ state: 'LOCKED', commissioned: 0 });
    expect(bench.device.firmware?.vault.hasPaymentKeys).toBe(false);
  });
});
