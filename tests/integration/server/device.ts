import { createHash, randomBytes } from 'node:crypto';
import { lockReasonBits, type LockReason, maskOf, type TerminalState } from '../../../domain/unlock/states.ts';
import {
  decodePaymentKeys,
  decodeTestPaymentOrder,
  encodeKeyChecks,
  encodeSelfTest,
  encodeTestPaymentReport,
  testPaymentMac,
} from '../../../protocol/unlock/v1/bodies.ts';
import { keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import {
  decodeKeyset,
  decodeOrder,
  encodeReceipt,
  encodeReport,
  encodeRequest,
} from '../../../protocol/unlock/v1/codec.ts';
import { flagBits } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type { CommissionOrder, Keyset, UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import { parametersDigest } from '../../../protocol/unlock/v1/parameters.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { openGrant, openKeyPackage, sealRequest } from '../../../protocol/unlock/v1/seal.ts';
import { verifyGrant } from '../../../protocol/unlock/v1/verify-grant.ts';

const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
/** Bytes as the interface wants them. */
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
/** Bytes as the interface gives them. */
export const bytes = (encoded: string): Uint8Array => new Uint8Array(Buffer.from(encoded, 'base64url'));

/** A sealed request and what is known of it outside the seal. */
export interface Asked {
  readonly sealedRequest: string;
  readonly requestBytes: number;
  readonly screenNumber: string;
}

/** The smallest device that can play its part against a server: no journal, no power cuts, no limits. */
export class TestDevice {
  readonly deviceId = random(8);
  readonly identityPublicKey: Uint8Array;
  state: TerminalState = 'NORMAL';
  lockEpoch = 0;
  reasons = 0;
  bootCount = 1;
  logHead = random(16);
  nonce = random(16);
  identityAlive = true;
  readonly #identitySecret = random(32);
  readonly #keyset: Keyset;
  #commissionSecret = random(32);
  #responseSecret = new Uint8Array(0);
  #grantSequence = 0;
  #macKey = new Uint8Array(16);

  constructor(keyset: Uint8Array) {
    this.identityPublicKey = signingPublicKey(this.#identitySecret);
    const decoded = decodeKeyset(keyset);
    if (!decoded.ok) throw new Error(`keyset: ${decoded.error}`);
    this.#keyset = decoded.value.message;
  }

  trip(...reasons: LockReason[]): this {
    if (this.state !== 'LOCKED') this.lockEpoch += 1;
    this.state = 'LOCKED';
    this.reasons |= maskOf(reasons);
    if ((this.reasons & (lockReasonBits.mesh | lockReasonBits.voltage)) !== 0) this.identityAlive = false;
    this.renew();
    return this;
  }

  /** A new challenge and a new line in the log. */
  renew(): void {
    this.nonce = random(16);
    this.logHead = random(16);
  }

  /** The plain request; `change` overrides fields, for forged ones. */
  request(change: Partial<UnlockRequest> = {}): UnlockRequest {
    return {
      deviceId: this.deviceId,
      model: 60,
      firmware: 0x04020100,
      lockEpoch: this.lockEpoch,
      nonce: this.nonce,
      reasons: this.reasons,
      logHead: this.logHead,
      bootCount: this.bootCount,
      deviceTimeSeconds: 1_800_000_000,
      flags: (this.identityAlive ? flagBits.identityAlive : 0) | flagBits.clockTrusted | flagBits.batteryOk,
      keysetSequence: this.#keyset.sequence,
      ...change,
    };
  }

  ask(change: Partial<UnlockRequest> = {}, signingSecret = this.#identitySecret): Asked {
    const signer = this.identityAlive ? softwareSigner(signingSecret) : undefined;
    const plain = encodeRequest(this.request(change), signer);
    const { sealed, responseSecret } = sealRequest(plain, this.#keyset.transportKey, random(32));
    this.#responseSecret = new Uint8Array(responseSecret);
    return { sealedRequest: text(sealed), requestBytes: plain.length, screenNumber: screenNumber(plain) };
  }

  /** Uses a sealed grant and gives the receipt; throws with the refusal's code. */
  useGrant(sealed: string, nowSeconds: number): string {
    const opened = openGrant(bytes(sealed), this.#responseSecret);
    if (!opened.ok) throw new Error(opened.error);
    const verdict = verifyGrant(
      opened.value,
      {
        ...{ deviceId: this.deviceId, state: this.state, lockEpoch: this.lockEpoch, nonce: this.nonce },
        ...{ reasons: this.reasons, lastGrantSequence: this.#grantSequence, allowedActions: 7 },
        clock: { trusted: true, nowSeconds, floorSeconds: 0 },
      },
      this.#keyset,
    );
    if (!verdict.ok) throw new Error(verdict.error);
    const isSoft = (verdict.value.grantedActions & 4) === 0;
    this.#grantSequence = verdict.value.grant.grantSequence;
    this.lockEpoch += 1;
    this.reasons = 0;
    this.state = isSoft ? 'NORMAL' : 'BLANK';
    this.renew();
    return this.#receipt(verdict.value.hash, verdict.value.grantedActions, 'unlocked');
  }

  /** Burns the challenge on the server's word and gives the receipt. */
  obeyAbort(abort: string): string {
    this.renew();
    const hash = new Uint8Array(createHash('sha256').update(bytes(abort)).digest());
    return this.#receipt(hash, 0, 'aborted');
  }

  #receipt(grantHash: Uint8Array, grantedActions: number, result: 'unlocked' | 'aborted'): string {
    const commissionKey = this.state === 'BLANK' ? softwareAgreementKey(this.#commissionSecret).publicKey : undefined;
    const receipt = encodeReceipt(
      {
        ...{ deviceId: this.deviceId, grantHash, result, grantedActions, lockEpoch: this.lockEpoch },
        nonceHash: new Uint8Array(createHash('sha256').update(this.nonce).digest().subarray(0, 16)),
        ...{ logHead: this.logHead, deviceTimeSeconds: 1_800_000_000, flags: 7, state: this.state },
        ...(commissionKey === undefined ? {} : { commissionKey }),
      },
      softwareSigner(this.#identitySecret),
    );
    return text(receipt);
  }

  /** Carries an order out and gives the report. `spoil` replaces the body, for a device that lies or fails. */
  obey(order: string, spoil?: (body: Uint8Array) => Uint8Array): string {
    const decoded = decodeOrder(bytes(order));
    if (!decoded.ok) throw new Error(decoded.error);
    const { message } = decoded.value;
    const body = this.#carryOut(message);
    this.logHead = random(16);
    return text(
      encodeReport(
        {
          ...{ deviceId: this.deviceId, lockEpoch: message.lockEpoch, orderSequence: message.orderSequence },
          ...{ action: message.action, result: 0, body: spoil === undefined ? body : spoil(body), state: this.state },
          ...{ logHead: this.logHead, deviceTimeSeconds: 1_800_000_000 },
        },
        softwareSigner(this.#identitySecret),
      ),
    );
  }

  #carryOut(order: CommissionOrder): Uint8Array {
    switch (order.action) {
      case 'installKeys':
        return this.#installKeys(order);
      case 'setParameters':
        return parametersDigest(order.body);
      case 'selfTest':
        return encodeSelfTest([{ name: 'printer', passed: true, detail: 'ok' }]);
      case 'testPayment':
        return this.#pay(order.body);
      case 'enterProbation':
        this.state = 'PROBATION';
        return new Uint8Array(0);
      case 'release':
        this.state = 'NORMAL';
        return new Uint8Array(0);
    }
  }

  #installKeys(order: CommissionOrder): Uint8Array {
    const opened = openKeyPackage(order.body, softwareAgreementKey(this.#commissionSecret), order);
    const keys = opened.ok ? decodePaymentKeys(opened.value) : opened;
    if (!keys.ok) throw new Error(keys.error);
    this.#macKey = new Uint8Array(keys.value.find(({ slot }) => slot === 'mac')?.key ?? []);
    return encodeKeyChecks(keys.value.map(({ slot, key }) => ({ slot, kcv: keyCheckValue(key) })));
  }

  #pay(body: Uint8Array): Uint8Array {
    const payment = decodeTestPaymentOrder(body);
    if (!payment.ok) throw new Error(payment.error);
    const mac = (part: 'sale' | 'void'): Uint8Array => testPaymentMac(this.#macKey, part, this.deviceId, payment.value);
    return encodeTestPaymentReport({ saleMac: mac('sale'), voidMac: mac('void') });
  }
}
