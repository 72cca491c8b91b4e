import { base64UrlDecode, base64UrlEncode } from '../../../protocol/bytes.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { ApiClient } from '../../api/client.ts';
import { isWorthRepeating } from '../../api/failures.ts';
import type { ApiFailure } from '../../api/failures.ts';
import type { DeviceSession } from '../../device/session.svelte.ts';
import type { Outbox } from '../../outbox/outbox.svelte.ts';
import { cableFailure, pageFailure, serverFailure } from './failure.ts';
import type { ActFailure } from './failure.ts';
import type { Journal } from './journal.ts';
import type { Act } from './next-act.ts';
import type { DeviceStatus, Keyset, RunRecord } from './observation.ts';

/** What the acts read and change. The run keeps it, shows it and writes the record to the journal. */
export interface RunMemory {
  record: RunRecord;
  case: UnlockCase | undefined;
  isCaseFresh: boolean;
  device: DeviceStatus | undefined;
  order: string | undefined;
  keyset: Keyset | undefined;
}

/** What the acts work with. */
export interface RunTools {
  readonly session: Pick<DeviceSession, 'request'>;
  readonly api: Pick<ApiClient, 'call'>;
  /** What changes something on the server goes through here, so that it is kept and happens once. */
  readonly outbox: Pick<Outbox, 'call' | 'enqueue' | 'remove'>;
  readonly journal: Pick<Journal, 'readPhoto'>;
  /** Resolves when everything written so far is in the journal. */
  saved(): Promise<void>;
  wallNow(): number;
  newId(): string;
  /** Leaves a performance mark `tk:<name>`. */
  mark(name: string): void;
}

/** Undefined when the act succeeded. */
type Outcome = Promise<ActFailure | undefined>;

/** How long a commissioning order may take on the terminal. */
const orderTimeoutMs = 120_000;

/** Does one machine act. Every act may be repeated: ids are made before, orders and receipts repeat the stored answer. */
export function perform(act: Act, memory: RunMemory, tools: RunTools): Outcome {
  switch (act.do) {
    case 'read-status':
      return readStatus(memory, tools);
    case 'fetch-case':
      return fetchCase(memory, tools);
    case 'read-request':
      return readRequest(act.fresh, memory, tools);
    case 'ask':
      return ask(memory, tools);
    case 'send-inspection':
      return sendInspection(memory, tools);
    case 'give-keyset':
      return giveKeyset(memory, tools);
    case 'give-grant':
      return giveGrant(memory, tools);
    case 'post-receipt':
      return postReceipt(memory, tools);
    case 'recover-receipt':
      return recoverReceipt(memory, tools);
    case 'give-abort':
      return giveAbort(memory, tools);
    case 'exchange-order':
      return exchangeOrder(memory, tools);
    case 'carry-order':
      return carryOrder(memory, tools);
    default:
      throw new Error(`perform: '${act.do}' is no machine act`);
  }
}

/** Keeps the server's word; a run of this ticket sees it again after a reload without network. */
export function setCase(memory: RunMemory, unlock: UnlockCase): undefined {
  memory.case = unlock;
  memory.isCaseFresh = true;
  if (unlock.keyset.sequence > (memory.keyset?.sequence ?? 0)) memory.keyset = unlock.keyset;
  memory.record = { ...memory.record, lastCase: unlock };
}

type OptionalKey = { [K in keyof RunRecord]-?: object extends Pick<RunRecord, K> ? K : never }[keyof RunRecord];

function without(record: RunRecord, ...keys: OptionalKey[]): RunRecord {
  const left = Object.entries(record).filter(([name]) => !(keys as string[]).includes(name));
  return Object.fromEntries(left) as unknown as RunRecord;
}

async function readStatus(memory: RunMemory, { session, mark }: RunTools): Outcome {
  const answer = await session.request('lock.status', {});
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  mark('status');
  memory.device = answer.value;
  memory.record = { ...memory.record, lastState: answer.value.state };
  return undefined;
}

async function fetchCase(memory: RunMemory, { api }: RunTools): Outcome {
  const { ticketId, site } = memory.record;
  // An unlock on site has its case whatever else was asked for since; one that the terminal told of is in the list.
  const own = site?.isRecorded === true ? await api.call('getUnlock', { params: { id: site.caseId } }) : undefined;
  if (own?.ok === true) return setCase(memory, own.value);
  const list = await api.call('listUnlocks', { query: { ticketId, limit: '1' } });
  if (!list.ok) return serverFailure(list);
  const newest = list.value.items[0];
  if (newest === undefined) {
    memory.case = undefined;
    memory.isCaseFresh = true;
    memory.record = without(memory.record, 'lastCase');
    return undefined;
  }
  // The list has neither the sealed grant nor the proof of the log.
  const isOver = newest.state === 'probation' || newest.state === 'done';
  const needsAll = isOver || (newest.state === 'granted' && newest.grant?.sealed === undefined);
  const one = needsAll ? await api.call('getUnlock', { params: { id: newest.id } }) : undefined;
  if (one !== undefined && !one.ok) return serverFailure(one);
  setCase(memory, one?.value ?? newest);
  return undefined;
}

async function readRequest(fresh: boolean, memory: RunMemory, tools: RunTools): Outcome {
  const { session, newId, wallNow, mark, saved } = tools;
  const { device } = memory;
  const answer = await session.request('lock.request', { fresh });
  if (!answer.ok) {
    if (answer.error === 'not-in-state') memory.device = undefined;
    return cableFailure(answer.error, answer.detail);
  }
  mark('request');
  const { sealed, requestBytes, signed, ageSeconds, screenNumber } = answer.value;
  const lockEpoch = device?.lockEpoch ?? 0;
  const earlier = memory.record.request;
  const isLaterLock = earlier !== undefined && earlier.lockEpoch !== lockEpoch;
  const base = isLaterLock && !fresh ? without(memory.record, 'startedAtMs', 'inspection') : memory.record;
  const draft = base.inspection && { ...base.inspection, numberSame: false, isReady: false };
  memory.record = {
    ...without(base, 'wantsFresh', 'grantRefusal', 'finishedAtMs', 'inspection'),
    ...(draft === undefined ? {} : { inspection: draft }),
    request: {
      caseId: newId(),
      sealed: base64UrlEncode(sealed),
      requestBytes,
      isSigned: signed,
      lockEpoch,
      screenNumber,
      readAtMs: wallNow(),
      ageSeconds,
    },
  };
  if (device !== undefined) memory.device = { ...device, screenNumber, challengeAgeSeconds: ageSeconds };
  await saved();
  // A request that still waited to be sent asks for nothing any more.
  if (earlier !== undefined) await tools.outbox.remove(earlier.caseId);
  return undefined;
}

/** The id under which `what` is sent; it is in the record before anything goes out, and the same after a reload. */
function sendId(memory: RunMemory, what: string, newId: () => string): string {
  const known = memory.record.sends?.[what];
  if (known !== undefined) return known;
  const id = newId();
  memory.record = { ...memory.record, sends: { ...memory.record.sends, [what]: id } };
  return id;
}

/** `what` has taken effect: the next of its kind is another call. */
function sent(memory: RunMemory, what: string): void {
  const left = Object.entries(memory.record.sends ?? {}).filter(([name]) => name !== what);
  memory.record = { ...memory.record, sends: Object.fromEntries(left) };
}

/** The server said no: the run shows it and goes on from what it sees, so nothing is left for a person in the queue. */
async function refused(failure: ApiFailure, id: string, memory: RunMemory, tools: RunTools): Outcome {
  const isFinal = !isWorthRepeating(failure) && !['unauthenticated', 'aborted', 'queue-full'].includes(failure.error);
  if (isFinal) await tools.outbox.remove(id);
  if (failure.error === 'not-in-state') memory.isCaseFresh = false;
  return serverFailure(failure);
}

/** Keeps the server's word; one that was stored by an earlier attempt may be outdated. */
function setAnswer(memory: RunMemory, unlock: UnlockCase, isStored: boolean): void {
  setCase(memory, unlock);
  if (isStored) memory.isCaseFresh = false;
}

async function ask(memory: RunMemory, tools: RunTools): Outcome {
  const { outbox, mark, saved } = tools;
  const { request, ticketId, terminal } = memory.record;
  if (request === undefined) throw new Error('ask: record.request is missing');
  const { caseId, sealed, requestBytes } = request;
  await saved();
  const answer = await outbox.call('createUnlock', {
    id: caseId,
    lane: terminal.id,
    body: { id: caseId, ticketId, sealedRequest: sealed, requestBytes },
    run: memory.record,
  });
  if (!answer.ok) {
    memory.isCaseFresh = memory.isCaseFresh && answer.error !== 'already-exists';
    return refused(answer, caseId, memory, tools);
  }
  mark('case');
  if (answer.value.grant?.sealed !== undefined) mark('granted');
  setAnswer(memory, answer.value, answer.isStored);
  return undefined;
}

async function sendInspection(memory: RunMemory, tools: RunTools): Outcome {
  const { outbox, saved, newId } = tools;
  const unlock = memory.case;
  const draft = memory.record.inspection;
  if (unlock === undefined || draft === undefined) throw new Error('sendInspection: case or draft is missing');
  const lane = memory.record.terminal.id;
  const waiting = draft.photos.filter(({ uploadedTo }) => uploadedTo !== unlock.id);
  const photos = waiting.map(({ id, kind }) => ({
    id: sendId(memory, `photo ${id} ${unlock.id}`, newId),
    lane,
    params: { id: unlock.id, photoId: id },
    photo: { id, kind },
  }));
  for (const { photo } of photos)
    if ((await tools.journal.readPhoto(photo.id)) === undefined) return pageFailure('photo-missing', false, photo.kind);
  const { sealFound, sealNew, note } = draft;
  const { screenNumber } = unlock.request;
  const inspection = {
    id: sendId(memory, `inspection ${unlock.id}`, newId),
    lane,
    params: { id: unlock.id },
    body: { sealFound, sealNew, screenNumber, note, photoIds: draft.photos.map(({ id }) => id) },
  };
  await saved();
  // All of it is kept before any of it goes out: the rest follows without this page.
  for (const photo of photos) await outbox.enqueue('putPhoto', photo);
  await outbox.enqueue('submitInspection', inspection);
  for (const photo of photos) {
    const answer = await outbox.call('putPhoto', photo);
    if (!answer.ok) return refusedInspection(answer, [...photos, inspection], memory, tools);
    noteUploaded(memory, photo.photo.id, unlock.id);
  }
  const answer = await outbox.call('submitInspection', { ...inspection, run: memory.record });
  if (!answer.ok) return refusedInspection(answer, [inspection], memory, tools);
  sent(memory, `inspection ${unlock.id}`);
  setAnswer(memory, answer.value, answer.isStored);
  return undefined;
}

async function refusedInspection(
  answer: ApiFailure,
  left: readonly { readonly id: string }[],
  memory: RunMemory,
  tools: RunTools,
): Outcome {
  const outcomes = left.map(({ id }) => refused(answer, id, memory, tools));
  return (await Promise.all(outcomes))[0];
}

function noteUploaded(memory: RunMemory, photoId: string, caseId: string): void {
  sent(memory, `photo ${photoId} ${caseId}`);
  const now = memory.record.inspection;
  if (now === undefined) return;
  const photos = now.photos.map((note) => (note.id === photoId ? { ...note, uploadedTo: caseId } : note));
  memory.record = { ...memory.record, inspection: { ...now, photos } };
}

async function giveKeyset(memory: RunMemory, { session }: RunTools): Outcome {
  const keyset = base64UrlDecode(memory.keyset?.bytes ?? '');
  if (keyset === undefined) throw new Error('giveKeyset: keyset.bytes is not base64url');
  const answer = await session.request('lock.keyset', { keyset });
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  if (memory.device !== undefined) {
    memory.device = { ...memory.device, keysetSequence: answer.value.keysetSequence };
  }
  return undefined;
}

async function giveGrant(memory: RunMemory, { session, mark, wallNow }: RunTools): Outcome {
  const unlock = memory.case;
  const sealed = base64UrlDecode(unlock?.grant?.sealed ?? '');
  if (unlock === undefined || sealed === undefined) throw new Error('giveGrant: no sealed grant');
  const answer = await session.request('lock.grant', { sealed });
  memory.device = undefined;
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  const { accepted, receipt, refusal, retryAfterSeconds } = answer.value;
  mark('receipt');
  if (accepted) {
    const bytes = base64UrlEncode(receipt);
    memory.record = { ...without(memory.record, 'grantRefusal'), receipt: { caseId: unlock.id, bytes } };
    return undefined;
  }
  const waitSeconds = retryAfterSeconds > 0 ? retryAfterSeconds : refusal === 'not-yet-valid' ? 5 : undefined;
  const retry = waitSeconds === undefined ? {} : { retryAtMs: wallNow() + waitSeconds * 1000 };
  memory.record = { ...memory.record, grantRefusal: { caseId: unlock.id, code: refusal, ...retry } };
  return undefined;
}

async function postReceipt(memory: RunMemory, tools: RunTools): Outcome {
  const { outbox, mark, newId, saved } = tools;
  const { receipt } = memory.record;
  if (receipt === undefined) throw new Error('postReceipt: record.receipt is missing');
  const what = `receipt ${receipt.caseId}`;
  const id = sendId(memory, what, newId);
  await saved();
  const answer = await outbox.call('submitReceipt', {
    id,
    lane: memory.record.terminal.id,
    params: { id: receipt.caseId },
    body: { receipt: receipt.bytes },
    run: memory.record,
  });
  if (!answer.ok) return refused(answer, id, memory, tools);
  mark('receipt-posted');
  sent(memory, what);
  memory.record = without(memory.record, 'receipt');
  setAnswer(memory, answer.value, answer.isStored);
  return undefined;
}

async function recoverReceipt(memory: RunMemory, { session }: RunTools): Outcome {
  const unlock = memory.case;
  if (unlock === undefined) throw new Error('recoverReceipt: case is missing');
  const answer = await session.request('lock.lastReceipt', {});
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  if (answer.value.receipt.length === 0) return pageFailure('no-receipt', false);
  const bytes = base64UrlEncode(answer.value.receipt);
  memory.record = { ...memory.record, receipt: { caseId: unlock.id, bytes } };
  return undefined;
}

async function giveAbort(memory: RunMemory, { session }: RunTools): Outcome {
  const abort = base64UrlDecode(memory.case?.abort ?? '');
  if (abort === undefined) throw new Error('giveAbort: case.abort is missing');
  const answer = await session.request('lock.abort', { abort });
  memory.device = undefined;
  return answer.ok ? undefined : cableFailure(answer.error, answer.detail);
}

async function exchangeOrder(memory: RunMemory, tools: RunTools): Outcome {
  const { report } = memory.record;
  if (report !== undefined) return handInReport(report, memory, tools);
  const id = memory.case?.id;
  if (id === undefined) throw new Error('exchangeOrder: case is missing');
  const before = memory.case?.state;
  const answer = await tools.api.call('commission', { params: { id }, body: {} });
  if (!answer.ok) {
    if (answer.error === 'not-in-state') memory.isCaseFresh = false;
    return serverFailure(answer);
  }
  const { order, case: unlock } = answer.value;
  takeOrder(memory, order, unlock);
  setCase(memory, unlock);
  const isStuck = order === undefined && unlock.state === before;
  return isStuck && unlock.state !== 'done' ? pageFailure('no-order', true) : undefined;
}

async function handInReport(report: NonNullable<RunRecord['report']>, memory: RunMemory, tools: RunTools): Outcome {
  const { outbox, newId, saved } = tools;
  const what = `report ${report.caseId}`;
  const id = sendId(memory, what, newId);
  await saved();
  const answer = await outbox.call('commission', {
    id,
    lane: memory.record.terminal.id,
    params: { id: report.caseId },
    body: { report: report.bytes },
    run: memory.record,
  });
  if (!answer.ok) return refused(answer, id, memory, tools);
  const { order, case: unlock } = answer.value;
  sent(memory, what);
  memory.record = without(memory.record, 'report');
  // A stored answer may carry an order that was carried out since; the present one is asked for.
  takeOrder(memory, answer.isStored ? undefined : order, unlock);
  setAnswer(memory, unlock, answer.isStored);
  return undefined;
}

function takeOrder(memory: RunMemory, order: string | undefined, unlock: UnlockCase): void {
  memory.order = order;
  if (unlock.state === 'probation' || unlock.state === 'done') memory.device = undefined;
}

async function carryOrder(memory: RunMemory, { session }: RunTools): Outcome {
  const order = base64UrlDecode(memory.order ?? '');
  const id = memory.case?.id;
  if (order === undefined || id === undefined) throw new Error('carryOrder: no order');
  const answer = await session.request('lock.order', { order }, orderTimeoutMs);
  memory.order = undefined;
  if (!answer.ok) {
    memory.device = undefined;
    return cableFailure(answer.error, answer.detail);
  }
  memory.record = { ...memory.record, report: { caseId: id, bytes: base64UrlEncode(answer.value.report) } };
  return undefined;
}
