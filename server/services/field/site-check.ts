import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../../domain/result.ts';
import { allReasonsMask } from '../../../domain/unlock/states.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import { decodeKeyset, decodeReceipt, decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { allActionsMask, flagBits } from '../../../protocol/unlock/v1/constants.ts';
import { isSignedByDevice } from '../../../protocol/unlock/v1/ed25519.ts';
import type { SiteResponse, UnlockReceipt, UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import type { RefusalCode } from '../../../protocol/unlock/v1/refusals.ts';
import { decodeResponse, decodeSiteBundle } from '../../../protocol/unlock/v1/site.ts';
import { verifySite } from '../../../protocol/unlock/v1/verify-site.ts';
import type { Answer } from '../../answer.ts';
import { verifyByNode } from '../../keys/node-keys.ts';
import type { Db } from '../../store/database.ts';

/** An on-site unlock as it is handed in: the device's own messages and the bundle that it took. */
export interface SiteRecordBytes {
  readonly request: Uint8Array;
  readonly bundle: Uint8Array;
  readonly receipt: Uint8Array;
}

/** The delegation that was used. */
export interface UsedDelegation {
  readonly id: string;
  readonly sequence: number;
  readonly technician_id: string;
  readonly state: string;
  readonly not_before: Date | null;
  readonly not_after: Date | null;
  readonly revoked_at: Date | null;
  readonly policy_version: number;
  readonly checks: { code: string; ok: boolean; detail?: string }[];
  readonly decided_by: string | null;
  readonly decision_reason: string | null;
  readonly decided_at: Date | null;
  readonly probation_hours: number;
  readonly probation_limit_fen: number;
}

/** A record whose signatures of the device hold: the device has acted, whatever else is found. */
export interface CheckedSite extends SiteRecordBytes {
  readonly requestMessage: UnlockRequest;
  readonly response: SiteResponse;
  readonly receiptMessage: UnlockReceipt;
  readonly terminalId: string;
  readonly requestHash: Buffer;
  readonly bundleHash: Buffer;
  readonly receiptHash: Buffer;
  readonly delegation: UsedDelegation;
  readonly fieldKeyId: string;
  readonly second: { readonly keyId: string; readonly personId: string };
  /** Why the server would have refused the bundle in the device's place; absent when all of it holds. */
  readonly refusal: RefusalCode | undefined;
  /** The terminal's clock was trusted, so its times prove something. */
  readonly timeProven: boolean;
  /** By the terminal's clock where it is trusted, else as the technician signed. */
  readonly usedAt: Date;
}

/** A device did something under a delegation that this server never signed. */
export interface UnknownSite {
  readonly terminalId: string;
  readonly receiptHash: Buffer;
  readonly bundleHash: Buffer;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Reads and checks one record. `unknown`: the device's own signature holds, but the delegation or second key is not ours. */
export async function checkSite(
  db: Db,
  record: SiteRecordBytes,
  nowMs: number,
): Promise<Answer<CheckedSite> | UnknownSite> {
  const request = decodeRequest(record.request);
  if (!request.ok) return err('bad-request', 'request');
  const bundle = decodeSiteBundle(record.bundle);
  const response = bundle.ok ? decodeResponse(bundle.value.response) : bundle;
  if (!bundle.ok || !response.ok) return err('bad-request', 'bundle');
  const receipt = decodeReceipt(record.receipt);
  if (!receipt.ok) return err('bad-request', 'receipt');
  const isDevice = (id: Uint8Array): boolean => equalBytes(request.value.message.deviceId, id);
  if (!isDevice(receipt.value.message.deviceId)) return err('wrong-terminal', 'receipt');
  if (!isDevice(response.value.message.deviceId)) return err('wrong-terminal', 'bundle');
  const terminal = await db
    .selectFrom('terminals')
    .select(['id', 'identity_public_key'])
    .where('device_id', '=', Buffer.from(request.value.message.deviceId))
    .executeTakeFirst();
  if (terminal === undefined) return err('unknown-terminal', 'request');
  const identityKey = new Uint8Array(terminal.identity_public_key);
  if (!isSignedByDevice('request', request.value, identityKey, verifyByNode)) return err('bad-signature', 'request');
  if (!isSignedByDevice('receipt', receipt.value, identityKey, verifyByNode)) return err('bad-signature', 'receipt');
  const bundleHash = sha256(record.bundle);
  const misfit = misfitOf(request.value.message, response.value.message, receipt.value.message, bundleHash);
  if (!misfit.ok) return misfit;
  const hashes = { bundleHash, requestHash: sha256(record.request), receiptHash: sha256(record.receipt) };
  const people = await readPeople(db, sha256(bundle.value.delegation), response.value.secondKey);
  if (people === undefined) return { terminalId: terminal.id, ...hashes };
  return ok({
    ...record,
    ...hashes,
    ...people,
    ...timesOf(receipt.value.message, response.value.message, people.delegation, nowMs),
    requestMessage: request.value.message,
    response: response.value.message,
    receiptMessage: receipt.value.message,
    terminalId: terminal.id,
    refusal: await verifyAgain(db, record.bundle, request.value.message),
  });
}

/** Whether the three messages of one device speak of one act. */
function misfitOf(
  request: UnlockRequest,
  response: SiteResponse,
  receipt: UnlockReceipt,
  bundleHash: Buffer,
): Result<void, 'receipt-unknown'> {
  const isAnswer = response.lockEpoch === request.lockEpoch && Buffer.from(request.nonce).equals(response.nonce);
  if (!isAnswer) return err('receipt-unknown', 'request');
  const isReceipt = receipt.result === 'unlockedOnSite' && bundleHash.equals(receipt.grantHash);
  return isReceipt && receipt.lockEpoch === request.lockEpoch + 1 ? ok(undefined) : err('receipt-unknown', 'receipt');
}

async function readPeople(db: Db, delegationHash: Buffer, secondKey: Uint8Array) {
  const delegation = await db
    .selectFrom('delegations')
    .selectAll()
    .where('hash', '=', delegationHash)
    .executeTakeFirst();
  const second = await db
    .selectFrom('field_keys')
    .select(['id', 'person_id'])
    .where('public_key', '=', Buffer.from(secondKey))
    .executeTakeFirst();
  if (delegation === undefined || second === undefined) return undefined;
  return { delegation, fieldKeyId: delegation.field_key_id, second: { keyId: second.id, personId: second.person_id } };
}

function timesOf(receipt: UnlockReceipt, response: SiteResponse, delegation: UsedDelegation, nowMs: number) {
  const timeProven = (receipt.flags & flagBits.clockTrusted) !== 0;
  const atMs = (timeProven ? receipt.deviceTimeSeconds : response.madeAtSeconds) * 1000;
  const fromMs = delegation.not_before?.getTime() ?? 0;
  return { timeProven, usedAt: new Date(Math.min(nowMs, Math.max(fromMs, atMs))) };
}

/**
 * Decides once more as the device did, by the keyset that it held or one that it was given afterwards. What only the
 * device knows (its counters, floor and clock) is left open here.
 */
async function verifyAgain(db: Db, bundle: Uint8Array, request: UnlockRequest): Promise<RefusalCode | undefined> {
  const keysets = await db
    .selectFrom('keysets')
    .select('bytes')
    .where('sequence', '>=', request.keysetSequence)
    .orderBy('sequence')
    .execute();
  const view = {
    deviceId: request.deviceId,
    state: 'LOCKED' as const,
    lockEpoch: request.lockEpoch,
    nonce: request.nonce,
    reasons: request.reasons & allReasonsMask,
    lastGrantSequence: 0,
    allowedActions: allActionsMask,
    clock: { trusted: false, nowSeconds: 0, floorSeconds: 0 },
    revocationFloor: 0,
  };
  let refusal: RefusalCode | undefined = 'unknown-key';
  for (const row of keysets) {
    const keyset = decodeKeyset(new Uint8Array(row.bytes));
    if (!keyset.ok) continue;
    const verdict = verifySite(bundle, view, keyset.value.message, verifyByNode);
    if (verdict.ok) return undefined;
    refusal = verdict.error;
  }
  return refusal;
}
