import type { TerminalState } from '../../../domain/unlock/states.ts';
import type { KeyClass, KeySlot, OrderAction, ReceiptResult } from './constants.ts';

/** 1 REQUEST, device → server: who asks, for which lock, and why (docs/unlock-protocol.md, section 4.2). */
export interface UnlockRequest {
  /** 8 bytes, fixed for life. */
  readonly deviceId: Uint8Array;
  /** Model code, 16 bit. */
  readonly model: number;
  /** Firmware, packed as major.minor.patch.build, 32 bit. */
  readonly firmware: number;
  /** Counts the locks of this device, 32 bit. */
  readonly lockEpoch: number;
  /** 16 random bytes made by the device for this challenge. */
  readonly nonce: Uint8Array;
  /** Mask of lockReasonBits. */
  readonly reasons: number;
  /** First 16 bytes of the hash of the newest journal record. */
  readonly logHead: Uint8Array;
  /** Starts of the device, 32 bit. */
  readonly bootCount: number;
  /** Device clock in Unix seconds; worth nothing unless flagBits.clockTrusted. */
  readonly deviceTimeSeconds: number;
  /** Mask of flagBits. */
  readonly flags: number;
  /** Sequence of the keyset that the device holds. */
  readonly keysetSequence: number;
}

/** 2 GRANT, issuer + approver → device: the single-use permission (section 4.3). */
export interface UnlockGrant {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  /** The nonce of the REQUEST that is answered. */
  readonly nonce: Uint8Array;
  /** Mask of actionBits. */
  readonly actions: number;
  /** Mask of the lock reasons that the signers knew and accept. */
  readonly reasonsOk: number;
  /** Unix seconds. */
  readonly notBeforeSeconds: number;
  /** Unix seconds, at most grantSpanSecondsMax after notBefore. */
  readonly notAfterSeconds: number;
  /** 8 bytes: the ticket under which the work is done. */
  readonly ticket: Uint8Array;
  /** Rises with every grant for this device. */
  readonly grantSequence: number;
  /** The device must hold at least this keyset; so a revocation travels with the next grant. */
  readonly keysetFloor: number;
  /** Delegations with a lower revocation epoch are dead on this device from now on. */
  readonly revocationFloor: number;
}

/** A person who may confirm an unlock on site, and for which of the listed devices. */
export interface DelegationSecond {
  /** First 16 bytes of SHA-256 of the person's Ed25519 key. */
  readonly keyHash: Uint8Array;
  /** Bit i: the device at place i of the delegation's list. */
  readonly deviceMask: number;
}

/** 3 DELEGATION, issuer + approver → device: lets one technician unlock listed devices without the network (section 4.8). */
export interface Delegation {
  /** Rises with every delegation of this server; people say D-3391. */
  readonly sequence: number;
  /** Ed25519, 32 bytes: the technician's own key. */
  readonly technicianKey: Uint8Array;
  /** 1 to delegationDevicesMax device ids, ascending. */
  readonly devices: readonly Uint8Array[];
  /** 1 to delegationSecondsMax persons, one of whom must sign with the technician. */
  readonly seconds: readonly DelegationSecond[];
  /** Mask of actionBits. */
  readonly actions: number;
  /** Mask of the lock reasons that may be cleared without asking. */
  readonly reasonsOk: number;
  /** Unix seconds. */
  readonly notBeforeSeconds: number;
  /** Unix seconds, at most delegationSpanSecondsMax after notBefore. */
  readonly notAfterSeconds: number;
  /** Uses of all devices together, 1 to delegationUsesMax. */
  readonly usesMax: number;
  /** Uses on one device, 1 to delegationUsesPerDeviceMax. */
  readonly usesPerDeviceMax: number;
  /** Counts the revocations that the server knew; below a device's floor it is dead there. */
  readonly revocationEpoch: number;
  /** The device must hold at least this keyset. */
  readonly keysetFloor: number;
}

/** 4 RESPONSE, technician + second person → device: one use of a delegation (section 4.9). */
export interface SiteResponse {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  /** The nonce of the device's REQUEST. */
  readonly nonce: Uint8Array;
  /** SHA-256 of the DELEGATION as received, signatures included. */
  readonly delegationHash: Uint8Array;
  /** Mask of actionBits. */
  readonly actions: number;
  /** 1, 2, 3 …: the technician's own count of this delegation's uses, without gaps. */
  readonly useIndex: number;
  /** When the technician signed, by the laptop's clock, Unix seconds. */
  readonly madeAtSeconds: number;
}

/** 5 RECEIPT, device → server: what was done with a grant or an abort (section 4.4). */
export interface UnlockReceipt {
  readonly deviceId: Uint8Array;
  /** SHA-256 of the GRANT, ABORT or on-site bundle as received, signatures included. */
  readonly grantHash: Uint8Array;
  readonly result: ReceiptResult;
  /** The actions that took effect: what was granted, cut to the device's policy. */
  readonly grantedActions: number;
  /** The lock epoch after the act. */
  readonly lockEpoch: number;
  /** First 16 bytes of SHA-256 of the nonce that is now stored. */
  readonly nonceHash: Uint8Array;
  readonly logHead: Uint8Array;
  readonly deviceTimeSeconds: number;
  readonly flags: number;
  /** State after the act. */
  readonly state: TerminalState;
  /** Fresh X25519 public key for the key package; absent unless the device is now BLANK. */
  readonly commissionKey?: Uint8Array;
}

/** 6 ABORT, issuer → device: burns the outstanding challenge and every grant for it (section 4.5). */
export interface UnlockAbort {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  readonly nonce: Uint8Array;
  readonly ticket: Uint8Array;
}

/** One signing key that a device accepts. Its key id is derived, never stated. */
export interface KeysetKey {
  readonly keyClass: KeyClass;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Unix seconds; 0 for a key without an end. */
  readonly notAfterSeconds: number;
}

/** 7 KEYSET, root → device: the keys in force (section 4.6). */
export interface Keyset {
  /** Rises with every keyset; a device never goes back. */
  readonly sequence: number;
  /** 1 to keysetKeysMax keys, all different. */
  readonly keys: readonly KeysetKey[];
  /** The server's X25519 public key, to which requests are sealed. */
  readonly transportKey: Uint8Array;
}

/** 8 ORDER, issuer → device: one commissioning step (section 8). */
export interface CommissionOrder {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  /** Rises with every order for this device; the last may be repeated byte for byte. */
  readonly orderSequence: number;
  readonly action: OrderAction;
  /** Unix seconds. */
  readonly notAfterSeconds: number;
  /** Deterministic CBOR as the action prescribes; empty where it prescribes nothing. */
  readonly body: Uint8Array;
  /** Present on an order that was made ahead for work on site: it counts while the device is BLANK by this delegation, and its lockEpoch is 0. */
  readonly delegationSequence?: number;
}

/** 9 REPORT, device → server: the outcome of an ORDER (section 8). */
export interface CommissionReport {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  readonly orderSequence: number;
  readonly action: OrderAction;
  /** 0 when done, else the number of a refusal. */
  readonly result: number;
  readonly body: Uint8Array;
  /** State after the act. */
  readonly state: TerminalState;
  readonly logHead: Uint8Array;
  readonly deviceTimeSeconds: number;
}

/** A payment key under way; never stored or sent unsealed. */
export interface PaymentKey {
  readonly slot: KeySlot;
  /** AES-128, 16 bytes. */
  readonly key: Uint8Array;
}

/** Proof that a key arrived: the first 3 bytes of AES-CMAC over a block of zeros. */
export interface KeyCheck {
  readonly slot: KeySlot;
  readonly kcv: Uint8Array;
}

/** One line of a self-test. */
export interface SelfTestLine {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** Body of a TEST_PAYMENT order. */
export interface TestPaymentOrder {
  /** Amount in fen; 1. */
  readonly amountFen: number;
  /** System trace number, 1 to 999999. */
  readonly trace: number;
  /** 16 random bytes from the server. */
  readonly challenge: Uint8Array;
  /** AES-CMAC by the server under the MAC key: the device checks that both hold the same key. */
  readonly serverMac: Uint8Array;
}

/** Body of a TEST_PAYMENT report: both MACs by the device under the MAC key. */
export interface TestPaymentReport {
  /** Over the sale. */
  readonly saleMac: Uint8Array;
  /** Over the void of that sale. */
  readonly voidMac: Uint8Array;
}

/** Body of an ENTER_PROBATION order. */
export interface ProbationOrder {
  /** Unix seconds; 0 when the server releases at once. */
  readonly untilSeconds: number;
  /** The most that one payment may be, in fen. */
  readonly transactionLimitFen: number;
}
