import { reasonsOf } from '../../../domain/unlock/states.ts';
import { base64UrlDecode, base64UrlEncode, equalBytes } from '../../../protocol/bytes.ts';
import { decodeSiteAnswer, isAnswerTo, siteAskPayload } from '../../../protocol/codes/site.ts';
import type { ReadSiteAsk, SiteAnswer, SiteAsk } from '../../../protocol/codes/site.ts';
import { decodeDelegation } from '../../../protocol/unlock/v1/codec.ts';
import { verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { responseSignedBytes, secondKeyHash } from '../../../protocol/unlock/v1/site.ts';
import type { RunRecord } from './observation.ts';
import { chooseDelegation } from './offer.ts';
import type { DelegationChoice, SiteTarget } from './offer.ts';
import { nextUseIndex, usesOn } from './site-work.ts';
import type { CountedUse, KeptDelegation, SiteWork } from './site-work.ts';
import type { SiteQueue, SiteSigner, SiteStore } from './site-tools.ts';

/** What can go wrong between the two persons. */
export const siteProblems = [
  /** This device has no field key, or another than the delegation names. */
  'no-key',
  /** The person closed the passkey's window. */
  'cancelled',
  /** The browser could not sign. */
  'failed',
  /** What became of the last use on another terminal is not known; signing another could leave a gap. */
  'use-unresolved',
  /** Not a code of a second person. */
  'not-an-answer',
  /** It answers another question: an earlier code, or another terminal. */
  'other-answer',
  /** Signed by the technician's own key. */
  'same-person',
  /** This person is not one of those who may confirm on this terminal. */
  'not-listed',
  /** The signature does not hold. */
  'bad-signature',
] as const;
/** What can go wrong between the two persons. */
export type SiteProblem = (typeof siteProblems)[number];

/** Where the run keeps its record. */
export interface SiteHost {
  readonly record: RunRecord;
  /** Writes the record and wakes the run. */
  save(record: RunRecord): void;
  wallNow(): number;
  newId(): string;
}

/** What the verbs of a person on site are wired to. */
export interface OnSiteDependencies {
  readonly store: SiteStore;
  readonly queue: Pick<SiteQueue, 'forgetRequest'>;
  readonly signer: SiteSigner;
  /** The technician's name, for the second person's screen. */
  readonly name: string;
}

/** The part of a run in which two persons act: choosing the delegation, signing, taking the second's answer. */
export class OnSite {
  readonly #host: SiteHost;
  readonly #dependencies: OnSiteDependencies;
  #kept = $state.raw<readonly KeptDelegation[]>([]);
  #uses = $state.raw<readonly CountedUse[]>([]);
  #isBusy = $state(false);
  #problem = $state.raw<SiteProblem | undefined>();

  constructor(host: SiteHost, dependencies: OnSiteDependencies) {
    this.#host = host;
    this.#dependencies = dependencies;
  }

  /** The person has put the offer of another way aside and waits for the server. */
  isWaitingOn = $state(false);

  /** The passkey's window is open. */
  get isBusy(): boolean {
    return this.#isBusy;
  }
  get problem(): SiteProblem | undefined {
    return this.#problem;
  }
  /** The delegation in use, as it lies on this device. */
  get delegation(): KeptDelegation | undefined {
    return this.#kept.find(({ id }) => id === this.#host.record.site?.delegationId);
  }

  /** Reads what lies on this device; again after every change of it. */
  async refresh(): Promise<void> {
    const { store } = this.#dependencies;
    [this.#kept, this.#uses] = await Promise.all([store.delegations(), store.uses()]);
  }

  /** Which delegation may be used on this terminal now, or why none. */
  choice(target: SiteTarget, nowMs: number): DelegationChoice {
    return chooseDelegation(this.#kept, this.#uses, target, nowMs);
  }

  /** The person uses a delegation; nothing is asked of the server until the terminal is unlocked. */
  use(kept: KeptDelegation): void {
    const { record, newId } = this.#host;
    const { later: _later, ...rest } = record;
    this.#problem = undefined;
    this.isWaitingOn = false;
    const { number } = kept.pack.delegation;
    const kitPart = usesOn(kept, this.#uses, record.terminal.id);
    const site = { delegationId: kept.id, number, caseId: newId(), recordId: newId(), kitPart, kitAt: 0 };
    this.#host.save({ ...rest, startedAtMs: rest.startedAtMs ?? this.#host.wallNow(), site });
    // The terminal takes one answer: a request that waits would only trouble an approver.
    if (record.request !== undefined) void this.#dependencies.queue.forgetRequest(record.request.caseId);
  }

  /** The person keeps the request until the server can be asked. */
  sendLater(): void {
    const { record, wallNow } = this.#host;
    if (record.request === undefined) return;
    const later = { caseId: record.request.caseId, sinceMs: wallNow(), isKept: false };
    this.#host.save({ ...record, later });
  }

  /** The person does not keep it for later after all. */
  askNow(): void {
    const { later, ...rest } = this.#host.record;
    this.#host.save(rest);
    if (later !== undefined) void this.#dependencies.queue.forgetRequest(later.caseId);
  }

  /** True until the terminal may have taken it: then the person may still choose another way. */
  get canLeave(): boolean {
    const { site } = this.#host.record;
    return site !== undefined && site.sent === undefined && site.receipt === undefined;
  }

  /** Back to asking the server. */
  leave(): void {
    if (!this.canLeave) return;
    const { site: _site, ...rest } = this.#host.record;
    this.#problem = undefined;
    this.#host.save(rest);
  }

  /** After a refusal: the same way again, with a fresh request and fresh signatures. */
  again(): void {
    const { site } = this.#host.record;
    if (site === undefined || !this.canLeave) return;
    const { refusal: _refusal, signed: _signed, second: _second, ...rest } = site;
    this.#change(rest);
  }

  /** The person signs with their passkey. First statement of a click handler. */
  async sign(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#problem = undefined;
    try {
      this.#problem = await this.#sign();
    } finally {
      this.#isBusy = false;
    }
  }

  /** What the second person is asked; undefined before the technician has signed. */
  get ask(): SiteAsk | undefined {
    const { site } = this.#host.record;
    return site?.signed === undefined ? undefined : this.#askOf(site, site.signed.useIndex, site.signed.signedAtMs);
  }

  /** Takes the second person's answer, once it is whole; the problem when it is none that counts. */
  takeAnswer(bytes: Uint8Array): SiteProblem | undefined {
    performance.mark('tk:site-click');
    const { site } = this.#host.record;
    const { ask } = this;
    const answer = decodeSiteAnswer(bytes);
    this.#problem = undefined;
    if (site === undefined || ask === undefined || !answer.ok) return (this.#problem = 'not-an-answer');
    const read = siteAskPayload(ask);
    this.#problem = read.ok ? problemWith(answer.value, read.value) : 'failed';
    if (this.#problem !== undefined) return this.#problem;
    const key = base64UrlEncode(answer.value.secondKey);
    const signature = base64UrlEncode(answer.value.signature);
    this.#change({ ...site, second: { key, signature, name: this.#secondName() } });
    return undefined;
  }

  /** The scanned or pasted text was no code of this kind. */
  refuseAnswer(problem: SiteProblem): void {
    this.#problem = problem;
  }

  /** Who may confirm on this terminal. */
  get seconds(): KeptDelegation['pack']['delegation']['seconds'] {
    const view = this.delegation?.pack.delegation;
    const here = view?.terminals.find(({ terminal }) => terminal.id === this.#host.record.terminal.id);
    return (view?.seconds ?? []).filter(({ keyId }) => here?.secondKeyIds.includes(keyId));
  }

  #secondName(): string {
    const [only, ...others] = this.seconds;
    return only !== undefined && others.length === 0 ? only.person.name : '';
  }

  async #sign(): Promise<SiteProblem | undefined> {
    const { store, signer } = this.#dependencies;
    const { site, ticketId } = this.#host.record;
    const kept = this.delegation;
    const delegation = decodeDelegation(base64UrlDecode(kept?.pack.bytes ?? '') ?? new Uint8Array());
    if (site?.request === undefined || kept === undefined || !delegation.ok) return 'failed';
    const uses = (await store.uses()).filter(({ delegationId }) => delegationId === kept.id);
    if (uses.some((use) => use.state === 'sent' && use.ticketId !== ticketId)) return 'use-unresolved';
    const useIndex = nextUseIndex(kept, uses);
    const signedAtMs = this.#host.wallNow();
    const ask = this.#askOf(site, useIndex, signedAtMs);
    const read = ask === undefined ? undefined : siteAskPayload(ask);
    if (read === undefined || !read.ok) return 'failed';
    const { payload } = read.value;
    const signature = await signer.sign(responseSignedBytes(payload), delegation.value.message.technicianKey);
    if (!signature.ok) return signature.error;
    const { site: now } = this.#host.record;
    if (now?.request?.bytes !== site.request.bytes) return 'failed';
    const { second: _second, ...rest } = now;
    this.#change({
      ...rest,
      signed: {
        payload: base64UrlEncode(payload),
        signature: base64UrlEncode(signature.value),
        useIndex,
        signedAtMs,
      },
    });
    return undefined;
  }

  #askOf(site: SiteWork, useIndex: number, signedAtMs: number): SiteAsk | undefined {
    const delegation = base64UrlDecode(this.delegation?.pack.bytes ?? '');
    const request = base64UrlDecode(site.request?.bytes ?? '');
    if (delegation === undefined || request === undefined) return undefined;
    const decoded = decodeDelegation(delegation);
    if (!decoded.ok) return undefined;
    const { actions } = decoded.value.message;
    const madeAtSeconds = Math.floor(signedAtMs / 1000);
    return { delegation, request, actions, useIndex, madeAtSeconds, technicianName: this.#dependencies.name };
  }

  #change(site: SiteWork): void {
    this.#host.save({ ...this.#host.record, site });
  }
}

function problemWith(answer: SiteAnswer, { payload, delegation, request }: ReadSiteAsk): SiteProblem | undefined {
  const { technicianKey, devices, seconds } = delegation.message;
  if (!isAnswerTo(answer, payload)) return 'other-answer';
  if (equalBytes(answer.secondKey, technicianKey)) return 'same-person';
  const bit = 1 << devices.findIndex((id) => equalBytes(id, request.message.deviceId));
  const hash = secondKeyHash(answer.secondKey);
  const isListed = seconds.some(({ keyHash, deviceMask }) => (deviceMask & bit) !== 0 && equalBytes(keyHash, hash));
  if (!isListed) return 'not-listed';
  const isSigned = verifyStrict(answer.secondKey, responseSignedBytes(payload), answer.signature);
  return isSigned ? undefined : 'bad-signature';
}

/** The terminal as a delegation sees it, from what was last heard of it. */
export function siteTarget(
  record: RunRecord,
  device: { reasons: number; identityAlive: boolean } | undefined,
): SiteTarget {
  return {
    terminalId: record.terminal.id,
    reasons: reasonsOf(device?.reasons ?? record.site?.request?.reasons ?? 0),
    identityAlive: device?.identityAlive ?? true,
  };
}
