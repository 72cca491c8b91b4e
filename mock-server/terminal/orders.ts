import { sha256 } from '@noble/hashes/sha2.js';
import { commissionStepBits, commissionSteps } from '../../domain/unlock/states.ts';
import type { CommissionStep } from '../../domain/unlock/states.ts';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { encodeReport } from '../../protocol/unlock/v1/codec.ts';
import type { OrderAction } from '../../protocol/unlock/v1/constants.ts';
import type { CommissionOrder } from '../../protocol/unlock/v1/messages.ts';
import { refusals } from '../../protocol/unlock/v1/refusals.ts';
import type { RefusalCode } from '../../protocol/unlock/v1/refusals.ts';
import { verifyOrder } from '../../protocol/unlock/v1/verify-order.ts';
import type { AcceptedOrder } from '../../protocol/unlock/v1/verify-order.ts';
import { chargeAttempt } from './attempts.ts';
import type { CoreRecord } from './core-record.ts';
import type { Firmware } from './firmware.ts';
import { clockView, retryAfterSeconds } from './credentials.ts';
import { shortHash } from './journal.ts';
import { keysetOf, verifierOf } from './keyset.ts';
import { StepInterrupted, orderSteps } from './order-steps.ts';
import type { StepOutcome } from './order-steps.ts';
import { secretNames } from './vault.ts';

/** How an order is refused before it has a report of its own. The detail is the UNLK/1 refusal code. */
export type OrderErrorCode = 'refused' | 'not-in-state' | 'busy';

/** The commissioning step that an order carries out; the last two carry out none. */
const stepOf: Readonly<Record<OrderAction, CommissionStep | undefined>> = {
  installKeys: 'keys',
  setParameters: 'parameters',
  selfTest: 'self-test',
  testPayment: 'test-payment',
  enterProbation: undefined,
  release: undefined,
};

/** The steps that must be done before `action`, as a mask. */
function stepsBefore(action: OrderAction): number {
  const step = stepOf[action];
  if (action === 'release') return 0;
  const before: readonly CommissionStep[] =
    step === undefined ? commissionSteps : commissionSteps.slice(0, commissionSteps.indexOf(step));
  return before.reduce<number>((mask, name) => mask | commissionStepBits[name], 0);
}

function refuse(firmware: Firmware, refusal: RefusalCode, bytes: Uint8Array): Result<never, OrderErrorCode> {
  const { core, clock } = firmware;
  if (refusals[refusal].counts) {
    firmware.commit(
      { attempts: chargeAttempt(core.attempts, clock.nowSeconds()) },
      { type: 'refused', result: refusal, detail: refusals[refusal].number, credentialHash: shortHash(bytes) },
    );
  }
  return err(refusal === 'wrong-state' ? 'not-in-state' : 'refused', refusal);
}

function judge(firmware: Firmware, bytes: Uint8Array): Result<AcceptedOrder, RefusalCode> {
  const { core, factory } = firmware;
  const { state, lockEpoch, lastOrder, blankBy } = core;
  const view = {
    deviceId: factory.deviceId,
    state,
    lockEpoch,
    clock: clockView(firmware),
    ...(lastOrder === null ? {} : { lastOrder }),
    ...(state === 'BLANK' && blankBy !== 0 ? { blankByDelegation: blankBy } : {}),
  };
  return verifyOrder(bytes, view, keysetOf(core), verifierOf(core));
}

/** What the core record becomes: a step done again takes back the later ones, a failed step takes back itself too. */
function changeAfter(core: CoreRecord, action: OrderAction, outcome: StepOutcome): Partial<CoreRecord> {
  const step = stepOf[action];
  if (step === undefined || outcome.refusal === 'step-missing') return outcome.change ?? {};
  const kept = core.commissioned & stepsBefore(action);
  const commissioned = outcome.refusal === undefined ? kept | commissionStepBits[step] : kept;
  return { ...outcome.change, commissioned };
}

function finish(firmware: Firmware, accepted: AcceptedOrder, outcome: StepOutcome): Uint8Array {
  const { order, hash } = accepted;
  const result = outcome.refusal === undefined ? 0 : refusals[outcome.refusal].number;
  const next = firmware.prepare(
    { ...changeAfter(firmware.core, order.action, outcome), attempts: { ...firmware.core.attempts, failed: 0 } },
    { type: 'order', result: outcome.refusal ?? order.action, detail: result, credentialHash: hash.slice(0, 16) },
  );
  const report = encodeReport(
    {
      deviceId: firmware.factory.deviceId,
      lockEpoch: next.lockEpoch,
      orderSequence: order.orderSequence,
      action: order.action,
      result,
      body: outcome.body,
      state: next.state,
      logHead: next.journal.head,
      deviceTimeSeconds: next.clockSeconds,
    },
    firmware.signer,
  );
  firmware.save({ ...next, lastOrder: { sequence: order.orderSequence, hash, report } });
  if (next.state !== 'BLANK') firmware.vault.erase([secretNames.commission]);
  return report;
}

async function runStep(firmware: Firmware, order: CommissionOrder): Promise<StepOutcome> {
  const missing = stepsBefore(order.action) & ~firmware.core.commissioned;
  if (missing !== 0) return { refusal: 'step-missing', body: new Uint8Array(0) };
  return await orderSteps[order.action](firmware, order);
}

/**
 * Carries out one ORDER and gives its REPORT. What the step brings, the report and the sequence become durable in one
 * write; before it, the order is as if it had never come, so a power cut anywhere lets the same bytes be sent again.
 * The last order once more gets the stored report, at any time and in any state.
 */
export async function runOrder(firmware: Firmware, bytes: Uint8Array): Promise<Result<Uint8Array, OrderErrorCode>> {
  const { lastOrder } = firmware.core;
  if (lastOrder !== null && equalBytes(lastOrder.hash, sha256(bytes))) return ok(lastOrder.report);
  if (firmware.isOrderRunning) return err('busy');
  if (retryAfterSeconds(firmware) > 0) return err('refused', 'too-many-attempts');
  const accepted = judge(firmware, bytes);
  if (!accepted.ok) return refuse(firmware, accepted.error, bytes);
  const { order } = accepted.value;
  firmware.isOrderRunning = true;
  try {
    const outcome = await runStep(firmware, order);
    return ok(finish(firmware, accepted.value, outcome));
  } catch (error) {
    if (error instanceof StepInterrupted) return err('not-in-state', 'wrong-epoch');
    throw error;
  } finally {
    firmware.isOrderRunning = false;
    firmware.display.percent = -1;
  }
}

/** Brings key records and core record together after a power cut in the middle of INSTALL_KEYS or at the end. */
export function tidyCommissioning(firmware: Firmware): void {
  const { core, vault } = firmware;
  if (core.state === 'PROBATION' || core.state === 'NORMAL') vault.erase([secretNames.commission]);
  if (core.state !== 'BLANK') return;
  const hasKeysStep = (core.commissioned & commissionStepBits.keys) !== 0;
  if (hasKeysStep && !vault.hasPaymentKeys) firmware.commit({ commissioned: 0 });
  if (!hasKeysStep || !vault.hasPaymentKeys) vault.erase([secretNames.pin, secretNames.mac, secretNames.data]);
}
