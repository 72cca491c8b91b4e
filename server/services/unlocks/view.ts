import { commissionSteps, reasonsOf } from '../../../domain/unlock/states.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import { flagBits } from '../../../protocol/unlock/v1/constants.ts';
import type { CurrentKeyset } from '../../keys/trust.ts';
import type { Actor } from '../../answer.ts';
import type { CaseRow, OrderRow } from './rows.ts';

/** What a view needs beside the case's row. */
export interface ViewExtras {
  readonly keyset: CurrentKeyset;
  readonly approverOnDuty?: NonNullable<UnlockCase['approverOnDuty']> | undefined;
  readonly evidence?: NonNullable<UnlockCase['evidence']> | undefined;
}

/** Bytes as base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

/** The case as `viewer` may see it: the sealed grant and the abort only for its technician. */
export function viewCase(row: CaseRow, viewer: Actor, extras: ViewExtras): UnlockCase {
  const isTechnician = viewer.id === row.technician_id || viewer.id === row.ticket_assignee;
  return {
    id: row.id,
    ticketId: row.ticket_id,
    ticketNumber: row.ticket_number,
    terminal: terminalOf(row),
    technician: { id: row.technician_id, name: row.technician_name },
    state: row.state as UnlockCase['state'],
    askedAt: row.asked_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    ...(row.opened_at === null ? {} : { openedAt: row.opened_at.toISOString() }),
    ...(row.opened_by === null ? {} : { openedBy: { id: row.opened_by, name: row.opener_name ?? '' } }),
    decision: decisionOf(row),
    request: requestOf(row),
    ...inspectionOf(row),
    photos: row.photos.map(photoOf),
    ...grantOf(row, isTechnician),
    ...(row.abort === null || !isTechnician ? {} : { abort: base64url(row.abort) }),
    keyset: { bytes: base64url(extras.keyset.bytes), sequence: extras.keyset.sequence },
    ...commissionOf(row),
    ...probationOf(row),
    ...siteOf(row),
    ...(row.deferred ? { deferred: true } : {}),
    ...(extras.approverOnDuty === undefined ? {} : { approverOnDuty: extras.approverOnDuty }),
    ...(extras.evidence === undefined ? {} : { evidence: extras.evidence }),
  };
}

function terminalOf(row: CaseRow): UnlockCase['terminal'] {
  return {
    id: row.terminal_id,
    label: row.label,
    serial: row.serial,
    model: row.model,
    deviceId: row.device_id.toString('hex'),
    merchantName: row.merchant_name,
    place: row.place,
    seal: row.seal,
  };
}

function decisionOf(row: CaseRow): NonNullable<UnlockCase['decision']> {
  const { approverId, ...decision } = row.decision;
  return {
    ...decision,
    ...(approverId === undefined ? {} : { approver: { id: approverId, name: row.approver_name ?? '' } }),
  };
}

/** `4.2.1` or, when the fourth part counts, `4.2.1.7`. */
export function firmwareText(packed: number): string {
  const parts = [packed >>> 24, (packed >>> 16) & 255, (packed >>> 8) & 255, packed & 255];
  return (parts[3] === 0 ? parts.slice(0, 3) : parts).join('.');
}

function requestOf(row: CaseRow): UnlockCase['request'] {
  return {
    reasons: reasonsOf(row.reasons),
    lockEpoch: row.lock_epoch,
    firmware: firmwareText(row.firmware),
    bootCount: row.boot_count,
    signed: row.signed,
    identityAlive: (row.flags & flagBits.identityAlive) !== 0,
    clockTrusted: (row.flags & flagBits.clockTrusted) !== 0,
    batteryOk: (row.flags & flagBits.batteryOk) !== 0,
    sizeBytes: row.size_bytes,
    screenNumber: row.screen_number,
    logContinues: row.log_continues,
  };
}

function photoOf(photo: CaseRow['photos'][number]): UnlockCase['photos'][number] {
  const { id, kind, sha256, at } = photo;
  return { id, kind, sizeBytes: photo.size, sha256, at: new Date(at).toISOString() };
}

function inspectionOf(row: CaseRow): Pick<UnlockCase, 'inspection'> {
  const kept = row.inspection;
  if (kept === null) return {};
  return {
    inspection: {
      sealFound: kept.sealFound,
      sealNew: kept.sealNew,
      sealAsRegistered: kept.sealFound === kept.sealRegistered,
      screenNumber: kept.screenNumber,
      screenNumberSame: kept.screenNumber === row.screen_number,
      note: kept.note,
      photos: row.photos.filter((photo) => kept.photoIds.includes(photo.id)).map(photoOf),
      at: kept.at,
    },
  };
}

function grantOf(row: CaseRow, isTechnician: boolean): Pick<UnlockCase, 'grant'> {
  if (row.grant_state === null || row.grant_sealed === null || row.grant_not_after === null) return {};
  const isUsable = isTechnician && row.grant_state === 'PENDING';
  return {
    grant: {
      ...(isUsable ? { sealed: base64url(row.grant_sealed) } : {}),
      sizeBytes: row.grant_size ?? 0,
      notAfter: row.grant_not_after.toISOString(),
      state: row.grant_state,
      late: row.grant_late === true,
    },
  };
}

function commissionOf(row: CaseRow): Pick<UnlockCase, 'commission'> {
  if (!['unlocked', 'commissioning', 'probation', 'done'].includes(row.state) || row.commission_key === null) return {};
  const steps = [...commissionSteps, 'probation' as const, 'release' as const].map((step) => {
    const given = row.orders.filter((order): order is GivenOrder => order.step === step && isGiven(order));
    const last = given.findLast((order) => order.state === 'done') ?? given.at(-1);
    const [first] = given;
    return { step, state: last?.state ?? ('todo' as const), ...timesOf(first, last) };
  });
  const current = steps.find((step) => step.state !== 'done')?.step;
  return { commission: { steps, ...(current === undefined ? {} : { current }) } };
}

type GivenOrder = OrderRow & { readonly state: 'sent' | 'done' | 'failed' };

/** Orders made ahead that nobody has answered are no step yet. */
function isGiven(order: OrderRow): order is GivenOrder {
  return order.state !== 'kit' && order.state !== 'void';
}

function timesOf(first: OrderRow | undefined, last: OrderRow | undefined) {
  if (first === undefined || last === undefined) return {};
  return {
    startedAt: new Date(first.sentAt).toISOString(),
    ...(last.reportedAt === null ? {} : { finishedAt: new Date(last.reportedAt).toISOString() }),
    ...(last.detail === null ? {} : { detail: last.detail }),
  };
}

function probationOf(row: CaseRow): Pick<UnlockCase, 'probation'> {
  if (row.probation_until === null) return {};
  return {
    probation: {
      until: row.probation_until.toISOString(),
      limitFen: row.probation_limit_fen,
      releasable: row.releasable,
    },
  };
}

function siteOf(row: CaseRow): Pick<UnlockCase, 'onSite'> {
  const { site } = row;
  if (site === null) return {};
  const sources: NonNullable<UnlockCase['onSite']>['sources'] = [
    ...(site.byTechnician ? (['technician'] as const) : []),
    ...(site.byTerminal ? (['terminal'] as const) : []),
  ];
  return {
    onSite: {
      delegationId: site.delegationId,
      delegationNumber: `D-${String(site.sequence)}`,
      useIndex: site.useIndex,
      second: { id: site.secondId, name: site.secondName },
      timeProven: site.timeProven,
      sources,
      usedAt: new Date(site.usedAt).toISOString(),
    },
  };
}
