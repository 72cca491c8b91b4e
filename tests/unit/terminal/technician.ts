import type { Result } from '../../../domain/result.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import type { DeviceErrorCode } from '../../../protocol/cable/v1/errors.ts';
import type { OpName, Params, Reply } from '../../../protocol/cable/v1/services/table.ts';
import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { PowerCut } from '../../../mock-server/terminal/power.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { serviceHandlers } from '../../../mock-server/terminal/services.ts';
import { commissionOrders } from './authority.ts';
import type { TestAuthority } from './authority.ts';

/** Calls one operation of the running firmware, past the cable. Throws PowerCut when the power is or goes off. */
export async function callFirmware<K extends Exclude<OpName, `transfer.${string}`>>(
  device: SecureDevice,
  op: K,
  params: Params<K>,
): Promise<Result<Reply<K>, DeviceErrorCode>> {
  const { firmware } = device;
  if (firmware === undefined) throw new PowerCut('off');
  const handlers = serviceHandlers(firmware, { restart: () => 1, setBaud: () => undefined });
  const handler = handlers[op] as (given: Params<K>) => Promise<Result<Reply<K>, DeviceErrorCode>>;
  return await handler(params);
}

interface GivenGrant {
  readonly sealedRequest: Uint8Array;
  readonly sealed: Uint8Array;
}

/**
 * A technician with a server behind: looks at the device, does the next thing, and after any interruption looks again.
 * Nothing that was sent is made anew while it can still be right: the same grant, the same order.
 */
export class TestTechnician {
  readonly #device: SecureDevice;
  readonly #authority: TestAuthority;
  #grant: GivenGrant | undefined;
  #order: { readonly action: OrderAction; readonly bytes: Uint8Array } | undefined;
  /** Grants made; one for each challenge seen. */
  grantsMade = 0;

  constructor(device: SecureDevice, authority: TestAuthority) {
    this.#device = device;
    this.#authority = authority;
  }

  /** Goes on until the device is NORMAL; after a power cut it switches on and goes on. Throws after 60 rounds. */
  async bringToNormal(afterCut: () => void = () => undefined): Promise<void> {
    for (let round = 0; round < 60; round++) {
      try {
        if (await this.#next()) return;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        while (!this.#device.powerOn());
        afterCut();
      }
    }
    throw new Error('the run does not end');
  }

  async #next(): Promise<boolean> {
    const status = await this.#must('lock.status', {});
    if (status.state === 'NORMAL') return true;
    if (status.state === 'LOCKED') await this.#unlock();
    else await this.#commission(status.state === 'PROBATION' ? 'release' : nextOrder(status.commissioned));
    return false;
  }

  async #unlock(): Promise<void> {
    const { sealed: sealedRequest } = await this.#must('lock.request', { fresh: false });
    if (this.#grant === undefined || !equalBytes(this.#grant.sealedRequest, sealedRequest)) {
      this.#grant = { sealedRequest, sealed: this.#authority.grant(this.#authority.open(sealedRequest)) };
      this.grantsMade += 1;
    }
    const answer = await this.#must('lock.grant', { sealed: this.#grant.sealed });
    if (!answer.accepted) throw new Error(`refused: ${answer.refusal}`);
  }

  async #commission(action: OrderAction): Promise<void> {
    const { receipt } = await this.#must('lock.lastReceipt', {});
    const stated = this.#authority.receipt(receipt, this.#device.factory.identityPublicKey);
    if (this.#order?.action !== action) this.#order = { action, bytes: this.#authority.order(action, stated) };
    const { report } = await this.#must('lock.order', { order: this.#order.bytes });
    const done = this.#authority.report(report, this.#device.factory.identityPublicKey);
    if (done.action !== action || done.result !== 0) throw new Error(`report: ${done.action} ${done.result}`);
  }

  async #must<K extends Exclude<OpName, `transfer.${string}`>>(op: K, params: Params<K>): Promise<Reply<K>> {
    const reply = await callFirmware(this.#device, op, params);
    if (!reply.ok) throw new Error(`${op}: ${reply.error} ${reply.detail ?? ''}`);
    return reply.value;
  }
}

function nextOrder(commissioned: number): OrderAction {
  const index = [1, 2, 4, 8].findIndex((bit) => (commissioned & bit) === 0);
  return commissionOrders[index < 0 ? 4 : index] ?? 'enterProbation';
}
