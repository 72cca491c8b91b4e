import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../domain/result.ts';
import { allReasonsMask } from '../../domain/unlock/states.ts';
import { base64UrlDecode, equalBytes, hexDecode, hexEncode } from '../bytes.ts';
import { checkAuthority, verifyKeyset } from '../unlock/v1/authority.ts';
import { decodeGrant, decodeOrder, decodeReceipt, decodeReport, decodeRequest } from '../unlock/v1/codec.ts';
import { allActionsMask } from '../unlock/v1/constants.ts';
import { isSignedByDevice } from '../unlock/v1/ed25519.ts';
import type { Keyset } from '../unlock/v1/messages.ts';
import type { SignatureVerifier } from '../unlock/v1/signer.ts';
import { verifySite } from '../unlock/v1/verify-site.ts';
import { type CaseFile, type EvidenceKind, evidenceKinds } from './case-file.ts';
import type { LogEntry } from './entry.ts';

/** Why the evidence of a case file is refused. */
export type EvidenceProblem =
  /** A message that a record names by its hash is not in the file, or one is there that no record names. */
  | 'evidence-missing'
  /** A message is not signed as it must be, or does not fit the terminal or its case. */
  | 'evidence-wrong'
  /** The terminal's key or a keyset is not the one that the log has. */
  | 'keys-wrong';

/** A message that was checked. `signers`: who signed it, in words. */
export interface ProvenMessage {
  readonly kind: EvidenceKind;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly isSigned: boolean;
}

interface Held {
  readonly kind: EvidenceKind;
  readonly bytes: Uint8Array;
}

type Checked = Result<Map<number, ProvenMessage[]>, EvidenceProblem>;

const bytesOf = (text: string): Uint8Array => base64UrlDecode(text) ?? new Uint8Array(0);

/** Checks every message again: hash links, signatures of the device, of the server's keys and of the root. */
export function checkEvidence(file: CaseFile, entries: readonly LogEntry[], verify: SignatureVerifier): Checked {
  const trust = trustOf(file, entries, verify);
  if (!trust.ok) return trust;
  const held = new Map<string, Held>(
    file.messages.map(({ kind, bytes }) => {
      const message = { kind, bytes: bytesOf(bytes) };
      return [hexEncode(sha256(message.bytes)), message];
    }),
  );
  if (held.size !== file.messages.length) return err('evidence-missing', 'twice');
  const used = new Set<string>();
  const proven = new Map<number, ProvenMessage[]>();
  const links = new CaseLinks(trust.value, verify);
  for (const entry of entries) {
    for (const kind of evidenceKinds) {
      const hash = entry.facts[`${kind}Sha256`];
      if (hash === undefined) continue;
      const message = typeof hash === 'string' ? held.get(hash) : undefined;
      if (message?.kind !== kind) return err('evidence-missing', `${kind} of record ${String(entry.seq)}`);
      const isSigned = links.check(entry, message);
      if (isSigned === undefined) return err('evidence-wrong', `${kind} of record ${String(entry.seq)}`);
      used.add(String(hash));
      const found = { kind, sizeBytes: message.bytes.length, sha256: String(hash), isSigned };
      proven.set(entry.seq, [...(proven.get(entry.seq) ?? []), found]);
    }
  }
  return used.size === held.size ? ok(proven) : err('evidence-missing', 'not named by a record');
}

interface EvidenceTrust {
  readonly deviceId: string;
  readonly identityKey: Uint8Array;
  readonly keysets: ReadonlyMap<number, Keyset>;
}

/** The terminal's key as registered, and the keysets as published: both must be what the log says. */
function trustOf(
  file: CaseFile,
  entries: readonly LogEntry[],
  verify: SignatureVerifier,
): Result<EvidenceTrust, EvidenceProblem> {
  const identityKey = bytesOf(file.identityPublicKey);
  const registered = entries.find(
    ({ facts, subject }) => facts['identityPublicKey'] !== undefined && subject === `terminal:${file.terminal.id}`,
  );
  const deviceId = registered?.facts['deviceId'];
  if (typeof deviceId !== 'string') return err('keys-wrong', 'the registration is not in the file');
  if (registered?.facts['identityPublicKey'] !== hexEncode(identityKey)) return err('keys-wrong', 'terminal');
  const root = bytesOf(file.rootPublicKey);
  const published = entries.filter(({ act }) => act === 'keys.published');
  const keysets = new Map<number, Keyset>();
  for (const text of file.keysets) {
    const bytes = bytesOf(text);
    const verdict = verifyKeyset(bytes, [root], undefined, verify);
    if (!verdict.ok) return err('keys-wrong', `keyset: ${verdict.error}`);
    const hash = hexEncode(sha256(bytes));
    const isLogged = published.some(
      ({ facts }) => facts['sha256'] === hash && facts['rootPublicKey'] === hexEncode(root),
    );
    if (!isLogged) return err('keys-wrong', `keyset ${String(verdict.value.keyset.sequence)} is not in the log`);
    keysets.set(verdict.value.keyset.sequence, verdict.value.keyset);
  }
  return ok({ deviceId, identityKey, keysets });
}

/** What a case's later messages must agree with. */
interface CaseState {
  nonce?: Uint8Array;
  lockEpoch?: number;
  reasons?: number;
  /** SHA-256 of the credential that the receipt must name. */
  readonly credentials: Uint8Array[];
  readonly orders: Set<number>;
  /** Its orders were made ahead, for the delegation and not for the case. */
  isOnSite?: true;
}

/** The server's keys are judged as of the moment of signing, which the log states: their end is not asked here. */
const timeless = { trusted: false, nowSeconds: 0, floorSeconds: 0 };

/** Checks messages in the log's order, each against what came before in its case. */
class CaseLinks {
  readonly #trust: EvidenceTrust;
  readonly #verify: SignatureVerifier;
  readonly #cases = new Map<unknown, CaseState>();

  constructor(trust: EvidenceTrust, verify: SignatureVerifier) {
    this.#trust = trust;
    this.#verify = verify;
  }

  /** @returns whether the message is signed, or `undefined` when it is not what it must be. */
  check(entry: LogEntry, { kind, bytes }: Held): boolean | undefined {
    const caseId = entry.facts['caseId'];
    const state = this.#cases.get(caseId) ?? { credentials: [], orders: new Set() };
    this.#cases.set(caseId, state);
    switch (kind) {
      case 'request':
        return this.#request(entry, state, bytes);
      case 'grant':
        return this.#grant(entry, state, bytes);
      case 'bundle':
        return this.#bundle(entry, state, bytes);
      case 'receipt':
        return this.#receipt(state, bytes);
      case 'order':
        return this.#order(entry, state, bytes);
      case 'report':
        return this.#report(entry, state, bytes);
    }
  }

  #isOurs(deviceId: Uint8Array): boolean {
    return hexEncode(deviceId) === this.#trust.deviceId;
  }

  #request(entry: LogEntry, state: CaseState, bytes: Uint8Array): boolean | undefined {
    const decoded = decodeRequest(bytes);
    if (!decoded.ok || !this.#isOurs(decoded.value.message.deviceId)) return undefined;
    const { nonce, lockEpoch, reasons } = decoded.value.message;
    const { facts } = entry;
    // On site the record is made after the act, so it names the epoch that followed.
    const isEpochRight = entry.act !== 'unlock.asked' || facts['lockEpoch'] === lockEpoch;
    if (!isEpochRight || facts['reasons'] !== reasons) return undefined;
    Object.assign(state, { nonce, lockEpoch, reasons });
    if (decoded.value.signatures.length === 0) return facts['signed'] === true ? undefined : false;
    return isSignedByDevice('request', decoded.value, this.#trust.identityKey, this.#verify) ? true : undefined;
  }

  #isForRequest(state: CaseState, message: { nonce: Uint8Array; lockEpoch: number; deviceId: Uint8Array }): boolean {
    return (
      this.#isOurs(message.deviceId) &&
      state.nonce !== undefined &&
      equalBytes(state.nonce, message.nonce) &&
      state.lockEpoch === message.lockEpoch
    );
  }

  #keyset(entry: LogEntry): Keyset | undefined {
    const sequence = entry.facts['keysetSequence'];
    return typeof sequence === 'number' ? this.#trust.keysets.get(sequence) : undefined;
  }

  #grant(entry: LogEntry, state: CaseState, bytes: Uint8Array): true | undefined {
    const decoded = decodeGrant(bytes);
    const keyset = this.#keyset(entry);
    if (!decoded.ok || keyset === undefined || !this.#isForRequest(state, decoded.value.message)) return undefined;
    state.credentials.push(sha256(bytes));
    const signers = checkAuthority('grant', decoded.value, ['issuer', 'approver'], keyset, timeless, this.#verify);
    return signers.ok ? true : undefined;
  }

  /** As the device decided; what only the device knows (its counters, floor and clock) is left open. */
  #bundle(entry: LogEntry, state: CaseState, bytes: Uint8Array): boolean | undefined {
    const { nonce, lockEpoch, reasons } = state;
    if (nonce === undefined || lockEpoch === undefined || reasons === undefined) return undefined;
    const device = {
      deviceId: hexDecode(this.#trust.deviceId) ?? new Uint8Array(0),
      ...{ state: 'LOCKED' as const, lockEpoch, nonce, reasons: reasons & allReasonsMask },
      ...{ lastGrantSequence: 0, allowedActions: allActionsMask, clock: timeless, revocationFloor: 0 },
    };
    state.credentials.push(sha256(bytes));
    state.isOnSite = true;
    // The device may have been given a newer keyset than its request names: any of the file may be the one.
    const keysets = [...this.#trust.keysets.values()];
    if (keysets.some((keyset) => verifySite(bytes, device, keyset, this.#verify).ok)) return true;
    // Where the server found at once that it would have refused, the log says so.
    return typeof entry.facts['refusal'] === 'string' ? false : undefined;
  }

  #receipt(state: CaseState, bytes: Uint8Array): true | undefined {
    const decoded = decodeReceipt(bytes);
    if (!decoded.ok || !this.#isOurs(decoded.value.message.deviceId)) return undefined;
    const { grantHash } = decoded.value.message;
    if (!state.credentials.some((hash) => equalBytes(hash, grantHash))) return undefined;
    return isSignedByDevice('receipt', decoded.value, this.#trust.identityKey, this.#verify) ? true : undefined;
  }

  #order(entry: LogEntry, state: CaseState, bytes: Uint8Array): true | undefined {
    const decoded = decodeOrder(bytes);
    if (!decoded.ok || !this.#isOurs(decoded.value.message.deviceId)) return undefined;
    const { orderSequence } = decoded.value.message;
    if (entry.facts['orderSequence'] !== orderSequence) return undefined;
    state.orders.add(orderSequence);
    // Any keyset of the file may hold the issuer's key: an order names none.
    const isIssued = [...this.#trust.keysets.values()].some(
      (keyset) => checkAuthority('order', decoded.value, ['issuer'], keyset, timeless, this.#verify).ok,
    );
    return isIssued ? true : undefined;
  }

  #report(entry: LogEntry, state: CaseState, bytes: Uint8Array): true | undefined {
    const decoded = decodeReport(bytes);
    if (!decoded.ok || !this.#isOurs(decoded.value.message.deviceId)) return undefined;
    const { orderSequence } = decoded.value.message;
    const isOrdered = state.orders.has(orderSequence) || state.isOnSite === true;
    if (entry.facts['orderSequence'] !== orderSequence || !isOrdered) return undefined;
    return isSignedByDevice('report', decoded.value, this.#trust.identityKey, this.#verify) ? true : undefined;
  }
}
