import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import type { CableErrorCode } from '../../../protocol/cable/v1/errors.ts';
import { base64UrlDecode, base64UrlEncode, equalBytes } from '../../../protocol/bytes.ts';
import type { DelegationPackage, SubmitSiteRecord } from '../../../protocol/http/field.ts';
import { encodeSiteAnswer, siteAskPayload, sitePayloadHash } from '../../../protocol/codes/site.ts';
import type { SiteAsk } from '../../../protocol/codes/site.ts';
import {
  decodeOrder,
  decodeReport,
  encodeDelegation,
  encodeOrder,
  encodeReceipt,
  encodeReport,
  encodeRequest,
} from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation } from '../../../protocol/unlock/v1/messages.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { responseSignedBytes, secondKeyHash } from '../../../protocol/unlock/v1/site.ts';
import { verifySite } from '../../../protocol/unlock/v1/verify-site.ts';
import type { DelegationUse, SiteView } from '../../../protocol/unlock/v1/verify-site.ts';
import type { CountedUse, KeptDelegation } from '../../../src/technician/run/site-work.ts';
import type { FieldDesk, SignFailure } from '../../../src/technician/run/site-tools.ts';
import { TestAuthority } from '../terminal/authority.ts';
import { nowMs, record } from './make.ts';
import { FakeTerminal } from './run-fakes.ts';

const secretOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const deviceSecret = secretOf(0x61);
const technicianSecret = secretOf(0x62);
const secondSecret = secretOf(0x63);
const deviceId = Uint8Array.from([0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
const nowSeconds = nowMs / 1000;
/** Who signs in these tests. */
export const technicianKey = signingPublicKey(technicianSecret);
const authority = new TestAuthority(() => nowSeconds);

/** The kit's steps as the server makes them: spares for the steps that may fail. */
const kitSteps = ['keys', 'parameters', 'self-test', 'self-test', 'test-payment', 'probation'] as const;
const actionOf: Record<(typeof kitSteps)[number], OrderAction> = {
  keys: 'installKeys',
  parameters: 'setParameters',
  'self-test': 'selfTest',
  'test-payment': 'testPayment',
  probation: 'enterProbation',
};

/** The delegation of these tests: D-3391, one terminal, one second person, two uses here. */
export function delegation(changes: Partial<Delegation> = {}): Delegation {
  return {
    sequence: 3391,
    technicianKey,
    devices: [deviceId],
    seconds: [{ keyHash: secondKeyHash(signingPublicKey(secondSecret)), deviceMask: 1 }],
    actions: actionBits.clearTamper | actionBits.clearSoft,
    reasonsOk: 1 | 16 | 256,
    notBeforeSeconds: nowSeconds - 3600,
    notAfterSeconds: nowSeconds + 6 * 3600,
    usesMax: 3,
    usesPerDeviceMax: 2,
    revocationEpoch: 0,
    keysetFloor: 1,
    ...changes,
  };
}

/** A package that is right in every part; `signed` and `view` make wrong ones. */
export function makePackage(
  options: { signed?: Partial<Delegation>; view?: Partial<DelegationPackage['delegation']>; hasKit?: boolean } = {},
): DelegationPackage {
  const signed = delegation(options.signed);
  const { id: terminalId } = record().terminal;
  const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return {
    delegation: {
      id: 'delegation-1',
      number: 'D-3391',
      state: 'active',
      technician: { id: 'wang', name: 'Wang' },
      fieldKey: { id: 'key-1', label: 'Laptop' },
      terminals: [
        {
          ticketId: record().ticketId,
          ticketNumber: record().ticketNumber,
          terminal: record().terminal,
          deviceId: base64UrlEncode(deviceId),
          secondKeyIds: ['key-2'],
          uses: 0,
          kit: options.hasKit !== false,
        },
      ],
      seconds: [{ keyId: 'key-2', person: { id: 'chen', name: 'Chen' }, role: 'merchant', label: 'Phone' }],
      actions: ['clearTamper', 'clearSoft'],
      reasonsOk: ['case', 'flat-cell', 'drop'],
      usesMax: signed.usesMax,
      usesPerTerminalMax: signed.usesPerDeviceMax,
      hours: 7,
      note: '',
      askedAt: at(nowSeconds - 3700),
      notBefore: at(signed.notBeforeSeconds),
      notAfter: at(signed.notAfterSeconds),
      checks: [],
      uses: [],
      missing: [],
      doubled: [],
      ...options.view,
    },
    bytes: base64UrlEncode(encodeDelegation(signed, authority.issuer, authority.approver)),
    rootPublicKey: base64UrlEncode(authority.rootPublicKey),
    keyset: { bytes: base64UrlEncode(authority.keyset()), sequence: 1 },
    terminals: [
      {
        terminalId,
        deviceId: base64UrlEncode(deviceId),
        identityPublicKey: base64UrlEncode(signingPublicKey(deviceSecret)),
        orders: options.hasKit === false ? [] : ordersOf(signed.sequence),
        probation: { hours: 24, limitFen: 20_000 },
      },
    ],
  };
}

function ordersOf(delegationSequence: number): DelegationPackage['terminals'][0]['orders'] {
  return kitSteps.map((step, index) => {
    const order = {
      ...{ deviceId, lockEpoch: 0, orderSequence: index + 1, action: actionOf[step], delegationSequence },
      ...{ notAfterSeconds: nowSeconds + 86_400, body: new Uint8Array() },
    };
    return { step, orderSequence: index + 1, bytes: base64UrlEncode(encodeOrder(order, authority.issuer)) };
  });
}

/** The package as it lies on the device. */
export function keep(pack: DelegationPackage = makePackage()): KeptDelegation {
  return { id: pack.delegation.id, pack, heardAtMs: nowMs };
}

/** The second person: signs what is asked, or something else when told so. */
export function secondAnswers(ask: SiteAsk, secret = secondSecret): Uint8Array {
  const read = siteAskPayload(ask);
  if (!read.ok) throw new Error(read.error);
  const { payload } = read.value;
  return encodeSiteAnswer({
    payloadHash: sitePayloadHash(payload),
    secondKey: signingPublicKey(secret),
    signature: softwareSigner(secret).sign(responseSignedBytes(payload)),
  });
}

/** The technician answering themselves. */
export function technicianAnswers(ask: SiteAsk): Uint8Array {
  return secondAnswers(ask, technicianSecret);
}

/** The desk of work without a network, in memory. */
export class FakeField implements FieldDesk {
  kept: KeptDelegation[] = [keep()];
  counted: CountedUse[] = [];
  readonly sent: string[] = [];
  readonly records: SubmitSiteRecord[] = [];
  waiting = 0;
  isBrowserOnline = true;
  signFailure: SignFailure | undefined;
  readonly name = 'Wang';
  #changed: (() => void)[] = [];

  readonly store = {
    delegations: () => Promise.resolve(this.kept),
    uses: () => Promise.resolve(this.counted),
    putUse: (use: CountedUse) => {
      this.counted = [...this.without(use.delegationId, use.useIndex), use];
      return Promise.resolve();
    },
    removeUse: (delegationId: string, useIndex: number) => {
      this.counted = this.without(delegationId, useIndex);
      return Promise.resolve();
    },
    exclusively: <T>(work: () => Promise<T>) => work(),
  };
  readonly queue = {
    siteRecord: (_id: string, site: SubmitSiteRecord) => {
      if (!this.records.some(({ caseId }) => caseId === site.caseId)) this.records.push(site);
      return this.#put('site-record');
    },
    report: (_id: string, _caseId: string, report: string) => this.#put(`report-${String(sequenceOf(report))}`),
    request: () => this.#put('request'),
    forgetRequest: () => Promise.resolve(),
  };
  readonly signer = {
    sign: (bytes: Uint8Array) =>
      Promise.resolve(
        this.signFailure === undefined ? ok(softwareSigner(technicianSecret).sign(bytes)) : err(this.signFailure),
      ),
  };
  queued = (): number => this.waiting;
  onChange = (listener: () => void): (() => void) => {
    this.#changed.push(listener);
    return () => undefined;
  };
  tell(): void {
    for (const tell of this.#changed) tell();
  }
  without(id: string, index: number): CountedUse[] {
    return this.counted.filter(({ delegationId, useIndex }) => delegationId !== id || useIndex !== index);
  }
  #put(what: string): Promise<undefined> {
    if (!this.sent.includes(what)) this.sent.push(what);
    this.waiting = this.sent.length;
    return Promise.resolve(undefined);
  }
}

/** A terminal that checks on-site bundles by the protocol itself, and sets itself up by the kit. */
export class SiteTerminal extends FakeTerminal {
  /** Orders that fail, by sequence. */
  readonly failing = new Set<number>();
  /** Replies that are lost on the cable after the terminal has acted, once each, by operation. */
  readonly lost = new Set<string>();
  /** Who signs the requests; another than the registered identity makes a false terminal. */
  identity = softwareSigner(deviceSecret);
  uses: DelegationUse | undefined;
  records: { request: Uint8Array; bundle: Uint8Array; receipt: Uint8Array }[] = [];
  revocationFloor = 0;
  #request: Uint8Array | undefined;
  #nonce = secretOf(0x10).slice(0, 16);
  #answered: Uint8Array | undefined;
  readonly #plain = this.request;

  constructor() {
    super();
    this.request = async (op, params) => {
      if (this.state !== 'ready') return err('closed');
      const answer = this.#site(op, params) ?? (await this.#plain(op, params));
      return this.lost.delete(op) ? err('timeout') : answer;
    };
  }

  /** It locks again: another challenge, another epoch. */
  lockAgain(): void {
    this.#request = undefined;
    this.#answered = undefined;
    this.#nonce = this.#nonce.map((byte) => byte + 1);
    this.status = { ...this.status, state: 'LOCKED', lockEpoch: this.status.lockEpoch + 1, screenNumber: '' };
  }

  #site(op: string, params: Record<string, unknown>): Result<unknown, CableErrorCode> | undefined {
    switch (op) {
      case 'lock.siteRequest':
        this.asked.push(op);
        return ok(this.#plainRequest());
      case 'lock.siteUnlock':
        this.asked.push(op);
        return ok(this.#unlock(params['bundle'] as Uint8Array));
      case 'lock.siteRecord':
        this.asked.push(op);
        return ok(this.#recordAt(params['number'] as number));
      case 'lock.order':
        this.asked.push(op);
        return ok({ report: this.#carry(params['order'] as Uint8Array) });
      default:
        return undefined;
    }
  }

  #plainRequest(): unknown {
    const { lockEpoch, reasons } = this.status;
    this.#request ??= encodeRequest(
      {
        deviceId,
        model: 1,
        firmware: 1,
        lockEpoch,
        nonce: this.#nonce,
        reasons,
        logHead: new Uint8Array(16),
        bootCount: 1,
        deviceTimeSeconds: nowSeconds,
        flags: 7,
        keysetSequence: 1,
      },
      this.identity,
    );
    const number = screenNumber(this.#request);
    this.status = { ...this.status, screenNumber: number };
    return { request: this.#request, ageSeconds: 1, screenNumber: number, delegationSequence: 0, revocationFloor: 0 };
  }

  #view(): SiteView {
    const { state, lockEpoch, reasons } = this.status;
    return {
      deviceId,
      state,
      lockEpoch,
      nonce: this.#nonce,
      reasons,
      lastGrantSequence: 0,
      allowedActions: 7,
      clock: { trusted: true, nowSeconds, floorSeconds: 0 },
      revocationFloor: this.revocationFloor,
      ...(this.uses === undefined ? {} : { lastDelegation: this.uses }),
    };
  }

  #unlock(bundle: Uint8Array): unknown {
    if (this.#answered !== undefined && equalBytes(this.#answered, bundle)) return this.#taken();
    const verdict = verifySite(bundle, this.#view(), this.#keyset());
    if (!verdict.ok) {
      return { accepted: false, receipt: new Uint8Array(), refusal: verdict.error, retryAfterSeconds: 0 };
    }
    this.uses = verdict.value.use;
    this.#answered = bundle.slice();
    this.status = { ...this.status, state: 'BLANK', lockEpoch: this.status.lockEpoch + 1, screenNumber: '' };
    this.receipt = encodeReceipt(
      {
        deviceId,
        grantHash: sha256(bundle),
        result: 'unlockedOnSite',
        grantedActions: 4,
        lockEpoch: this.status.lockEpoch,
        nonceHash: new Uint8Array(16),
        logHead: new Uint8Array(16),
        deviceTimeSeconds: nowSeconds,
        flags: 7,
        state: 'BLANK',
        commissionKey: secretOf(9),
      },
      this.identity,
    ) as Uint8Array<ArrayBuffer>;
    this.records.push({ request: this.#request ?? new Uint8Array(), bundle: bundle.slice(), receipt: this.receipt });
    return this.#taken();
  }

  #taken(): unknown {
    return { accepted: true, receipt: this.receipt, refusal: '', retryAfterSeconds: 0 };
  }

  #keyset(): Parameters<typeof verifySite>[2] {
    const keys = [
      { keyClass: 'issuer', publicKey: signingPublicKey(secretOf(2)), notAfterSeconds: 0 },
      { keyClass: 'approver', publicKey: signingPublicKey(secretOf(3)), notAfterSeconds: 0 },
    ] as const;
    return { sequence: 1, keys, transportKey: authority.transport.publicKey };
  }

  #recordAt(number: number): unknown {
    const none = { request: new Uint8Array(), bundle: new Uint8Array(), receipt: new Uint8Array() };
    return { first: 0, next: this.records.length, ...(this.records[number] ?? none) };
  }

  #carry(bytes: Uint8Array): Uint8Array {
    const order = decodeOrder(bytes);
    if (!order.ok) return new Uint8Array([9]);
    const { action, orderSequence } = order.value.message;
    const isDone = !this.failing.has(orderSequence);
    if (isDone && action === 'enterProbation') {
      this.status = { ...this.status, state: 'PROBATION', probationUntilSeconds: nowSeconds + 86_400 };
    }
    const { state, lockEpoch } = this.status;
    const result = isDone ? 0 : 24;
    const rest = { body: new Uint8Array(), logHead: new Uint8Array(16), deviceTimeSeconds: nowSeconds };
    return encodeReport({ deviceId, lockEpoch, orderSequence, action, result, state, ...rest }, this.identity);
  }
}

function sequenceOf(report: string): number {
  const decoded = decodeReport(base64UrlDecode(report) ?? new Uint8Array());
  return decoded.ok ? decoded.value.message.orderSequence : 0;
}
