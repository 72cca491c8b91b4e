import { randomBytes, randomInt } from 'node:crypto';
import type { CommissionStep } from '../../../domain/unlock/states.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import {
  encodePaymentKeys,
  encodeProbationOrder,
  encodeTestPaymentOrder,
  testPaymentMac,
} from '../../../protocol/unlock/v1/bodies.ts';
import { keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import { encodeOrder } from '../../../protocol/unlock/v1/codec.ts';
import { type KeySlot, keySlots, type OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { encodeParameters, parametersDigest } from '../../../protocol/unlock/v1/parameters.ts';
import { sealKeyPackage } from '../../../protocol/unlock/v1/seal.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { Db } from '../../store/database.ts';

/** The run from BLANK to NORMAL, in order: the commissioning steps, then probation and its end. */
export const runSteps = [
  'keys',
  'parameters',
  'self-test',
  'test-payment',
  'probation',
  'release',
] as const satisfies readonly (CommissionStep | 'probation' | 'release')[];
/** One step of the run. */
export type RunStep = (typeof runSteps)[number];

/** Step → the order that carries it out. */
export const stepActions: Readonly<Record<RunStep, OrderAction>> = {
  keys: 'installKeys',
  parameters: 'setParameters',
  'self-test': 'selfTest',
  'test-payment': 'testPayment',
  probation: 'enterProbation',
  release: 'release',
};

const orderLifeMs = 24 * 3_600_000;
const ordinaryLimitFen = 500_000;
const textCharsMax = 40;
const hourMs = 3_600_000;

/** The terminal that an order is for; a case's row is one. */
export interface OrderTarget {
  readonly terminal_id: string;
  readonly device_id: Uint8Array;
  readonly device_epoch: number | null;
  /** X25519 key to which payment keys are sealed. */
  readonly commission_key: Uint8Array | null;
  readonly merchant_name: string;
  readonly label: string;
  readonly probation_hours: number;
  readonly probation_limit_fen: number;
  /** For an order that is made ahead: the delegation under whose use it counts, and until when. */
  readonly ahead?: {
    readonly delegationSequence: number;
    readonly notAfter: Date;
    /** The order that carries the keys which the test payment will be made with. */
    readonly keysSequence: number;
  };
}

/** A body and what a right report must contain, where that is known beforehand. */
interface OrderBody {
  readonly body: Uint8Array;
  readonly expected?: Uint8Array;
  readonly probationUntil?: Date;
}

/** An order as kept and sent. */
export interface MadeOrder {
  readonly bytes: Uint8Array;
  readonly expected: Uint8Array | null;
  readonly notAfter: Date;
  readonly probationUntil?: Date;
}

/** Makes the order for `step` and keeps the secrets that go with it, in the caller's transaction. */
export async function makeOrder(
  db: Db,
  ring: KeyRing,
  row: OrderTarget,
  step: RunStep,
  orderSequence: number,
  nowMs: number,
): Promise<MadeOrder> {
  const { body, expected, probationUntil } = await bodyFor(db, ring, row, step, orderSequence, nowMs);
  const notAfter = row.ahead?.notAfter ?? new Date(nowMs + orderLifeMs);
  const bytes = encodeOrder(
    {
      deviceId: new Uint8Array(row.device_id),
      lockEpoch: row.device_epoch ?? 0,
      orderSequence,
      action: stepActions[step],
      notAfterSeconds: Math.floor(notAfter.getTime() / 1000),
      body,
      ...(row.ahead === undefined ? {} : { delegationSequence: row.ahead.delegationSequence }),
    },
    ring.issuer,
  );
  return { bytes, expected: expected ?? null, notAfter, ...(probationUntil === undefined ? {} : { probationUntil }) };
}

async function bodyFor(
  db: Db,
  ring: KeyRing,
  row: OrderTarget,
  step: RunStep,
  orderSequence: number,
  nowMs: number,
): Promise<OrderBody> {
  switch (step) {
    case 'keys':
      return { body: await keyPackage(db, ring, row, orderSequence) };
    case 'parameters':
      return parameters(db, row);
    case 'test-payment':
      return testPayment(db, ring, row);
    case 'probation':
      return probation(row, nowMs);
    case 'self-test':
    case 'release':
      return { body: new Uint8Array(0) };
  }
}

async function keyPackage(db: Db, ring: KeyRing, row: OrderTarget, orderSequence: number): Promise<Uint8Array> {
  if (row.commission_key === null) throw new Error('keyPackage: there is no key to seal to');
  const keys = (Object.keys(keySlots) as KeySlot[]).map((slot) => ({ slot, key: new Uint8Array(randomBytes(16)) }));
  await db
    .insertInto('terminal_keys')
    .values(
      keys.map(({ slot, key }) => ({
        terminal_id: row.terminal_id,
        order_sequence: orderSequence,
        slot,
        sealed_key: ring.vault.seal(key, `payment-key:${row.terminal_id}:${slot}`),
        kcv: keyCheckValue(key),
        loaded_at: null,
      })),
    )
    .execute();
  const binding = { deviceId: new Uint8Array(row.device_id), lockEpoch: row.device_epoch ?? 0, orderSequence };
  return sealKeyPackage(encodePaymentKeys(keys), new Uint8Array(row.commission_key), binding, randomBytes(32));
}

async function parameters(db: Db, row: OrderTarget): Promise<OrderBody> {
  const { merchant_id: merchantId } = await db
    .selectFrom('terminals')
    .select('merchant_id')
    .where('id', '=', row.terminal_id)
    .executeTakeFirstOrThrow();
  const short = (text: string): string => [...text].slice(0, textCharsMax).join('');
  const body = encodeParameters({
    merchantId,
    merchantName: short(row.merchant_name),
    terminalLabel: short(row.label),
    currency: 'CNY',
    locale: 'zh-CN',
    transactionLimitFen: ordinaryLimitFen,
    receiptHeader: short(row.merchant_name),
    receiptFooter: '谢谢惠顾',
  });
  return { body, expected: parametersDigest(body) };
}

async function testPayment(db: Db, ring: KeyRing, row: OrderTarget): Promise<OrderBody> {
  const keys = db
    .selectFrom('terminal_keys')
    .select('sealed_key')
    .where('terminal_id', '=', row.terminal_id)
    .where('slot', '=', 'mac')
    .orderBy('order_sequence', 'desc')
    .limit(1);
  const kept = await (
    row.ahead === undefined
      ? keys.where('loaded_at', 'is not', null)
      : keys.where('order_sequence', '=', row.ahead.keysSequence)
  ).executeTakeFirstOrThrow();
  const macKey = new Uint8Array(ring.vault.open(kept.sealed_key, `payment-key:${row.terminal_id}:mac`));
  const deviceId = new Uint8Array(row.device_id);
  const payment = { amountFen: 1, trace: randomInt(1, 1_000_000), challenge: new Uint8Array(randomBytes(16)) };
  const serverMac = testPaymentMac(macKey, 'server', deviceId, payment);
  const expected = concatBytes(
    testPaymentMac(macKey, 'sale', deviceId, payment),
    testPaymentMac(macKey, 'void', deviceId, payment),
  );
  return { body: encodeTestPaymentOrder({ ...payment, serverMac }), expected };
}

function probation(row: OrderTarget, nowMs: number): OrderBody {
  const fromMs = row.ahead?.notAfter.getTime() ?? nowMs;
  const until = new Date(fromMs + row.probation_hours * hourMs);
  const untilSeconds = row.probation_hours === 0 ? 0 : Math.floor(until.getTime() / 1000);
  return {
    body: encodeProbationOrder({ untilSeconds, transactionLimitFen: row.probation_limit_fen }),
    probationUntil: until,
  };
}
