import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import type { TerminalState } from '../../../domain/unlock/states.ts';
import { equalBytes } from '../../bytes.ts';
import { checkAuthority, isPast, type DeviceClock } from './authority.ts';
import { decodeOrder } from './codec.ts';
import { orderStates } from './constants.ts';
import { verifyStrict } from './ed25519.ts';
import type { CommissionOrder, Keyset } from './messages.ts';
import type { RefusalCode } from './refusals.ts';
import type { SignatureVerifier } from './signer.ts';

/** What a device knows of itself when an order arrives. */
export interface OrderView {
  readonly deviceId: Uint8Array;
  readonly state: TerminalState;
  readonly lockEpoch: number;
  readonly clock: DeviceClock;
  /** The sequence of the delegation by whose use the device is BLANK; absent in every other case. */
  readonly blankByDelegation?: number;
  /** The last order that was accepted: its sequence and the SHA-256 of its bytes. */
  readonly lastOrder?: { readonly sequence: number; readonly hash: Uint8Array };
}

/** An order that the device carries out, or has carried out already. */
export interface AcceptedOrder {
  readonly order: CommissionOrder;
  /** SHA-256 of the order as received; stored with its report. */
  readonly hash: Uint8Array;
  /** True for the last order once more: the device gives the stored report and does nothing. */
  readonly isRepeat: boolean;
}

/** An order made ahead cannot know the epoch: it is bound to a delegation instead (section 8.8). */
function checkOccasion(order: CommissionOrder, device: OrderView): RefusalCode | undefined {
  const { delegationSequence } = order;
  if (delegationSequence === undefined) return order.lockEpoch === device.lockEpoch ? undefined : 'wrong-epoch';
  if (order.lockEpoch !== 0) return 'malformed';
  return device.blankByDelegation === delegationSequence ? undefined : 'wrong-delegation';
}

/**
 * Decides on an ORDER (docs/unlock-protocol.md, section 8.2). The last order, byte for byte, is a repeat whatever the
 * state is now, so that a lost report is never lost work. Pure; never throws.
 */
export function verifyOrder(
  bytes: Uint8Array,
  device: OrderView,
  keyset: Keyset,
  verify: SignatureVerifier = verifyStrict,
): Result<AcceptedOrder, RefusalCode> {
  const decoded = decodeOrder(bytes);
  if (!decoded.ok) return decoded;
  const order = decoded.value.message;
  const hash = sha256(bytes);
  if (device.lastOrder !== undefined && equalBytes(device.lastOrder.hash, hash)) {
    return ok({ order, hash, isRepeat: true });
  }
  if (!equalBytes(order.deviceId, device.deviceId)) return err('wrong-device');
  const misplaced = checkOccasion(order, device);
  if (misplaced !== undefined) return err(misplaced);
  const signers = checkAuthority('order', decoded.value, ['issuer'], keyset, device.clock, verify);
  if (!signers.ok) return signers;
  if (isPast(order.notAfterSeconds, device.clock)) return err('expired');
  if (device.lastOrder !== undefined && order.orderSequence <= device.lastOrder.sequence) return err('stale-sequence');
  if (!orderStates[order.action].includes(device.state)) return err('wrong-state');
  return ok({ order, hash, isRepeat: false });
}
