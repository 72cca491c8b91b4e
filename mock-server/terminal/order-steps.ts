import { equalBytes, utf8Decode } from '../../protocol/bytes.ts';
import {
  decodePaymentKeys,
  decodeProbationOrder,
  decodeTestPaymentOrder,
  encodeKeyChecks,
  encodeSelfTest,
  encodeTestPaymentReport,
  testPaymentMac,
} from '../../protocol/unlock/v1/bodies.ts';
import { keyCheckValue } from '../../protocol/unlock/v1/cmac.ts';
import type { OrderAction } from '../../protocol/unlock/v1/constants.ts';
import { softwareAgreementKey } from '../../protocol/unlock/v1/hpke.ts';
import type { AgreementKey } from '../../protocol/unlock/v1/hpke.ts';
import type { CommissionOrder, SelfTestLine } from '../../protocol/unlock/v1/messages.ts';
import { decodeParameters, parametersDigest } from '../../protocol/unlock/v1/parameters.ts';
import { packageKeyOf } from '../../protocol/unlock/v1/package-key.ts';
import type { RefusalCode } from '../../protocol/unlock/v1/refusals.ts';
import { openKeyPackage } from '../../protocol/unlock/v1/seal.ts';
import { ops } from '../../protocol/cable/v1/services/table.ts';
import type { CoreRecord } from './core-record.ts';
import type { Firmware } from './firmware.ts';
import { runCheck, selfTestChecks } from './self-test.ts';
import { secretNames } from './vault.ts';

/** What a step brings: the report's body, and the change of the core record; with a refusal the step has failed. */
export interface StepOutcome {
  readonly refusal?: RefusalCode;
  readonly body: Uint8Array;
  readonly change?: Partial<CoreRecord>;
}

type StepRunner = (firmware: Firmware, order: CommissionOrder) => Promise<StepOutcome>;

const nothing = new Uint8Array(0);

/** The device locked itself or lost its power while a step waited: the step must not touch anything any more. */
export class StepInterrupted extends Error {
  override readonly name = 'StepInterrupted';
}

/** Shows and tells how far a step is, and takes the time that real parts would take. Throws StepInterrupted. */
async function progress(firmware: Firmware, step: string, percent: number): Promise<void> {
  const { lockEpoch } = firmware.core;
  firmware.display.percent = percent;
  firmware.tell({ type: 'progress', op: ops['lock.order'].code, step, percent });
  const { stepMs = 0 } = firmware.tuning;
  if (stepMs > 0) await new Promise((resolve) => setTimeout(resolve, stepMs));
  if (firmware.isDead || firmware.core.lockEpoch !== lockEpoch) throw new StepInterrupted();
}

function failed(lines: readonly SelfTestLine[]): StepOutcome {
  return { refusal: 'order-failed', body: encodeSelfTest(lines) };
}

/** The key to which this order's key package is sealed: made ahead, the one that hangs on the identity. */
function openingKey({ core, vault }: Firmware, order: CommissionOrder): AgreementKey | undefined {
  const isMadeAhead = order.delegationSequence !== undefined;
  const secret = vault.get(isMadeAhead ? secretNames.identity : secretNames.commission);
  if (secret === undefined || (isMadeAhead && !core.identityAlive)) return undefined;
  return isMadeAhead ? packageKeyOf(secret) : softwareAgreementKey(secret);
}

async function installKeys(firmware: Firmware, order: CommissionOrder): Promise<StepOutcome> {
  await progress(firmware, 'keys', 10);
  const key = openingKey(firmware, order);
  if (key === undefined) return { refusal: 'not-openable', body: nothing };
  const binding = { deviceId: order.deviceId, lockEpoch: order.lockEpoch, orderSequence: order.orderSequence };
  const opened = openKeyPackage(order.body, key, binding);
  if (!opened.ok) return { refusal: 'not-openable', body: nothing };
  const keys = decodePaymentKeys(opened.value);
  if (!keys.ok || keys.value.length !== 3) return { refusal: 'malformed', body: nothing };
  const checks = keys.value.map(({ slot, key }) => ({ slot, kcv: keyCheckValue(key) }));
  for (const { slot, key } of keys.value) {
    firmware.vault.put(secretNames[slot], key);
    key.fill(0);
  }
  opened.value.fill(0);
  await progress(firmware, 'keys', 100);
  return { body: encodeKeyChecks(checks) };
}

async function setParameters(firmware: Firmware, order: CommissionOrder): Promise<StepOutcome> {
  await progress(firmware, 'parameters', 30);
  const text = utf8Decode(order.body);
  if (text === undefined || !decodeParameters(order.body).ok) return { refusal: 'malformed', body: nothing };
  await progress(firmware, 'parameters', 100);
  return { body: parametersDigest(order.body), change: { parameters: text } };
}

async function selfTest(firmware: Firmware): Promise<StepOutcome> {
  const lines: SelfTestLine[] = [];
  for (const [index, check] of selfTestChecks.entries()) {
    await progress(firmware, check.name, Math.round((100 * index) / selfTestChecks.length));
    lines.push(runCheck(firmware, check));
  }
  await progress(firmware, 'self-test', 100);
  return lines.every((line) => line.passed) ? { body: encodeSelfTest(lines) } : failed(lines);
}

function slip(firmware: Firmware, kind: string, trace: number): readonly string[] {
  const { serial, label } = firmware.factory;
  return [
    kind,
    `${label}  ${serial}`,
    `TRACE ${String(trace).padStart(6, '0')}`,
    'AMOUNT        ¥0.01',
    '仅供测试 TEST ONLY',
  ];
}

async function testPayment(firmware: Firmware, order: CommissionOrder): Promise<StepOutcome> {
  const payment = decodeTestPaymentOrder(order.body);
  const macKey = firmware.vault.get(secretNames.mac);
  if (!payment.ok || macKey === undefined) return { refusal: 'malformed', body: nothing };
  const macOf = (part: 'server' | 'sale' | 'void'): Uint8Array =>
    testPaymentMac(macKey, part, order.deviceId, payment.value);
  await progress(firmware, 'sale', 20);
  if (!equalBytes(macOf('server'), payment.value.serverMac)) {
    return failed([{ name: 'mac', passed: false, detail: 'the MAC keys differ' }]);
  }
  const sale = firmware.printer.print(slip(firmware, '消费 SALE', payment.value.trace));
  await progress(firmware, 'void', 70);
  const reversal = sale.ok ? firmware.printer.print(slip(firmware, '撤销 VOID', payment.value.trace)) : sale;
  if (!reversal.ok) return failed([{ name: 'printer', passed: false, detail: reversal.detail ?? reversal.error }]);
  await progress(firmware, 'void', 100);
  return { body: encodeTestPaymentReport({ saleMac: macOf('sale'), voidMac: macOf('void') }) };
}

function enterProbation(firmware: Firmware, order: CommissionOrder): Promise<StepOutcome> {
  const body = decodeProbationOrder(order.body);
  if (!body.ok) return Promise.resolve({ refusal: 'malformed', body: nothing });
  if (firmware.body.cellMillivolts > 2500) firmware.clock.trust();
  const { untilSeconds, transactionLimitFen } = body.value;
  const change = {
    state: 'PROBATION',
    probationUntilSeconds: untilSeconds,
    probationLimitFen: transactionLimitFen,
  } as const;
  return Promise.resolve({ body: nothing, change });
}

function release(): Promise<StepOutcome> {
  const change = { state: 'NORMAL', probationUntilSeconds: 0, probationLimitFen: 0 } as const;
  return Promise.resolve({ body: nothing, change });
}

/** What each order does. Nothing but secrets is stored here: the core record changes with the report. */
export const orderSteps: Readonly<Record<OrderAction, StepRunner>> = {
  installKeys,
  setParameters,
  selfTest,
  testPayment,
  enterProbation,
  release,
};
