import { sha256 } from '@noble/hashes/sha2.js';
import { decodeReceipt, decodeRequest, encodeDelegation, encodeOrder } from '../../../protocol/unlock/v1/codec.ts';
import { allReasonsMask } from '../../../domain/unlock/states.ts';
import {
  encodePaymentKeys,
  encodeProbationOrder,
  encodeTestPaymentOrder,
  testPaymentMac,
} from '../../../protocol/unlock/v1/bodies.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation, SiteResponse, UnlockReceipt, UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import { encodeParameters } from '../../../protocol/unlock/v1/parameters.ts';
import { sealKeyPackage } from '../../../protocol/unlock/v1/seal.ts';
import {
  assembleResponse,
  encodeResponsePayload,
  encodeSiteBundle,
  responseSignedBytes,
  secondKeyHash,
} from '../../../protocol/unlock/v1/site.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { testParameters } from './authority.ts';
import type { TestAuthority } from './authority.ts';
import { callFirmware } from './technician.ts';

function person(fill: number): { readonly sign: (bytes: Uint8Array) => Uint8Array; readonly publicKey: Uint8Array } {
  const secret = new Uint8Array(32).fill(fill);
  const signer = softwareSigner(secret);
  return { sign: (bytes) => signer.sign(bytes), publicKey: signingPublicKey(secret) };
}

/** A person with a field key. */
export type SitePerson = ReturnType<typeof person>;

/** The people on site, and one who is not. */
export const technician = person(0x71);
export const merchant = person(0x72);
export const colleague = person(0x73);
export const passerBy = person(0x74);

/** What makes a bundle wrong. */
export interface BundleChange {
  readonly response?: Partial<SiteResponse>;
  readonly technician?: SitePerson;
  readonly second?: SitePerson;
}

/** The server's side of work on site for tests, and the two persons: delegations, bundles, orders made ahead. */
export class TestSite {
  readonly #authority: TestAuthority;
  /** The sequence of the last delegation. */
  sequence = 100;
  useIndex = 0;

  constructor(authority: TestAuthority) {
    this.#authority = authority;
  }

  /** A signed delegation that lists the benches' devices numbered 1 to 3; the count of uses begins anew. */
  delegation(change: Partial<Delegation> = {}): Uint8Array {
    this.sequence += 1;
    this.useIndex = 0;
    const message: Delegation = {
      sequence: this.sequence,
      technicianKey: technician.publicKey,
      devices: [1, 2, 3].map((number) => new Uint8Array(8).fill(number)),
      seconds: [{ keyHash: secondKeyHash(merchant.publicKey), deviceMask: 0b111 }],
      actions: actionBits.clearSoft | actionBits.clearTamper,
      reasonsOk: allReasonsMask,
      notBeforeSeconds: this.#authority.nowSeconds(),
      notAfterSeconds: this.#authority.nowSeconds() + 14_400,
      usesMax: 16,
      usesPerDeviceMax: 3,
      revocationEpoch: 0,
      keysetFloor: 1,
      ...change,
    };
    return encodeDelegation(message, this.#authority.issuer, this.#authority.approver);
  }

  /** Both persons sign for the request; the technician's count rises. */
  bundle(delegation: Uint8Array, request: UnlockRequest, change: BundleChange = {}): Uint8Array {
    this.useIndex += 1;
    const { technician: first = technician, second = merchant } = change;
    const payload = encodeResponsePayload({
      deviceId: request.deviceId,
      lockEpoch: request.lockEpoch,
      nonce: request.nonce,
      delegationHash: sha256(delegation),
      actions: actionBits.clearSoft | actionBits.clearTamper,
      useIndex: this.useIndex,
      madeAtSeconds: this.#authority.nowSeconds(),
      ...change.response,
    });
    const bytes = responseSignedBytes(payload);
    const response = assembleResponse({
      payload,
      technicianSignature: first.sign(bytes),
      secondKey: second.publicKey,
      secondSignature: second.sign(bytes),
    });
    return encodeSiteBundle({ delegation, response });
  }

  /** One order made ahead for `device`, under the delegation of `sequence`. */
  kitOrder(action: OrderAction, device: SecureDevice, sequence = this.sequence): Uint8Array {
    this.#authority.orderSequence += 1;
    const { deviceId } = device.factory;
    const binding = { deviceId, lockEpoch: 0, orderSequence: this.#authority.orderSequence };
    const order = {
      ...{ ...binding, action, body: this.#body(action, device, binding), delegationSequence: sequence },
      notAfterSeconds: this.#authority.nowSeconds() + 14_400,
    };
    return encodeOrder(order, this.#authority.issuer);
  }

  #body(
    action: OrderAction,
    device: SecureDevice,
    binding: { readonly deviceId: Uint8Array; readonly lockEpoch: number; readonly orderSequence: number },
  ): Uint8Array {
    const { paymentKeys, random } = this.#authority;
    if (action === 'installKeys') {
      return sealKeyPackage(encodePaymentKeys(paymentKeys), device.factory.packagePublicKey, binding, random(32));
    }
    if (action === 'setParameters') return encodeParameters(testParameters);
    if (action === 'testPayment') {
      const payment = { amountFen: 1, trace: 42, challenge: new Uint8Array(16).fill(6) };
      const serverMac = testPaymentMac(paymentKeys[1].key, 'server', binding.deviceId, payment);
      return encodeTestPaymentOrder({ ...payment, serverMac });
    }
    if (action === 'enterProbation') return encodeProbationOrder({ untilSeconds: 0, transactionLimitFen: 20_000 });
    return new Uint8Array(0);
  }
}

/** The plain request of a locked device. Throws when it gives none. */
export async function siteRequest(device: SecureDevice): Promise<UnlockRequest> {
  const asked = await callFirmware(device, 'lock.siteRequest', {});
  if (!asked.ok) throw new Error(asked.error);
  const decoded = decodeRequest(asked.value.request);
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value.message;
}

/** What the device says to a bundle: "accepted", or the refusal. */
export async function offer(device: SecureDevice, bundle: Uint8Array): Promise<string> {
  const answer = await callFirmware(device, 'lock.siteUnlock', { bundle });
  if (!answer.ok) throw new Error(answer.error);
  return answer.value.accepted ? 'accepted' : answer.value.refusal;
}

/** The last receipt of a device, as it stands in the bytes. */
export async function lastReceipt(device: SecureDevice): Promise<UnlockReceipt> {
  const answer = await callFirmware(device, 'lock.lastReceipt', {});
  if (!answer.ok) throw new Error(answer.error);
  const decoded = decodeReceipt(answer.value.receipt);
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value.message;
}
