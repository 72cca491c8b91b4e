import { sql } from 'kysely';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { Db } from '../../store/database.ts';
import { makeOrder, type OrderTarget, type RunStep } from '../commission/orders.ts';

/** What is made ahead for one use, in order; a step that may fail on site has spares. */
const kitSteps = [
  'keys',
  'parameters',
  'self-test',
  'self-test',
  'self-test',
  'test-payment',
  'test-payment',
  'test-payment',
  'probation',
] as const satisfies readonly RunStep[];

/** A use in the last minute of a delegation still has this long to be set up. */
const graceMs = 24 * 3_600_000;

/** The terminal and the delegation that a kit is made for. */
export interface KitInput {
  readonly terminal: Pick<OrderTarget, 'terminal_id' | 'device_id' | 'merchant_name' | 'label'>;
  /** The device's package key. */
  readonly packageKey: Uint8Array;
  readonly delegationSequence: number;
  readonly delegationNotAfter: Date;
  /** Uses that the delegation allows on this terminal; each gets orders of its own, as a device takes none twice. */
  readonly uses: number;
  readonly probationHours: number;
  readonly probationLimitFen: number;
}

/** Makes a kit in the caller's transaction, which holds the terminal's row: orders with the next sequences, nothing sent. */
export async function makeKit(db: Db, ring: KeyRing, input: KitInput, nowMs: number): Promise<void> {
  const count = kitSteps.length * input.uses;
  const { order_sequence: last } = await db
    .updateTable('terminals')
    .set({ order_sequence: sql<number>`order_sequence + ${count}` })
    .where('id', '=', input.terminal.terminal_id)
    .returning('order_sequence')
    .executeTakeFirstOrThrow();
  for (let use = 0; use < input.uses; use += 1) {
    await makeUse(db, ring, input, last - count + 1 + use * kitSteps.length, nowMs);
  }
}

/** The orders of one use, from the sequence `first`. */
async function makeUse(db: Db, ring: KeyRing, input: KitInput, first: number, nowMs: number): Promise<void> {
  const target: OrderTarget = {
    ...input.terminal,
    device_epoch: 0,
    commission_key: input.packageKey,
    probation_hours: input.probationHours,
    probation_limit_fen: input.probationLimitFen,
    ahead: {
      delegationSequence: input.delegationSequence,
      notAfter: new Date(input.delegationNotAfter.getTime() + graceMs),
      keysSequence: first,
    },
  };
  for (const [i, step] of kitSteps.entries()) {
    const made = await makeOrder(db, ring, target, step, first + i, nowMs);
    await db
      .insertInto('orders')
      .values({
        terminal_id: target.terminal_id,
        order_sequence: first + i,
        case_id: null,
        delegation_sequence: input.delegationSequence,
        step,
        bytes: made.bytes,
        expected: made.expected,
        state: 'kit',
        not_after: made.notAfter,
        sent_at: new Date(nowMs),
        reported_at: null,
      })
      .execute();
  }
}

/** Orders of these delegations that nobody has answered will not be used any more. */
export async function voidKits(db: Db, delegationSequences: readonly number[]): Promise<void> {
  if (delegationSequences.length === 0) return;
  await db
    .updateTable('orders')
    .set({ state: 'void' })
    .where('delegation_sequence', 'in', [...delegationSequences])
    .where('state', '=', 'kit')
    .where('case_id', 'is', null)
    .execute();
}

/** Gives a use's case the orders that were made ahead for it and are not answered yet. */
export async function linkKit(
  db: Db,
  link: { readonly terminalId: string; readonly delegationSequence: number; readonly caseId: string },
): Promise<void> {
  await db
    .updateTable('orders')
    .set({ case_id: link.caseId })
    .where('terminal_id', '=', link.terminalId)
    .where('delegation_sequence', '=', link.delegationSequence)
    .where('report', 'is', null)
    .execute();
}
