import { createHash } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import {
  decideUnlock,
  type PolicyDecision,
  tamperReasonsMask,
  type UnlockFacts,
} from '../../../domain/unlock/policy.ts';
import { refusalReasons } from '../../../domain/unlock/refusals.ts';
import type { CreateUnlock } from '../../../protocol/http/unlocks.ts';
import { decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { flagBits } from '../../../protocol/unlock/v1/constants.ts';
import { isSignedByDevice } from '../../../protocol/unlock/v1/ed25519.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { openRequest, sealedRequestKid } from '../../../protocol/unlock/v1/seal.ts';
import type { UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import type { SignedMessage } from '../../../protocol/unlock/v1/signer.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { AuditEntry } from '../../audit/records.ts';
import { writeAudit } from '../../audit/records.ts';
import { sha256Hex } from '../../audit/sha256.ts';
import type { Core } from '../../core.ts';
import { verifyByNode } from '../../keys/node-keys.ts';
import type { Trust } from '../../keys/trust.ts';
import { deadlock, sqlState, uniqueViolation } from '../../store/database.ts';
import type { StoredDecision } from '../../store/schema.ts';
import { type AlarmEntry, raiseAlarm } from '../alarms.ts';
import { type FactsRow, policyFacts, readFacts } from './facts.ts';
import { makeGrant, type MadeGrant } from './grant.ts';
import { recordDecision } from './record.ts';
import { type CaseRow, findCase } from './rows.ts';

const attemptsMax = 8;

/** A request as it came out of its seal. */
interface OpenedRequest extends SignedMessage<UnlockRequest> {
  readonly bytes: Uint8Array;
  readonly responseSecret: Uint8Array;
}

/** What asking needs beside the core. */
export interface AskContext {
  readonly core: Core;
  readonly trust: Trust;
}

/**
 * Takes a technician's request, decides by policy, and keeps everything in one statement. The same id with the same
 * body gives the same case; a request that has a live or used case gives that case.
 */
export async function askForUnlock(context: AskContext, actor: Actor, body: CreateUnlock): Promise<Answer<CaseRow>> {
  const opened = openSealed(context.core, body);
  if (!opened.ok) return opened;
  const bodyHash = createHash('sha256')
    .update(
      JSON.stringify([
        body.id,
        body.ticketId,
        body.sealedRequest,
        body.requestBytes,
        body.inspection ?? null,
        body.deferred ?? false,
      ]),
    )
    .digest();
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const answer = await tryOnce(context, actor, body, opened.value, bodyHash);
    if (answer !== 'again') return answer;
  }
  return err('timed-out');
}

function openSealed(core: Core, body: CreateUnlock): Answer<OpenedRequest> {
  const sealed = new Uint8Array(Buffer.from(body.sealedRequest, 'base64url'));
  const transportKey = core.keys().transport(sealedRequestKid(sealed));
  if (transportKey === undefined) return err('request-unreadable', 'sealedRequest');
  const opened = openRequest(sealed, transportKey);
  if (!opened.ok) return err('request-unreadable', 'sealedRequest');
  const { request: bytes, responseSecret } = opened.value;
  if (bytes.length !== body.requestBytes) return err('wrong-size', 'requestBytes');
  const decoded = decodeRequest(bytes);
  return decoded.ok ? ok({ ...decoded.value, bytes, responseSecret }) : err('request-unreadable', 'sealedRequest');
}

async function tryOnce(
  context: AskContext,
  actor: Actor,
  body: CreateUnlock,
  opened: OpenedRequest,
  bodyHash: Buffer,
): Promise<Answer<CaseRow> | 'again'> {
  const { core } = context;
  const nowMs = core.clock();
  const facts = await readFacts(core.pool, {
    request: opened.message,
    caseId: body.id,
    ticketId: body.ticketId,
    technicianId: actor.id,
    nowMs,
    technicianLimit: core.policy.technicianDailyLimit,
  });
  if (facts.same_id !== null) return repeatedId(core, actor, facts, bodyHash);
  if (facts.terminal_id === null) return unknownTerminal(core, actor, opened.message, nowMs);
  if (facts.ticket_state === null) return err('not-found', 'ticketId');
  const isSigned = opened.signatures.length > 0;
  if (isSigned && !isSignedByDevice('request', opened, facts.identity_public_key, verifyByNode)) {
    return badSignature(core, actor, facts.terminal_id, nowMs);
  }
  const earlier = earlierCase(facts, actor);
  if (earlier === 'not-yours') return err('ticket-not-yours');
  if (earlier !== undefined) return existing(core, earlier);
  const view = policyFacts(facts, opened.message, isSigned, actor.id);
  const decision = decideUnlock(core.policy, view);
  return decideAndRecord(context, { actor, body, opened, bodyHash, facts, view, decision, nowMs });
}

async function repeatedId(core: Core, actor: Actor, facts: FactsRow, bodyHash: Buffer): Promise<Answer<CaseRow>> {
  if (facts.same_technician !== actor.id || facts.same_hash?.equals(bodyHash) !== true) {
    return err('exists-with-different-body', 'id');
  }
  return existing(core, facts.same_id ?? '');
}

async function existing(core: Core, id: string): Promise<Answer<CaseRow>> {
  const row = await findCase(core.pool, id);
  return row === undefined ? err('not-found') : ok(row);
}

/** The case that this nonce already has, unless that case ended without the nonce being used. */
function earlierCase(facts: FactsRow, actor: Actor): string | 'not-yours' | undefined {
  if (facts.prior_id === null) return undefined;
  if (['refused', 'withdrawn', 'expired', 'void'].includes(facts.prior_state ?? '')) return undefined;
  return facts.prior_technician === actor.id ? facts.prior_id : 'not-yours';
}

async function unknownTerminal(
  core: Core,
  actor: Actor,
  request: UnlockRequest,
  nowMs: number,
): Promise<Answer<CaseRow>> {
  const deviceId = Buffer.from(request.deviceId).toString('hex');
  await writeAudit(core.db, nowMs, {
    act: 'unlock.unknown-terminal',
    actorId: actor.id,
    subject: `person:${actor.id}`,
    facts: { deviceId },
  });
  core.bus.publish({ name: 'audit', id: deviceId });
  return err('unknown-terminal');
}

async function badSignature(core: Core, actor: Actor, terminalId: string, nowMs: number): Promise<Answer<CaseRow>> {
  const subject = `terminal:${terminalId}`;
  const alarmId = await core.db.transaction().execute(async (db) => {
    await writeAudit(db, nowMs, { act: 'unlock.bad-signature', actorId: actor.id, subject, facts: {} });
    return raiseAlarm(db, nowMs, { kind: 'bad-signature', severity: 'stop', subject, facts: { personId: actor.id } });
  });
  core.bus.publish({ name: 'alarm', id: alarmId }, { name: 'audit', id: alarmId });
  return err('bad-signature');
}

interface Deciding {
  readonly actor: Actor;
  readonly body: CreateUnlock;
  readonly opened: OpenedRequest;
  readonly bodyHash: Buffer;
  readonly facts: FactsRow;
  readonly view: UnlockFacts;
  readonly decision: PolicyDecision;
  readonly nowMs: number;
}

async function decideAndRecord(context: AskContext, deciding: Deciding): Promise<Answer<CaseRow> | 'again'> {
  const { core, trust } = context;
  const { body, opened, facts, view, decision, nowMs } = deciding;
  const grantSequence = facts.grant_sequence + 1;
  const ring = core.keys();
  const grant =
    decision.outcome === 'grant'
      ? makeGrant(
          {
            ...opened.message,
            actions: decision.actions,
            ticketId: body.ticketId,
            grantSequence,
            keysetFloor: trust.keyset().sequence,
            revocationFloor: facts.revocation_floor,
            isDeferred: body.deferred === true,
            responseSecret: opened.responseSecret,
            nowMs,
          },
          ring.issuer,
          ring.policyApprover,
        )
      : undefined;
  const row = newRow(core, deciding, grant);
  try {
    const superseded = await recordDecision(core.pool, {
      row,
      tamper: (opened.message.reasons & tamperReasonsMask) !== 0,
      logHead: opened.message.logHead,
      request: opened.bytes,
      isTrusted: view.requestSigned && view.epochContinues,
      keysetSequence: opened.message.keysetSequence,
      grant,
      grantSequence: grant === undefined ? facts.grant_sequence : grantSequence,
      terminalVersion: facts.version,
      audit: auditOf(deciding, row, grant, trust.keyset().sequence),
      alarms: alarmsOf(deciding, row),
      nowMs,
    });
    if (superseded === undefined) return 'again';
    announce(core, row, superseded, decision);
    return ok(row);
  } catch (error) {
    if (sqlState(error) === uniqueViolation || sqlState(error) === deadlock) return 'again';
    throw error;
  }
}

function announce(core: Core, row: CaseRow, superseded: readonly string[], decision: PolicyDecision): void {
  core.bus.publish(
    { name: 'unlock', id: row.id },
    { name: 'terminal', id: row.terminal_id },
    { name: 'audit', id: row.id },
    ...superseded.map((id) => ({ name: 'unlock' as const, id })),
    ...(decision.alarm === undefined ? [] : [{ name: 'alarm' as const, id: row.id }]),
  );
}

function stateFor(decision: PolicyDecision): string {
  if (decision.outcome === 'grant') return 'granted';
  if (decision.outcome !== 'person') return 'refused';
  return decision.inspection ? 'needs-inspection' : 'waiting';
}

function storedDecision(decision: PolicyDecision, nowMs: number): StoredDecision {
  return {
    by: 'policy',
    outcome: decision.outcome,
    rule: decision.rule,
    policyVersion: decision.policyVersion,
    checks: [...decision.checks],
    ...(decision.refusal === undefined
      ? {}
      : { refusal: { code: decision.refusal, next: refusalReasons[decision.refusal] } }),
    at: new Date(nowMs).toISOString(),
  };
}

function newRow(core: Core, deciding: Deciding, grant: MadeGrant | undefined): CaseRow {
  const { actor, body, opened, facts, view, decision, nowMs } = deciding;
  const request = opened.message;
  const now = new Date(nowMs);
  return {
    id: body.id,
    terminal_id: facts.terminal_id ?? '',
    ticket_id: body.ticketId,
    technician_id: actor.id,
    state: stateFor(decision),
    lock_epoch: request.lockEpoch,
    nonce: Buffer.from(request.nonce),
    reasons: request.reasons,
    firmware: request.firmware,
    boot_count: request.bootCount,
    flags: request.flags,
    signed: view.requestSigned,
    log_continues: view.logContinues,
    epoch_continues: view.epochContinues,
    size_bytes: opened.bytes.length,
    screen_number: screenNumber(opened.bytes),
    response_secret: core.keys().vault.seal(opened.responseSecret, `response:${body.id}`),
    decision: storedDecision(decision, nowMs),
    probation_hours: decision.probationHours,
    probation_limit_fen: decision.probationLimitFen,
    actions: decision.actions,
    body_hash: deciding.bodyHash,
    deferred: body.deferred === true,
    label: facts.label,
    serial: facts.serial,
    model: facts.model,
    device_id: Buffer.from(request.deviceId),
    place: facts.place,
    seal: facts.seal,
    merchant_name: facts.merchant_name,
    ticket_number: facts.ticket_number ?? '',
    ticket_assignee: facts.ticket_assignee,
    technician_name: actor.name,
    asked_at: now,
    updated_at: now,
    ...grantColumns(grant),
    ...emptyColumns,
  };
}

const emptyColumns = {
  inspection: null,
  abort: null,
  opened_at: null,
  opened_by: null,
  commission_key: null,
  device_epoch: null,
  unlocked_at: null,
  probation_until: null,
  releasable: false,
  site: null,
  opener_name: null,
  approver_name: null,
  photos: [],
  orders: [],
} as const;

function grantColumns(grant: MadeGrant | undefined) {
  return {
    grant_state: grant === undefined ? null : ('PENDING' as const),
    grant_sealed: grant === undefined ? null : Buffer.from(grant.sealed),
    grant_size: grant?.sizeBytes ?? null,
    grant_not_after: grant?.notAfter ?? null,
    grant_late: grant === undefined ? null : false,
  };
}

function auditOf(deciding: Deciding, row: CaseRow, grant: MadeGrant | undefined, keysetSequence: number): AuditEntry[] {
  const { actor, decision, opened } = deciding;
  const facts = {
    caseId: row.id,
    ticketId: row.ticket_id,
    lockEpoch: row.lock_epoch,
    reasons: row.reasons,
    signed: row.signed,
    outcome: decision.outcome,
    rule: decision.rule,
    policyVersion: decision.policyVersion,
    identityAlive: (opened.message.flags & flagBits.identityAlive) !== 0,
    requestSha256: sha256Hex(opened.bytes),
    ...(grant === undefined ? {} : { grantSha256: grant.hash.toString('hex'), keysetSequence }),
    ...(decision.refusal === undefined ? {} : { refusal: decision.refusal }),
  };
  return [{ act: 'unlock.asked', actorId: actor.id, subject: `terminal:${row.terminal_id}`, facts }];
}

function alarmsOf(deciding: Deciding, row: CaseRow): AlarmEntry[] {
  const { decision, facts } = deciding;
  const subject = `terminal:${row.terminal_id}`;
  const alarms: AlarmEntry[] = [];
  if (decision.alarm !== undefined) {
    const severity = decision.alarm === 'technician-limit' ? 'warn' : 'stop';
    alarms.push({ kind: decision.alarm, severity, subject, facts: { caseId: row.id, rule: decision.rule } });
  }
  if (decision.outcome === 'grant' && facts.unlocks_lifetime >= unlockLimits.lifetimeUnlocksWarn) {
    alarms.push({
      kind: 'unusual-rate',
      severity: 'warn',
      subject,
      facts: { caseId: row.id, unlocksLifetime: facts.unlocks_lifetime },
    });
  }
  return alarms;
}
