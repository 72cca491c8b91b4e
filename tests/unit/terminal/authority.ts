import {
  encodeAbort,
  encodeGrant,
  encodeKeyset,
  encodeOrder,
  decodeRequest,
  decodeReceipt,
  decodeReport,
} from '../../../protocol/unlock/v1/codec.ts';
import {
  encodePaymentKeys,
  encodeProbationOrder,
  encodeTestPaymentOrder,
  testPaymentMac,
} from '../../../protocol/unlock/v1/bodies.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { isSignedByDevice, signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type {
  UnlockGrant,
  UnlockReceipt,
  UnlockRequest,
  CommissionReport,
} from '../../../protocol/unlock/v1/messages.ts';
import { encodeParameters } from '../../../protocol/unlock/v1/parameters.ts';
import { openRequest, sealGrant, sealKeyPackage } from '../../../protocol/unlock/v1/seal.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';

/** Deterministic bytes for tests. */
export function seededRandom(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0 || 1;
  return (length) => {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      out[i] = state >>> 9;
    }
    return out;
  };
}

const secretOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

/** A request as the server sees it after opening. */
export interface OpenedRequest {
  readonly request: UnlockRequest;
  readonly bytes: Uint8Array;
  readonly isSigned: boolean;
  readonly responseSecret: Uint8Array;
}

/** The server's side of UNLK/1 for tests: keys of every class, and the messages made with them. */
export class TestAuthority {
  readonly root = softwareSigner(secretOf(1));
  readonly issuer = softwareSigner(secretOf(2));
  readonly approver = softwareSigner(secretOf(3));
  readonly secondIssuer = softwareSigner(secretOf(4));
  readonly stranger = softwareSigner(secretOf(9));
  readonly rootPublicKey = signingPublicKey(secretOf(1));
  readonly transport = softwareAgreementKey(secretOf(5));
  readonly random: (length: number) => Uint8Array;
  nowSeconds: () => number;
  grantSequence = 0;
  orderSequence = 0;
  readonly paymentKeys = [
    { slot: 'pin', key: new Uint8Array(16).fill(0xa1) },
    { slot: 'mac', key: new Uint8Array(16).fill(0xb2) },
    { slot: 'data', key: new Uint8Array(16).fill(0xc3) },
  ] as const;

  constructor(nowSeconds: () => number, random = seededRandom(77)) {
    this.nowSeconds = nowSeconds;
    this.random = random;
  }

  keyset(sequence = 1, rootSigner: Signer = this.root): Uint8Array {
    const keys = [
      { keyClass: 'issuer', publicKey: signingPublicKey(secretOf(2)), notAfterSeconds: 0 },
      { keyClass: 'approver', publicKey: signingPublicKey(secretOf(3)), notAfterSeconds: 0 },
      { keyClass: 'issuer', publicKey: signingPublicKey(secretOf(4)), notAfterSeconds: 0 },
    ] as const;
    return encodeKeyset({ sequence, keys, transportKey: this.transport.publicKey }, rootSigner);
  }

  open(sealed: Uint8Array): OpenedRequest {
    const opened = openRequest(sealed, this.transport);
    if (!opened.ok) throw new Error(opened.error);
    const decoded = decodeRequest(opened.value.request);
    if (!decoded.ok) throw new Error(decoded.error);
    return {
      request: decoded.value.message,
      bytes: opened.value.request,
      isSigned: decoded.value.signatures.length === 1,
      responseSecret: opened.value.responseSecret,
    };
  }

  /** A sealed grant that answers `opened`; `change` and `signers` make wrong ones. */
  grant(opened: OpenedRequest, change: Partial<UnlockGrant> = {}, signers?: readonly [Signer, Signer]): Uint8Array {
    return sealGrant(this.plainGrant(opened, change, signers), opened.responseSecret, this.random(32));
  }

  plainGrant(
    opened: OpenedRequest,
    change: Partial<UnlockGrant> = {},
    signers?: readonly [Signer, Signer],
  ): Uint8Array {
    const { request } = opened;
    this.grantSequence += 1;
    const grant: UnlockGrant = {
      deviceId: request.deviceId,
      lockEpoch: request.lockEpoch,
      nonce: request.nonce,
      actions: actionBits.clearTamper,
      reasonsOk: request.reasons,
      notBeforeSeconds: this.nowSeconds(),
      notAfterSeconds: this.nowSeconds() + 900,
      ticket: new Uint8Array(8).fill(7),
      grantSequence: this.grantSequence,
      keysetFloor: 1,
      revocationFloor: 0,
      ...change,
    };
    const [issuer, approver] = signers ?? [this.issuer, this.approver];
    return encodeGrant(grant, issuer, approver);
  }

  abort(opened: OpenedRequest, signer: Signer = this.issuer): Uint8Array {
    const { deviceId, lockEpoch, nonce } = opened.request;
    return encodeAbort({ deviceId, lockEpoch, nonce, ticket: new Uint8Array(8).fill(7) }, signer);
  }

  receipt(bytes: Uint8Array, identityKey: Uint8Array): UnlockReceipt {
    const decoded = decodeReceipt(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    if (!isSignedByDevice('receipt', decoded.value, identityKey)) throw new Error('receipt: signature');
    return decoded.value.message;
  }

  report(bytes: Uint8Array, identityKey: Uint8Array): CommissionReport {
    const decoded = decodeReport(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    if (!isSignedByDevice('report', decoded.value, identityKey)) throw new Error('report: signature');
    return decoded.value.message;
  }

  /** The order for `action`, sealed to the commission key where that is needed. */
  order(action: OrderAction, receipt: UnlockReceipt, signer: Signer = this.issuer): Uint8Array {
    this.orderSequence += 1;
    const { deviceId, lockEpoch } = receipt;
    const binding = { deviceId, lockEpoch, orderSequence: this.orderSequence };
    const body = this.#body(action, receipt, binding);
    return encodeOrder({ ...binding, action, notAfterSeconds: this.nowSeconds() + 900, body }, signer);
  }

  #body(
    action: OrderAction,
    receipt: UnlockReceipt,
    binding: { deviceId: Uint8Array; lockEpoch: number; orderSequence: number },
  ): Uint8Array {
    if (action === 'installKeys') {
      const { commissionKey } = receipt;
      if (commissionKey === undefined) throw new Error('receipt: no commission key');
      return sealKeyPackage(encodePaymentKeys(this.paymentKeys), commissionKey, binding, this.random(32));
    }
    if (action === 'setParameters') return encodeParameters(testParameters);
    if (action === 'testPayment') {
      const payment = { amountFen: 1, trace: 42, challenge: new Uint8Array(16).fill(6) };
      const serverMac = testPaymentMac(this.paymentKeys[1].key, 'server', receipt.deviceId, payment);
      return encodeTestPaymentOrder({ ...payment, serverMac });
    }
    if (action === 'enterProbation') return encodeProbationOrder({ untilSeconds: 0, transactionLimitFen: 50_000 });
    return new Uint8Array(0);
  }
}

/** Parameters of the test merchant. */
export const testParameters = {
  merchantId: '104110059980001',
  merchantName: '桂园社区物业',
  terminalLabel: 'G3-02',
  currency: 'CNY',
  locale: 'zh-CN',
  transactionLimitFen: 500_000,
  receiptHeader: 'Header',
  receiptFooter: 'Footer',
} as const;

/** The orders of a commissioning in their right order. */
export const commissionOrders = [
  'installKeys',
  'setParameters',
  'selfTest',
  'testPayment',
  'enterProbation',
  'release',
] as const;
